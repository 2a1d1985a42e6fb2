"""The proof of the history, asked of the database: differences as sentences."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
CHECKS = ("days", "marks")


async def differences(conn: Conn) -> AsyncIterator[str]:
    """Where days disagree with receipts and events, or marks with days; 100 of each at most."""
    for check in CHECKS:
        async for (sentence,) in await conn.execute(SQL[check]):
            yield sentence
