"""What this room holds about a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def told(conn: Conn, ids: Sequence[UUID]) -> dict[str, Any]:
    """{heading: rows}; of the other side only that there was somebody."""
    rows = await (await conn.execute(SQL["told"], {"ids": list(ids)})).fetchall()
    return {heading: msgspec.json.decode(value) for heading, value in rows}


async def forget(conn: Conn, ids: Sequence[UUID]) -> None:
    """The word by which somebody brings others goes."""
    await conn.execute(SQL["forget"], {"ids": list(ids)})
