"""What everybody has, in our database."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.rules.core.tiers import Ladder

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def after(
    conn: Conn, ladder: Ladder, today: date, after: UUID, most: int
) -> list[tuple[UUID, int]]:
    """(account, what counts for the ladder in the window of today), in the order of ids."""
    span = ladder.counted(today, today)
    asked = {
        "scope": ladder.scope, "first": span.first, "last": span.last, "after": after, "most": most,
    }  # fmt: skip
    rows = await (await conn.execute(SQL["after"], asked, binary=True)).fetchall()
    return [(row[0], row[1] if ladder.counts == "receipts" else row[2]) for row in rows]
