"""Choices, remembered."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.members.choices.core import Chosen

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def add(conn: Conn, member_id: UUID, chosen: Chosen, *, favourites: bool) -> None:
    """Write an answer down; it holds from now on."""
    values = {
        "member": member_id,
        "choice": chosen.choice,
        "options": list(chosen.options),
        "at": chosen.at,
        "principal": chosen.principal_id,
        "reason": chosen.reason,
        "favourites": favourites,
    }
    await conn.execute(SQL["add"], values)
    await conn.execute(SQL["settle"], values)


async def changed(conn: Conn, member_id: UUID, choice: str, since: datetime) -> int:
    """How often this answer was changed since an instant."""
    asked = {"member": member_id, "choice": choice, "since": since}
    row = await (await conn.execute(SQL["changed"], asked)).fetchone()
    return int(row[0]) if row is not None else 0


async def history(conn: Conn, member_id: UUID, most: int) -> list[Chosen]:
    """Every answer, newest first, at most so many."""
    rows = await conn.execute(SQL["history"], {"member": member_id, "most": most})
    return [Chosen(row[0], tuple(row[1]), *row[2:]) async for row in rows]


async def chosen(conn: Conn, member_id: UUID) -> dict[str, list[str]] | None:
    """What holds now, by choice; None if there is no such member."""
    row = await (await conn.execute(SQL["chosen"], {"member": member_id})).fetchone()
    return None if row is None else dict(row[0])
