"""Count the days whose figures are old."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tessera.checkout.days import db
from tessera.checkout.days.core import KEPT_DAYS, stale


async def count_anew(conn: db.Conn, today: date, now: datetime) -> None:
    """Forget what was counted and count every day: a history has come in. Waits for its turn."""
    await db.wait_for_turn(conn)
    await db.forget(conn, date.max)
    while due := stale(await db.counted(conn), today, now):
        await db.count(conn, due, now)


async def count_days(conn: db.Conn, today: date, now: datetime) -> int:
    """How many days were counted; 0 also while another process counts."""
    if not await db.take_turn(conn):
        return 0
    due = stale(await db.counted(conn), today, now)
    if due:
        await db.count(conn, due, now)
        await db.forget(conn, today - timedelta(days=KEPT_DAYS))
    return len(due)
