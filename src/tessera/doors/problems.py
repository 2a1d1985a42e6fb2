"""Where a refusal meets HTTP: the only file that knows both words (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from tessera.base.refusal import Refusal

JSON, PROBLEM = b"application/json", b"application/problem+json"
RETRY_AFTER_S = 1

# code -> status; a code without a row is a 422: understood, and not possible as it is
STATUS = {
    "body_missing": 400,
    "body_invalid": 400,
    "key_missing": 400,
    "cursor_unknown": 400,
    "query_invalid": 400,
    "not_signed_in": 401,
    "not_allowed": 403,
    "other_store": 403,
    "not_found": 404,
    "card_unknown": 404,
    "member_unknown": 404,
    "receipt_unknown": 404,
    "quote_unknown": 404,
    "store_unknown": 404,
    "batch_unknown": 404,
    "key_unknown": 404,
    "method_other": 405,
    "key_in_flight": 409,
    "receipt_known": 409,
    "points_short": 409,
    "nothing_left": 409,
    "card_blocked": 409,
    "card_replaced": 409,
    "identifier_taken": 409,
    "merge_needed": 409,
    "try_again": 409,
    "prefix_full": 409,
    "body_too_large": 413,
    "media_type_other": 415,
    "too_many_calls": 429,
    "broken": 500,
    "busy": 503,
}
_TITLES = {400: "Bad request", 401: "Not signed in", 403: "Not allowed", 404: "Not found",
           405: "Method not allowed", 409: "Conflict", 413: "Too large", 415: "Unsupported media",
           422: "Not possible", 429: "Too many requests", 500: "Broken", 503: "Busy"}  # fmt: skip


class Problem(msgspec.Struct, frozen=True):
    """A problem document: what, where in the request, why, and what to do about it."""

    type: str
    title: str
    status: int
    code: str
    field: str
    why: str
    cure: str


@dataclass(frozen=True, slots=True)
class Reply:
    """HTTP status and JSON bytes: an answer, or a problem document."""

    status: int
    body: bytes
    replayed: bool = False

    @property
    def content_type(self) -> bytes:
        """Problems say that they are problems."""
        return PROBLEM if self.status >= 400 else JSON


def status_of(code: str) -> int:
    """The HTTP status of a refusal's code."""
    return STATUS.get(code, 422)


def problem(refusal: Refusal) -> Reply:
    """The refusal as an HTTP answer."""
    status = status_of(refusal.code)
    document = Problem(
        f"/problems#{refusal.code}", _TITLES[status], status, refusal.code, refusal.field,
        refusal.why, refusal.cure,
    )  # fmt: skip
    return Reply(status, msgspec.json.encode(document))


def busy(why: str) -> Reply:
    """Nothing was done, or nothing is known to be done: the same call again is safe."""
    return problem(Refusal("busy", "", why, "send the same call with the same key again soon"))


def broken(why: str) -> Reply:
    """A bug of ours: it is logged; nothing was written."""
    return problem(Refusal("broken", "", why, "report it with the time of the call"))


def in_flight(key: str) -> Reply:
    """The first call with this key is still being answered."""
    why = f"a call with key {key} is being answered right now"
    return problem(
        Refusal("key_in_flight", "Idempotency-Key", why, "wait for its answer, then ask again")
    )


def invalid(error: Exception, raw: bytes) -> Refusal:
    """Why a body cannot be read, naming the field where it can be told."""
    text = str(error)
    why, _, path = text.partition(" - at `")
    field = path.strip("`").removeprefix("$").lstrip(".")
    if "unknown field `" in why or "missing required field `" in why:
        name = why.split("field `", 1)[1].split("`")[0]
        field = f"{field}.{name}".lstrip(".")
    if not path:
        field = field or _near(text, raw)
    return Refusal("body_invalid", field, why, "send the field as the reference describes it")


def _near(text: str, raw: bytes) -> str:
    """The key before the byte at which JSON stopped making sense, if there is one."""
    _, _, rest = text.partition("(byte ")
    if not rest:
        return ""
    before = raw[: int(rest.rstrip(")"))].rstrip()
    parts: list[Any] = before.rsplit(b'"', 2)
    if len(parts) == 3 and parts[2].strip().startswith(b":"):
        return str(parts[1].decode("utf-8", "replace"))[:64]
    return ""
