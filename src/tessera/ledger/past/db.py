"""What was done with points besides receipts: one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.past import Before, Happened
from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def past(conn: Conn, ids: Sequence[UUID], before: Before) -> list[Happened]:
    """Operations on these accounts, and what time has done to them, newest first."""
    rows = await conn.execute(SQL["past"], before.asked | {"ids": list(ids)})
    return [Happened(*row) for row in await rows.fetchall()]
