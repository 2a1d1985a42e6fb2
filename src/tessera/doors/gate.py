"""The gate of the API: whose key it is, and whether it is calling too often."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tessera.access import core as access
from tessera.access import db as access_db
from tessera.access.core import Principal
from tessera.base.refusal import Refusal

REMEMBER_S = 2.0  # a revoked key is refused within this time in every process (promise: 5 s)
_MOST = 10_000  # tokens remembered, so that guesses do not fill the memory


@dataclass(slots=True)
class Pass:
    """A caller who may come in: who it is and how many calls are left in this second."""

    principal: Principal
    until: float
    tokens: float
    filled: float
    refusal: Refusal | None = None

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
            (b"ratelimit-limit", str(self.principal.rate_per_s).encode()),
            (b"ratelimit-remaining", str(int(self.tokens)).encode()),
            (b"ratelimit-reset", b"1"),
        ]


_STRANGER = Refusal(
    "not_signed_in", "Authorization", "no valid API key was sent",
    "send a header Authorization: Bearer followed by the key",
)  # fmt: skip


class Gate:
    """Looks keys up, and remembers the answer for two seconds."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]) -> None:
        self._pool = pool
        self._known: dict[str, Pass] = {}  # by token: however the header spells it, one bucket

    async def enter(self, authorization: bytes) -> Pass | Refusal:
        """Who calls. Errors: not_signed_in; `Pass.refusal` says too_many_calls."""
        scheme, _, raw = authorization.partition(b" ")
        token = raw.strip().decode("latin-1")
        now = time.monotonic()
        passed = self._known.get(token) if scheme.lower() == b"bearer" else None
        if passed is None or passed.until < now:
            if scheme.lower() != b"bearer" or not access.is_token(token):
                return _STRANGER
            passed = await self._look_up(token, now)
            if passed is None:
                return _STRANGER
        passed.take(time.monotonic())
        return passed

    async def _look_up(self, token: str, now: float) -> Pass | None:
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
        passed.principal, passed.until = found, now + REMEMBER_S
        return passed

    def forget(self) -> None:
        """Keys may have changed: look them up again. What is left of the rate stays."""
        for passed in self._known.values():
            passed.until = 0.0
