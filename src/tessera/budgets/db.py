"""Counters of budgets in our database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.columns import Bigints, Booleans, Column, Dates, Instant, Texts, Times, Uuids
from tessera.base.sql import statements
from tessera.base.wire import Rows, put
from tessera.base.wire import ask as ask_rows
from tessera.budgets.core import Count, Kept, Key, Level, Period
from tessera.rules.core.budgets import Budget, Draw

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
PASSED = "TB001"  # the SQLSTATE of a transaction that others were quicker than


class Sum(NamedTuple):
    """What is drawn on a budget in a period, all scopes together.

    scopes  how many stores, regions or members have drawn; used_up: of how many nothing is left
    """

    draw: Draw
    turnover_minor: int
    kept: Draw
    scopes: int
    used_up: int
    used_up_at: datetime | None
    warned_at: datetime | None


class Day(NamedTuple):
    """What was drawn on a day of purchases, of what one payer pays for."""

    day: date
    funding: str
    draw: Draw


class Scope(NamedTuple):
    """What one store, region or member has drawn."""

    scope: str
    draw: Draw
    turnover_minor: int
    used_up_at: datetime | None


def _keys(keys: Sequence[Key]) -> tuple[Column[Any], ...]:
    budgets, began, scopes = zip(*keys, strict=True)
    return Texts(budgets), Dates(began), Texts(scopes)


async def ask(conn: Conn, keys: Sequence[Key], over: datetime) -> Rows:
    """Ask for counters; promises that ended by `over` keep nothing. Read with `counts`.

    shape  at least one key
    """
    return await ask_rows(conn, SQL["read"], (*_keys(keys), Instant(over)))


async def counts(rows: Rows) -> dict[Key, Count]:
    """Counters as they are, those not begun left out."""
    return {
        Key(*row[:3]): Count(Draw(*row[3:6]), row[6], Draw(*row[7:10]), row[10], row[11])
        for row in await rows.fetchall()
    }


async def open_counters(conn: Conn, keys: Iterable[Key]) -> None:
    """These counters are there from now on. Shape: at least one key."""
    await put(conn, SQL["open"], _keys(sorted(keys)))


async def lock(conn: Conn, keys: Iterable[Key]) -> None:
    """Nobody else changes these until the end. Shape: at least one key."""
    await put(conn, SQL["lock"], _keys(sorted(keys)))


async def lock_free(conn: Conn, keys: Iterable[Key]) -> list[Key]:
    """Those of these that nobody has locked; nobody else changes them until the end."""
    rows = await ask_rows(conn, SQL["lock_free"], _keys(sorted(keys)))
    return [Key(*row) for row in await rows.fetchall()]


async def kept_of(conn: Conn, quotes: Sequence[UUID]) -> list[Kept]:
    """What promises keep, by their quotes."""
    rows = await ask_rows(conn, SQL["kept_of"], (Uuids(quotes),))
    return [
        Kept(row[0], Key(*row[1:4]), Draw(*row[4:7]), row[7]) for row in await rows.fetchall()
    ]  # fmt: skip


async def end_kept(conn: Conn, quotes: Sequence[UUID]) -> None:
    """These promises keep nothing any more; their counters are locked."""
    await put(conn, SQL["end_kept"], (Uuids(quotes),))


async def end_overdue(conn: Conn, keys: Sequence[Key], over: datetime) -> None:
    """Promises of these counters that ended by then keep nothing; the counters are locked."""
    await conn.execute(SQL["end_overdue"], (*_keys(keys), over))


async def overdue(conn: Conn, over: datetime, most: int) -> list[Key]:
    """Counters of which promises that ended by then still keep something."""
    rows = await conn.execute(SQL["overdue"], (over, most))
    return [Key(*row) for row in await rows.fetchall()]


async def draw(conn: Conn, levels: Mapping[Key, Level], now: datetime) -> None:
    """Draw what a batch draws.

    errors  `PASSED` where that would pass a ceiling: with the commit at the latest
    """
    each = list(levels.values())
    budgets = [level.budget for level in each]
    warns, used_up = zip(*[level.marks() for level in each], strict=True)
    columns = (
        *_keys(list(levels)), *_draws([level.more.draw for level in each]),
        Bigints([level.turnover_minor for level in each]), *_draws([level.kept for level in each]),
        Booleans(warns), Booleans(used_up),
        Booleans([level.freed for level in each]), Booleans([level.locked for level in each]),
        *_ceilings(budgets), Times([now] * len(each)),
    )  # fmt: skip
    await put(conn, SQL["draw"], columns)


def _ceilings(budgets: Sequence[Budget]) -> tuple[Bigints, Bigints, Bigints, Bigints]:
    return (
        Bigints([None if b.most_minor is None else b.most_minor * 100 for b in budgets]),
        Bigints([b.most_points for b in budgets]), Bigints([b.most_pieces for b in budgets]),
        Bigints([b.turnover_percent_x100 for b in budgets]),
    )  # fmt: skip


def _draws(draws: Sequence[Draw]) -> tuple[Bigints, Bigints, Bigints]:
    costs, points, pieces = zip(*draws, strict=True)
    return Bigints(costs), Bigints(points), Bigints(pieces)


async def add_kept(conn: Conn, kept: Sequence[Kept]) -> None:
    """New promises keep so much."""
    quotes, keys, draws, deadlines = zip(*kept, strict=True)
    columns = (Uuids(quotes), *_keys(keys), *_draws(draws), Times(deadlines))
    await put(conn, SQL["add_kept"], columns)


async def add_days(conn: Conn, days: Mapping[tuple[str, date, date, str], Draw]) -> None:
    """{(budget, first day of the period, day, who pays): what was drawn}."""
    budgets, began, on, funding = zip(*days, strict=True)
    columns = (Texts(budgets), Dates(began), Dates(on), Texts(funding))
    await put(conn, SQL["add_days"], (*columns, *_draws(list(days.values()))))


def _periods(asked: Mapping[str, Period]) -> tuple[Texts, Dates, Texts]:
    began, whose = zip(*asked.values(), strict=True)
    return Texts(list(asked)), Dates(began), Texts(whose)


async def sums(conn: Conn, asked: Mapping[str, Period]) -> dict[str, Sum]:
    """{budget: what is drawn on it in its period}. Shape: at least one."""
    rows = await conn.execute(SQL["sums"], _periods(asked))
    return {
        row[0]: Sum(Draw(*row[1:4]), row[4], Draw(*row[5:8]), *row[8:])
        for row in await rows.fetchall()
    }


async def days(conn: Conn, budget: str, began: date) -> list[Day]:
    """The days of a period."""
    rows = await conn.execute(SQL["days"], {"budget": budget, "began": began})
    return [Day(row[0], row[1], Draw(*row[2:])) for row in await rows.fetchall()]


async def fullest(conn: Conn, budget: str, of: Period, most: int) -> list[Scope]:
    """The stores, regions or members that have drawn most in a period."""
    asked = {"budget": budget, **of._asdict(), "most": most}
    rows = await conn.execute(SQL["fullest"], asked)
    return [Scope(row[0], Draw(*row[1:4]), row[4], row[5]) for row in await rows.fetchall()]


async def used_up(conn: Conn) -> list[Key]:
    """What ran out since this was last asked: each is told once."""
    return [Key(*row) for row in await (await conn.execute(SQL["used_up"])).fetchall()]


async def stale(
    conn: Conn, asked: Mapping[str, Period], ceilings: Sequence[Budget], since: datetime, most: int
) -> dict[Key, bool]:
    """{counter: whether it is used up} of those whose mark says otherwise, `most` at a time.

    ceilings  of each budget asked for, in force since then: a later mark stands
    """
    columns = (*_periods(asked), *_ceilings(ceilings), since, most)
    rows = await conn.execute(SQL["stale"], columns)
    return {Key(*row[:3]): row[3] for row in await rows.fetchall()}


async def mark(conn: Conn, marks: Mapping[Key, bool], now: datetime) -> None:
    """These are used up, or not, and nobody was told yet; they are locked."""
    await conn.execute(SQL["mark"], (now, *_keys(list(marks)), Booleans(list(marks.values()))))


async def count_used_up(conn: Conn, asked: Mapping[str, Period]) -> int:
    """How many counters of these budgets are used up in their periods. Shape: at least one."""
    row = await (await conn.execute(SQL["count_used_up"], _periods(asked))).fetchone()
    assert row is not None
    return int(row[0])
