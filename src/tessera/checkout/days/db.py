"""Days in our database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.checkout.days.core import Day

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def take_turn(conn: Conn) -> bool:
    """Whether this transaction counts, and no other."""
    row = await (await conn.execute(SQL["take_turn"])).fetchone()
    return row is not None and bool(row[0])


async def wait_for_turn(conn: Conn) -> None:
    """Nobody else counts until this transaction ends."""
    await conn.execute(SQL["wait_for_turn"])


async def counted(conn: Conn) -> dict[date, datetime]:
    """{day: when it was counted}."""
    return {row[0]: row[1] async for row in await conn.execute(SQL["counted"])}


async def count(conn: Conn, days: Sequence[date], now: datetime) -> None:
    """Count these days anew."""
    await conn.execute(SQL["count"], {"days": list(days), "now": now})


async def forget(conn: Conn, before: date) -> None:
    """Drop the days before this one."""
    await conn.execute(SQL["forget"], {"before": before})


async def days(conn: Conn, first: date, last: date) -> tuple[list[Day], datetime | None]:
    """(what was counted, when the newest of it was), both days included."""
    rows = await (await conn.execute(SQL["days"], {"first": first, "last": last})).fetchall()
    at = max((row[-1] for row in rows), default=None)
    return [Day(*row[:-1]) for row in rows], at


async def any_receipt(conn: Conn) -> bool:
    """Whether anything was ever sold."""
    row = await (await conn.execute(SQL["any_receipt"])).fetchone()
    return row is not None and bool(row[0])
