"""JSON over HTTP from the table of operations: a plain ASGI application (decision 0001).

For every call, in this order: the operation, the key's holder, the rate, the body's size and
form, the policy, the idempotency key, then the handler.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg_pool import PoolTimeout, TooManyRequests

from tessera.access import core as access
from tessera.base.refusal import Refusal
from tessera.doors import problems
from tessera.doors.asked import (
    Asked,
    Inside,
    Route,
    body_of,
    head_fault,
    headers_of,
    id_of,
    match,
    other_method,
    said_of,
)
from tessera.doors.call import Call, Operation
from tessera.doors.gate import Gate, Pass
from tessera.doors.heads import MAX_BODY, key_fault, path_fault, query_of
from tessera.doors.house import House
from tessera.doors.logs import Sparing, fault, trace
from tessera.doors.once import RACES, once
from tessera.doors.pools import Pool
from tessera.doors.problems import Reply

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
        self._named: dict[str, Route] = {}
        self._plain: dict[str, dict[str, Route]] = {}
        self._parts: dict[int, list[Route]] = {}
        for operation in operations:
            parts = tuple(operation.path.strip("/").split("/"))
            whole = operation.body is not None and not operation.lines
            decoder = msgspec.json.Decoder(operation.body) if whole else None
            anybody = "anybody" in access.POLICY[operation.name]
            calls = house.tally.of(operation.name)
            route = self._named[operation.name] = Route(operation, parts, decoder, calls, anybody)
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

    async def ask(self, inside: Inside, passed: Pass | None) -> Reply:
        """A call from a page of this process; its answer.

        passed  who is signed in, and was let in with the page; None: nobody is. What anybody may
                is counted by the address
        errors  KeyError: there is no such operation
        """
        began, route = time.perf_counter(), self._named[inside.operation]
        headers = {b"idempotency-key": inside.key.encode()} if inside.key else {}
        refusal = path_fault(inside.path)
        if passed is None or route.anybody:
            passed = self.gate.enter_anybody(inside.address)
            refusal = passed.refusal or refusal
        asked = Asked(
            route, inside.path, inside.query.encode(), headers, passed, began=began,
            address=inside.address, language=inside.language,
        )  # fmt: skip
        if self.house.writer.down:
            reply = self.house.writer.lost
        elif refusal is not None:
            reply = problems.problem(refusal)
        else:
            reply = await self.finish(asked, inside.raw)
        self._note(asked, reply)
        return reply

    def _note(self, asked: Asked, reply: Reply) -> None:
        """A call has its answer: counted, and who was refused because he may not."""
        self.count(asked.route, reply, asked.id, asked.began, asked.passed)
        if reply.status == 403:
            name = asked.route.operation.name
            self.house.refused.add(asked.passed.principal, name, asked.address)

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
            return other_method(method, sorted(plain)), {}
        parts = path.strip("/").split("/")
        others = []
        for route in self._parts.get(len(parts), ()):
            words = match(route.parts, parts)
            if words is not None and route.operation.method == method:
                return route, words
            if words is not None:
                others.append(route.operation.method)
        if others:
            return other_method(method, others), {}
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
        body = body_of(asked.route, raw)
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
        call.address, call.language = asked.address, asked.language
        if operation.kind != "reads":
            call.fingerprint = access.fingerprint(said_of(body, path))
        return call

    def _pool_of(self, operation: Operation, call: Call) -> Pool:
        """What a till may do runs on the tills' connections, members have theirs, so the office.

        What pages ask for staff has its own, whatever it is: a till waits for no page.
        """
        row = access.POLICY[operation.name]
        if call.language and call.principal.kind == "staff":
            return self.house.console
        if "till" in row and "explain" not in call.query:
            return self.house.pool
        own = "member" in row or "anybody" in row
        return self.house.cabinet if own else self.house.desk

    async def _handle(self, operation: Operation, call: Call) -> Reply:
        if operation.kind == "writes" and self.house.writer.full:
            return self.house.writer.lost
        pool = self._pool_of(operation, call)
        async with pool.connection() as conn:
            if pool is self.house.cabinet and operation.method == "GET":
                await conn.set_autocommit(True)  # a look-up or two: BEGIN and COMMIT cost as much
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


def _name(route: Route | Reply | None) -> str:
    """The operation: an address has words in it, which may be cards of people."""
    return route.operation.name if isinstance(route, Route) else ""


def _reply(answer: Any, operation: Operation) -> Reply:
    if isinstance(answer, Reply):
        return answer
    if isinstance(answer, Refusal):
        return problems.problem(answer)
    return Reply(operation.status, _encode(answer))


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
