"""Published versions in our database."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def newest(conn: Conn) -> tuple[int, Any] | None:
    """(version, body) of the version that decides now; None before the first."""
    row = await (await conn.execute(SQL["newest"])).fetchone()
    return None if row is None else (row[0], row[1])


async def one(conn: Conn, version: int) -> Any:
    """The body of a version. Errors: AssertionError if it was never published."""
    row = await (await conn.execute(SQL["one"], (version,))).fetchone()
    assert row is not None, f"version {version} was never published"
    return row[1]


async def publish(conn: Conn, version: int, body: Any, now: datetime, by: UUID | None) -> None:
    """Keep a version for ever."""
    await conn.execute(SQL["publish"], (version, Jsonb(body), now, by))


async def newest_version(conn: Conn) -> int | None:
    """The number of the version that decides now; None before the first."""
    row = await (await conn.execute(SQL["newest_version"])).fetchone()
    return None if row is None else row[0]
