"""What runs by itself: when it last ran, how long it took, what went wrong."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from tessera.doors.pools import Pool
from tessera.tasks import db
from tessera.tasks.core import Turn

EVERY_S = 15.0


class Turns:
    """One process's newest turns; of several processes the newest turn of all is shown."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._now: dict[str, Turn] = {}
        self._told: dict[str, datetime] = {}
        self._due = 0.0

    def ended(self, name: str, every_s: float, began_at: datetime, fault: str = "") -> None:
        """A turn is over. `fault`: what went wrong, as a code."""
        now, before = datetime.now(UTC), self._now.get(name)
        failures = 0 if not fault else 1 + (before.failures if before is not None else 0)
        well_at = now if not fault else (before.well_at if before is not None else None)
        took_ms = round((now - began_at).total_seconds() * 1000)
        turn = Turn(name, round(every_s), began_at, took_ms, fault, failures, well_at)
        if before is not None and bool(before.fault) != bool(fault):
            self._due = 0.0  # it begins to fail, or is well again: said at once
        self._now[name] = turn

    async def write(self) -> None:
        """Tell what is new, every 15 s or when something has changed for better or worse."""
        if time.monotonic() < self._due:
            return
        fresh = [each for name, each in self._now.items() if self._told.get(name) != each.began_at]
        if fresh:
            async with self._pool.connection() as conn:
                await db.tell(conn, fresh)
        self._told |= {each.name: each.began_at for each in fresh}
        self._due = time.monotonic() + EVERY_S
