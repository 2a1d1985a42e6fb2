"""Whose is this? The look-up of a member by any of four identifiers, among a million members."""

from __future__ import annotations

import asyncio
import random
import statistics
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection

from bench.place import Place, place
from bench.result import Result
from tessera.members import db
from tessera.warehouse.core import Identifier

SEED, AT_ONCE = 20_261_122, 5_000
FULL, QUICK = 1_000_000, 5_000
LOOKS = 2_000  # of each kind


def run(quick: bool) -> list[Result]:
    """Time inside the database, as it tells itself: planning and execution of one look-up."""
    count = QUICK if quick else FULL
    with place(count) as here:
        took_ms = asyncio.run(_measured(here))
    results = []
    for kind, each in took_ms.items():
        results += [
            Result(f"lookup_{kind}_p50", statistics.median(each), "ms in the database"),
            Result(
                f"lookup_{kind}_p99", statistics.quantiles(each, n=100)[-1], "ms in the database"
            ),
        ]
    return results


def named(here: Place, serial: int) -> dict[str, Identifier]:
    """The four names of the n-th member."""
    return {
        "card": Identifier("card", here.card(serial)),
        "phone": Identifier("phone", f"+39{3_300_000_000 + serial}"),
        "email": Identifier("email", f"member.{serial}@example.org"),
        "external": Identifier("external", f"crm-{serial}"),
    }


async def fill(conn: AsyncConnection[Any], here: Place) -> None:
    """Every member has the other three identifiers besides the card."""
    now = datetime.now(UTC)
    for start in range(0, here.members, AT_ONCE):
        all_named = [named(here, n) for n in range(start, min(start + AT_ONCE, here.members))]
        owners = await db.owners(await db.ask_owners(conn, [each["card"] for each in all_named]))
        new = [
            (each[kind], owners[each["card"]].member_id, owners[each["card"]].account_id)
            for each in all_named
            for kind in ("phone", "email", "external")
        ]
        await db.add_identifiers(conn, new, now)
        await conn.commit()
        print(f"  {start + len(all_named):,} of {here.members:,} members", end="\r", flush=True)


async def _measured(here: Place) -> dict[str, list[float]]:
    chance = random.Random(SEED)
    took: dict[str, list[float]] = {"card": [], "phone": [], "email": [], "external": []}
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        await fill(conn, here)
        await conn.set_autocommit(True)
        await conn.execute("ANALYZE")
        for _ in range(LOOKS):
            for kind, identifier in named(here, chance.randrange(here.members)).items():
                took[kind].append(await _told_ms(conn, identifier))
    return took


async def _told_ms(conn: Any, identifier: Identifier) -> float:
    """How long the database says it took, to plan and to look."""
    text = b"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + db.SQL["owners"]
    row = await (await conn.execute(text, [[identifier.kind], [identifier.value]])).fetchone()
    plan = row[0][0]
    return float(plan["Planning Time"]) + float(plan["Execution Time"])
