"""What goes by itself when its time is over, and the list of erasures beside the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from tessera.doors import erasures
from tessera.doors.pools import Pool
from tessera.identity.privacy import db, flows
from tessera.members.privacy.core import Privacy

log = structlog.get_logger("tessera.keeping")


class Keeping:
    """One process's part of retention; of several, one at a time does it.

    place    the folder of the list; None: there is none, what is kept is the database's
    privacy  what the program says now
    """

    def __init__(self, pool: Pool, place: Path | None, privacy: Callable[[], Privacy]) -> None:
        self._pool, self._privacy = pool, privacy
        self._list = None if place is None else place / erasures.NAME

    async def open(self) -> None:
        """Before anybody is served: who was erased since the backup that was restored goes again.

        errors  ValueError names a line of the list that is none of ours
        """
        if self._list is None:
            return
        async with self._pool.connection() as conn:
            again = await erasures.replay(conn, self._list, datetime.now(UTC))
        if again:
            log.warning("erased_again", members=again)

    async def turn(self) -> None:
        """Everything that is due, a page a transaction; then the list."""
        while True:
            async with self._pool.connection() as conn:
                if not await db.take_turn(conn):
                    break
                done = await flows.forget_old(conn, self._privacy(), datetime.now(UTC))
            if any(done.values()):
                log.info("forgotten", **done)
            if not done["calls"] and not done["members"]:
                break
        await self.write_down()

    async def write_down(self) -> None:
        """Put into the list what the database has more."""
        if self._list is not None:
            async with self._pool.connection() as conn:
                await erasures.write_down(conn, self._list)
