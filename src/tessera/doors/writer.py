"""The writer: every door hands its operations to it; it settles them in batches, durably.

It has no timer. An idle lane takes everything that is queued (at most 256), settles it in one
transaction, and answers only after the commit is known to be durable. While one lane waits for
its commit the other one fills. A single receipt goes the same way as a batch of one.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import structlog

from tessera.access.core import Replay, token_hash
from tessera.base.problem import PostgresProblem
from tessera.base.refusal import Refusal
from tessera.base.wire import PipelineConnection
from tessera.budgets.db import PASSED
from tessera.checkout.core import Job, Shop
from tessera.checkout.db import parked
from tessera.checkout.flows import Done, Later, Outcome, Settled, Tried, settle_batch
from tessera.checkout.flows.reading import retell
from tessera.checkout.flows.write import unpark
from tessera.doors import early
from tessera.doors.ending import ended
from tessera.doors.incidents import Incidents
from tessera.doors.logs import fault
from tessera.doors.problems import Reply, broken, busy, in_flight, problem, shed
from tessera.doors.tally import Tally
from tessera.ledger.db import Joined
from tessera.ledger.joining import db as joining_db
from tessera.program.core import Reader

__all__ = ["Job", "Reply", "Writer"]

BATCH, QUEUE, LANES = 256, 4096, 2
# What is let in will be answered in about this time (decision 0010): beyond it callers are told at
# once to come again. Nobody waits behind a job that has waited `STUCK_S` already, and a job that
# could not be begun in `PATIENCE_S` is given back: its till asks again with the same key.
WAIT_S, STUCK_S, PATIENCE_S = 0.25, 1.0, 5.0
FULL_S = 0.25  # after a full disk was met, until one batch may try again
_NEW_SHARE = 0.2  # of the newest batch in what is known of the pace
# Small batches make the pace look slower than it is when it matters: a lone receipt takes a
# transaction for itself. So a burst after a quiet night is let in.
_TELLING, UNTRIED, LEAST = 16, 1024, 64
# Turns of the event loop before a batch is taken: what has arrived is read first, nothing is waited
# for. Larger batches share what a transaction costs.
_TURNS = 3
Conn = PipelineConnection
log = structlog.get_logger("tessera.writer")
_FOLLOWED = 5  # tries of a batch whose accounts are joined or parted while it is settled
_RACES = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)
_BROKEN = broken("this call met a mistake of ours")
_DOWN = busy("the database is being restored")
_FULL = busy("the disk of the database is full: nothing is written until there is room")
SHED = shed("queue", "more is asked for than can be settled in time")


@dataclass(slots=True, eq=False)
class Waiting:
    """A job in the queue since a monotonic time, and where its answer is awaited."""

    job: Job
    reply: asyncio.Future[Reply]
    since: float
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
        tally: Tally,
        lanes: int = LANES,
        incidents: Incidents | None = None,
    ) -> None:
        self._connect, self._reader, self._shop, self._tally = connect, reader, shop, tally
        self._queue: deque[Waiting] = deque()
        self._filled = asyncio.Event()
        self._keys: set[tuple[UUID, str]] = set()
        self.incidents = incidents or Incidents()
        self._full_until = 0.0
        self.down = False
        self.lanes, self.up = lanes, 0
        self._job_s, self.most = 0.0, UNTRIED
        self._tasks: list[asyncio.Task[None]] = []
        self.batches = self.settled = 0  # since the start, for those who measure

    async def start(self) -> None:
        """Open the lanes. Errors: what the driver raises when the database cannot be reached."""
        conns = [await self._connect() for _ in range(self.lanes)]
        self.up = self.lanes
        self._tasks = [asyncio.create_task(self._run(conn)) for conn in conns]

    async def stop(self) -> None:
        """Settle what is queued, then close the lanes."""
        while self._queue and not self.down:
            await asyncio.sleep(0.01)
        await ended(self._tasks)
        for waiting in self._queue:
            _answer(waiting, busy("the server is stopping"))
        self._queue.clear()

    async def submit(self, job: Job) -> Reply:
        """Settle one operation; the reply is durable when it comes.

        A queue that is too long and a lost database answer 503 at once, the same key in flight 409.
        """
        key = (job.principal.id, job.key)
        if self.down or self.full or self.crowded:
            return self.lost if self.down or self.full else SHED
        if key in self._keys:
            return in_flight(job.key)
        self._keys.add(key)
        waiting = Waiting(job, asyncio.get_running_loop().create_future(), time.monotonic())
        self._queue.append(waiting)
        self._filled.set()
        try:
            return await waiting.reply
        finally:
            self._keys.discard(key)

    @property
    def full(self) -> bool:
        """Whether the database's disk was full a moment ago."""
        return time.monotonic() < self._full_until

    @property
    def lost(self) -> Reply:
        """What a caller is told while nothing can be written."""
        return _FULL if self.full else _DOWN

    def refuse_full(self, why: str, for_s: float = FULL_S) -> None:
        """The disk is full: let nothing in for so many seconds, then try again."""
        self._full_until = time.monotonic() + for_s
        self.incidents.begin("disk_full", why)

    @property
    def queued(self) -> int:
        """Jobs that wait for a lane."""
        return len(self._queue)

    @property
    def crowded(self) -> bool:
        """Whether one more job would have to wait too long."""
        queue = self._queue
        if len(queue) >= self.most:
            return True
        return bool(queue) and time.monotonic() - queue[0].since > STUCK_S

    def wake(self, outcome_id: UUID, body: bytes) -> None:
        """Settle a waiting return whose sale has come; nobody waits for the answer."""
        job = unpark(outcome_id, body, datetime.now(UTC))
        future = asyncio.get_running_loop().create_future()
        self._queue.append(Waiting(job, future, time.monotonic()))
        self._filled.set()

    async def _run(self, conn: Conn) -> None:
        """One lane: take, settle, answer; a lost connection is made anew."""
        try:
            while True:
                batch = await self._take()
                if not batch:
                    continue
                began = time.monotonic()
                try:
                    later = await self._settle(conn, batch)
                except asyncio.CancelledError:
                    for waiting in batch:
                        _answer(waiting, busy("the server is stopping"))
                    raise
                except Exception as error:  # a lane goes on, whatever it meets
                    lost, later = isinstance(error, psycopg.Error | OSError), []
                    log.error("lane_stumbled", **fault(error), exc_info=not lost and error)
                    for waiting in batch:
                        _answer(waiting, busy("the database went away") if lost else _BROKEN)
                    await conn.close()
                self._pace(len(batch), time.monotonic() - began)
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
        now, batch = time.monotonic(), list[Waiting]()
        while self._queue and len(batch) < BATCH:
            waiting = self._queue.popleft()
            waited = now - waiting.since
            if waited > PATIENCE_S and waiting.job.parked is None:
                _answer(waiting, SHED)
                continue
            self._tally.waits.add(waited)
            batch.append(waiting)
        if not self._queue:
            self._filled.clear()
        return batch

    def _pace(self, jobs: int, took_s: float) -> None:
        """How many jobs may wait so that the last of them is begun in time, by the newest pace."""
        self._tally.settles.add(took_s)
        self._tally.sizes.add(jobs)
        job_s = took_s / jobs / self.lanes
        if jobs < _TELLING and (not self._job_s or job_s > self._job_s):
            return
        self._job_s += (job_s - self._job_s) * (_NEW_SHARE if self._job_s else 1.0)
        self.most = min(max(int(WAIT_S / self._job_s), LEAST), QUEUE)

    async def _reconnect(self) -> Conn:
        """Nothing can be promised until the database is back; whoever waits is told so."""
        self.down = True
        self.up -= 1
        self.incidents.begin("database_lost", "a lane of the writer lost its connection")
        while True:
            while self._queue:
                _answer(self._queue.popleft(), self.lost)
            try:
                conn = await self._connect()
            except (psycopg.Error, OSError, PostgresProblem) as lost:
                log.warning("database_lost", **fault(lost))
                await asyncio.sleep(0.1)
            else:
                self.down = False
                self.up += 1
                return conn

    async def _settle(self, conn: Conn, batch: Sequence[Waiting]) -> list[Waiting]:
        """Settle a batch; on an error its halves, down to the one that fails; who must wait."""
        try:
            settled, woken = await self._transact(conn, [w.job for w in batch])
        except (psycopg.Error, OSError) as error:
            if isinstance(error, psycopg.errors.DiskFull):
                self.refuse_full("the server says: no space left on device")
            if conn.closed or conn.broken:
                # Nothing was answered. Whether it was committed is not known here, but the key is:
                # the caller's retry gets the stored answer if it was.
                for waiting in batch:
                    _answer(waiting, busy("the database went away"))
                return []
            if isinstance(error, psycopg.errors.DiskFull):
                await conn.rollback()
                for waiting in batch:
                    _answer(waiting, _FULL)
                return []
            return await self._smaller(conn, batch, error)
        except Exception as bug:
            return await self._smaller(conn, batch, bug)
        self._tally.points.update(settled.points)
        self.batches += 1
        self.settled += len(batch)
        for outcome_id, body in woken:
            self.wake(outcome_id, body)
        return await self._answer_all(conn, batch, settled.outcomes)

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
        job = batch[0].job
        log.error(
            "not_settled", operation=job.operation, principal=str(job.principal.id),
            mark=token_hash(job.key).hex()[:16], **fault(error), exc_info=not wire and error,
        )  # fmt: skip
        self.incidents.once("not_settled", f"{job.operation}: {type(error).__name__}")
        why = "this operation could not be written"
        _answer(batch[0], busy(why) if wire else broken(why))
        return []

    async def _transact(
        self, conn: Conn, jobs: list[Job]
    ) -> tuple[Settled, list[tuple[UUID, bytes]]]:
        """Settle and commit; again, with counters locked, where others drew on them meanwhile."""
        try:
            settled = await self._commit(conn, jobs, passed=False)
        except psycopg.Error as error:
            if error.diag.sqlstate != PASSED:
                raise
            await conn.rollback()
            settled = await self._commit(conn, jobs, passed=True)
        if settled.void:
            return settled, []
        woken = await parked(settled.waking) if settled.waking is not None else []
        return settled, woken

    async def _commit(self, conn: Conn, jobs: list[Job], *, passed: bool) -> Settled:
        settled = await self._begin(conn, jobs, Tried(passed=passed))
        if settled.void:
            await conn.rollback()
        else:  # with its sync: a failure at commit inside a pipeline shows only there
            await conn.commit()
        return settled

    async def _begin(self, conn: Conn, jobs: list[Job], tried: Tried) -> Settled:
        """Settle a batch, not committed yet; accounts that were joined meanwhile are followed."""
        for left in reversed(range(_FOLLOWED)):
            await conn.begin()
            try:
                return await settle_batch(
                    conn, self._reader, self._shop(), jobs, datetime.now(UTC), tried
                )
            except Joined as astray:
                await conn.rollback()
                if not left:
                    raise
                asked = {*tried.through, *astray.accounts}
                await conn.begin()
                through = await joining_db.above(conn, list(asked))
                await conn.rollback()
                tried = replace(tried, through=through)
        raise AssertionError("the last try has returned or raised")

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
                if waiting.job.parked is not None:  # its till has its answer, and hears no more
                    self._refused(waiting.job, outcome)
                _answer(waiting, problem(outcome))
            else:
                _answer(waiting, await self._replay(conn, waiting.job, outcome))
        return later

    def _refused(self, job: Job, refusal: Refusal) -> None:
        log.warning("return_refused", outcome=str(job.parked), code=refusal.code)
        self.incidents.once("return_refused", early.refused(job, refusal))

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
