"""History facts of an account with 1,000 receipts in the window, against one with 20.

Receipts of a year at three stores, written as the writer writes them, in the order of days. The
accounts are asked as a program of ten history conditions and two limits asks, by the connection and
the statements of the writer; marks are where the questions of the last sixty days left them.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from bench.place import Place, place
from bench.result import Result
from tessera.base.ids import new_id
from tessera.base.wire import PipelineConnection
from tessera.checkout.history import flows as history
from tessera.checkout.history.core.contents import Change, Tally
from tessera.checkout.history.core.needs import Asked, asked, known
from tessera.doors.house import House, Plan
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.rules.core.facts import Given, History, Need

FEW, MANY, BATCH = 20, 1_000, 32
DAYS = 365
NEEDS: tuple[Need, ...] = (
    History("receipts", "", "1 years"), History("minor", "", "30 days"),
    History("receipts", "", "this month"), History("days", "", "1 years"), History("since"),
    History("units", "c:C1", "90 days"), History("receipts", "c:C2", "1 years"),
    History("stores", "", "1 years"), History("categories", "", "3 months"),
    History("months", "", "1 years"),
    Given("base", "day", "amount"), Given("base", "year", "amount"),
)  # fmt: skip
Accounts = dict[int, list[UUID]]


def run(quick: bool) -> list[Result]:
    """Microseconds a look-up, one account at a time and a batch of 32, the two kinds in turn."""
    rounds, crowd = (20, 200) if quick else (400, 2_000)
    with place(1) as here:
        single, batch = asyncio.run(_measure(here, rounds, crowd))
    base = f"the same with {FEW} receipts"
    return [
        Result("facts_1000_vs_20", single[0], "us", base, single[1]),
        Result("facts_1000_vs_20_in_32", batch[0], "us a receipt", base, batch[1]),
    ]


async def _measure(
    here: Place, rounds: int, crowd: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    house = House(Plan(here.server.dsn, "EUR", Reader(mechanics.shelf(), conditions.shelf())))
    conn = await house._dial()  # a lane's connection, as the writer has it
    today = datetime.now(UTC).date()
    accounts = {count: [new_id() for _ in range(2 * BATCH)] for count in (FEW, MANY)}
    await _fill(conn, accounts, [new_id() for _ in range(crowd)], today)
    for ago in range(60, -1, -1):
        on = today - timedelta(days=ago)
        for some in accounts.values():
            await _ask(conn, some, asked(NEEDS, on), marking=True)
    question = asked(NEEDS, today)
    single = await _in_turn(conn, accounts, question, 1, rounds)
    batch = await _in_turn(conn, accounts, question, BATCH, rounds // 2)
    await conn.close()
    return single, batch


async def _in_turn(
    conn: PipelineConnection, accounts: Accounts, question: Asked, size: int, rounds: int
) -> tuple[float, float]:
    """(microseconds for an account of many, how often that is one of few); medians."""
    chance = random.Random(7)
    pairs = []
    for _ in range(rounds):
        took = {}
        for count, some in accounts.items():
            picked = chance.sample(some, size)
            begun = time.perf_counter()
            await _ask(conn, picked, question, marking=False)
            took[count] = (time.perf_counter() - begun) * 1e6 / size
        pairs.append((took[MANY], took[MANY] / took[FEW]))
    many, ratios = zip(*pairs, strict=True)
    return statistics.median(many), statistics.median(ratios)


async def _ask(
    conn: PipelineConnection, some: Sequence[UUID], question: Asked, *, marking: bool
) -> None:
    whose = [(account, question) for account in some]
    await conn.begin()
    found = await history.look_up(conn, whose)
    for account in some:
        known(question, account, found)
    if marking:
        await history.mark(conn, whose, found, question.on)
    await conn.commit()


async def _fill(
    conn: PipelineConnection, accounts: Accounts, crowd: Sequence[UUID], today: date
) -> None:
    """A year of receipts, day by day; the crowd is there so that the tables are not small."""
    chance = random.Random(3)
    visits: dict[date, list[UUID]] = {}
    for count, some in ((30, crowd), *accounts.items()):
        for account in some:
            for _ in range(count):
                day = today - timedelta(days=chance.randint(1, DAYS))
                visits.setdefault(day, []).append(account)
    for day in sorted(visits):
        receipts = Counter((account, f"S{chance.randint(1, 3)}") for account in visits[day])
        changes = [
            Change(account, scope, day, store, Tally(count, 3 * count, 1_000 * count))
            for (account, store), count in receipts.items()
            for scope in ("", "c:C1", f"c:C{chance.randint(2, 12)}", "g:base")
        ]
        await conn.begin()
        await history.write(conn, changes, day)
        await conn.commit()
    await conn.execute("VACUUM (ANALYZE) checkout.history_day")
