"""Orders of coupons that are made by and by, and what of coupons has ended."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import psycopg

from tessera.doors.pools import Pool
from tessera.rewards.coupons import db
from tessera.rewards.coupons.office import db as office_db
from tessera.rewards.coupons.office import flows

TIDY_S = 3600.0


class Ordering:
    """One process's part; of several, each makes another order."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._tidy_at = 0.0

    async def turn(self) -> None:
        """Make all that is ordered, a piece a transaction, and rest as long as each took."""
        while True:
            began = time.monotonic()
            try:
                async with self._pool.connection() as conn:
                    batch_id = await office_db.open_batch(conn)
                    made = 0 if batch_id is None else await flows.make(conn, batch_id)
            except psycopg.errors.UniqueViolation:
                continue  # two codes of a thousand million are one: others are drawn
            if not made:
                break
            await asyncio.sleep(time.monotonic() - began)
        await self._tidy()

    async def _tidy(self) -> None:
        now = time.monotonic()
        if now < self._tidy_at:
            return
        async with self._pool.connection() as conn:
            await db.forget(conn, datetime.now(UTC))
        self._tidy_at = now + TIDY_S
