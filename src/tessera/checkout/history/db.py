"""History in our database; `ask_` functions do not wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.columns import Bigints, Column, Dates, Integers, Texts, Uuids
from tessera.base.sql import statements
from tessera.base.wire import Rows, ask, put
from tessera.checkout.history.core.contents import Change
from tessera.checkout.history.core.needs import Point, Span, Total

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def add(conn: Conn, changes: Sequence[Change], late: Mapping[UUID, date]) -> None:
    """Write what changes; each (account, scope, day, store) once, the accounts locked.

    late  {account: first day}, for changes so long ago that a mark may lie after them
    """
    accounts, scopes, days, stores, more = zip(*changes, strict=True)
    times, units, amounts = zip(*more, strict=True)
    await put(
        conn,
        SQL["add_days"],
        (
            Uuids(accounts), Texts(scopes), Dates(days), Texts(stores), Integers(times),
            Bigints(units), Bigints(amounts),
        ),
    )  # fmt: skip
    if late:
        await put(conn, SQL["drop_marks"], (Uuids(list(late)), Dates(list(late.values()))))


async def move_days(conn: Conn, account: UUID, into: UUID, sign: int) -> None:
    """Add what an account did to the days of another (1), or take it away again (-1)."""
    assert sign in (1, -1)
    asked = {"account": account, "target": into, "sign": sign}
    await conn.execute(SQL["move_days"], asked)
    await conn.execute(SQL["drop_all_marks"], {"target": into})


async def add_marks(conn: Conn, marks: Sequence[tuple[UUID, Point]]) -> None:
    """Keep totals up to these days, each once."""
    await put(conn, SQL["add_marks"], _points(marks))


async def ask_totals(conn: Conn, asked: Sequence[tuple[UUID, Point]]) -> Rows:
    """Ask for everything up to these days; read with `totals`."""
    return await ask(conn, SQL["totals"], _points(asked))


async def totals(
    rows: Rows, asked: Sequence[tuple[UUID, Point]]
) -> dict[UUID, dict[Point, Total]]:  # fmt: skip
    """{account: {point: its total}} of what was asked; those with nothing are left out."""
    found: dict[UUID, dict[Point, Total]] = {}
    for row in await rows.fetchall():
        account, point = asked[row[0] - 1]
        found.setdefault(account, {})[point] = Total(*row[1:])
    return found


async def ask_stores(conn: Conn, asked: Sequence[tuple[UUID, Span]]) -> Rows:
    """Ask at how many stores accounts were; read with `counts`."""
    return await ask(conn, SQL["stores"], _spans(asked))


async def ask_categories(conn: Conn, asked: Sequence[tuple[UUID, Span]]) -> Rows:
    """Ask of how many categories accounts bought; read with `counts`."""
    accounts, _, *days = _spans(asked)
    return await ask(conn, SQL["categories"], (accounts, *days))


async def ask_runs(conn: Conn, asked: Sequence[tuple[UUID, Span]]) -> Rows:
    """Ask how many weeks or months in a row accounts bought; read with `counts`."""
    periods = Texts([span.what[:-1] for _, span in asked])
    return await ask(conn, SQL["runs"], (*_spans(asked), periods))


async def counts(rows: Rows, asked: Sequence[tuple[UUID, Span]]) -> dict[tuple[UUID, Span], int]:
    """{what was asked: the number}; nothing may be left out."""
    return {asked[row[0] - 1]: row[1] for row in await rows.fetchall()}


def _spans(spans: Sequence[tuple[UUID, Span]]) -> tuple[Column[Any], ...]:
    accounts, asked = zip(*spans, strict=True)
    _, scopes, firsts, lasts = zip(*asked, strict=True)
    return Uuids(accounts), Texts(scopes), Dates(firsts), Dates(lasts)


def _points(points: Sequence[tuple[UUID, Point]]) -> tuple[Column[Any], ...]:
    accounts, ends = zip(*points, strict=True)
    scopes, days = zip(*ends, strict=True)
    return Uuids(accounts), Texts(scopes), Dates(days)
