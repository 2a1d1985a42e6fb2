"""The gate of the API: whose key it is, and whether it is calling too often."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
from msgspec.structs import replace
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tessera.access import core as access
from tessera.access import db as access_db
from tessera.access.core import Principal
from tessera.access.signing.db import session_principal
from tessera.base.refusal import Refusal

REMEMBER_S = 2.0  # a revoked key is refused within this time in every process (promise: 5 s)
# Longer only while it is being looked up: under overload that takes its time, and calls that waited
# for it would cost more than those that are turned away (measured: nothing was settled any more).
GRACE_S = 2.5
_MOST = 10_000  # tokens remembered, so that guesses do not fill the memory
# Addresses remembered, so that a crowd does not: whoever was away for a second has a full bucket
# anyway, so to forget the one that called longest ago forgets nothing below this many a second.
_ADDRESSES = 20_000


@dataclass(slots=True)
class Pass:
    """A caller who may come in: who it is and how many calls are left in this second.

    until   when it must be known anew; renewing: somebody is finding out already
    what    who shares the bucket, in words
    """

    principal: Principal
    until: float
    tokens: float
    filled: float
    refusal: Refusal | None = None
    renewing: bool = False
    what: str = "key"

    def take(self, now: float) -> None:
        """One call: the bucket holds one second's worth and fills steadily."""
        rate = self.principal.rate_per_s
        self.tokens = self.left(now)
        self.filled, self.refusal = now, None
        if self.tokens < 1:
            why = f"this {self.what} may call {rate} times a second"
            self.refusal = Refusal("too_many_calls", "", why, "wait a second, then go on slower")
        else:
            self.tokens -= 1

    def left(self, now: float) -> float:
        """How many calls are in the bucket, before this one."""
        rate = self.principal.rate_per_s
        return min(rate, self.tokens + (now - self.filled) * rate)

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What is left: calls per second, calls now, seconds until full."""
        return [
            (b"ratelimit-limit", b"%d" % self.principal.rate_per_s),
            (b"ratelimit-remaining", b"%d" % self.tokens),
            (b"ratelimit-reset", b"1"),
        ]


_SESSIONS = "sm"  # letters of tokens of somebody signed in: staff, members
_STRANGER = Refusal(
    "not_signed_in", "Authorization", "no valid API key was sent",
    "send a header Authorization: Bearer followed by the key",
)  # fmt: skip
_ELSEWHERE = Refusal(
    "address_other", "", "this key does not work from the address that you call from",
    "call from where the key was issued for, or ask for its addresses to be changed",
)  # fmt: skip


def _told(authorization: bytes) -> tuple[bytes, str]:
    """The scheme, in small letters, and the token."""
    scheme, _, raw = authorization.partition(b" ")
    return scheme.lower(), raw.strip().decode("latin-1")


async def _find(
    conn: AsyncConnection[tuple[Any, ...]], token: str, now: datetime
) -> Principal | None:  # fmt: skip
    """Whose token it is; what an own role may is read anew each time."""
    find = session_principal if access.letter_of(token) in _SESSIONS else access_db.find_principal
    found = await find(conn, access.token_hash(token), now)
    return None if found is None else await access_db.with_role(conn, found)


class Gate:
    """Looks keys up, and remembers the answer for two seconds.

    strangers_per_s  calls a second that may come from one address (IPv6: /64) without a key, or
                     with one that is none: those count there too
    """

    def __init__(
        self, pool: AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]],
        strangers_per_s: int = access.STRANGER_RATE,
    ) -> None:  # fmt: skip
        self._pool = pool
        self._stranger = replace(access.STRANGER, rate_per_s=strangers_per_s)
        self._strangers: OrderedDict[str, Pass] = OrderedDict()
        self._known: dict[str, Pass] = {}  # by token: however the header spells it, one bucket
        self._era = 0  # how often all was forgotten
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: dict[str, asyncio.Task[Pass | None]] = {}

    def enter_anybody(self, address: str) -> Pass:
        """Whoever it is: what anybody may is limited per address, all unknown ones share one."""
        passed = self._stranger_at(address)
        passed.take(time.monotonic())
        return passed

    def _stranger_at(self, address: str) -> Pass:
        network, now = access.network_of(address), time.monotonic()
        passed = self._strangers.get(network)
        if passed is None:
            if len(self._strangers) >= _ADDRESSES:
                self._strangers.popitem(last=False)
            rate = float(self._stranger.rate_per_s)
            passed = self._strangers[network] = Pass(self._stranger, 0.0, rate, now, what="address")
        self._strangers.move_to_end(network)
        return passed

    async def enter(self, authorization: bytes, address: str = "") -> Pass | Refusal:
        """Who calls, from where. Errors: not_signed_in, address_other; too_many_calls.

        A token that is none takes a call from the address's bucket, and where that is empty a token
        that was not known here is not looked up: guesses do not fill the database's day.
        """
        passed = self.enter_known(authorization, address)
        if passed is None:
            scheme, token = _told(authorization)
            if scheme != b"bearer" or not access.is_token(token):
                return _STRANGER
            if self._elsewhere(token, address):
                return _ELSEWHERE
            guesses = self._stranger_at(address)
            if token not in self._known and guesses.left(time.monotonic()) < 1:
                guesses.take(time.monotonic())
                return guesses.refusal or _STRANGER
            passed = await self._looked_up(token)
            if passed is None:
                guesses.take(time.monotonic())
                return _STRANGER
            if not access.comes_from(passed.principal, address):
                return _ELSEWHERE
            passed.take(time.monotonic())
        return passed

    def enter_known(self, authorization: bytes, address: str = "") -> Pass | None:
        """Who calls, if that need not be looked up; None: nothing is counted yet, `enter` knows.

        A key that works from some addresses only is known where the address is.
        """
        scheme, token = _told(authorization)
        passed = self._known.get(token) if scheme == b"bearer" else None
        now = time.monotonic()
        if passed is None or passed.until + (GRACE_S if passed.renewing else 0.0) < now:
            return None
        if passed.principal.networks and not access.comes_from(passed.principal, address):
            return None
        # A key that is used all the time is looked up once a second beside the calls, instead of
        # by all calls at once when its time is over (32 at a time took a thirtieth of the process).
        if passed.until < now + REMEMBER_S / 2 and not passed.renewing:
            passed.renewing = True
            task = asyncio.create_task(self._renew(passed, token, now))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        passed.take(now)
        return passed

    def _elsewhere(self, token: str, address: str) -> bool:
        """Whether a key that is known just now is used from where it does not work."""
        passed = self._known.get(token)
        known = passed is not None and passed.until >= time.monotonic()
        return known and passed is not None and not access.comes_from(passed.principal, address)

    async def _renew(self, passed: Pass, token: str, now: float) -> None:
        """Look it up again. Where that fails its time ends, and whoever calls then is told why."""
        try:
            with contextlib.suppress(psycopg.Error):
                await self._look_up(token, now)
        finally:
            passed.renewing = False

    async def _looked_up(self, token: str) -> Pass | None:
        """Look it up, once for all who call with it meanwhile (4,000 tills may share a key)."""
        task = self._asking.get(token)
        if task is None:
            task = asyncio.create_task(self._look_up(token, time.monotonic()))
            self._asking[token] = task
            task.add_done_callback(partial(self._asked, token))
        return await asyncio.shield(task)

    def _asked(self, token: str, task: asyncio.Task[Pass | None]) -> None:
        if self._asking.get(token) is task:
            del self._asking[token]
        if not task.cancelled():
            task.exception()  # told to those who waited, if any still do

    async def _look_up(self, token: str, now: float) -> Pass | None:
        era = self._era
        async with self._pool.connection() as conn:
            found = await _find(conn, token, datetime.now(UTC))
        if found is None:
            self._known.pop(token, None)
            return None
        # Only now: calls that came in together were all looked up, and share one bucket.
        passed = self._known.get(token)
        if passed is None:
            if len(self._known) >= _MOST:
                self._known.clear()
            passed = self._known[token] = Pass(found, 0.0, float(found.rate_per_s), now)
        passed.principal = found
        passed.until = now + REMEMBER_S if era == self._era else 0.0
        return passed

    def forget(self) -> None:
        """Keys may have changed: look them up again. What is left of the rate stays."""
        self._era += 1
        self._asking.clear()  # whoever comes now is not answered by what was asked before
        for passed in self._known.values():
            passed.until = 0.0
