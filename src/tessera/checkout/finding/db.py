"""Whose receipt it is, and who was here last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
WALK = 500  # receipts that are looked at in a go
_LAST = UUID(int=2**128 - 1)


async def numbered(
    conn: Conn, numbers: Sequence[str], after: UUID | None, most: int
) -> list[tuple[UUID, UUID]]:
    """(receipt, member) of receipts with one of these numbers, newest first, after a receipt."""
    asked = {"numbers": list(numbers), "before": after or _LAST, "page": most}
    rows = await conn.execute(SQL["numbered"], asked)
    return [(row[0], row[1]) for row in await rows.fetchall()]


async def one(conn: Conn, receipt_id: UUID) -> tuple[UUID, UUID] | None:
    """(receipt, member), of a receipt that is there and is somebody's."""
    row = await (await conn.execute(SQL["one"], {"id": receipt_id})).fetchone()
    return None if row is None else (row[0], row[1])


async def lately(
    conn: Conn, after: UUID | None, most: int, walks: int
) -> tuple[list[tuple[UUID, UUID]], UUID | None]:
    """Members by their newest receipts, after a receipt; and after which one the list goes on.

    shape   (receipt, member), at most `most`; the list may be short, even empty, and still go on:
            so many `walks` and no more
    """
    found: list[tuple[UUID, UUID]] = []
    for _ in range(walks):
        asked = {"before": after or _LAST, "walk": WALK}
        rows = await (await conn.execute(SQL["lately"], asked)).fetchall()
        found += [(row[0], row[1]) for row in rows if row[1] is not None]
        if len(found) > most:
            return found[:most], found[most - 1][0]
        if len(rows) < WALK:
            return found, None
        after = rows[-1][0]
    return found, after
