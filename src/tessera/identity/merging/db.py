"""Merges, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict
from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Merge(Struct, frozen=True):
    """Two members were one person.

    keeps             whose fields stayed
    was, other_was    what each was before, sealed with its own key; gone once it is undone
    joining_id        how the accounts were joined; parting_id: how they were parted
    """

    id: UUID
    member_id: UUID
    other_id: UUID
    joining_id: UUID
    keeps: str
    reason: str
    principal_id: UUID
    merged_at: datetime
    was: bytes | None
    other_was: bytes | None
    undone_at: datetime | None = None
    undone_by: UUID | None = None
    undo_reason: str = ""
    parting_id: UUID | None = None


async def add(conn: Conn, merge: Merge) -> None:
    """Keep a merge."""
    await conn.execute(SQL["add"], asdict(merge))


async def read(conn: Conn, merge_id: UUID) -> Merge | None:
    """One merge."""
    row = await (await conn.execute(SQL["read"], (merge_id,))).fetchone()
    return None if row is None else Merge(*row)


async def hold(conn: Conn, merge_id: UUID) -> Merge | None:
    """One merge, held still."""
    await conn.execute(SQL["hold"], (merge_id,))
    return await read(conn, merge_id)


async def undo(
    conn: Conn, merge_id: UUID, parting_id: UUID, by: UUID, at: datetime, reason: str
) -> None:
    """It is undone."""
    asked = {"id": merge_id, "parting": parting_id, "by": by, "at": at, "reason": reason}
    await conn.execute(SQL["undo"], asked)


async def of_member(conn: Conn, member_id: UUID) -> list[Merge]:
    """A member's merges, on either side, the newest first; at most 100."""
    rows = await (await conn.execute(SQL["of_member"], {"id": member_id})).fetchall()
    return [Merge(*row) for row in rows]


async def last(conn: Conn, ids: Sequence[UUID]) -> UUID | None:
    """Of the merges of these members, on either side, the last one that was not undone."""
    row = await (await conn.execute(SQL["last"], {"ids": list(ids)})).fetchone()
    return None if row is None else row[0]


async def after(conn: Conn, ids: Sequence[UUID], now: datetime) -> datetime:
    """When these members, who are held still, are merged: now, but after all their merges."""
    row = await (await conn.execute(SQL["after"], {"ids": list(ids), "now": now})).fetchone()
    assert row is not None, "an aggregate has a row"
    at: datetime = row[0]
    return at
