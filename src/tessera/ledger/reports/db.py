"""Reads what there is at an instant: lots without what was posted since, and sums of all moves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.ledger.core import EPOCH, FAR
from tessera.ledger.reports.core import Flow, Kept, Outstanding, outstanding

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def outstanding_at(
    conn: Conn, at: datetime, since: datetime = EPOCH
) -> list[Outstanding]:  # fmt: skip
    """All points at an instant by currency, and what changed after `since`.

    at  posted up to then, whenever it happened. Dates of expiry are those known now
    """
    await conn.execute(SQL["plan_for_all"])
    rows = await conn.execute(SQL["outstanding"], {"at": at, "since": since})
    kept, flows = list[Kept](), list[Flow]()
    for currency, months, expires, source, target, before, points in await rows.fetchall():
        if months is None:
            flows.append(Flow(currency, source, target, before, points))
        else:
            kept.append(Kept(currency, months, expires, points))
    await conn.execute(SQL["plan_loops_again"])
    return outstanding(kept, flows)


async def differences(conn: Conn) -> list[str]:
    """Where the figure of this moment is not what the wallets' rows say; for the proof."""
    told = {each.currency: each for each in await outstanding_at(conn, FAR)}
    found = []
    rows = await conn.execute(SQL["balances"])
    for currency, active, pending, debt in await rows.fetchall():
        each = told.get(currency)
        reported = (each.active, each.pending, each.debt) if each is not None else (0, 0, 0)
        in_lots = sum(lots.points for lots in each.by_age) if each is not None else 0
        if reported != (active, pending, debt) or in_lots != active + pending:
            found.append(
                f"outstanding points of {currency or 'the program'}: the report says {reported} "
                f"active, pending, debt and {in_lots} in lots, the wallets say "
                f"{(active, pending, debt)}"
            )
    return found


async def count_expiring(conn: Conn, now: datetime, until: datetime, most: int) -> int:
    """Wallets of which something expires until then; no more than `most` are looked at."""
    asked = {"now": now, "until": until, "most": most}
    row = await (await conn.execute(SQL["count_expiring"], asked)).fetchone()
    return 0 if row is None else int(row[0])
