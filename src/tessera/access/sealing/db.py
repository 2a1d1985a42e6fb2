"""The keys of people, remembered until somebody destroys one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def keep_key(conn: Conn, person: UUID, key: bytes) -> bytes | None:
    """The person's key: this one, or the one that was there before; None if it was destroyed."""
    asked = {"person": person, "key": key}
    row = await (await conn.execute(SQL["keep_key"], asked)).fetchone()
    if row is None:  # there is one already
        return (await keys(conn, [person]))[person]
    return bytes(row[0])


async def keys(conn: Conn, people: Collection[UUID]) -> dict[UUID, bytes | None]:
    """{person: key, None if destroyed}; who never had one is not in it."""
    cursor = await conn.execute(SQL["keys"], {"people": list(people)})
    return {row[0]: None if row[1] is None else bytes(row[1]) async for row in cursor}


async def destroy_key(conn: Conn, person: UUID) -> None:
    """Forget the key for ever, also one that was never made; once is as good as twice."""
    await conn.execute(SQL["destroy_key"], {"person": person})
