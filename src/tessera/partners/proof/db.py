"""The proof of postings of partners, asked of the database: differences as sentences."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
CHECKS = ("points", "strays", "statements", "openings")


async def counts(conn: Conn) -> dict[str, int]:
    """How much there is to prove."""
    row = await (await conn.execute(SQL["counts"])).fetchone()
    assert row is not None
    return {"postings": row[0]}


async def differences(conn: Conn) -> AsyncIterator[str]:
    """Where these and the moves disagree, at most 100 of each kind."""
    async with conn.pipeline():
        found = [await conn.execute(SQL[check]) for check in CHECKS]
    for rows in found:
        async for (sentence,) in rows:
            yield sentence
