"""Count the days whose figures are old."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tessera.checkout.days import db
from tessera.checkout.days.core import KEPT_DAYS, stale


async def count_days(conn: db.Conn, today: date, now: datetime) -> int:
    """How many days were counted; 0 also while another process counts."""
    if not await db.take_turn(conn):
        return 0
    due = stale(await db.counted(conn), today, now)
    if due:
        await db.count(conn, due, now)
        await db.forget(conn, today - timedelta(days=KEPT_DAYS))
    return len(due)
