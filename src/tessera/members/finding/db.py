"""Members by the beginnings of their names, and in the orders of lists: ids, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.members.finding.core import Pattern

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
Order = Literal["newest", "joined", "unregistered", "blocked"]
COUNTED = 1000  # members; beyond that their number is an estimate
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)
# What holds as many rows as there are members in the order, and what counts them.
_HELD_BY: dict[Order, tuple[str, str]] = {
    "newest": ("members.member", "count_newest"),
    "joined": ("members.member_joined", "count_joined"),
    "unregistered": ("members.member_shadow", "count_unregistered"),
    "blocked": ("members.identifier_blocked", "count_blocked"),
}


async def named(
    conn: Conn, pattern: Pattern, before: Sequence[Pattern], after: UUID | None, most: int
) -> list[UUID] | None:
    """People of a pattern and of none of those `before`, after somebody of it; None: he is gone."""
    asked = {
        "family": pattern.family, "given": pattern.given, "page": most,
        "families": [each.family for each in before], "givens": [each.given for each in before],
        "last_family": pattern.family, "last_given": "", "last": after or _FIRST,
    }  # fmt: skip
    if not pattern.family:
        asked |= {"last_family": "", "last_given": pattern.given}
    if after is not None:
        place = await (await conn.execute(SQL["place"], {"id": after})).fetchone()
        if place is None:
            return None
        asked |= {"last_family": place[0], "last_given": place[1]}
    rows = await conn.execute(SQL["by_family" if pattern.family else "by_given"], asked)
    return [row[0] for row in await rows.fetchall()]


async def listed(conn: Conn, order: Order, after: UUID | None, most: int) -> list[UUID]:
    """Members in an order, after one of them."""
    rows = await conn.execute(SQL[order], {"before": after or _LAST, "page": most})
    return [row[0] for row in await rows.fetchall()]


async def about(conn: Conn, order: Order) -> tuple[int, bool]:
    """(how many there are, whether that is exact)."""
    held_by, counting = _HELD_BY[order]
    row = await (await conn.execute(SQL["about"], {"of": held_by})).fetchone()
    assert row is not None, "the migrations made it"
    if row[0] > COUNTED:
        return row[0], False
    counted = await conn.execute(SQL[counting], {"most": COUNTED + 1})
    found = await counted.fetchone()
    assert found is not None, "count always answers"
    return (found[0], True) if found[0] <= COUNTED else (COUNTED, False)
