"""Where a wallet stands, asked of the database in one statement."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Standing(Struct, frozen=True):
    """Points of a wallet at an instant.

    ends_on, ends_at, ending  the last local day of what ends first, its first instant, how many
    """

    debt: int
    available: int
    held: int
    pending: int
    ends_on: date | None = None
    ends_at: datetime | None = None
    ending: int = 0


async def standing(conn: Conn, wallet_id: UUID, now: datetime, zone: str) -> Standing:
    """Where it stands; one that was never begun has nothing.

    zone  where a day ends (IANA name)
    """
    asked = {"wallet": wallet_id, "now": now, "zone": zone}
    row = await (await conn.execute(SQL["standing"], asked, binary=True)).fetchone()
    return Standing(0, 0, 0, 0) if row is None else Standing(*row)
