"""A call before it is answered: which operation, whose, by which id; its head and its body."""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from tessera.access import core as access
from tessera.base.refusal import Refusal
from tessera.doors import problems
from tessera.doors.call import Operation
from tessera.doors.gate import Pass
from tessera.doors.heads import MAX_BODY, TOO_LARGE, form_fault, path_fault
from tessera.doors.problems import Reply
from tessera.doors.tally import Calls

_encode = msgspec.json.Encoder().encode
# So that a caller's own id finds the call in our log: letters, digits and . _ - only.
_REQUEST_ID = re.compile(rb"[0-9A-Za-z._-]{1,64}\Z")
_HERE, _numbers = secrets.token_hex(4).encode(), itertools.count(1)


@dataclass(frozen=True, slots=True)
class Route:
    """An operation with its address taken apart, its body's decoder made, its calls counted.

    anybody  it needs no key
    """

    operation: Operation
    parts: tuple[str, ...]
    decoder: msgspec.json.Decoder[Any] | None
    calls: Calls
    anybody: bool = False


@dataclass(slots=True)
class Asked:
    """A call whose head is read: the operation, the words of its address, who calls.

    id, began  by which it is found in the log; when it came, by `time.perf_counter`
    address    where it came from, as text; "" if that is not known
    language   of the page that asks, "" of others
    """

    route: Route
    path: Mapping[str, str]
    query: bytes
    headers: Mapping[bytes, bytes]
    passed: Pass
    id: bytes = b""
    began: float = field(default_factory=time.perf_counter)
    address: str = ""
    language: str = ""

    def __post_init__(self) -> None:
        self.id = self.id or id_of(self.headers)


@dataclass(frozen=True, slots=True)
class Inside:
    """A call that a page makes: the operation by its name, the words of its address, the body.

    query     as it stands in an address; raw: JSON; key: the idempotency key
    address   the browser's; language: in which the page is read
    """

    operation: str
    path: Mapping[str, str]
    query: str
    raw: bytes
    key: str
    address: str
    language: str = ""


def id_of(headers: Mapping[bytes, bytes]) -> bytes:
    """By which a call is found in the log: its caller's own id, or one of ours."""
    said = headers.get(b"x-request-id")
    if said is not None and _REQUEST_ID.match(said):
        return said
    return b"%b-%x" % (_HERE, next(_numbers))


def head_fault(asked: Asked) -> Refusal | None:
    """Why a call is refused before its body is looked at."""
    refusal = asked.passed.refusal or path_fault(asked.path)
    return refusal or (form_fault(asked.headers) if asked.route.decoder else None)


def match(pattern: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    """The words of an address that fits the pattern; None if it does not."""
    words = {}
    for want, got in zip(pattern, parts, strict=True):
        if want.startswith("{"):
            words[want[1:-1]] = got
        elif want != got:
            return None
    return words


def other_method(method: str, others: Sequence[str]) -> Reply:
    """This address answers other methods."""
    why = f"{method} is not possible here"
    refusal = Refusal("method_other", "", why, f"use {' or '.join(others)}")
    return replace(problems.problem(refusal), allow=", ".join(others))


def said_of(body: Any, path: Mapping[str, str]) -> dict[str, bytes]:
    """What a call says, by field, for its fingerprint."""
    if isinstance(body, dict):
        return {str(name): _encode(value) for name, value in body.items()}
    return access.body_fields(body, path)


def body_of(route: Route, raw: bytes) -> Any | Refusal:
    """The parsed body, or why it cannot be read."""
    if route.decoder is None:
        return None
    if len(raw) > MAX_BODY:
        return TOO_LARGE
    if not raw:
        return Refusal("body_missing", "", "there is no body", "send JSON")
    deep = problems.too_deep(raw) if route.operation.body is dict else None
    if deep is not None:
        return deep
    try:
        return route.decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return problems.invalid(error, raw, route.operation.body)


def headers_of(reply: Reply, passed: Pass | None, call_id: bytes) -> list[tuple[bytes, bytes]]:
    """What an answer's head says, in its order."""
    headers = [
        (b"content-type", reply.content_type),
        (b"content-length", b"%d" % len(reply.body)),
        (b"cache-control", b"no-store"),
        (b"x-request-id", call_id),
    ]
    if passed is not None:
        headers += passed.headers()
    if reply.replayed:
        headers.append((b"idempotent-replayed", b"true"))
    if reply.status in (429, 503):
        headers.append((b"retry-after", str(problems.RETRY_AFTER_S).encode()))
    if reply.allow:
        headers.append((b"allow", reply.allow.encode()))
    if reply.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    return headers
