"""What is wrong with a call before its body is looked at: address, query, head, key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from tessera.base.refusal import Refusal
from tessera.doors import problems
from tessera.doors.call import Operation

MAX_BODY = 1024 * 1024
MAX_QUERY = 16  # words of a query
_CHARSETS = (b"", b"charset=utf-8")
TOO_LARGE = Refusal("body_too_large", "", f"a body has at most {MAX_BODY} bytes",
                     "send fewer lines in one call")  # fmt: skip


def key_fault(operation: Operation, key: str, body: Any, *, empty: bool) -> Refusal | None:
    """Writing calls carry a key of 1 to 128 printable characters."""
    held = bool(getattr(body, "hold", False))
    needed = operation.kind != "reads" and (not operation.key_optional or held)
    if needed and not key:
        return Refusal(
            "key_missing", "Idempotency-Key", "a writing call carries a key of its own",
            "send a header Idempotency-Key, the same again when you retry",
        )  # fmt: skip
    if empty or len(key) > 128 or not key.isascii() or not key.isprintable():
        return Refusal(
            "body_invalid", "Idempotency-Key", "the key is empty, too long or not printable",
            "send 1 to 128 printable ASCII characters",
        )  # fmt: skip
    return None


def path_fault(path: Mapping[str, str]) -> Refusal | None:
    """A word that is no name of anything: empty, endless, invisible, or not in UTF-8."""
    for name, word in path.items():
        if not (0 < len(word) <= problems.MAX_WORD and word.isprintable()) or "\ufffd" in word:
            return Refusal(
                "path_invalid", name, "this word of the address cannot name anything",
                f"send 1 to {problems.MAX_WORD} printable characters in UTF-8",
            )  # fmt: skip
    return None


def query_of(operation: Operation, text: str) -> dict[str, str] | Refusal:
    """The words after the question mark: known ones, each once."""
    if not text:
        return {}
    known, found = operation.query or {}, {}
    cure = f"known here: {', '.join(known) or 'none'}"
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_QUERY)
    except ValueError:
        return Refusal("query_invalid", "", "these are too many words", cure)
    for name, value in pairs:
        if name not in known or "\x00" in value or name in found:
            why = "this word is said twice" if name in found else "this address takes no such word"
            return Refusal("query_invalid", name[:64], why, cure)
        found[name] = value
    return found


def form_fault(headers: Mapping[bytes, bytes]) -> Refusal | None:
    """What a body says of itself: JSON in UTF-8, as it is, of a bearable size."""
    coded, kind = headers.get(b"content-encoding", b"identity"), headers.get(b"content-type", b"")
    refusal = _media_fault(coded, kind)
    said = headers.get(b"content-length", b"")
    if refusal is None and said.isdigit() and (len(said) > 9 or int(said) > MAX_BODY):
        return TOO_LARGE
    return refusal


@lru_cache(maxsize=64)  # every till says the same
def _media_fault(coded: bytes, said: bytes) -> Refusal | None:
    if coded != b"identity":
        return Refusal("media_type_other", "Content-Encoding", "bodies are not compressed here",
                       "send the JSON as it is")  # fmt: skip
    kind, _, more = said.lower().replace(b" ", b"").partition(b";")
    if kind not in (b"", b"application/json") or more.replace(b'"', b"") not in _CHARSETS:
        return Refusal("media_type_other", "Content-Type", "a body is JSON in UTF-8 here",
                       "send a header Content-Type: application/json")  # fmt: skip
    return None
