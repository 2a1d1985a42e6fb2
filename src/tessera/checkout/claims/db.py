"""Whether an account has the sale that somebody tells of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.base.text import Code, Price
from tessera.ledger.joining import db as joining_db

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Slip(Struct, frozen=True, forbid_unknown_fields=True):
    """What is printed on a receipt.

    number  as the till counts; day: of the store, as the slip says
    total_minor  before what Tessera gave, or after it
    """

    number: Code
    day: date
    total_minor: Price


async def sold(conn: Conn, account_id: UUID, slip: Slip, since: datetime) -> bool:
    """Whether this account has such a sale, not older than `since`."""
    asked = {
        "account": account_id,
        "since": since,
        "number": slip.number,
        "day": slip.day,
        "total_minor": slip.total_minor,
    }
    row = await (await conn.execute(SQL["sold"], asked)).fetchone()
    return row is not None


async def began_in(conn: Conn, account_id: UUID, stores: Sequence[str]) -> bool | None:
    """Whether what was posted first for this account was in one of these stores; None: nothing was.

    What was joined to it counts too. Points that were sent to it or given by hand are of no store.
    Whoever posts for it later cannot have been first.
    """
    accounts = await joining_db.with_below(conn, account_id)
    asked = {"accounts": accounts, "stores": list(stores)}
    row = await (await conn.execute(SQL["began_in"], asked)).fetchone()
    return None if row is None else bool(row[0])
