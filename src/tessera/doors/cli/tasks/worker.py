"""Takes tasks one after the other, says how far they are, and ends with nothing left to do."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from tessera.access.audit import flows as audit
from tessera.access.audit.core import Actor, Change, Entry
from tessera.base.refusal import Refusal
from tessera.doors import uploads
from tessera.doors.cli.tasks import kinds
from tessera.doors.cli.tasks.work import Ended, Job, Kind, Steps
from tessera.doors.findings import of_part
from tessera.doors.ground import Ground
from tessera.doors.logs import fault, trace
from tessera.doors.pools import OPTIONS
from tessera.tasks import db
from tessera.tasks.core import DEATHS, Fault, Left, Task, next_state

log = structlog.get_logger("tessera.worker")
Conn = AsyncConnection[tuple[Any, ...]]
BEAT_S, LOOK_S, IDLE_S = 0.5, 1.0, 60.0
ENDS_S = 10.0  # a task that was told to end has so long to do so
NICE = 10
MEMORY = 3 << 30
_HEAVY = Fault(
    "file_too_heavy", "file", "it needs more memory than a worker may take", "send it in parts"
)
_DIED = Fault(
    "worker_died", "", f"the worker died {DEATHS} times while it did this",
    "look into the log of the server, then start it again",
)  # fmt: skip


class Told(Exception):
    """This process is told to end."""


def be_modest() -> None:
    """Others go first, and memory has an end."""
    os.nice(NICE)
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


async def work(base: Ground, *, idle_s: float | None, parent: int | None = None) -> None:
    """Do what there is to do; return where another worker is at it.

    idle_s  return after so long without anything to do; None: never
    parent  the process that started this one: when it is gone this one ends too
    """
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    dsn = make_conninfo(base.dsn, options=OPTIONS)
    async with await AsyncConnection.connect(dsn, autocommit=True) as conn:
        if not await db.lead(conn):
            return
        with suppress(Told):
            await _Worker(conn, base, told, parent).all(idle_s)


class _Worker:
    def __init__(self, conn: Conn, base: Ground, told: asyncio.Event, parent: int | None) -> None:
        self._conn, self._base, self._told, self._parent = conn, base, told, parent
        self._uploads = uploads.Uploads(base.settings.data_dir / uploads.NAME)
        self._kinds: Mapping[str, Kind] = kinds.shelf()

    async def all(self, idle_s: float | None) -> None:
        idle = 0.0
        while idle_s is None or idle < idle_s:
            task = await db.take(self._conn, _now())
            if task is not None:
                await self._one(task)
                idle = 0.0
                continue
            if self._over():
                raise Told
            await asyncio.sleep(LOOK_S)
            idle += LOOK_S

    def _over(self) -> bool:
        return self._told.is_set() or (self._parent is not None and os.getppid() != self._parent)

    async def _one(self, task: Task) -> None:
        if task.tries > DEATHS:
            await db.finish(self._conn, task.id, "failed", _now(), Left(fault=_DIED))
            return
        checked = of_part(task.report, "check")
        job = Job(task, self._base, self._uploads, Steps(checked.rows if checked else None))
        kind = self._kinds[task.kind]
        does = kind.check if task.part == "check" else kind.run
        assert does is not None, "what has no check is never asked for one"
        doing = asyncio.ensure_future(does(job))
        try:
            stopped = await self._watch(job, doing)
            await self._told_of(job, doing, stopped)
        finally:
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)

    async def _watch(self, job: Job, doing: asyncio.Future[Any]) -> bool:
        """Until it is over; whether somebody has stopped it. Errors: Told: it goes on later."""
        while True:
            done, _ = await asyncio.wait({doing}, timeout=BEAT_S)
            stop = await db.beat(self._conn, job.task.id, job.steps.now, _now())
            if done:
                return False
            if stop or self._over():
                job.steps.end()
                # It ends by itself where it next says how far it is; a load that is cancelled in
                # the middle of a statement may wait for ever for its connection.
                await asyncio.wait({doing}, timeout=ENDS_S)
                if not doing.done():
                    doing.cancel()
                    await asyncio.wait({doing}, timeout=ENDS_S)
                if stop:
                    return True
                await db.give_back(self._conn, job.task.id)
                raise Told

    async def _told_of(self, job: Job, doing: asyncio.Future[Any], stopped: bool) -> None:
        """Write down how it ended."""
        task, now = job.task, _now()
        lost = await db.lost(self._conn, task.id)
        if lost is not None:  # meanwhile: what was put beside the file goes too
            self._uploads.forget([task.id])
            await self._failed(job, lost)
            return
        if stopped:
            await db.finish(self._conn, task.id, "cancelled", now, Left(subject=job.subject))
            return
        try:
            found = doing.result()
        except MemoryError:
            await self._failed(job, _HEAVY)
            return
        except (Ended, asyncio.CancelledError):
            await db.finish(self._conn, task.id, "cancelled", now, Left(subject=job.subject))
            return
        except OSError as error:  # of the database's connection, or of the disk: tried again
            log.warning("task_put_off", task=str(task.id), kind=task.kind, **fault(error))
            raise
        except Exception as error:
            log.error("task_broken", task=str(task.id), kind=task.kind, trace=trace(error),
                      **fault(error))  # fmt: skip
            why = f"this met a mistake of ours: {type(error).__name__}"
            await self._failed(job, Fault("broken", "", why, "look into the log of the server"))
            return
        if isinstance(found, Refusal):
            await self._failed(job, Fault(found.code, found.field, found.why, found.cure))
            return
        report = (task.report or {}) | {task.part: found}
        async with self._conn.transaction():
            left = Left(report, None, job.subject)
            await db.finish(self._conn, task.id, next_state(task), now, left)
            if task.part == "run":
                await audit.note(self._conn, _entry(job, found, now))

    async def _failed(self, job: Job, why: Fault) -> None:
        left = Left(fault=why, subject=job.subject)
        await db.finish(self._conn, job.task.id, "failed", _now(), left)


def _entry(job: Job, found: Mapping[str, Any], now: datetime) -> Entry:
    """For the audit log: what a task has done is done by whoever asked for it."""
    task, by = job.task, job.task.by
    counts = {name: value for name, value in found.items() if isinstance(value, int | str)}
    bad = sum(found["bad"].values()) if isinstance(found.get("bad"), dict) else None
    told = {"kind": task.kind, **counts} | ({} if bad is None else {"quarantined": bad})
    who = Actor(by.kind, by.id, by.name, by.role)
    return Entry(now, who, "task.done", Change("task", task.id, None, told))


def _now() -> datetime:
    return datetime.now(UTC)
