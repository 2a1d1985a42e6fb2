"""The sweeper of budgets: promises that are over keep nothing, what ran out is said, once.

A version's ceilings are held against the counters as soon as it decides.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tessera.budgets import flows
from tessera.budgets.core import EVER, Key
from tessera.checkout.core import Shop
from tessera.doors.incidents import Incidents
from tessera.program.core.timeline import BEGINNING

Pool = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]
_MOST, _MARKS = 200, 5_000  # counters at a time


class Watch:
    """Looks at the counters every few seconds."""

    def __init__(
        self, pool: Pool, incidents: Incidents, shop: Callable[[], Shop],
        today: Callable[[datetime], date],
    ) -> None:  # fmt: skip
        self._pool, self._incidents, self._shop, self._today = pool, incidents, shop, today
        self._held = 0  # the version whose ceilings the counters were held against

    async def turn(self) -> None:
        """Let go what is over; write into the register what ran out."""
        async with self._pool.connection() as conn:
            await flows.let_go(conn, datetime.now(UTC), _MOST)
        async with self._pool.connection() as conn:
            await self._hold(conn)
        async with self._pool.connection() as conn:
            gone = await flows.ran_out(conn)
        for key in gone:
            said = self._said(key)
            if said:
                self._incidents.once("budget_used_up", said)

    async def _hold(self, conn: AsyncConnection[tuple[Any, ...]]) -> None:
        """Ceilings that were raised or lowered: each counter is used up by those that are now."""
        shop, now = self._shop(), datetime.now(UTC)
        program = shop.program
        if program.version == self._held:
            return
        since = BEGINNING if shop.versions is None else shop.versions.since(program.version)
        on = self._today(now)
        if await flows.hold_against(conn, program.budgets, on, since, now, _MARKS):
            self._held = program.version

    def _said(self, key: Key) -> str:
        """In words; "" of a member's own: that is no incident, and nobody's name stands here."""
        budget = self._shop().program.budgets.get(key.budget)
        if budget is None or budget.by == "member":
            return ""
        since = "" if key.began == EVER else f" of the period that began on {key.began}"
        whose = f" of {key.scope}" if key.scope else ""
        return f"the budget {key.budget}{whose} is used up{since}"
