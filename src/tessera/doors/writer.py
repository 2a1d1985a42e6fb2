"""The writer: every door hands its operations to it; it settles them in batches, durably.

It has no timer. An idle lane takes everything that is queued (at most 256), settles it in one
transaction, and answers only after the commit is known to be durable. While one lane waits for
its commit the other one fills. A single receipt goes the same way as a batch of one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import structlog

from tessera.access.core import Replay
from tessera.base.problem import PostgresProblem
from tessera.base.refusal import Refusal
from tessera.base.wire import PipelineConnection
from tessera.checkout.core import Job, Shop
from tessera.checkout.db import parked
from tessera.checkout.flows import Done, Later, Outcome, settle_batch
from tessera.checkout.flows.reading import retell
from tessera.checkout.flows.write import unpark
from tessera.doors.problems import Reply, broken, busy, in_flight, problem
from tessera.program.core import Reader

__all__ = ["Job", "Reply", "Writer"]

BATCH, QUEUE, LANES = 256, 4096, 2
# Turns of the event loop before a batch is taken: what has arrived is read first, nothing is waited
# for. Larger batches share what a transaction costs.
_TURNS = 3
Conn = PipelineConnection
log = structlog.get_logger("tessera.writer")
_RACES = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)
_BROKEN = broken("this call met a mistake of ours")


@dataclass(slots=True, eq=False)
class Waiting:
    """A job in the queue, and where its answer is awaited."""

    job: Job
    reply: asyncio.Future[Reply]
    tries: int = 0


class Writer:
    """Lanes over one queue. `connect` gives a connection set up for writing (see `house.py`).

    errors  `submit` never raises for what the database does: it answers 503 and the caller retries
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Conn]],
        reader: Reader,
        shop: Callable[[], Shop],
        lanes: int = LANES,
    ) -> None:
        self._connect, self._reader, self._shop = connect, reader, shop
        self._queue: deque[Waiting] = deque()
        self._filled = asyncio.Event()
        self._keys: set[tuple[UUID, str]] = set()
        self.down = False
        self._lanes = lanes
        self._tasks: list[asyncio.Task[None]] = []
        self.batches = self.settled = 0  # since the start, for those who measure

    async def start(self) -> None:
        """Open the lanes. Errors: what the driver raises when the database cannot be reached."""
        conns = [await self._connect() for _ in range(self._lanes)]
        self._tasks = [asyncio.create_task(self._run(conn)) for conn in conns]

    async def stop(self) -> None:
        """Settle what is queued, then close the lanes."""
        while self._queue and not self.down:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for waiting in self._queue:
            _answer(waiting, busy("the server is stopping"))
        self._queue.clear()

    async def submit(self, job: Job) -> Reply:
        """Settle one operation; the reply is durable when it comes.

        A full queue and a lost database answer 503 at once, the same key in flight 409.
        """
        key = (job.principal.id, job.key)
        if self.down or len(self._queue) >= QUEUE:
            return busy("the database is being restored" if self.down else "the queue is full")
        if key in self._keys:
            return in_flight(job.key)
        self._keys.add(key)
        waiting = Waiting(job, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        self._filled.set()
        try:
            return await waiting.reply
        finally:
            self._keys.discard(key)

    def wake(self, outcome_id: UUID, body: bytes) -> None:
        """Settle a waiting return whose sale has come; nobody waits for the answer."""
        job = unpark(outcome_id, body, datetime.now(UTC))
        self._queue.append(Waiting(job, asyncio.get_running_loop().create_future()))
        self._filled.set()

    async def _run(self, conn: Conn) -> None:
        """One lane: take, settle, answer; a lost connection is made anew."""
        try:
            while True:
                batch = await self._take()
                if not batch:
                    continue
                try:
                    later = await self._settle(conn, batch)
                except asyncio.CancelledError:
                    for waiting in batch:
                        _answer(waiting, busy("the server is stopping"))
                    raise
                except Exception as error:  # a lane goes on, whatever it meets
                    lost, later = isinstance(error, psycopg.Error | OSError), []
                    log.error("lane_stumbled", why=repr(error)[:500], exc_info=not lost)
                    for waiting in batch:
                        _answer(waiting, busy("the database went away") if lost else _BROKEN)
                    await conn.close()
                if later:
                    self._queue.extendleft(reversed(later))
                    self._filled.set()
                if conn.closed or conn.broken:
                    conn = await self._reconnect()
        finally:
            with contextlib.suppress(Exception):
                await conn.close()

    async def _take(self) -> list[Waiting]:
        """All that is queued, at most a batch of it; nothing where another lane was quicker."""
        await self._filled.wait()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        if not self._queue:
            self._filled.clear()
        return batch

    async def _reconnect(self) -> Conn:
        """Nothing can be promised until the database is back; whoever waits is told so."""
        self.down = True
        while True:
            while self._queue:
                _answer(self._queue.popleft(), busy("the database is being restored"))
            try:
                conn = await self._connect()
            except (psycopg.Error, OSError, PostgresProblem) as lost:
                log.warning("database_lost", why=str(lost).strip()[:200])
                await asyncio.sleep(0.1)
            else:
                self.down = False
                return conn

    async def _settle(self, conn: Conn, batch: Sequence[Waiting]) -> list[Waiting]:
        """Settle a batch; on an error its halves, down to the one that fails; who must wait."""
        try:
            outcomes, woken = await self._transact(conn, [w.job for w in batch])
        except (psycopg.Error, OSError) as error:
            if conn.closed or conn.broken:
                # Nothing was answered. Whether it was committed is not known here, but the key is:
                # the caller's retry gets the stored answer if it was.
                for waiting in batch:
                    _answer(waiting, busy("the database went away"))
                return []
            return await self._smaller(conn, batch, error)
        except Exception as bug:
            return await self._smaller(conn, batch, bug)
        self.batches += 1
        self.settled += len(batch)
        for outcome_id, body in woken:
            self.wake(outcome_id, body)
        return await self._answer_all(conn, batch, outcomes)

    async def _smaller(
        self, conn: Conn, batch: Sequence[Waiting], error: Exception
    ) -> list[Waiting]:
        """Roll back and try halves; the one operation that still fails is logged and answered."""
        await conn.rollback()
        if len(batch) == 1 and isinstance(error, _RACES) and batch[0].tries < 1:
            batch[0].tries += 1  # another process was first: now it can be seen
            return await self._settle(conn, batch)
        if len(batch) > 1:
            half = len(batch) // 2
            later = await self._settle(conn, batch[:half])
            return later + await self._settle(conn, batch[half:])
        wire = isinstance(error, psycopg.Error | OSError)
        log.error("not_settled", key=batch[0].job.key, why=repr(error)[:500], exc_info=not wire)
        why = "this operation could not be written"
        _answer(batch[0], busy(why) if wire else broken(why))
        return []

    async def _transact(
        self, conn: Conn, jobs: list[Job]
    ) -> tuple[list[Outcome], list[tuple[UUID, bytes]]]:
        await conn.begin()
        settled = await settle_batch(conn, self._reader, self._shop(), jobs, datetime.now(UTC))
        if settled.void:
            await conn.rollback()
            return settled.outcomes, []
        await conn.commit()  # with its sync: a failure at commit inside a pipeline shows only there
        woken = await parked(settled.waking) if settled.waking is not None else []
        return settled.outcomes, woken

    async def _answer_all(
        self, conn: Conn, batch: Sequence[Waiting], outcomes: Sequence[Outcome]
    ) -> list[Waiting]:
        later = []
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Later):
                later.append(waiting)
            elif isinstance(outcome, Done):
                _answer(waiting, Reply(outcome.status, outcome.body))
            elif isinstance(outcome, Refusal):
                _answer(waiting, problem(outcome))
            else:
                _answer(waiting, await self._replay(conn, waiting.job, outcome))
        return later

    async def _replay(self, conn: Conn, job: Job, replay: Replay) -> Reply:
        """The same bytes again; after their 35 days, the stored effects, marked so."""
        if job.parked is not None:
            return Reply(200, b"")
        if replay.body is not None and replay.status is not None:
            return Reply(replay.status, replay.body, replayed=True)
        told = await retell(conn, replay, self._shop().program.currency)
        await conn.rollback()
        return Reply(200, told, replayed=True)


def _answer(waiting: Waiting, reply: Reply) -> None:
    if not waiting.reply.done():
        waiting.reply.set_result(reply)
