"""Runs of time: the turns they take, the pages they commit, the pauses they leave to the tills."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

from tessera.base.clock import day_start
from tessera.doors.pools import Conn
from tessera.ledger import db, flows
from tessera.ledger.core import FAR, Life, Run

# Measured (bench/expiry.py, 200,000 lots in 20,000 wallets, a machine busy with other work): with
# pages of 50 and pauses of twice their time the 99th percentile of a confirm is 1.8 times what it
# is without a run; with 100 and once their time, in 2,000 wallets, it was 4.8 times.
PAGE, REST = 50, 2.0

Lives = Callable[[datetime], Mapping[str, Life]]
Watch = Callable[[Run], None]
Clock = Callable[[], datetime]


def now() -> datetime:
    """The clock on the wall."""
    return datetime.now(UTC)


@asynccontextmanager
async def turn(conn: Conn) -> AsyncIterator[bool]:
    """One run at a time; false while another runs, or old receipts are loaded."""
    mine = await db.take_turn(conn)
    await conn.commit()
    try:
        yield mine
    finally:
        if mine and not conn.closed:
            await conn.rollback()
            await db.end_turn(conn)
            await conn.commit()


async def run_due(
    conn: Conn, lives: Lives, at: datetime, *, clock: Clock = now, watch: Watch = lambda _: None,
    rest: float = REST,
) -> list[Run]:  # fmt: skip
    """Finish the run that was begun, then post all that is due as of `at`: page by page.

    conn   whoever calls has the turn, or is the loader that bars others
    lives  what the program says at an instant
    clock  when it is posted; the wall's
    watch  is told after each page
    rest   pauses, as parts of the time that a page took; 0: nobody waits for these wallets
    shape  the runs that posted something
    """
    done: list[Run] = []
    while True:
        run = await flows.begin_run(conn, at, clock())
        while run.finished_at is None:
            began = time.monotonic()
            run = await flows.post_page(conn, run, lives(run.at), clock(), PAGE)
            await conn.commit()
            watch(run)
            await asyncio.sleep(rest * (time.monotonic() - began))
        if run.wallets:
            done.append(run)
        if run.at >= at:
            return done


class History:
    """Lets time pass between the days of a history, and nobody else meanwhile."""

    def __init__(self, conn: Conn, lives: Lives, *, leads: bool) -> None:
        self._conn, self._lives, self._leads = conn, lives, leads
        self._day, self._looked = date.min, date.min
        self._flying = FAR  # nothing that may not be settled yet is due before

    async def reaches(
        self, happened_at: datetime, settled: Callable[[], Awaitable[None]]
    ) -> None:  # fmt: skip
        """Before something that happened then is posted: what was due before that day.

        settled  waits until all that was begun before it is posted; asked only where something of
                 it may be due, or something older is

        A history that goes back in time is not held up: runs follow its newest day.
        """
        day = happened_at.astimezone(UTC).date()
        if day == self._looked:
            return
        self._looked = day
        midnight = min(day_start(day, "UTC"), now())
        if day > self._day:
            self._day = day
            if self._leads and await self._is_due(midnight):
                await settled()
                self._flying = FAR
                await run_due(self._conn, self._lives, midnight, rest=0)
        firsts = [life.first_due(day) for life in self._lives(midnight).values()]
        self._flying = min([self._flying, *(each for each in firsts if each is not None)])

    async def _is_due(self, at: datetime) -> bool:
        if at >= self._flying:
            return True
        due = await db.count_due(self._conn, at)
        await self._conn.commit()
        return due > 0


@asynccontextmanager
async def history(conn: Conn, lives: Lives) -> AsyncIterator[History]:
    """While old receipts are loaded no run may overtake them. Waits for a run that goes on.

    conn  kept until the end. Of several loads at a time the first one lets time pass
    """
    while not await db.bar_runs(conn):
        await conn.commit()
        await asyncio.sleep(0.2)
    leads = await db.lead_loads(conn)
    await conn.commit()
    try:
        yield History(conn, lives, leads=leads)
    finally:
        if not conn.closed:
            await conn.rollback()
            await db.unbar_runs(conn)
            if leads:
                await db.end_lead(conn)
            await conn.commit()
