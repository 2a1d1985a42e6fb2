"""A scratch database, filled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def fill(conn: Conn, first: int, last: int, now: datetime) -> None:
    """Members with the serials from `first` up to `last`."""
    await conn.execute(SQL["fill"], {"first": first, "last": last, "now": now})


async def filled(conn: Conn) -> int:
    """How many members there are already."""
    return int(await _one(conn, "filled"))


async def foreign(conn: Conn) -> bool:
    """Whether this is somebody's database."""
    return bool(await _one(conn, "foreign"))


async def settle_down(conn: Conn) -> None:
    """Vacuum and analyse; outside a transaction."""
    await conn.execute(SQL["settle_down"])


async def _one(conn: Conn, name: str) -> Any:
    found = await (await conn.execute(SQL[name], {})).fetchone()
    assert found is not None, "each of these has one row"
    return found[0]
