"""Counters besides receipts: what is left, promises that are over let go, what ran out is said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from tessera.budgets import db
from tessera.budgets.core import GRACE, Key, Level, Place, facts_of, key_of, period
from tessera.rules.core.budgets import Budget


async def left(
    conn: db.Conn, budgets: Mapping[str, Budget], place: Place, now: datetime
) -> dict[str, int]:  # fmt: skip
    """What a decision there and then would know of these budgets; nothing is locked."""
    levels = {key_of(code, budget, place): Level(budget) for code, budget in budgets.items()}
    if levels:
        found = await db.counts(await db.ask(conn, list(levels), now - GRACE))
        for key, count in found.items():
            levels[key].read(count)
    return dict(facts_of(budgets, levels, place, {}))


async def let_go(conn: db.Conn, now: datetime, most: int) -> int:
    """End what promises keep whose time is over; how many counters that was.

    Counters that a till draws on just now are left for the next time: nobody waits for a sweeper
    that waits for him.
    """
    keys = await db.overdue(conn, now - GRACE, most)
    free = await db.lock_free(conn, keys) if keys else []
    if free:
        await db.end_overdue(conn, free, now - GRACE)
    return len(free)


async def hold_against(
    conn: db.Conn, budgets: Mapping[str, Budget], on: date, since: datetime, now: datetime,
    most: int,
) -> bool:  # fmt: skip
    """Mark anew the counters of a day by ceilings that hold since then; whether none is left.

    A counter that a till draws on just now, and what is beyond `most`, is left for the next time.
    """
    limited = {code: budget for code, budget in budgets.items() if budget.limits}
    if not limited:
        return True
    asked = {code: period(budget, on) for code, budget in limited.items()}
    if not (found := await db.stale(conn, asked, list(limited.values()), since, most)):
        return True
    free = await db.lock_free(conn, found)
    counts = await db.counts(await db.ask(conn, free, now - GRACE)) if free else {}
    marks = {}
    for key, count in counts.items():
        (level := Level(limited[key.budget])).read(count)
        if level.full == found[key]:
            marks[key] = level.full
    if marks:
        await db.mark(conn, marks, now)
    return False


async def ran_out(conn: db.Conn) -> list[Key]:
    """The counters that ran out since this was last asked."""
    return await db.used_up(conn)
