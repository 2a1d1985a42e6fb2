"""History is written, and what programs need of it is looked up, for a whole batch at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from tessera.checkout.core.case import Case
from tessera.checkout.history import db
from tessera.checkout.history.core.contents import Change, late
from tessera.checkout.history.core.needs import (
    LONG,
    Asked,
    Found,
    Point,
    Total,
    asked,
    known,
    mark_day,
)

Whose = tuple[UUID, Asked]


async def know(
    conn: db.Conn, cases: Sequence[tuple[Case, date]], today: date, *, marking: bool
) -> None:
    """Put among the known facts what each case's program needs, as of its local day of purchase.

    today    when it is posted
    marking  keep totals of accounts with many days; they are locked
    """
    made: dict[tuple[int, date], Asked] = {}
    asking: list[tuple[Case, Whose]] = []
    for case, on in cases:
        plan = case.program.plan
        if case.wallet is None or not (plan.history or plan.given):
            continue
        if (id(plan), on) not in made:
            made[id(plan), on] = asked((*plan.history, *plan.given), on)
        asking.append((case, (case.wallet.account_id, made[id(plan), on])))
    if asking:
        found = await look_up(conn, [whose for _, whose in asking])
        for case, (account, question) in asking:
            case.known = {**case.known, **known(question, account, found)}
        if marking:
            await mark(conn, [whose for _, whose in asking], found, today)


async def look_up(conn: db.Conn, whose: Sequence[Whose]) -> Found:
    """One statement for all totals, and one for each other kind that some program needs."""
    points = [(account, point) for account, each in whose for point in each.points]
    stores = [(account, span) for account, each in whose for span in each.stores]
    categories = [(account, span) for account, each in whose for span in each.categories]
    runs = [(account, span) for account, each in whose for span in each.runs]
    of_points = await db.ask_totals(conn, points) if points else None
    others = [
        (some, await ask(conn, some))
        for some, ask in (
            (stores, db.ask_stores), (categories, db.ask_categories), (runs, db.ask_runs)
        )
        if some
    ]  # fmt: skip
    found = Found(await db.totals(of_points, points) if of_points is not None else {}, {})
    for some, rows in others:
        found.counts.update(await db.counts(rows, some))
    return found


async def mark(
    conn: db.Conn, whose: Sequence[Whose], found: Found, today: date, long: int = LONG
) -> int:
    """Keep totals where more than `long` days had to be added up; how many."""
    marks: dict[tuple[UUID, Point], None] = {}
    for account, each in whose:
        totals = found.totals.get(account, {})
        for point in each.points if totals else ():
            total = totals.get(point)
            if total is not None and total.length > long:
                day = mark_day(each.on, point, today)
                if _is_new(day, total):
                    marks[account, (point[0], day)] = None
    if marks:
        await db.add_marks(conn, list(marks))
    return len(marks)


def _is_new(day: date, total: Total) -> bool:
    return total.marked is None or day > total.marked


async def join(conn: db.Conn, account: UUID, into: UUID) -> None:
    """What an account did counts for another one too, from now on; both are locked.

    Its own days stay: they are what `part` takes away again.
    """
    await db.move_days(conn, account, into, 1)


async def part(conn: db.Conn, account: UUID, into: UUID) -> None:
    """What an account did counts for itself alone again."""
    await db.move_days(conn, account, into, -1)


async def write(conn: db.Conn, changes: Sequence[Change], today: date) -> None:
    """Write what a batch changes; its accounts are locked."""
    if changes:
        await db.add(conn, changes, late(changes, today))
