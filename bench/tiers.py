"""A million members are reviewed: how long, in pages as the command does it."""

from __future__ import annotations

import asyncio
import time
from datetime import date

import msgspec
from psycopg import AsyncConnection

from bench.place import place
from bench.result import Result
from tessera.checkout.levels.flows import Reviewed
from tessera.doors import reviews
from tessera.rules.core.tiers import Ladder

MEMBERS = 1_000_000
DAY, LADDER = date(2026, 1, 1), {
    "window": "this year", "review": "01-01", "counts": "minor",
    "levels": [{"code": "basic"}, {"code": "silver", "reach": 50_000, "keep": 40_000},
               {"code": "gold", "reach": 150_000}],
}  # fmt: skip
# Two thirds stand on silver, one on gold; each bought on twelve days of the year before, for as
# much as its number says.
_STANDINGS = """
INSERT INTO tiers.standing (account_id, ladder, level, since, until, rank)
SELECT
    ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'status',
    CASE WHEN n %% 3 = 0 THEN 'gold' ELSE 'silver' END, '2025-03-01', '2026-01-01',
    CASE WHEN n %% 3 = 0 THEN 2 ELSE 1 END
FROM generate_series(1, %(members)s) AS n
"""
_DAYS = """
INSERT INTO checkout.history_day (account_id, day, times, units, amount, scope, store_id)
SELECT
    ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    date '2025-01-05' + 30 * m, 1, 1, n %% 20 * 1000, '', 'S1'
FROM generate_series(1, %(members)s) AS n, generate_series(0, 11) AS m
"""


def run(quick: bool) -> list[Result]:
    """All of them are due on one day."""
    members = 20_000 if quick else MEMBERS
    with place(1) as here:
        took_s, done = asyncio.run(_reviewed(here.server.dsn, members))
    assert done.kept + done.sunk == members and 0 < done.sunk < members, done
    return [
        Result("tiers_review", took_s, f"s for {members:,} members"),
        Result("tiers_reviewed", members / took_s, "members/s"),
    ]


async def _reviewed(dsn: str, members: int) -> tuple[float, Reviewed]:
    ladder = msgspec.convert(LADDER, Ladder)
    async with await AsyncConnection.connect(dsn) as conn:
        for statement in (_STANDINGS, _DAYS):
            await conn.execute(statement, {"members": members})
            await conn.commit()
        await conn.set_autocommit(True)
        await conn.execute("ANALYZE")
        await conn.execute("CHECKPOINT")
        await conn.set_autocommit(False)
        began = time.monotonic()
        done = await reviews.review_due(conn, {"status": ladder}, DAY, reviews.FAST)
        return time.monotonic() - began, done["status"]
