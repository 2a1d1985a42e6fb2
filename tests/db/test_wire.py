"""The gathering pipeline and the columns, against what the plain driver does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.database import run
from tessera.base import columns
from tessera.base.wire import PipelineConnection, ask, how_many, put

TABLES = """
CREATE TEMP TABLE one (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, word text);
"""
ADD = b"INSERT INTO one SELECT * FROM unnest(%b::integer[], %b::text[])"


async def _connect(dsn: str) -> PipelineConnection:
    conn = await PipelineConnection.connect(dsn, autocommit=True)
    await conn.execute(TABLES)
    return conn


def test_statements_leave_together_and_answer_in_order(dsn: str) -> None:
    async def scene() -> list[Any]:
        conn, got = await _connect(dsn), []
        for turn in (1, 2):
            await conn.begin()
            first = await conn.execute("INSERT INTO one VALUES (%s, 'a') RETURNING id", (turn,))
            second = await conn.execute("SELECT count(*) FROM one")
            got += [await first.fetchone(), await second.fetchone()]
            third = await conn.execute("SELECT word FROM one")
            await conn.commit()
            got.append(await third.fetchone())
        await conn.close()
        return got

    assert run(scene()) == [(1,), (1,), ("a",), (2,), (2,), ("a",)]


def test_a_failure_at_commit_is_raised_before_anybody_is_answered(dsn: str) -> None:
    async def scene() -> int:
        conn = await _connect(dsn)
        await conn.begin()
        await conn.execute("INSERT INTO one VALUES (1, 'a'), (1, 'b')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            await conn.commit()
        await conn.rollback()
        return await _count(conn)

    assert run(scene()) == 0


def test_a_statement_that_fails_leaves_the_connection_usable(dsn: str) -> None:
    async def scene() -> int:
        conn = await _connect(dsn)
        await conn.begin()
        with pytest.raises(psycopg.errors.UndefinedTable):
            await conn.execute("INSERT INTO one VALUES (1, 'a')")
            await conn.execute("SELECT * FROM nowhere")
            await conn.execute("INSERT INTO one VALUES (2, 'b')")
            await conn.commit()
        await conn.rollback()
        return await _count(conn)

    assert run(scene()) == 0


def test_a_rollback_in_the_middle_undoes(dsn: str) -> None:
    async def scene() -> int:
        conn = await _connect(dsn)
        await conn.begin()
        await (await conn.execute("INSERT INTO one VALUES (1, 'a') RETURNING id")).fetchone()
        await conn.rollback()
        return await _count(conn)

    assert run(scene()) == 0


def test_what_is_fired_is_there_and_its_errors_come_with_the_commit(dsn: str) -> None:
    async def scene() -> int:
        conn = await _connect(dsn)
        for ids, good in (([1, 2], True), ([3, 3], False), ([4], True), ([5], True)):
            await conn.begin()
            await put(conn, ADD, [columns.Integers(ids), columns.Texts(["x"] * len(ids))])
            if good:
                await conn.commit()
                continue
            with pytest.raises(psycopg.errors.UniqueViolation):
                await conn.commit()
            await conn.rollback()
        await conn.rollback()
        return await _count(conn)

    assert run(scene()) == 4


def test_what_is_asked_is_answered_in_any_order_and_as_often(dsn: str) -> None:
    named = b"SELECT id, word FROM one WHERE id = ANY(%b::integer[]) ORDER BY id"
    moment = datetime(2026, 2, 28, 12, 30, 0, 123, tzinfo=UTC)

    async def scene() -> list[Any]:
        conn, got = await _connect(dsn), []
        plain = await ask(conn, named, [columns.Integers([1])])  # nothing has begun: as the driver
        got += [await how_many(plain), await plain.fetchall()]
        for _ in (1, 2):
            await conn.begin()
            await put(conn, ADD, [columns.Integers([1, 2]), columns.Texts(["a", None])])
            both = await ask(conn, named, [columns.Integers([1, 2])])
            none = await ask(conn, named, [columns.Integers([3])])
            when = await ask(conn, b"SELECT %b::timestamptz", [columns.Instant(moment)])
            got += [await none.fetchall(), await how_many(both), await both.fetchall()]
            got += [await both.fetchall(), await when.fetchall()]
            await conn.rollback()
        await conn.close()
        return got

    rows = [(1, "a"), (2, None)]
    assert run(scene()) == [0, [], *([[], 2, rows, rows, [(moment,)]] * 2)]


def test_what_was_asked_before_the_commit_is_read_after_it(dsn: str) -> None:
    async def scene() -> list[Any]:
        conn = await _connect(dsn)
        await conn.begin()
        late = await ask(conn, b"SELECT unnest(%b::text[])", [columns.Texts(["a", "b"])])
        await conn.commit()
        await conn.begin()
        more = await ask(conn, b"SELECT unnest(%b::text[])", [columns.Texts(["c"])])
        got = [await late.fetchall(), await more.fetchall(), await late.fetchall()]
        await conn.close()
        return got

    assert run(scene()) == [[("a",), ("b",)], [("c",)], [("a",), ("b",)]]


def test_what_is_asked_amiss_is_told_where_it_is_read(dsn: str) -> None:
    async def scene() -> int:
        conn = await _connect(dsn)
        await conn.begin()
        wrong = await ask(conn, b"SELECT 1 / unnest(%b::integer[])", [columns.Integers([0])])
        after = await ask(conn, b"SELECT unnest(%b::integer[])", [columns.Integers([1])])
        with pytest.raises(psycopg.errors.DivisionByZero):
            await wrong.fetchall()
        with pytest.raises(psycopg.errors.PipelineAborted):
            await (await ask(conn, b"SELECT 2", [])).fetchall()
        with pytest.raises(AssertionError):
            await after.fetchall()
        await conn.rollback()
        return await _count(conn)

    assert run(scene()) == 0


def test_a_statement_that_never_got_prepared_is_prepared_again(dsn: str) -> None:
    async def scene() -> int:
        conn = await _connect(dsn)
        await conn.begin()
        await conn.execute("SELECT * FROM nowhere")
        await put(conn, ADD, [columns.Integers([1]), columns.Texts(["x"])])
        with pytest.raises(psycopg.errors.UndefinedTable):
            await conn.commit()
        await conn.rollback()
        await conn.begin()
        await put(conn, ADD, [columns.Integers([1]), columns.Texts(["x"])])
        await conn.commit()
        await conn.rollback()
        return await _count(conn)

    assert run(scene()) == 1


def test_a_rollback_after_a_statement_that_failed_unheard_leaves_nothing_behind(dsn: str) -> None:
    async def scene() -> int:
        conn = await _connect(dsn)
        await conn.begin()
        await put(conn, b"SELECT 1 / unnest(%b::integer[])", [columns.Integers([0])])
        await conn.rollback()
        await conn.begin()
        await put(conn, ADD, [columns.Integers([1]), columns.Texts(["x"])])
        await conn.commit()
        await conn.rollback()
        return await _count(conn)

    assert run(scene()) == 1


def test_what_the_driver_lets_go_of_at_a_rollback_is_prepared_again(dsn: str) -> None:
    """It prepares what is executed often, and ends that with all that the server has prepared."""

    async def scene() -> int:
        conn = await _connect(dsn)
        for turn in range(3):
            await conn.begin()
            for _ in range(8):
                await (await conn.execute("SELECT %s::int", (turn,))).fetchone()
            await put(conn, ADD, [columns.Integers([turn]), columns.Texts(["x"])])
            await conn.commit()
            await conn.begin()
            await how_many(await ask(conn, b"SELECT unnest(%b::int[])", [columns.Integers([1])]))
            await conn.rollback()
        return await _count(conn)

    assert run(scene()) == 3


def test_a_rollback_leaves_no_prepared_statement_behind(dsn: str) -> None:
    async def scene() -> tuple[int, int]:
        conn = await _connect(dsn)
        for turn in range(30):
            await conn.begin()
            await put(conn, ADD, [columns.Integers([turn]), columns.Texts(["x"])])
            await (
                await ask(conn, b"SELECT unnest(%b::integer[])", [columns.Integers([1])])
            ).fetchall()
            await conn.rollback()
        found = await conn.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE name ~ '^tessera'"
        )
        row = await found.fetchone()
        assert row is not None
        return int(row[0]), await _count(conn)

    # Two statements, each prepared at its first and at its sixth use.
    assert run(scene()) == (4, 0)


def test_a_statement_whose_table_has_changed_is_prepared_again(dsn: str) -> None:
    every = b"SELECT one.* FROM one WHERE id = ANY(%b::integer[])"

    async def scene() -> list[Any]:
        conn = await _connect(dsn)
        got: list[Any] = []
        for change in ("", "ALTER TABLE one ADD COLUMN more int", ""):
            if change:
                await conn.execute(change)
            await conn.begin()
            try:
                got.append(await (await ask(conn, every, [columns.Integers([1])])).fetchall())
                await conn.commit()
            except psycopg.errors.FeatureNotSupported:
                got.append("changed")
            await conn.rollback()
        await conn.close()
        return got

    assert run(scene()) == [[], "changed", []]


async def _count(conn: PipelineConnection) -> int:
    row = await (await conn.execute("SELECT count(*) FROM one")).fetchone()
    await conn.close()
    assert row is not None
    return int(row[0])


def test_more_than_any_buffer_goes_through_both_ways(dsn: str) -> None:
    async def scene() -> list[int]:
        conn, sizes = await _connect(dsn), []
        await conn.begin()
        await conn.execute("SELECT pg_sleep(0.3)")  # the server does not read for a while
        rows = [await conn.execute("SELECT repeat(%s, 3)", ("x" * 1_000_000,)) for _ in range(20)]
        await conn.commit()
        for each in rows:
            found = await each.fetchone()
            assert found is not None
            sizes.append(len(found[0]))
        await conn.close()
        return sizes

    assert run(scene()) == [3_000_000] * 20


uuids = st.uuids()
texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
times = st.datetimes(datetime(1600, 1, 1), datetime(2400, 1, 1))  # noqa: DTZ001 made aware below
KINDS: list[tuple[type[columns.Column[Any]], str, st.SearchStrategy[Any]]] = [
    (columns.Bigints, "bigint", st.integers(-(2**63), 2**63 - 1)),
    (columns.Integers, "integer", st.integers(-(2**31), 2**31 - 1)),
    (columns.Smallints, "smallint", st.integers(-(2**15), 2**15 - 1)),
    (columns.Booleans, "boolean", st.booleans()),
    (columns.Times, "timestamptz", times.map(lambda at: at.replace(tzinfo=UTC))),
    (columns.LocalTimes, "timestamp", times),
    (columns.Dates, "date", st.dates(date(1, 1, 1), date(9999, 12, 31))),
    (columns.Uuids, "uuid", uuids),
    (columns.Texts, "text", texts),
    (columns.Bytes, "bytea", st.binary(max_size=20)),
]


@pytest.mark.parametrize(("kind", "name", "values"), KINDS, ids=[name for _, name, _ in KINDS])
def test_a_column_arrives_as_it_was(
    dsn: str, kind: type[columns.Column[Any]], name: str, values: st.SearchStrategy[Any]
) -> None:
    with psycopg.connect(dsn) as conn:

        @settings(max_examples=40, suppress_health_check=list(HealthCheck))
        @given(st.lists(st.none() | values, max_size=8))
        def same(column: Sequence[Any]) -> None:
            row = conn.execute(f"SELECT %b::{name}[]", (kind(column),), binary=True).fetchone()
            assert row is not None and row[0] == list(column)

        same()


def test_a_column_of_none_is_a_null_and_an_empty_one_is_empty(dsn: str) -> None:
    with psycopg.connect(dsn) as conn:
        row = conn.execute("SELECT %b::uuid[], %b::uuid[]",
                           (columns.Uuids([None]), columns.Uuids([]))).fetchone()  # fmt: skip
    assert row == ([None], [])
