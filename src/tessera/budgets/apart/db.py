"""What was drawn besides receipts, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.budgets.apart.core import Drawn
from tessera.budgets.core import Key
from tessera.rules.core.budgets import Draw

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
YEAR = timedelta(days=366)  # counters of older periods are drawn on no more
AGES_AGO = date(1000, 1, 1)  # before it began what has no period


async def add(conn: Conn, drawn: Sequence[Drawn], now: datetime) -> None:
    """What some sources drew."""
    said = {
        "sources": [each.source for each in drawn],
        "budgets": [each.key.budget for each in drawn],
        "began": [each.key.began for each in drawn],
        "scopes": [each.key.scope for each in drawn],
        "days": [each.day for each in drawn], "funding": [each.funding for each in drawn],
        "costs": [each.draw.cost_x100 for each in drawn],
        "points": [each.draw.points for each in drawn],
        "pieces": [each.draw.pieces for each in drawn], "now": now,
    }  # fmt: skip
    await conn.execute(SQL["add_drawn"], said)


async def give_back(conn: Conn, sources: Sequence[UUID], now: datetime) -> list[Drawn]:
    """What these sources drew and had not given back; from now on they have."""
    rows = await conn.execute(SQL["give_back"], {"sources": list(sources), "now": now})
    return [
        Drawn(row[0], Key(*row[1:4]), row[4], row[5], Draw(*row[6:9]))
        for row in await rows.fetchall()
    ]  # fmt: skip


async def join(conn: Conn, merge_id: UUID, gone: UUID, into: UUID, now: datetime) -> None:
    """What was drawn for one member counts for another as well; their accounts are locked."""
    said = {
        "merge": merge_id, "scope": gone.hex, "target": into.hex, "now": now,
        "since": now.date() - YEAR, "ever": AGES_AGO,
    }  # fmt: skip
    await conn.execute(SQL["join"], said)


async def part(conn: Conn, merge_id: UUID, now: datetime) -> None:
    """What came over with a merge counts there no more; the accounts are locked."""
    await conn.execute(SQL["part"], {"merge": merge_id, "now": now})
