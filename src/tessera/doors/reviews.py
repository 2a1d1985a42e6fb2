"""Reviews of tiers: page by page, with pauses for the tills, begun once a day for each ladder."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from tessera.checkout.levels import flows
from tessera.checkout.levels.flows import Ladders, Reviewed
from tessera.doors.pools import Conn
from tessera.tiers import db

# A page of 500 reviews keeps its rows for some 30 ms (bench/tiers.py): a till that meets one of
# them waits no longer than that.
PAGE, REST = 500, 1.0


class Pace(NamedTuple):
    """How many in one transaction, and pauses as parts of the time that took."""

    page: int = PAGE
    rest: float = REST


STEADY, FAST = Pace(), Pace(10_000, 0.0)  # fast: nobody waits


async def review_due(
    conn: Conn, ladders: Ladders, today: date, pace: Pace = STEADY,
    watch: Callable[[str, Reviewed], None] = lambda *_: None,
) -> dict[str, Reviewed]:  # fmt: skip
    """Review whatever is due by a day; stopped anywhere, the next call goes on.

    conn   commits page by page
    watch  is told the ladder and the page
    shape  {ladder: how many stayed and sank}, of those where something was due
    """
    done: dict[str, Reviewed] = {}
    for code, ladder in ladders.items():
        upto = today - timedelta(days=ladder.grace_days)
        if not await db.count_due(conn, code, upto):
            await conn.commit()
            continue
        run = await db.begin_review(conn, code, today, datetime.now(UTC))
        await conn.commit()
        total = Reviewed(0, 0)
        while True:
            began = time.monotonic()
            now = datetime.now(UTC)
            page = await flows.review_page(conn, code, ladder, today, now, pace.page)
            if page is None:
                break
            await db.note_review(conn, run, page.kept, page.sunk, None)
            await conn.commit()
            total = Reviewed(total.kept + page.kept, total.sunk + page.sunk)
            watch(code, page)
            await asyncio.sleep(pace.rest * (time.monotonic() - began))
        await db.note_review(conn, run, 0, 0, datetime.now(UTC))
        await conn.commit()
        done[code] = total
    return done
