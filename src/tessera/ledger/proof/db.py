"""The proof of the ledger, asked of the database: sums where they lie, differences as sentences."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.ledger.core import Move
from tessera.ledger.proof.core import first_fault
from tessera.ledger.reports import db as reports

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
CHECKS = ("moves", "accounts", "lots", "holds", "pins", "totals", "transit", "runs")
_AT_ONCE = 50_000  # rows of the chain


async def look(conn: Conn) -> None:
    """See the database as it is now, and only that, until the transaction ends.

    errors  ActiveSqlTransaction if the transaction has asked anything before
    """
    await conn.execute(SQL["snapshot"], prepare=False)
    await conn.execute(SQL["plan_for_all"])


async def counts(conn: Conn) -> dict[str, int]:
    """How much there is to prove."""
    row = await (await conn.execute(SQL["counts"])).fetchone()
    assert row is not None
    return dict(zip(("entries", "lots", "holds", "accounts"), row, strict=True))


async def differences(conn: Conn) -> AsyncIterator[str]:
    """Where rows and moves disagree, at most 100 of each kind."""
    async with conn.pipeline():
        found = [await conn.execute(SQL[check]) for check in CHECKS]
    for rows in found:
        async for (sentences,) in rows:
            for sentence in sentences.splitlines():
                yield sentence
    for sentence in await reports.differences(conn):
        yield sentence


async def broken_chains(conn: Conn) -> AsyncIterator[str]:
    """The first move of each account that was changed, deleted or displaced; reads every move."""
    account_id, moves = UUID(int=0), list[Move]()
    async with conn.cursor("chain") as cursor:
        await cursor.execute(SQL["chain"], binary=True)
        while rows := await cursor.fetchmany(_AT_ONCE):
            for owner, *fields in rows:
                if owner != account_id:
                    fault = first_fault(account_id, moves)
                    if fault is not None:
                        yield fault
                    account_id, moves = owner, []
                moves.append(Move(*fields))
    fault = first_fault(account_id, moves)
    if fault is not None:
        yield fault
