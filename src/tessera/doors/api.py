"""JSON over HTTP from the table of operations: a plain ASGI application (decision 0001).

For every call, in this order: the operation, the key's holder, the rate, the body's size and
form, the policy, the idempotency key, then the handler.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import psycopg
import structlog
from psycopg_pool import PoolTimeout

from tessera.access import core as access
from tessera.base.refusal import Refusal
from tessera.doors import problems
from tessera.doors.call import Call, Operation
from tessera.doors.gate import Gate, Pass
from tessera.doors.house import House
from tessera.doors.once import once
from tessera.doors.problems import Reply

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_BODY = 1024 * 1024
MAX_QUERY = 16  # words of a query
_encode = msgspec.json.Encoder().encode
log = structlog.get_logger("tessera.api")
_CHARSETS = (b"", b"charset=utf-8")
_TOO_LARGE = Refusal("body_too_large", "", f"a body has at most {MAX_BODY} bytes",
                     "send fewer lines in one call")  # fmt: skip
_NO_HOUSE = problems.busy("the database is being restored")


@dataclass(frozen=True, slots=True)
class Route:
    """An operation with its address taken apart and its body's decoder made."""

    operation: Operation
    parts: tuple[str, ...]
    decoder: msgspec.json.Decoder[Any] | None


@dataclass(slots=True)
class Asked:
    """A call whose head is read: the operation, the words of its address, who calls."""

    route: Route
    path: Mapping[str, str]
    query: bytes
    headers: Mapping[bytes, bytes]
    passed: Pass


class Api:
    """The ASGI application for /v1.

    short  by method and address, what `protocol.py` serves without ASGI: the calls that wait for
           nothing but the writer. (A quote may be dry: then it reads, on a connection.)
    """

    def __init__(self, house: House, operations: Sequence[Operation]) -> None:
        self.house, self.operations = house, operations
        self.gate = Gate(house.pool)
        self.short: dict[tuple[bytes, bytes], Route] = {}
        self._plain: dict[str, dict[str, Route]] = {}
        self._parts: dict[int, list[Route]] = {}
        for operation in operations:
            parts = tuple(operation.path.strip("/").split("/"))
            decoder = msgspec.json.Decoder(operation.body) if operation.body else None
            route = Route(operation, parts, decoder)
            if "{" in operation.path:
                self._parts.setdefault(len(parts), []).append(route)
            else:
                self._plain.setdefault(operation.path, {})[operation.method] = route
                if operation.kind == "writer" and not hasattr(operation.body, "hold"):
                    self.short[operation.method.encode(), operation.path.encode()] = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        passed: Pass | Refusal | None = None
        route: Route | Reply | None = None
        try:
            route, path = self._route(scope)
            if isinstance(route, Reply):
                reply = route
            elif self.house.writer.down:
                reply = _NO_HOUSE
            else:
                headers = dict(scope["headers"])
                passed = await self.gate.enter(headers.get(b"authorization", b""))
                if isinstance(passed, Refusal):
                    reply = problems.problem(passed)
                else:
                    asked = Asked(route, path, scope["query_string"], headers, passed)
                    reply = await self._serve(asked, receive)
        except Exception as error:
            reply = _stumbled(error, route)
        headers_out = headers_of(reply, passed)
        await send({"type": "http.response.start", "status": reply.status, "headers": headers_out})
        await send({"type": "http.response.body", "body": reply.body})

    def _route(self, scope: Scope) -> tuple[Route | Reply, dict[str, str]]:
        path, method = scope["path"], scope["method"]
        plain = self._plain.get(path)
        if plain is not None:
            if method in plain:
                return plain[method], {}
            return _other_method(method, sorted(plain)), {}
        parts = path.strip("/").split("/")
        others = []
        for route in self._parts.get(len(parts), ()):
            words = _match(route.parts, parts)
            if words is not None and route.operation.method == method:
                return route, words
            if words is not None:
                others.append(route.operation.method)
        if others:
            return _other_method(method, others), {}
        cure = "the operations are listed in /openapi.json"
        nothing = Refusal("not_found", "", "there is nothing at this address", cure)
        return problems.problem(nothing), {}

    async def _serve(self, asked: Asked, receive: Receive) -> Reply:
        refusal = head_fault(asked)
        if refusal is not None:
            return problems.problem(refusal)
        return await self.finish(asked, await _read(receive) if asked.route.decoder else b"")

    async def finish(self, asked: Asked, raw: bytes) -> Reply:
        """Whatever comes after the head: the body, the policy, the key, the handler.

        raw     the body; one that is larger than MAX_BODY need not be whole
        errors  none: what was not foreseen is logged and answered
        """
        try:
            call = self._call(asked, raw)
            if isinstance(call, Refusal):
                return problems.problem(call)
            operation = asked.route.operation
            if operation.kind == "writer":
                return _reply(await operation.handler(call), operation)
            return await self._handle(operation, call)
        except Exception as error:
            return _stumbled(error, asked.route)

    def _call(self, asked: Asked, raw: bytes) -> Call | Refusal:
        operation, principal = asked.route.operation, asked.passed.principal
        body = _body(asked.route, raw)
        refusal = body if isinstance(body, Refusal) else None
        refusal = refusal or access.allowed(principal, operation.name, None)
        said = asked.headers.get(b"idempotency-key")
        key = (said or b"").decode("latin-1")
        refusal = refusal or _key_fault(operation, key, body, empty=said == b"")
        if refusal is not None:
            return refusal
        query = _query(operation, asked.query.decode("latin-1"))
        if isinstance(query, Refusal):
            return query
        now, path = datetime.now(UTC), asked.path
        call = Call(principal, path, query, body, None, now, self.house, key)  # type: ignore[arg-type]
        if operation.kind != "reads":
            call.fingerprint = access.fingerprint(_said(body, path))
        return call

    async def _handle(self, operation: Operation, call: Call) -> Reply:
        async with self.house.pool.connection() as conn:
            call.conn = conn
            if operation.kind == "writes":
                reply = await once(operation, call)
            else:
                reply = _reply(await operation.handler(call), operation)
        if operation.kind == "writes" and reply.status < 300:
            await self.house.refresh()
            self.gate.forget()
        return reply


def _stumbled(error: Exception, route: Route | Reply | None) -> Reply:
    """What a caller is told when something broke here."""
    if isinstance(error, psycopg.OperationalError | PoolTimeout):
        log.warning("database_lost", why=str(error).strip()[:200])
        return _NO_HOUSE
    # Made here, not by the logger: a pretty one shows locals, and so the caller's token.
    trace = "".join(traceback.format_exception(error))
    log.error("broken", address=_address(route), trace=trace)
    return problems.broken("this call met a mistake of ours")


def head_fault(asked: Asked) -> Refusal | None:
    """Why a call is refused before its body is looked at."""
    refusal = asked.passed.refusal or _path_fault(asked.path)
    return refusal or (_form_fault(asked.headers) if asked.route.decoder else None)


def _address(route: Route | Reply | None) -> str:
    """The address without its words: they may be cards of people."""
    return route.operation.path if isinstance(route, Route) else ""


def _said(body: Any, path: Mapping[str, str]) -> dict[str, bytes]:
    if isinstance(body, dict):
        return {str(name): _encode(value) for name, value in body.items()}
    return access.body_fields(body, path)


def _reply(answer: Any, operation: Operation) -> Reply:
    if isinstance(answer, Reply):
        return answer
    if isinstance(answer, Refusal):
        return problems.problem(answer)
    return Reply(operation.status, _encode(answer))


def _match(pattern: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    words = {}
    for want, got in zip(pattern, parts, strict=True):
        if want.startswith("{"):
            words[want[1:-1]] = got
        elif want != got:
            return None
    return words


def _other_method(method: str, others: Sequence[str]) -> Reply:
    why = f"{method} is not possible here"
    refusal = Refusal("method_other", "", why, f"use {' or '.join(others)}")
    return replace(problems.problem(refusal), allow=", ".join(others))


def _key_fault(operation: Operation, key: str, body: Any, *, empty: bool) -> Refusal | None:
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


def _path_fault(path: Mapping[str, str]) -> Refusal | None:
    """A word that is no name of anything: empty, endless, invisible, or not in UTF-8."""
    for name, word in path.items():
        if not (0 < len(word) <= problems.MAX_WORD and word.isprintable()) or "\ufffd" in word:
            return Refusal(
                "path_invalid", name, "this word of the address cannot name anything",
                f"send 1 to {problems.MAX_WORD} printable characters in UTF-8",
            )  # fmt: skip
    return None


def _query(operation: Operation, text: str) -> dict[str, str] | Refusal:
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


def _form_fault(headers: Mapping[bytes, bytes]) -> Refusal | None:
    """What a body says of itself: JSON in UTF-8, as it is, of a bearable size."""
    coded, kind = headers.get(b"content-encoding", b"identity"), headers.get(b"content-type", b"")
    refusal = _media_fault(coded, kind)
    said = headers.get(b"content-length", b"")
    if refusal is None and said.isdigit() and (len(said) > 9 or int(said) > MAX_BODY):
        return _TOO_LARGE
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


async def _read(receive: Receive) -> bytes:
    """The body's bytes. Nothing over 1 MB is waited for: what there is then is too much already."""
    chunks, size = [], 0
    while size <= MAX_BODY:
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        chunks.append(chunk)
        if not message.get("more_body"):
            break
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _body(route: Route, raw: bytes) -> Any | Refusal:
    """The parsed body, or why it cannot be read."""
    if route.decoder is None:
        return None
    if len(raw) > MAX_BODY:
        return _TOO_LARGE
    if not raw:
        return Refusal("body_missing", "", "there is no body", "send JSON")
    deep = problems.too_deep(raw) if route.operation.body is dict else None
    if deep is not None:
        return deep
    try:
        return route.decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return problems.invalid(error, raw)


def headers_of(reply: Reply, passed: Pass | Refusal | None) -> list[tuple[bytes, bytes]]:
    """What an answer's head says, in its order."""
    headers = [
        (b"content-type", reply.content_type),
        (b"content-length", b"%d" % len(reply.body)),
        (b"cache-control", b"no-store"),
    ]
    if isinstance(passed, Pass):
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
