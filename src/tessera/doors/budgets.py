"""The sweeper of budgets: promises that are over keep nothing, and what ran out is said, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tessera.budgets import flows
from tessera.budgets.core import EVER, Key
from tessera.doors.incidents import Incidents
from tessera.rules.core.words import Program

Pool = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]
_MOST = 200  # counters at a time


class Watch:
    """Looks at the counters every few seconds."""

    def __init__(self, pool: Pool, incidents: Incidents, program: Callable[[], Program]) -> None:
        self._pool, self._incidents, self._program = pool, incidents, program

    async def turn(self) -> None:
        """Let go what is over; write into the register what ran out."""
        async with self._pool.connection() as conn:
            await flows.let_go(conn, datetime.now(UTC), _MOST)
        async with self._pool.connection() as conn:
            gone = await flows.ran_out(conn)
        for key in gone:
            said = self._said(key)
            if said:
                self._incidents.once("budget_used_up", said)

    def _said(self, key: Key) -> str:
        """In words; "" of a member's own: that is no incident, and nobody's name stands here."""
        budget = self._program().budgets.get(key.budget)
        if budget is None or budget.by == "member":
            return ""
        since = "" if key.began == EVER else f" of the period that began on {key.began}"
        whose = f" of {key.scope}" if key.scope else ""
        return f"the budget {key.budget}{whose} is used up{since}"
