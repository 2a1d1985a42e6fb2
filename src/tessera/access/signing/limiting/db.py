"""Limits, remembered: marks of accounts and networks, never their names."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from tessera.access.signing.core.limits import FORGOTTEN, GOOD, Limit
from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def good(conn: Conn, what: bytes, now: datetime) -> bool:
    """Whether somebody has signed in to this account from this network before."""
    row = await (await conn.execute(SQL["limit_good"], {"what": what, "now": now})).fetchone()
    return row is not None and row[0] > 0


async def count(conn: Conn, limit: Limit, what: bytes, now: datetime) -> datetime | None:
    """Count a try; None if it may be looked at, else the time from which the next may."""
    values = {
        "what": what, "now": now, "free": limit.free, "longest": limit.longest,
        "forgotten": now - FORGOTTEN,
    }  # fmt: skip
    if await (await conn.execute(SQL["take_try"], values)).fetchone() is not None:
        return None
    row = await (await conn.execute(SQL["limit_free_at"], {"what": what})).fetchone()
    return now if row is None else row[0]  # nobody waits any more: it was swept just now


async def forgive(conn: Conn, what: bytes, now: datetime) -> None:
    """Take one try back."""
    await conn.execute(SQL["forgive"], {"what": what, "now": now})


async def forgive_all(conn: Conn, what: bytes, now: datetime) -> None:
    """Take all tries back; the network is the account's own for a month."""
    await conn.execute(SQL["forgive_all"], {"what": what, "now": now, "good_until": now + GOOD})


async def sweep(conn: Conn, now: datetime) -> None:
    """Away with limits that have forgotten."""
    await conn.execute(SQL["sweep"], {"now": now, "forgotten": now - FORGOTTEN})
