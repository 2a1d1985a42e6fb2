"""What some members bought and did, read page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tessera.base.sql import statements
from tessera.checkout.core.words import EventRow, Row
from tessera.checkout.db import Conn, row_of
from tessera.checkout.events.db import event_row

SQL = statements(__file__)
PAGE = 200
_OF_ACCOUNTS = {
    "standings": ("race", "amount"),
    "placings": ("race", "place", "amount", "points", "paid_at"),
    "allowances": ("store", "till", "points", "used", "given_at", "until", "closed_at"),
}
Last = EventRow | Row | None


async def receipts(
    conn: Conn, members: Sequence[UUID], accounts: Sequence[UUID], last: Last
) -> list[Row]:
    """Their receipts, newest first, after the last one seen; at most `PAGE`."""
    rows = await _page(conn, "receipts", members, accounts, last)
    return [row_of(row) for row in rows]


async def events(
    conn: Conn, members: Sequence[UUID], accounts: Sequence[UUID], last: Last
) -> list[EventRow]:
    """Their events, newest first, after the last one seen; at most `PAGE`."""
    rows = await _page(conn, "events", members, accounts, last)
    return [event_row(row) for row in rows]


async def held(conn: Conn, accounts: Sequence[UUID]) -> dict[str, Any]:
    """{standings, placings, allowances} of these accounts: races, and reserves of tills."""
    found = {}
    for name, fields in _OF_ACCOUNTS.items():
        rows = await (await conn.execute(SQL[name], (list(accounts),))).fetchall()
        found[name] = [dict(zip(fields, row, strict=True)) for row in rows]
    return found


async def active(
    conn: Conn, members: Sequence[UUID], accounts: Sequence[UUID], since: datetime
) -> bool:
    """Whether these members bought or did something since, on any of these accounts."""
    asked = {"members": list(members), "accounts": list(accounts), "since": since}
    row = await (await conn.execute(SQL["active"], asked)).fetchone()
    return row is not None and bool(row[0])


async def _page(
    conn: Conn, name: str, members: Sequence[UUID], accounts: Sequence[UUID], last: Last
) -> list[tuple[Any, ...]]:
    at, id_ = (last.happened_at, last.id) if last is not None else (None, None)
    asked = {"members": list(members), "accounts": list(accounts), "at": at, "id": id_}
    rows = await conn.execute(SQL[name], asked | {"most": PAGE}, binary=True)
    return await rows.fetchall()
