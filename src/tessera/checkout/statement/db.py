"""Where moves come from, asked of the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Origin(Struct, frozen=True):
    """A receipt or an event: its store ("" for none), and its number there."""

    kind: Literal["sale", "return", "event"]
    store: str
    number: str


async def origins(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, Origin]:
    """{id: what it is} of those that are receipts or events."""
    rows = await conn.execute(SQL["origins"], {"ids": list(ids)})
    return {row[0]: Origin(row[1], row[2] or "", row[3]) for row in await rows.fetchall()}
