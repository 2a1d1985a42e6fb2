"""Levels of a person, read whole. Nothing of them is taken away: days and codes name nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
_FIELDS = {
    "levels": ("ladder", "level", "since", "until"),
    "changes": ("ladder", "before", "level", "day", "why"),
    "uses": ("ladder", "level", "privilege", "day", "store"),
}


async def told(conn: Conn, ids: Sequence[UUID], accounts: Sequence[UUID]) -> dict[str, Any]:
    """{levels, level_changes, privileges_used} of these members and their accounts."""
    found = {}
    for name, key, of in (
        ("levels", "levels", accounts), ("changes", "level_changes", accounts),
        ("uses", "privileges_used", ids),
    ):  # fmt: skip
        rows = await (await conn.execute(SQL[name], (list(of),))).fetchall()
        found[key] = [dict(zip(_FIELDS[name], row, strict=True)) for row in rows]
    return found
