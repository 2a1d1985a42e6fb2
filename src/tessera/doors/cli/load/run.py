"""Loads a file of receipts: sales as they stream, returns when the last sale is in.

Killed anywhere and started again it continues: what was acknowledged is kept with the load, and
what was acknowledged after the last checkpoint is posted again under the same key, which the
writer answers with the first answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection

from tessera.access.core import Principal
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors.cli.load import blocks, files, mapping, posting, returning
from tessera.doors.cli.load import db as books
from tessera.doors.cli.load.posting import Booked, Stopped
from tessera.doors.cli.load.reading import Back, Bad, Fault, Reader, Sale
from tessera.doors.cli.load.report import Report, Shows, Tally, report_of
from tessera.doors.runs import History
from tessera.warehouse.core import Identifier, Receipt
from tessera.warehouse.loads import db
from tessera.warehouse.loads.db import Load, Quarantined, Waiting

IN_FLIGHT = 512  # calls that the writer has at a time: two of its batches
WINDOW = 2048  # receipts read ahead: enough members for full batches where a file is sorted by them
CHECKPOINT = 1024  # receipts between two checkpoints
SHOWN_FAULTS = 20  # in `why`; the record has all of them

Conn = AsyncConnection[tuple[Any, ...]]
Connect = Callable[[], AbstractAsyncContextManager[Conn]]


async def load_receipts(
    source: Path,
    by: mapping.Mapping,
    *,
    writer: posting.Submits,
    connect: Connect,
    refresh: Callable[[], Awaitable[None]],
    principal: Principal,
    progress: Shows,
    past: History | None = None,
) -> Report | Refusal:
    """Post what a file says, quarantine what cannot be posted, and tell what became of it.

    connect   connections for reading and keeping the load; two are used at a time
    refresh   lets the writer know of stores that were added
    principal who posts; needs receipt.confirm and receipt.return in every store of the file
    past      lets time pass between the days of the file; None: points neither expire nor activate
    errors    a Refusal when the file as a whole cannot be loaded or not be loaded on; what was
              posted until then stays posted, and the same call continues
    """
    opened = files.open_source(source, by.file)
    if isinstance(opened, Refusal):
        return opened
    if wrong := mapping.lacking(by, opened.header):
        return wrong
    digest = await asyncio.to_thread(files.digest, source, by)
    async with connect() as guard:
        load = await db.open_load(guard, new_id(), str(source), digest, by.name, datetime.now(UTC))
        await guard.commit()
        if load.phase == "done":
            return report_of(_tally(load), str(source), by.name, str(load.id), True)
        if not await db.lock_load(guard, load):
            return Refusal(
                "load_running", "file", f"another process is loading {source}",
                "wait until it has finished, or end it and start again",
            )  # fmt: skip
        await guard.commit()
        try:
            post = posting.Post(writer, principal, load.started_at, lambda: datetime.now(UTC))
            work = Work(load, Reader(by), opened, connect, refresh, post, progress, past)
            tally = await work.all()
        except (Stopped, files.Unreadable, blocks.Scattered) as wrong_now:
            return stopped(wrong_now)
        finally:
            await guard.rollback()
            await db.unlock_load(guard, load)
            await guard.commit()
    return report_of(tally, str(source), by.name, str(load.id), False)


class Settled(Struct):
    """What became of receipts since the last checkpoint. `met`: customers of bad receipts."""

    aside: list[Quarantined] = msgspec.field(default_factory=list)
    waiting: list[Waiting] = msgspec.field(default_factory=list)
    posted: list[str] = msgspec.field(default_factory=list)
    met: set[Identifier] = msgspec.field(default_factory=set)
    count: int = 0


class Work:
    """One load on its way. `all` is the whole of it."""

    def __init__(
        self, load: Load, reader: Reader, source: files.Source, connect: Connect,
        refresh: Callable[[], Awaitable[None]], post: posting.Post, progress: Shows,
        past: History | None,
    ) -> None:  # fmt: skip
        self.load, self.reader, self.source = load, reader, source
        self.connect, self.refresh, self.post, self.progress = connect, refresh, post, progress
        self.past, self.tally = past, _tally(load)
        self._stores: set[str] = set()
        self._alike = posting.Alike() if not load.done else None
        self._settled = Settled()
        self._gate = asyncio.Semaphore(IN_FLIGHT)
        self._last: dict[Identifier, asyncio.Task[Booked | Refusal]] = {}
        self._clock = time.monotonic()

    async def all(self) -> Tally:
        """Sales, then returns."""
        if self.load.phase == "sales":
            await self._sales()
            self.load.phase = "returns"
            await self._checkpoint()
        await returning.post_returns(self)
        self.load.phase = "done"
        await self.keep(finished=True)
        return self.tally

    async def keep(self, conn: Conn | None = None, finished: bool = False) -> None:
        """Write down how far the load is, in the caller's transaction if it has one."""
        now = time.monotonic()
        self.tally.seconds, self._clock = self.tally.seconds + now - self._clock, now
        self.load.tally = msgspec.json.encode(self.tally).decode()
        finished_at = datetime.now(UTC) if finished else None
        if conn is not None:
            return await db.checkpoint(conn, self.load, finished_at)
        async with self.connect() as own, own.transaction():
            return await db.checkpoint(own, self.load, finished_at)

    # Sales

    async def _sales(self) -> None:
        """Read the file twice: once for its numbers, once for its receipts."""
        expected, rows = await self._look_through()
        self.progress.phase("receipts", rows)
        window: deque[tuple[blocks.Gathered, Sale | Back | Bad, Posting]] = deque()
        read = self.source.rows(self.reader.columns)
        every = blocks.gather(read, self.reader.number, self.reader.time, expected)
        self.progress.advance(self.tally.rows)
        try:
            for said in islice(every, self.load.done, None):
                thing = self.reader.read(said)
                task = None
                if isinstance(thing, Sale):
                    await self._know_store(thing.receipt.store)
                    if self.past is not None:
                        begun = [task for _, _, task in window if task is not None]
                        await self.past.reaches(thing.receipt.happened_at, partial(_all, begun))
                    task = self._begin(thing.receipt)
                elif isinstance(thing, Back):
                    await self._know_store(thing.store)
                window.append((said, thing, task))
                if len(window) >= WINDOW:
                    await self._settle(*window.popleft())
            while window:
                await self._settle(*window.popleft())
            if self._alike is not None:
                self._alike.ended()
        finally:
            for _, _, left in window:
                if left is not None:
                    left.cancel()
            await asyncio.gather(
                *(t for _, _, t in window if t is not None), return_exceptions=True
            )

    def _begin(self, receipt: Receipt) -> asyncio.Task[Booked | Refusal]:
        """Post a sale when the member's sale before it is in: the writer takes one at a time."""
        whose = receipt.identifier
        before = self._last.get(whose) if whose is not None else None

        async def turn() -> Booked | Refusal:
            if before is not None:
                await asyncio.wait([before])
            async with self._gate:
                return await self.post(receipt)

        task = asyncio.create_task(turn())
        if whose is not None:
            self._last[whose] = task
            task.add_done_callback(lambda done: self._forget(whose, done))
        return task

    def _forget(self, whose: Identifier, done: asyncio.Task[Booked | Refusal]) -> None:
        if self._last.get(whose) is done:
            del self._last[whose]

    async def _look_through(self) -> tuple[dict[str, int], int]:
        """Which numbers have several blocks, and how many rows the file has."""
        self.progress.phase("looking through", None)
        rows = 0

        def numbers() -> Iterator[str]:
            nonlocal rows
            for row in self.source.rows(self.reader.number_columns):
                rows += 1
                yield self.reader.numbered(row.values)

        expected = await asyncio.to_thread(blocks.repeated, numbers())
        return expected, rows

    async def _settle(self, said: blocks.Gathered, thing: Sale | Back | Bad, task: Posting) -> None:
        """The oldest receipt of the window is done with, and so are all before it."""
        if isinstance(thing, Bad):
            self.put_aside(thing.number, thing.faults, thing.record, thing.member)
        elif isinstance(thing, Back):
            read = self.reader.record(said.number, said.rows)
            record = msgspec.json.encode(msgspec.structs.replace(thing, said=read)).decode()
            who = thing.member.value if thing.member is not None else ""
            self._settled.waiting.append(Waiting(said.number, said.rows[0].at, who, record))
        else:
            assert task is not None, "a sale is posted"
            booked = await task
            if self._alike is not None:
                self._alike.saw(booked, said.rows[0].at)
            if isinstance(booked, Booked):
                self.tally.already_known += booked.known
                self.tally.posted_sales += not booked.known
                self._settled.posted.append(said.number)
            else:
                fault = refused(booked, said.rows[0].at)
                read = self.reader.record(said.number, thing.rows)
                self.put_aside(said.number, (fault,), read, thing.receipt.identifier)
        rows = len(said.rows) + said.repeated
        self.tally.rows += rows
        self.tally.repeated_rows += said.repeated
        self.load.done += 1
        self._settled.count += 1
        self.progress.advance(rows)
        if self._settled.count >= CHECKPOINT:
            await self._checkpoint()

    async def _checkpoint(self) -> None:
        async with self.connect() as conn, conn.transaction():
            await self.write(conn)
            await self.keep(conn)

    async def write(self, conn: Conn) -> None:
        """Keep what was settled since the last time: quarantined, waiting, posted after all."""
        settled, self._settled = self._settled, Settled()
        if settled.aside:
            await db.quarantine(conn, self.load, settled.aside)
        if settled.waiting:
            await db.wait(conn, self.load, settled.waiting)
        if settled.posted:
            await db.heal(conn, self.load, settled.posted)
        if settled.met:
            await books.meet(conn, settled.met, datetime.now(UTC))

    def posted(self, number: str) -> None:
        """This receipt is in the books: it leaves the quarantine if it was there."""
        self._settled.posted.append(number)

    def put_aside(
        self, number: str, faults: Sequence[Fault], record: dict[str, Any], who: Identifier | None
    ) -> None:
        """A receipt goes to quarantine, whole, with the reason for each of its rows."""
        if who is not None:
            self._settled.met.add(who)
        first = faults[0]
        record = record | {"faults": msgspec.to_builtins(faults)}
        self.tally.put_aside(first.code)
        self._settled.aside.append(
            Quarantined(
                number, first.row, first.code, first.field, reasons(faults), json.dumps(record)
            )
        )

    async def _know_store(self, store: str) -> None:
        """The stores of a file are added as they come."""
        if store in self._stores:
            return
        said = self.reader.mapping.store
        async with self.connect() as conn, conn.transaction():
            await db.add_stores(conn, [store], said.name, said.time_zone)
        await self.refresh()
        self._stores.add(store)


Posting = asyncio.Task[Booked | Refusal] | None


def refused(refusal: Refusal, row: int) -> Fault:
    """What the writer said, as a fault of the receipt's first row."""
    return Fault(row, refusal.code, refusal.field, f"{refusal.why}; {refusal.cure}")


def reasons(faults: Iterable[Fault]) -> str:
    """Each row with its reason, the first twenty of them."""
    told = [f"row {fault.row}: {fault.why}" for fault in faults]
    more = len(told) - SHOWN_FAULTS
    return "; ".join(told[:SHOWN_FAULTS]) + (f"; and {more} more" if more > 0 else "")


def _tally(load: Load) -> Tally:
    return msgspec.json.decode(load.tally, type=Tally)


def stopped(wrong: Stopped | files.Unreadable | blocks.Scattered) -> Refusal:
    """Why a file cannot be read, or loaded, on."""
    if isinstance(wrong, Stopped):
        return wrong.refusal
    if isinstance(wrong, files.Unreadable):
        return Refusal(
            "file_unreadable", f"row {wrong.row}", wrong.why, "repair the file and load it again"
        )
    return Refusal(
        "rows_scattered", "receipt.number",
        f"over {blocks.MAX_HELD_ROWS:,} rows wait for the rest of their receipts",
        "sort the file by receipt number, or name all columns that make the number unique",
    )  # fmt: skip


async def _all(begun: Sequence[asyncio.Task[Booked | Refusal]]) -> None:
    """Until they are posted; what became of each is looked at in its turn."""
    if begun:
        await asyncio.wait(begun)
