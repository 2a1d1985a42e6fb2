"""JSON over HTTP from the table of operations: a plain ASGI application (decision 0001).

For every call, in this order: the operation, the key's holder, the rate, the body's size and
form, the policy, the idempotency key, then the handler.
"""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg_pool import PoolTimeout, TooManyRequests

from tessera.access import core as access
from tessera.base.refusal import Refusal
from tessera.doors import problems
from tessera.doors.call import Call, Operation
from tessera.doors.gate import Gate, Pass
from tessera.doors.heads import MAX_BODY, TOO_LARGE, form_fault, key_fault, path_fault, query_of
from tessera.doors.house import House
from tessera.doors.logs import Sparing, fault, trace
from tessera.doors.once import RACES, once
from tessera.doors.pools import Pool
from tessera.doors.problems import Reply
from tessera.doors.tally import Calls

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MAX_INSIDE = 1024  # calls being answered at a time, besides those on the short way
SLOW_S = 1.0  # a call that took longer is told in the log
_encode = msgspec.json.Encoder().encode
log = Sparing(structlog.get_logger("tessera.api"))
_NO_HOUSE = problems.busy("the database is being restored")
INSIDE = problems.shed("calls", "too many calls are being answered already")
_SLOW = problems.busy("the database took too long for this")
_RACED = problems.busy("another call was in the way, twice")
_POOL = problems.shed("connections", "all connections for such calls are in use")
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
    """

    route: Route
    path: Mapping[str, str]
    query: bytes
    headers: Mapping[bytes, bytes]
    passed: Pass
    id: bytes = b""
    began: float = field(default_factory=time.perf_counter)
    address: str = ""

    def __post_init__(self) -> None:
        self.id = self.id or id_of(self.headers)


class Api:
    """The ASGI application for /v1.

    short  by method and address, what `protocol.py` serves without ASGI: the calls that wait for
           nothing but the writer. (A quote may be dry: then it reads, on a connection.)
    """

    def __init__(self, house: House, operations: Sequence[Operation]) -> None:
        self.house, self.operations = house, operations
        self.gate = Gate(house.gate, house.plan.strangers_per_s)
        self._nowhere, self._inside = house.tally.of(""), 0
        self.short: dict[tuple[bytes, bytes], Route] = {}
        self._plain: dict[str, dict[str, Route]] = {}
        self._parts: dict[int, list[Route]] = {}
        for operation in operations:
            parts = tuple(operation.path.strip("/").split("/"))
            whole = operation.body is not None and not operation.lines
            decoder = msgspec.json.Decoder(operation.body) if whole else None
            anybody = "anybody" in access.POLICY[operation.name]
            calls = house.tally.of(operation.name)
            route = Route(operation, parts, decoder, calls, anybody)
            if "{" in operation.path:
                self._parts.setdefault(len(parts), []).append(route)
            else:
                self._plain.setdefault(operation.path, {})[operation.method] = route
                waits = operation.kind == "writer" and not operation.lines and not anybody
                if waits and not hasattr(operation.body, "hold"):
                    self.short[operation.method.encode(), operation.path.encode()] = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        passed: Pass | Refusal | None = None
        route: Route | Reply | None = None
        began, headers = time.perf_counter(), dict(scope.get("headers", ()))
        address = (scope.get("client") or ("",))[0]
        call_id = id_of(headers)
        self._inside += 1
        try:
            route, path = self._route(scope)
            if isinstance(route, Reply):
                reply = route
            elif self.house.writer.down:
                reply = self.house.writer.lost
            elif self._inside > MAX_INSIDE:
                reply = INSIDE
            else:
                said = headers.get(b"authorization", b"")
                passed = (
                    self.gate.enter_anybody(address)
                    if route.anybody
                    else await self.gate.enter(said, address)
                )
                if isinstance(passed, Refusal):
                    reply = problems.problem(passed)
                else:
                    query = scope["query_string"]
                    asked = Asked(route, path, query, headers, passed, call_id, began, address)
                    reply = await self._serve(asked, receive)
        except Exception as error:
            reply = _stumbled(error, route, call_id)
        finally:
            self._inside -= 1
        called = passed if isinstance(passed, Pass) else None
        self.count(route if isinstance(route, Route) else None, reply, call_id, began, called)
        if reply.status == 403 and called is not None:
            self.house.refused.add(called.principal, _name(route), address)
        headers_out = headers_of(reply, called, call_id)
        await send({"type": "http.response.start", "status": reply.status, "headers": headers_out})
        await send({"type": "http.response.body", "body": reply.body})

    @property
    def full(self) -> bool:
        """Whether as many calls are being answered as may be."""
        return self._inside >= MAX_INSIDE

    def count(
        self, route: Route | None, reply: Reply, call_id: bytes, began: float, passed: Pass | None
    ) -> None:  # fmt: skip
        """A call has its answer. One line in the log if it failed or took long, else none."""
        took_s, tally = time.perf_counter() - began, self.house.tally
        (self._nowhere if route is None else route.calls).add(reply.status, took_s)
        if reply.code:
            tally.refusals[reply.code] += 1
        if reply.replayed:
            tally.replays += 1
        if reply.shed:  # no line each: of an overload its begin and its end are told
            tally.sheds[reply.shed] += 1
        elif reply.status >= 500 or took_s > SLOW_S:
            log.warning(
                "failed" if reply.status >= 500 else "slow", operation=_name(route),
                status=reply.status, code=reply.code, ms=round(took_s * 1000),
                request=call_id.decode(), principal=str(passed.principal.id) if passed else "",
            )  # fmt: skip

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
        if asked.route.operation.lines:
            return await self.finish(asked, b"", receive)
        return await self.finish(asked, await _read(receive) if asked.route.decoder else b"")

    async def finish(self, asked: Asked, raw: bytes, lines: Receive | None = None) -> Reply:
        """Whatever comes after the head: the body, the policy, the key, the handler.

        raw     the body; one that is larger than MAX_BODY need not be whole
        lines   where the handler itself reads a body of many lines
        errors  none: what was not foreseen is logged and answered
        """
        try:
            call = self._call(asked, raw)
            if isinstance(call, Refusal):
                return problems.problem(call)
            call.body = lines or call.body
            operation = asked.route.operation
            if operation.kind == "writer":
                return _reply(await operation.handler(call), operation)
            return await self._handle(operation, call)
        except Exception as error:
            return _stumbled(error, asked.route, asked.id)

    def _call(self, asked: Asked, raw: bytes) -> Call | Refusal:
        operation, principal = asked.route.operation, asked.passed.principal
        body = _body(asked.route, raw)
        refusal = body if isinstance(body, Refusal) else None
        refusal = refusal or access.allowed(principal, operation.name, None)
        said = asked.headers.get(b"idempotency-key")
        key = (said or b"").decode("latin-1")
        refusal = refusal or key_fault(operation, key, body, empty=said == b"")
        if refusal is not None:
            return refusal
        query = query_of(operation, asked.query.decode("latin-1"))
        if isinstance(query, Refusal):
            return query
        now, path = datetime.now(UTC), asked.path
        call = Call(principal, path, query, body, None, now, self.house, key)  # type: ignore[arg-type]
        call.address = asked.address
        if operation.kind != "reads":
            call.fingerprint = access.fingerprint(_said(body, path))
        return call

    def _pool_of(self, operation: Operation, call: Call) -> Pool:
        """What a till may do runs on the tills' connections, members have theirs, so the office."""
        row = access.POLICY[operation.name]
        if "till" in row and "explain" not in call.query:
            return self.house.pool
        own = "member" in row or "anybody" in row
        return self.house.cabinet if own else self.house.desk

    async def _handle(self, operation: Operation, call: Call) -> Reply:
        if operation.kind == "writes" and self.house.writer.full:
            return self.house.writer.lost
        async with self._pool_of(operation, call).connection() as conn:
            call.conn = conn
            if operation.kind == "writes":
                reply = await once(operation, call)
            else:
                reply = _reply(await operation.handler(call), operation)
        if operation.kind == "writes" and operation.refresh and reply.status < 300:
            await self.house.refresh()
            self.gate.forget()
        elif call.forget:
            self.gate.forget()
        return reply


def id_of(headers: Mapping[bytes, bytes]) -> bytes:
    """By which a call is found in the log: its caller's own id, or one of ours."""
    said = headers.get(b"x-request-id")
    if said is not None and _REQUEST_ID.match(said):
        return said
    return b"%b-%x" % (_HERE, next(_numbers))


def _stumbled(error: Exception, route: Route | Reply | None, call_id: bytes) -> Reply:
    """What a caller is told when something broke here."""
    if isinstance(error, TooManyRequests | PoolTimeout):
        return _POOL
    if isinstance(error, psycopg.errors.QueryCanceled | psycopg.errors.LockNotAvailable):
        log.warning("took_too_long", operation=_name(route), request=call_id.decode())
        return _SLOW
    if isinstance(error, RACES):
        log.warning("raced", operation=_name(route), request=call_id.decode(), **fault(error))
        return _RACED
    if isinstance(error, psycopg.OperationalError):
        log.warning("database_lost", request=call_id.decode(), **fault(error))
        return _NO_HOUSE
    log.error("broken", operation=_name(route), request=call_id.decode(), trace=trace(error),
              **fault(error))  # fmt: skip
    return problems.broken("this call met a mistake of ours")


def head_fault(asked: Asked) -> Refusal | None:
    """Why a call is refused before its body is looked at."""
    refusal = asked.passed.refusal or path_fault(asked.path)
    return refusal or (form_fault(asked.headers) if asked.route.decoder else None)


def _name(route: Route | Reply | None) -> str:
    """The operation: an address has words in it, which may be cards of people."""
    return route.operation.name if isinstance(route, Route) else ""


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
        return TOO_LARGE
    if not raw:
        return Refusal("body_missing", "", "there is no body", "send JSON")
    deep = problems.too_deep(raw) if route.operation.body is dict else None
    if deep is not None:
        return deep
    try:
        return route.decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return problems.invalid(error, raw)


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
