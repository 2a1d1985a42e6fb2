"""A connection for pipelines that sends once per stage, not once per statement.

The driver flushes after every statement of a pipeline and asks the event loop before it does:
a system call, a wake-up of the server and a turn of the loop each (measured: 70 microseconds of
the application's time per statement, a third of a batch). Here statements gather in libpq's buffer
until an answer is wanted. It reaches into the driver's pipeline, so the driver is pinned to a
minor version and tests/db/test_wire.py holds it to what is used here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from typing import Any

from psycopg import AsyncConnection, AsyncPipeline
from psycopg.generators import send
from psycopg.waiting import Ready, Wait

_SENDS = 4  # in a row before the socket is really asked: it is nearly always writable


class GatheringPipeline(AsyncPipeline):
    """A pipeline whose statements leave together, when something is fetched or synced."""

    def _communicate_gen(self) -> Any:
        while self.command_queue:
            self.command_queue.popleft()()
        yield from ()

    def _sync_gen(self) -> Any:
        self._enqueue_sync()
        yield from super()._communicate_gen()
        yield from send(self.pgconn)  # all of it: the server may be waiting for the rest
        yield from self._fetch_gen(flush=False)

    def _exit_gen(self) -> Any:
        try:
            self._enqueue_sync()
            yield from super()._communicate_gen()
            yield from send(self.pgconn)
        finally:
            yield from self._fetch_gen(flush=True)


class PipelineConnection(AsyncConnection[tuple[Any, ...]]):
    """An AsyncConnection with such a pipeline, which takes its socket to be writable.

    The socket does not block: what it cannot take at once is left to the real wait that follows.
    """

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[AsyncPipeline]:
        """Switch into pipeline mode; pipelines are not nested here."""
        async with self.lock:
            self._check_connection_ok()
            assert self._pipeline is None, "one pipeline at a time"
            gathering = self._pipeline = GatheringPipeline(self)
        try:
            async with gathering:
                yield gathering
        finally:
            self._pipeline = None

    async def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Run one of the driver's generators; the event loop is asked only when nothing is to send.

        units  seconds, as in the driver
        """
        try:
            asked = next(gen)
            for _ in range(_SENDS):
                if not asked & Wait.W:
                    break
                asked = gen.send(Ready.W)
        except StopIteration as done:
            return done.value
        return await super().wait(_resumed(gen, asked), interval, timeout)


def _resumed(gen: Any, asked: Any) -> Generator[Any, Any, Any]:
    """The rest of a generator that has already asked for something."""
    while True:
        try:
            asked = gen.send((yield asked))
        except StopIteration as done:
            return done.value
