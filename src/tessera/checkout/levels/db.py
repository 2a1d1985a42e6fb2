"""What counts for tiers, looked up in the days of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.columns import Dates, Texts, Uuids
from tessera.base.sql import statements
from tessera.rules.core.tiers import Ladder, Span

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Wanted(NamedTuple):
    """What counts for a ladder, of an account, between two days."""

    account: UUID
    ladder: Ladder
    span: Span


async def amounts(conn: Conn, asked: Sequence[Wanted]) -> list[int]:
    """The amount of each, in the order in which they are asked; nothing is 0."""
    if not asked:
        return []
    columns = (
        Uuids([each.account for each in asked]), Texts([each.ladder.scope for each in asked]),
        Dates([each.span.first for each in asked]), Dates([each.span.last for each in asked]),
    )  # fmt: skip
    rows = await conn.execute(SQL["amounts"], columns, binary=True)
    found = [0] * len(asked)
    for n, times, amount in await rows.fetchall():
        found[n - 1] = times if asked[n - 1].ladder.counts == "receipts" else amount
    return found
