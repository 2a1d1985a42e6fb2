"""The gate of the API: whose key it is, and whether it is calling too often."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tessera.access import core as access
from tessera.access import db as access_db
from tessera.access.core import Principal
from tessera.base.refusal import Refusal

REMEMBER_S = 2.0  # a revoked key is refused within this time in every process (promise: 5 s)
# Longer only while it is being looked up: under overload that takes its time, and calls that waited
# for it would cost more than those that are turned away (measured: nothing was settled any more).
GRACE_S = 2.5
_MOST = 10_000  # tokens remembered, so that guesses do not fill the memory


@dataclass(slots=True)
class Pass:
    """A caller who may come in: who it is and how many calls are left in this second.

    until   when it must be known anew; renewing: somebody is finding out already
    """

    principal: Principal
    until: float
    tokens: float
    filled: float
    refusal: Refusal | None = None
    renewing: bool = False

    def take(self, now: float) -> None:
        """One call: the bucket holds one second's worth and fills steadily."""
        rate = self.principal.rate_per_s
        self.tokens = min(rate, self.tokens + (now - self.filled) * rate)
        self.filled, self.refusal = now, None
        if self.tokens < 1:
            why = f"this key may call {rate} times a second"
            self.refusal = Refusal("too_many_calls", "", why, "wait a second, then go on slower")
        else:
            self.tokens -= 1

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What is left: calls per second, calls now, seconds until full."""
        return [
            (b"ratelimit-limit", b"%d" % self.principal.rate_per_s),
            (b"ratelimit-remaining", b"%d" % self.tokens),
            (b"ratelimit-reset", b"1"),
        ]


_STRANGER = Refusal(
    "not_signed_in", "Authorization", "no valid API key was sent",
    "send a header Authorization: Bearer followed by the key",
)  # fmt: skip


def _told(authorization: bytes) -> tuple[bytes, str]:
    """The scheme, in small letters, and the token."""
    scheme, _, raw = authorization.partition(b" ")
    return scheme.lower(), raw.strip().decode("latin-1")


class Gate:
    """Looks keys up, and remembers the answer for two seconds."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]) -> None:
        self._pool = pool
        self._known: dict[str, Pass] = {}  # by token: however the header spells it, one bucket
        self._era = 0  # how often all was forgotten
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: dict[str, asyncio.Task[Pass | None]] = {}

    async def enter(self, authorization: bytes) -> Pass | Refusal:
        """Who calls. Errors: not_signed_in; `Pass.refusal` says too_many_calls."""
        passed = self.enter_known(authorization)
        if passed is None:
            scheme, token = _told(authorization)
            if scheme != b"bearer" or not access.is_token(token):
                return _STRANGER
            passed = await self._looked_up(token)
            if passed is None:
                return _STRANGER
            passed.take(time.monotonic())
        return passed

    def enter_known(self, authorization: bytes) -> Pass | None:
        """Who calls, if that need not be looked up; None: nothing is counted yet, `enter` knows."""
        scheme, token = _told(authorization)
        passed = self._known.get(token) if scheme == b"bearer" else None
        now = time.monotonic()
        if passed is None or passed.until + (GRACE_S if passed.renewing else 0.0) < now:
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
            found = await access_db.find_principal(
                conn, access.token_hash(token), datetime.now(UTC)
            )
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
