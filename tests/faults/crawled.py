"""Every writing operation as a call, made as whoever crawls the policy makes it.

`CRAWLED[operation](door, fresh)` is of the same form as in `operations.py`, which has the scenes
that are a drill's own. What writes is in here or in `NOT_DRILLED`, for its reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from typing import Any

import httpx
import msgspec

from faults.calls import Door, Fresh, Op
from faults.staged import AGAIN, NOTED, STAGED, Staged
from support import api as shops
from support.api import Api
from support.makes import MAKES
from support.things import Things, new_member, signed_in
from tessera.access.core import POLICY
from tessera.doors.call import Operation
from tessera.doors.till import OPERATIONS as TABLE
from tessera.members.core import card_number

MANY = 1_000_000  # cards: each fault wants some of its own


class Through(httpx.BaseTransport):
    """Calls of a blocking client, made at a door that lives in a loop."""

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop) -> None:
        self._door, self._loop = door, loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raw = request.read()
        body = msgspec.json.decode(raw) if raw else None
        path = request.url.raw_path.decode()
        key = request.headers.get("idempotency-key", "")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        call = self._door.call(request.method, path, body, key, token)
        heard = asyncio.run_coroutine_threadsafe(call, self._loop).result(60)
        headers = {name: heard.headers[name] for name in ("content-type",) if name in heard.headers}
        return httpx.Response(heard.status, headers=headers, content=heard.body)


class Cards(list[str]):
    """The numbers of the cards that were issued: so many that they are not written down."""

    def __getitem__(self, serial: Any) -> Any:
        return card_number(shops.PREFIX, serial)


@asynccontextmanager
async def shop(door: Door, dsn: str, tokens: Sequence[str]) -> AsyncIterator[Api]:
    """What whoever crawls stands on: its calls go through this door. tokens: of `furnished`."""
    till, other, admin = tokens
    api = Api("http://shop", dsn, till, other, admin, Cards())
    api.client.close()
    api.client = httpx.Client(base_url=api.url, transport=Through(door, asyncio.get_running_loop()))
    with closing(api):
        await asyncio.to_thread(api.declare_events)
        yield api


def crawled(operation: Operation) -> Callable[[Door, Fresh], Awaitable[Op]]:
    """Its call on what is one's own: a member's by a member, else by the office."""
    name = operation.name

    def made(api: Api) -> Op:
        me = new_member(api)
        make: Callable[..., Staged] = STAGED.get(name) or MAKES[name]
        path, body, *whose = make(Things(api, me), "own")
        row, token = POLICY[name], whose[0] if whose else None
        if token is None and "member" in row:
            token = signed_in(api, me["member_id"])
        elif "anybody" in row:
            token = ""
        to, again = operation.path.format(**path), (AGAIN[name],) if name in AGAIN else ()
        return Op(
            operation.method, to, body, operation.status,
            keyless=bool(again), token=token, again=again, noted=name in NOTED,
        )  # fmt: skip

    async def make(_: Door, fresh: Fresh) -> Op:
        assert fresh.api is not None, "a drill of crawled calls has a shop"
        return await asyncio.to_thread(made, fresh.api)

    return make


# Questions whose words are too many, or not for an address; they change nothing.
ASKS = {
    "identify", "claim.check", "member.search", "duplicate.near", "coupon.find", "program.check",
    "draft.try", "sign_in.invitation",
}  # fmt: skip
_SENDS = "each call sends a code, or begins what is over in minutes; only the last one is needed"
_OPENS = "each call opens a session, or makes secrets, of its own; nothing else changes"
NOT_DRILLED = {
    **dict.fromkeys(
        ("sign_in.code", "join.begin", "contact.send", "me.contact.send", "me.proof",
         "passkey.begin", "me.passkey.begin", "sign_in.passkey", "sign_in.provider",
         "join.provider"), _SENDS,
    ),
    **dict.fromkeys(
        ("sign_in.staff", "sign_in.signed", "sign_in.back", "session.renew", "recovery.make"),
        _OPENS,
    ),
    **dict.fromkeys(
        ("passkey.add", "me.passkey.add"), "needs a device: tests/doors/test_passkeys.py"
    ),
    "join.back": "needs a provider: tests/doors/test_joining_by_provider.py",
    "setup.owner": "once in the life of an installation: tests/doors/test_setup.py",
    "task.ask": "needs the extra `dedup`: tests/faults/test_tasks.py",
    "quote": "a scene of the drill: `quote with hold`; without a hold it changes nothing",
}  # fmt: skip
WRITING = {each.name: each for each in TABLE if each.method != "GET" and each.name not in ASKS}
CRAWLED = {
    name: crawled(each) for name, each in WRITING.items() if name not in NOT_DRILLED
}  # fmt: skip
