"""Allowances and the key that signs them, in our database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.checkout.offline.core import Allowance

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
_FIELDS = Allowance.__struct_fields__


async def key(conn: Conn) -> tuple[bytes, bytes] | None:
    """(private, public) of the key that signs; None before its first use."""
    row = await (await conn.execute(SQL["read_key"])).fetchone()
    return None if row is None else (row[0], row[1])


async def add_key(conn: Conn, pair: tuple[bytes, bytes], now: datetime) -> None:
    """Keep the pair, unless another process was first."""
    await conn.execute(SQL["add_key"], {"private": pair[0], "public": pair[1], "now": now})


async def add(conn: Conn, new: Allowance) -> None:
    """Give an allowance; the one this till had for the account is closed."""
    values = {
        "id": new.id, "account": new.account_id, "store": new.store, "till": new.till,
        "points": new.points, "step": new.step, "worth": new.worth_minor,
        "percent": new.max_percent, "issued": new.issued_at, "until": new.valid_until,
        "now": new.issued_at,
    }  # fmt: skip
    await conn.execute(SQL["close"], values)
    await conn.execute(SQL["add"], values)


async def other_tills(
    conn: Conn, than: Allowance, since: datetime
) -> tuple[int, datetime | None]:  # fmt: skip
    """How many other tills have an allowance for its account, and when the first of them ends.

    since  those that ended before that are not counted, nor those of which nothing is left
    """
    values = {"account": than.account_id, "store": than.store, "till": than.till, "since": since}
    row = await (await conn.execute(SQL["other_tills"], values)).fetchone()
    assert row is not None, "a count"
    return int(row[0]), row[1]


async def read(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, Allowance]:
    """{id: the allowance}. Whoever counts something on one has its account locked by now."""
    rows = await conn.execute(SQL["read"], (list(ids),), binary=True)
    found = [Allowance(**dict(zip(_FIELDS, row, strict=True))) for row in await rows.fetchall()]
    return {each.id: each for each in found}


async def go_along(conn: Conn, account_id: UUID, into: UUID, now: datetime) -> None:
    """Allowances of an account that was joined to another are that one's; both are locked."""
    await conn.execute(SQL["go_along"], {"account": account_id, "target": into, "now": now})


async def use(conn: Conn, taken: Sequence[tuple[UUID, int]]) -> None:
    """Count points that receipts took. Errors: CheckViolation beyond an allowance's points."""
    await conn.execute(SQL["use"], [list(column) for column in zip(*taken, strict=True)])
