"""Returns that came before their sale: settled when it comes, told when they cannot be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tessera.base.refusal import Refusal
from tessera.checkout import db
from tessera.checkout.core import Job
from tessera.doors.incidents import Incidents
from tessera.warehouse.core import ReceiptKey, Return

Pool = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]
LONG = timedelta(days=1)  # tills that are cut off send what they kept within a day, mostly
_TOLD = 3  # of the oldest; the detail of an incident is short


class Early:
    """Looks after the returns that wait. `wake` hands one to the writer."""

    def __init__(
        self, pool: Pool, incidents: Incidents, wake: Callable[[UUID, bytes], None]
    ) -> None:
        self._pool, self._incidents, self._wake = pool, incidents, wake
        self._quiet = False  # whether the last look found none that waits long

    async def settle(self) -> None:
        """Those whose sale is there by now, wherever it was posted."""
        async with self._pool.connection() as conn:
            ready = await db.parked_ready(conn)
        for outcome_id, body in ready:
            self._wake(outcome_id, body)

    async def look(self) -> None:
        """An incident is open as long as a return has waited for over a day."""
        async with self._pool.connection() as conn:
            count, oldest = await db.parked_long(conn, datetime.now(UTC) - LONG, _TOLD)
        if count:
            told = "; ".join(f"{each}, for {_named(sale)}" for each, sale in oldest)
            self._incidents.lasts("return_waits", f"{count} for over a day: {told}")
        elif not self._quiet:
            self._incidents.over("return_waits")
        self._quiet = not count


def refused(job: Job, refusal: Refusal) -> str:
    """An incident's words for a waiting return that could not be settled when its sale came."""
    back = job.ask
    assert isinstance(back, Return), "only returns are parked"
    what = f"return {back.number} of till {back.till} in {back.store}, for {_named(back.sale)}"
    return f"{what}: {refusal.code}, {refusal.why} ({job.parked})"


def _named(sale: ReceiptKey) -> str:
    return f"receipt {sale.number} of till {sale.till} in {sale.store} on {sale.business_date}"
