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

from psycopg import AsyncConnection, AsyncCursor, AsyncPipeline, Error
from psycopg.abc import Transformer as Reader
from psycopg.adapt import Transformer
from psycopg.errors import (
    FeatureNotSupported,
    InvalidSqlStatementName,
    PipelineAborted,
    error_from_result,
)
from psycopg.generators import send
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGresult
from psycopg.waiting import Ready, Wait

from tessera.base.columns import Column, Instant

Bound = Column[Any] | Instant  # what a statement is sent with
_BINARY = [Format.BINARY] * 100  # PostgreSQL is told of each parameter; more than any statement has
# Uses after which a statement is prepared anew: a plan made while its table was empty may read all
# of it (measured: 5 ms a batch after a minute of receipts), and the server keeps it until the table
# is next analyzed.
_AGAIN = frozenset({5, 50, 500, 5_000, 50_000})
# A statement whose table has changed since (`SELECT t.*`), or whose name the server has forgotten.
_OUTLIVED = (FeatureNotSupported, InvalidSqlStatementName)
_SENDS = 4  # in a row before the socket is really asked: it is nearly always writable


class _Prepared:
    """A statement as it was prepared last, and how often it was used by all its names.

    there  the server has said that it knows the name, which outlives a rollback
    """

    __slots__ = ("name", "there", "uses")

    def __init__(self, name: bytes, uses: int) -> None:
        self.name, self.uses, self.there = name, uses, False

    # What the driver's pipeline asks of a cursor.

    def _check_results(self, results: list[PGresult]) -> None:
        _raise_of(results[0])

    def _set_results(self, results: list[PGresult]) -> None:
        self.there = True


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

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self._prepared_here: dict[bytes, _Prepared] = {}
        self._readers: dict[bytes, Reader] = {}  # {statement: what reads its rows}
        self._names = 0

    @property
    def began(self) -> bool:
        """Whether its owner has begun; then it stays in pipeline mode until a rollback."""
        return self._pipeline is not None

    async def begin(self) -> None:
        """Begin a transaction; it goes out with the first statement that is answered."""
        assert self.autocommit, "the owner begins and commits"
        if self._pipeline is None:
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
        """Undo what was begun; the connection is usable again, unless it is broken.

        What a statement met whose answer nobody has read is undone with it, and told to nobody.
        """
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            try:
                await self.wait(pipeline._exit_gen())
            except Error:
                if self.pgconn.status == ConnStatus.BAD:
                    raise
            finally:
                pipeline._exit(None)
                self._prepared_here = {
                    statement: each for statement, each in self._prepared_here.items() if each.there
                }
        had = bool(self._prepared._names)
        await super().rollback()
        if had and not self._prepared._names:  # the driver has let go of its own, and so of all
            self._prepared_here.clear()

    def forget(self, statement: bytes) -> None:
        """Prepare it anew at its next use: its tables are others than they were."""
        self._prepared_here.pop(statement, None)
        self._readers.pop(statement, None)

    def fire(self, statement: bytes, columns: Sequence[Bound]) -> None:
        """Send a statement that answers nothing but an error, which comes with the commit.

        statement  with a `%b` for each column; prepared at its first use
        """
        self._send(statement, columns, (Fired(self, statement), None))

    def ask(self, statement: bytes, columns: Sequence[Bound]) -> Answers:
        """The same of a statement that answers rows."""
        answers = Answers(self, statement)
        self._send(statement, columns, (answers, None))
        return answers

    def _send(self, statement: bytes, columns: Sequence[Bound], queued: Any) -> None:
        pipeline, pgconn = self._pipeline, self.pgconn
        assert pipeline is not None, "begun before"
        while pipeline.command_queue:
            pipeline.command_queue.popleft()()
        known = self._prepared_here.get(statement)
        if known is None or known.uses in _AGAIN:
            # A fresh name each time: nobody knows whether one that was not answered exists.
            self._names += 1
            known = _Prepared(b"tessera_%d" % self._names, 0 if known is None else known.uses)
            self._prepared_here[statement] = known
            numbers = iter(range(1, len(columns) + 1))
            text = re.sub(rb"%b", lambda _: b"$%d" % next(numbers), statement)
            pgconn.send_prepare(known.name, text, [column.array_oid for column in columns])
            pipeline.result_queue.append((known, None))  # type: ignore[arg-type]  # as a cursor
        known.uses += 1
        values = [column.array() for column in columns]
        pgconn.send_query_prepared(known.name, values, _BINARY[: len(values)], Format.BINARY)
        pipeline.result_queue.append(queued)

    def rows(self, statement: bytes, result: PGresult) -> list[tuple[Any, ...]]:
        """The rows that a statement answered."""
        reader = self._readers.get(statement)
        if reader is None:
            reader = self._readers[statement] = Transformer(self)
            reader.set_pgresult(result, format=Format.BINARY)
        else:
            reader.set_pgresult(result, set_loaders=False)
        found = reader.load_rows(0, result.ntuples, tuple)
        reader.set_pgresult(None, set_loaders=False)  # the next may be hours away
        return found

    async def answered(self) -> None:
        """All that was asked is answered. Errors: whatever any statement met."""
        assert self._pipeline is not None, "begun before"
        await self.wait(self._pipeline._fetch_gen(flush=True))

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


def _raise_of(result: PGresult, encoding: str = "utf-8") -> None:
    """What the server met, if it met anything."""
    if result.status == ExecStatus.FATAL_ERROR:
        raise error_from_result(result, encoding=encoding)
    if result.status == ExecStatus.PIPELINE_ABORTED:
        raise PipelineAborted("pipeline aborted")


class Fired:
    """A statement that was sent in a pipeline, in the place of a cursor of the driver."""

    __slots__ = ("_conn", "_statement")

    def __init__(self, conn: PipelineConnection, statement: bytes) -> None:
        self._conn, self._statement = conn, statement

    def _check_results(self, results: list[PGresult]) -> None:
        try:
            _raise_of(results[0], self._conn.info.encoding)
        except _OUTLIVED:
            self._conn.forget(self._statement)
            raise

    def _set_results(self, results: list[PGresult]) -> None:
        pass


class Answers(Fired):
    """Rows of a statement that was asked. They stay until they are read, as often as they are."""

    __slots__ = ("_result",)

    def __init__(self, conn: PipelineConnection, statement: bytes) -> None:
        super().__init__(conn, statement)
        self._result: PGresult | None = None

    async def fetchall(self) -> list[tuple[Any, ...]]:
        """All of them."""
        return self._conn.rows(self._statement, await self._come())

    async def count(self) -> int:
        """How many there are."""
        return (await self._come()).ntuples

    async def _come(self) -> PGresult:
        if self._result is None:
            await self._conn.answered()
        assert self._result is not None, "asked after the last rollback"
        return self._result

    def _set_results(self, results: list[PGresult]) -> None:
        (self._result,) = results


Rows = Answers | AsyncCursor[tuple[Any, ...]]


async def ask(
    conn: AsyncConnection[tuple[Any, ...]], statement: bytes, columns: Sequence[Bound]
) -> Rows:
    """Ask for rows, which `fetchall` waits for: several are asked in one trip where that can be.

    It does without what `execute` looks at besides: every value's type, the statement's history and
    the state of a cursor.
    """
    if isinstance(conn, PipelineConnection) and conn.began:
        return conn.ask(statement, columns)
    return await conn.execute(statement, columns, binary=True)


async def how_many(rows: Rows) -> int:
    """How many rows were answered, without reading one."""
    return await rows.count() if isinstance(rows, Answers) else rows.rowcount


async def put(
    conn: AsyncConnection[tuple[Any, ...]], statement: bytes, columns: Sequence[Bound]
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
