"""A connection for pipelines that sends once per stage, not once per statement.

The driver flushes after every statement of a pipeline, asks the event loop before it does, and
syncs at BEGIN, at COMMIT and at the pipeline's end: system calls, wake-ups of the server and turns
of the loop (measured: a millisecond of the application's time per batch). Here statements gather in
libpq's buffer until an answer is wanted, the connection stays in pipeline mode, and a batch syncs
once, at its commit. It reaches into the driver's pipeline, so the driver is pinned to a minor
version and tests/db/test_wire.py holds it to what is used here.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from typing import Any

from psycopg import AsyncConnection, AsyncPipeline
from psycopg.generators import send
from psycopg.pq import Format
from psycopg.waiting import Ready, Wait

from tessera.base.columns import Column

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
    """An AsyncConnection in autocommit with such a pipeline, begun and committed by its owner.

    The socket is taken to be writable. It does not block: what it cannot take at once is left to
    the real wait that follows.
    """

    _prepared_here: dict[bytes, bytes]

    @property
    def began(self) -> bool:
        """Whether its owner has begun; then it stays in pipeline mode until a rollback."""
        return self._pipeline is not None

    async def begin(self) -> None:
        """Begin a transaction; it goes out with the first statement that is answered."""
        assert self.autocommit, "the owner begins and commits"
        if self._pipeline is None:
            self._prepared_here = {}
            self._pipeline = GatheringPipeline(self)
            await self._pipeline.__aenter__()
        await self.wait(self._exec_command(b"BEGIN"))

    async def commit(self) -> None:
        """Commit, and know that it is durable. Errors: whatever any statement met."""
        pipeline = self._pipeline
        assert pipeline is not None, "begun before"
        await self.wait(self._exec_command(b"COMMIT"))
        await self.wait(pipeline._sync_gen())

    async def rollback(self) -> None:
        """Undo what was begun; the connection is usable again, unless it is broken."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            try:
                await self.wait(pipeline._exit_gen())
            finally:
                pipeline._exit(None)
        await super().rollback()

    def fire(self, statement: bytes, columns: Sequence[Column[Any]]) -> None:
        """Send a statement that answers nothing but an error, which comes with the commit.

        statement  with a `%b` for each column; prepared at its first use
        """
        pipeline, pgconn = self._pipeline, self.pgconn
        assert pipeline is not None, "begun before"
        while pipeline.command_queue:
            pipeline.command_queue.popleft()()
        name = self._prepared_here.get(statement)
        if name is None:
            # A fresh name each time: after a rollback nobody knows which of the old ones exist.
            self._names = getattr(self, "_names", 0) + 1
            name = self._prepared_here[statement] = b"fired_%d" % self._names
            numbers = iter(range(1, len(columns) + 1))
            text = re.sub(rb"%b", lambda _: b"$%d" % next(numbers), statement)
            pgconn.send_prepare(name, text, [column.array_oid for column in columns])
            pipeline.result_queue.append(None)
        values = [column.array() for column in columns]
        pgconn.send_query_prepared(name, values, [Format.BINARY] * len(values))
        pipeline.result_queue.append(None)

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


async def put(
    conn: AsyncConnection[tuple[Any, ...]], statement: bytes, columns: Sequence[Column[Any]]
) -> None:
    """Run a statement whose answer nobody reads: fired where the connection can, else executed."""
    if isinstance(conn, PipelineConnection) and conn.began:
        conn.fire(statement, columns)
    else:
        await conn.execute(statement, columns)


def _resumed(gen: Any, asked: Any) -> Generator[Any, Any, Any]:
    """The rest of a generator that has already asked for something."""
    while True:
        try:
            asked = gen.send((yield asked))
        except StopIteration as done:
            return done.value
