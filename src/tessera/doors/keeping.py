"""What goes by itself when its time is over, and the list of erasures beside the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import structlog

from tessera.base.refusal import Refusal
from tessera.doors import erasures
from tessera.doors.customers import customers
from tessera.doors.incidents import Incidents
from tessera.doors.pools import Pool
from tessera.doors.traces import erasing
from tessera.doors.uploads import Uploads
from tessera.identity.privacy import db, flows
from tessera.identity.privacy.core import Asking, Erased
from tessera.members.privacy import db as members_db
from tessera.rules.core.words import Program

log = structlog.get_logger("tessera.keeping")


class Keeping:
    """One process's part of retention; of several, one at a time does it.

    listed   the list of who was erased; None: there is none, what is kept is the database's
    program  what it says now
    uploads  files that may name who goes; None: this process keeps none
    """

    def __init__(
        self, pool: Pool, listed: Path | None, program: Callable[[], Program],
        incidents: Incidents, uploads: Uploads | None = None,
    ) -> None:  # fmt: skip
        self._pool, self._program = pool, program
        self._incidents, self._uploads = incidents, uploads
        self._last: UUID | None = None
        self._list = listed
        self._waits: list[str] = []  # who of the list is not erased yet, and why

    async def open(self) -> None:
        """Before anybody is served: who was erased since the backup that was restored goes again.

        errors  ValueError names a line of the list that is none of ours
        """
        if self._list is not None:
            await self._again(self._list)

    async def _again(self, listed: Path) -> None:
        """Erase again whom the list names. Who waits is in the register until nobody does."""
        async with self._pool.connection() as conn:
            said, now = self._program(), datetime.now(UTC)
            done = await erasures.replay(conn, listed, said, now, self._uploads)
        if done.erased:
            log.warning("erased_again", members=done.erased)
        if done.parted:
            told = [f"{merge}: {member}" for merge, member in done.parted.items()]
            log.warning("parted_again", merges=told)
            self._incidents.once("parted_again", _many(told))
        told = [f"{member}: {why.why}" for member, why in done.waiting.items()]
        if told and told != self._waits:
            log.error("erasure_waits", members=told)
        if told:
            self._incidents.lasts("erasure_waits", _many(told))
        else:
            self._incidents.over("erasure_waits")
        self._waits = told

    async def turn(self) -> None:
        """Everything that is due, a page a transaction. The list is compared as a whole again."""
        self._last = None  # ids are not in the order of commits: none may be passed over for ever
        while True:
            async with self._pool.connection() as conn:
                if not await db.take_turn(conn):
                    break
                done = await flows.forget_old(conn, self._program(), datetime.now(UTC))
            if any(done.values()):
                log.info("forgotten", **done)
            if not done["calls"]:
                break
        await self._forget_idle()
        if self._waits and self._list is not None:
            await self._again(self._list)

    async def _forget_idle(self) -> None:
        """Erase who did nothing for as long as the program says, each in a transaction."""
        said, now, gone = self._program(), datetime.now(UTC), 0
        months, after = said.privacy.forget_idle_months, UUID(int=0)
        while months is not None:
            why = f"nothing for {months} months"
            async with self._pool.connection() as conn:
                asking = Asking(
                    "retention", why, said.households, said.lives, ladders=said.tiers,
                    customers=await customers(conn),
                )  # fmt: skip
                since = flows.idle_since(months, now)
                page = await members_db.idle(conn, since, after, flows.PAGE)
                await conn.commit()
                for member_id in page:
                    erase = partial(flows.erase_idle, conn, member_id, months, asking, now)
                    done = await erasing(conn, self._uploads, member_id, now, erase)
                    if isinstance(done, Refusal):  # a household's head, say: at another turn
                        await conn.rollback()
                    await conn.commit()
                    gone += isinstance(done, Erased) and not done.again
            if len(page) < flows.PAGE:
                break
            after = page[-1]
        if gone:
            log.info("erased_idle", members=gone)

    async def write_down(self) -> None:
        """Put into the list what the database has more."""
        if self._list is not None:
            async with self._pool.connection() as conn:
                self._last = await erasures.write_down(conn, self._list, self._last)


def _many(told: Sequence[str]) -> str:
    """How many, and who; the register keeps the first of them, the log all."""
    return f"{len(told)}: " + "; ".join(told)
