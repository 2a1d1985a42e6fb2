"""What became known of members, and where they went: one line each."""

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
    """How these members came, what they said, where they lived, newest first."""
    rows = await conn.execute(SQL["past"], before.asked | {"ids": list(ids)})
    return [Happened(*row) for row in await rows.fetchall()]
