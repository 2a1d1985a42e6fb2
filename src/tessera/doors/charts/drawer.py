"""Pictures from the worker: started when the first one is wanted, started again when it died."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import OrderedDict
from xml.etree.ElementTree import ParseError

import msgspec
import structlog
from markupsafe import Markup

from tessera.doors.charts.chart import Chart, Drawing, Figure, drawing, told
from tessera.doors.charts.cleaning import cleaned
from tessera.doors.charts.worker import LENGTH, MOST_BYTES, READY
from tessera.doors.language.local import Local

log = structlog.get_logger("tessera.charts")
LIMIT_S = 8.0  # that a page waits for a picture
START_S = 60.0  # until a worker has loaded all it needs: a busy machine takes its time
IDLE_S = 300.0  # then the worker's memory is given back
PAUSE_S = 5.0  # after a failure, until another worker is tried
MOST_WAITING = 16
REMEMBERED = 256  # pictures
ORDERS = 500  # of one worker; then a fresh one
COMMAND = (sys.executable, "-m", "tessera.doors.charts.worker")


class Drawer:
    """Draws charts; one of a process.

    command  the worker's; another one in tests of what happens when it fails
    """

    def __init__(
        self, command: tuple[str, ...] = COMMAND, limit_s: float = LIMIT_S, start_s: float = START_S
    ) -> None:
        self._command, self._limit_s, self._start_s = command, limit_s, start_s
        self._worker: Process | None = None
        self._ready: asyncio.Task[Process] | None = None
        self._turn = asyncio.Lock()
        self._waiting = self._orders = 0
        self._not_before = 0.0
        self._rest: asyncio.TimerHandle | None = None
        self._kept: OrderedDict[bytes, Markup] = OrderedDict()
        self.drawn = 0

    async def figure(self, chart: Chart, local: Local) -> Figure:
        """The chart as a template shows it; without pictures where there are none."""
        if not chart.rows:
            return Figure(chart, (), None, None)
        wide = await self._picture(drawing(chart, local, narrow=False), "chart-wide")
        narrow = wide and await self._picture(drawing(chart, local, narrow=True), "chart-narrow")
        if not (wide and narrow):
            wide = narrow = None
        return Figure(chart, told(chart, local), wide, narrow)

    async def close(self) -> None:
        """End the worker."""
        if self._rest is not None:
            self._rest.cancel()
        await self._end()

    async def _picture(self, order: Drawing, kind: str) -> Markup | None:
        raw = msgspec.json.encode(order)
        name = hashlib.blake2b(raw, digest_size=16).digest()
        found = self._kept.get(name)
        if found is not None:
            self._kept.move_to_end(name)
            return found
        svg = await self._ordered(raw)
        if not svg:
            return None
        try:
            made = cleaned(svg.decode(), kind)
        except (ParseError, UnicodeDecodeError):
            log.warning("chart_unreadable")
            return None
        self._kept[name] = made
        if len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)
        return made

    async def _ordered(self, raw: bytes) -> bytes:
        """The worker's answer; b"" if there is none in time."""
        if self._waiting >= MOST_WAITING:
            return b""
        self._waiting += 1
        try:
            async with asyncio.timeout(self._limit_s), self._turn:
                return await self._drawn(raw)
        except TimeoutError:
            return b""
        finally:
            self._waiting -= 1

    async def _drawn(self, raw: bytes) -> bytes:
        if time.monotonic() < self._not_before:
            return b""
        if self._worker is not None and self._worker.returncode is not None:
            await self._end()  # it died meanwhile
        if self._ready is None:
            self._ready = asyncio.create_task(self._start())
        try:
            worker = await asyncio.shield(self._ready)  # who waits no longer lets it go on
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            await self._failed(error)
            return b""
        try:
            answer = await _asked(worker, raw)
        except (OSError, EOFError, ValueError) as error:
            await self._failed(error)
            return b""
        except asyncio.CancelledError as error:
            # Half of an answer may be on its way: nothing after it could be understood.
            await self._failed(error)
            raise
        self.drawn += 1
        self._orders += 1
        if self._orders >= ORDERS:
            await self._end()
        self._rest_later()
        return answer

    async def _start(self) -> Process:
        """A worker that has loaded all it needs. Errors: OSError, EOFError, TimeoutError."""
        self._orders = 0
        self._worker = worker = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
        )
        assert worker.stdout is not None
        async with asyncio.timeout(self._start_s):
            if await worker.stdout.readexactly(LENGTH) != READY:
                raise ValueError("this is no worker of ours")
        return worker

    async def _failed(self, error: BaseException) -> None:
        self._not_before = time.monotonic() + PAUSE_S
        await self._end()
        log.warning("chart_worker_failed", error=type(error).__name__)

    def _rest_later(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
        loop = asyncio.get_running_loop()
        self._rest = loop.call_later(IDLE_S, lambda: loop.create_task(self._sleep()))

    async def _sleep(self) -> None:
        async with self._turn:
            await self._end()

    async def _end(self) -> None:
        ready, self._ready = self._ready, None
        if ready is not None and not ready.done():
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)
        worker, self._worker = self._worker, None
        if worker is None:
            return
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        if worker.stdin is not None:
            worker.stdin.close()
        await asyncio.shield(worker.wait())


async def _asked(worker: Process, raw: bytes) -> bytes:
    """One order and its answer. Errors: OSError, EOFError, ValueError: the worker is of no use."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(len(raw).to_bytes(LENGTH, "big") + raw)
    await worker.stdin.drain()
    size = int.from_bytes(await worker.stdout.readexactly(LENGTH), "big")
    if size > MOST_BYTES:
        raise ValueError(f"a picture of {size} bytes")
    return await worker.stdout.readexactly(size)
