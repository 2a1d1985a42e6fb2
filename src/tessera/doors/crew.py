"""The worker of long tasks: a process of its own, started when there is something to do.

It may load what is too heavy for a till's process, it has a lower priority, and when it dies
another one is started: it goes on where the first one was.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from tessera.doors.pools import Pool
from tessera.doors.uploads import Uploads
from tessera.tasks import db
from tessera.tasks.core import KEPT, REMEMBERED

log = structlog.get_logger("tessera.crew")
MODULE = "tessera.doors.cli.tasks"  # by name: what it loads is none of this process's business
PAUSE_S, PAUSE_MOST_S = 1.0, 60.0
FRESH_S = 3600.0  # so young a folder may be of a task that is not written down yet
END_S = 15.0  # for a worker to put down what it holds


@dataclass(frozen=True, slots=True)
class Crew:
    """How a worker is started. `told`: its settings as JSON; `place`: where files lie."""

    told: bytes
    place: Path
    command: Sequence[str] = (sys.executable, "-m", MODULE)


class Overseer:
    """One serving process's part: of several, whoever sees first that nobody works."""

    def __init__(self, pool: Pool, crew: Crew | None) -> None:
        self._pool, self._crew = pool, crew
        self._process: subprocess.Popen[bytes] | None = None
        self._pause_s, self._not_before = 0.0, 0.0

    async def turn(self) -> None:
        """Start a worker if there is something to do and nobody does it."""
        if self._crew is None or self._at_work() or time.monotonic() < self._not_before:
            return
        async with self._pool.connection() as conn:
            wanted = await db.idle(conn)
        if wanted:
            self._process = await asyncio.to_thread(begin, self._crew)

    def _at_work(self) -> bool:
        """Whether our own worker lives. One that died is told, and the next one waits a little."""
        if self._process is None:
            return False
        code = self._process.poll()
        if code is None:
            return True
        self._process = None
        self._pause_s = min(max(PAUSE_S, 2 * self._pause_s), PAUSE_MOST_S) if code else 0.0
        self._not_before = time.monotonic() + self._pause_s
        if code:
            log.warning("worker_died", code=code, again_in_s=self._pause_s)
        return False

    async def tidy(self) -> None:
        """Take away the files of tasks that were over a day ago, and tasks of years ago."""
        if self._crew is None:
            return
        uploads, now = Uploads(self._crew.place), datetime.now(UTC)
        there = await asyncio.to_thread(uploads.there, FRESH_S)
        async with self._pool.connection() as conn:
            kept = await db.kept(conn, there, now - KEPT)
            await db.forget(conn, now - REMEMBERED)
        await asyncio.to_thread(uploads.forget, [each for each in there if each not in kept])

    async def close(self) -> None:
        """Tell our worker to end; what it was at goes on with the next one."""
        process, self._process = self._process, None
        if process is not None:
            await asyncio.to_thread(_ended, process)


def begin(crew: Crew) -> subprocess.Popen[bytes]:
    """A worker; it ends when its parent does, or when there is nothing left to do."""
    process = subprocess.Popen(crew.command, stdin=subprocess.PIPE, start_new_session=True)
    assert process.stdin is not None
    process.stdin.write(crew.told)
    process.stdin.close()
    return process


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
