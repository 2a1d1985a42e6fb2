"""Heads of chains, read; and whether those of a seal are still in the books."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.ledger.seals.core import Head

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
PAGE = 10_000


async def all_heads(conn: Conn) -> AsyncIterator[list[Head]]:
    """Every wallet's head, page by page."""
    after = UUID(int=0)
    while True:
        rows = await conn.execute(SQL["all_heads"], {"after": after, "page": PAGE}, binary=True)
        page = [Head(*row) for row in await rows.fetchall()]
        if page:
            yield page
            after = page[-1].wallet_id
        if len(page) < PAGE:
            return


async def heads_between(conn: Conn, since: datetime, until: datetime) -> list[Head]:
    """The last move of each wallet among what was posted in a stretch of time."""
    asked = {"since": since, "until": until}
    rows = await conn.execute(SQL["heads_between"], asked, binary=True)
    return [Head(*row) for row in await rows.fetchall()]


async def strangers(conn: Conn, heads: Sequence[Head]) -> list[tuple[UUID, int]]:
    """(wallet, number) of the heads that are not in the books as they were sealed."""
    columns = [[h.wallet_id for h in heads], [h.seq for h in heads], [h.hash for h in heads]]
    rows = await conn.execute(SQL["strangers"], columns, binary=True)
    return [(row[0], row[1]) for row in await rows.fetchall()]
