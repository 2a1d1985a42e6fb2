"""All doors that speak HTTP as one ASGI application, and the server's own addresses."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from tessera.access import core as access
from tessera.access import db as access_db
from tessera.access import flows as access_flows
from tessera.access.core import Principal
from tessera.base.refusal import Refusal
from tessera.checkout.core import EventPage, Page, Told
from tessera.checkout.flows import events, reading
from tessera.checkout.flows.explaining import explained
from tessera.doors.api import Api, Receive, Scope, Send
from tessera.doors.bounded import Bounded
from tessera.doors.console.pages import CardView, console_app
from tessera.doors.ground import Ground
from tessera.doors.health import readiness
from tessera.doors.house import House
from tessera.doors.metrics import Listener, listen
from tessera.doors.openapi import document
from tessera.doors.problems import Reply, problem
from tessera.doors.protocol import API
from tessera.doors.till import OPERATIONS
from tessera.ledger.core import MAIN
from tessera.members import core as members
from tessera.members import db as members_db
from tessera.warehouse.core import Identifier


class Readers:
    """What the console's pages read, and who is signed in there, over the house."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def principal(self, token: str) -> Principal | None:
        """Who holds this key."""

        if not access.is_token(token):
            return None
        async with self._house.console.connection() as conn:
            now = datetime.now(UTC)
            found = await access_db.find_principal(conn, access.token_hash(token), now)
            # A session says nothing of addresses, so a key that works from some opens none.
            found = None if found is None or found.networks else found
            return None if found is None else await access_db.with_role(conn, found)

    async def open_session(self, principal: Principal) -> str:
        """A session that holds in every process; the value of its cookie."""
        async with self._house.console.connection() as conn:
            return await access_flows.open_session(conn, principal.id, datetime.now(UTC))

    async def session(self, cookie: str) -> Principal | None:
        """Who is signed in with this cookie; None if nobody is, or no longer."""
        async with self._house.console.connection() as conn:
            return await access_db.session_principal(
                conn, access.token_hash(cookie), datetime.now(UTC),
                access.SESSION_IDLE, access.SESSION_LIFE,
            )  # fmt: skip

    async def close_session(self, cookie: str) -> None:
        """Signed out, in every process."""
        async with self._house.console.connection() as conn:
            await access_db.close_session(conn, access.token_hash(cookie))

    async def card(self, identifier: Identifier) -> CardView | None:
        """The card an identifier names, with where its account stands."""

        normal = members.normal(identifier.kind, identifier.value)
        if isinstance(normal, Refusal):
            return None
        async with self._house.console.connection() as conn:
            found = await members_db.find(conn, normal)
            if found is None:
                return None
            owner = found.owner
            there = await reading.balances(
                conn, owner.account_id, self._house.shop().program, datetime.now(UTC)
            )
            number = normal.value if normal.kind == "card" else await _card(conn, owner.member_id)
        return CardView(
            member_id=owner.member_id, account_id=owner.account_id,
            name=members.masked_name(found.given_name, found.family_name), number=number,
            status=owner.status, registered=owner.registered, balance=there.pop(MAIN),
            currencies=there,
        )  # fmt: skip

    async def history(self, account_id: UUID, cursor: str | None, limit: int) -> Page | Refusal:
        """An account's receipts, newest first."""
        async with self._house.console.connection() as conn:
            return await reading.history(
                conn, account_id, cursor, limit, self._house.currency, staff=True
            )

    async def explained(self, receipt_id: UUID) -> Told | Refusal:
        """A receipt with the why-not of every rule."""
        async with self._house.console.connection() as conn:
            return await explained(conn, self._house.reader, receipt_id, self._house.currency)

    async def events(self, account_id: UUID, limit: int) -> EventPage | Refusal:
        """An account's events, newest first."""
        async with self._house.console.connection() as conn:
            return await events.history(conn, account_id, None, limit, self._house.currency)


async def _card(conn: Any, member_id: UUID) -> str:
    """The member's current card, "" if there is none."""
    member = await members_db.read_member(conn, member_id)
    held = member.identifiers if member is not None else ()
    cards = [h.identifier.value for h in held if h.identifier.kind == "card"]
    active = [h.identifier.value for h in held
              if h.identifier.kind == "card" and h.status == "active"]  # fmt: skip
    return (active or cards or [""])[-1]


_ALIVE, _READY = ("/v1/health", "/health"), ("/v1/ready", "/ready")
_OWN = ("/", "/openapi.json", *_ALIVE, *_READY)
_GET_ONLY = Refusal("method_other", "", "this address can only be read", "use GET")


class Site:
    """The ASGI application: /v1, /console, /openapi.json, and whether it is alive and ready."""

    def __init__(self, ground: Ground) -> None:
        self.house = ground.house(runs=True)
        self._api = Api(self.house, OPERATIONS)
        self._console = Bounded(console_app(Readers(self.house)), self.house.tally)
        self._openapi = msgspec.json.encode(document(OPERATIONS))
        self._open = False
        self._metrics_at = (ground.settings.metrics_host, ground.settings.metrics_port)
        self._metrics: Listener | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's events."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif scope["type"] == "http":
            path = scope["path"]
            if path.startswith("/v1/") and path not in _OWN:
                await self._api(scope, receive, send)
            elif path.startswith("/console"):
                await self._console(scope, receive, send)
            elif scope["method"] in ("GET", "HEAD") or path not in _OWN:
                await self._own(scope, send)
            else:
                await _reply(send, problem(_GET_ONLY))

    async def _own(self, scope: Scope, send: Send) -> None:
        path = scope["path"]
        if path == "/":
            headers = [(b"location", b"/console"), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 307, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/openapi.json":
            await _plain(send, 200, self._openapi)
        elif path in _ALIVE:
            await _plain(send, 200, b'{"status":"alive"}')
        elif path in _READY:
            told = readiness(self.house, is_open=self._open)
            await _plain(send, 200 if told.status == "ready" else 503, msgspec.json.encode(told))
        else:
            asked = {key: scope[key] for key in ("path", "method", "headers")}
            await self._api(asked, _nothing, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "state" in scope:  # where our protocol finds the shorter way
            scope["state"][API] = self._api
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.house.open()
                    self._metrics = listen(self.house, *self._metrics_at)
                except Exception as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                self._open = True
                _settle_memory()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self._open = False
                if self._metrics is not None:
                    self._metrics.close()
                await self.house.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _settle_memory() -> None:
    """What stands when the doors open stands for ever: keep the collector from walking it.

    Requests make many short-lived values; with the default thresholds about a fifth of the
    decision's time went into looking for cycles that are not there (one profile).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b""}


async def _reply(send: Send, reply: Reply) -> None:
    headers = [(b"content-type", reply.content_type), (b"allow", b"GET, HEAD"),
               (b"content-length", str(len(reply.body)).encode())]  # fmt: skip
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _plain(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"),
               (b"content-length", str(len(body)).encode())]  # fmt: skip
    if status == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
