"""Sources besides receipts draw on counters, or give back; whoever calls begins and commits.

The counters are locked in the order of their keys, last of all that the transaction locks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from tessera.budgets import db as counters
from tessera.budgets.apart import db
from tessera.budgets.apart.core import Desk, Drawn, Wanted
from tessera.budgets.core import GRACE, Level
from tessera.rules.core.budgets import Budget, Draw

_NOTHING = Budget()


async def look(conn: db.Conn, wanted: Sequence[Wanted], now: datetime) -> Desk:
    """The counters as they are; nothing is locked, nothing is to be written."""
    desk = Desk({key: Level(budget) for each in wanted for key, budget in each.counters()})
    await _read(conn, desk, now)
    return desk


async def sit_down(conn: db.Conn, wanted: Sequence[Wanted], now: datetime) -> Desk:
    """The counters of all of them, locked until the end of the transaction."""
    desk = Desk({key: Level(budget) for each in wanted for key, budget in each.counters()})
    await _lock(conn, desk, now)
    await _read(conn, desk, now)
    return desk


async def _lock(conn: db.Conn, desk: Desk, now: datetime) -> None:
    if not desk.levels:
        return
    keys = sorted(desk.levels)
    await counters.open_counters(conn, keys)
    await counters.lock(conn, keys)
    await counters.end_overdue(conn, keys, now - GRACE)
    for level in desk.levels.values():
        level.locked = True


async def _read(conn: db.Conn, desk: Desk, now: datetime) -> None:
    if not desk.levels:
        return
    found = await counters.counts(await counters.ask(conn, list(desk.levels), now - GRACE))
    for key, count in found.items():
        desk.levels[key].read(count)


async def give(conn: db.Conn, wanted: Sequence[Wanted], now: datetime) -> None:
    """What was promised is drawn, past a ceiling too."""
    owed = [each for each in wanted if each.budgets]
    if not owed:
        return
    desk = await sit_down(conn, owed, now)
    for each in owed:
        desk.give(each)
    await write(conn, desk, now)


async def write(conn: db.Conn, desk: Desk, now: datetime) -> None:
    """Keep what was drawn: by source, on the counters, by day."""
    changed = {key: level for key, level in sorted(desk.levels.items()) if level.changed}
    if desk.drawn:
        await db.add(conn, desk.drawn, now)
    if changed:
        await counters.draw(conn, changed, now)
    await _write_days(conn, desk.drawn, 1)


async def give_back(
    conn: db.Conn, sources: Sequence[UUID], budgets: Mapping[str, Budget], now: datetime
) -> None:
    """All that these have drawn is free again, in the periods it was drawn in; once.

    budgets  of the program that is now: they say whether a counter is used up
    """
    back = await db.give_back(conn, sources, now)
    if not back:
        return
    desk = Desk({each.key: Level(budgets.get(each.key.budget, _NOTHING)) for each in back})
    await _lock(conn, desk, now)
    await _read(conn, desk, now)
    for each in back:
        desk.levels[each.key].add(Draw().plus(each.draw, -1))
    await counters.draw(conn, dict(sorted(desk.levels.items())), now)
    await _write_days(conn, back, -1)


async def _write_days(conn: db.Conn, drawn: Sequence[Drawn], sign: int) -> None:
    days: dict[tuple[str, date, date, str], Draw] = defaultdict(Draw)
    for each in drawn:
        day = (each.key.budget, each.key.began, each.day, each.funding)
        days[day] = days[day].plus(each.draw, sign)
    if days:
        await counters.add_days(conn, days)
