"""Files of receipts for tests, and a house that loads them."""

from __future__ import annotations

import csv
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg

from support.database import run
from tessera.access.core import Principal
from tessera.base.refusal import Refusal
from tessera.doors.cli.load.command import LOADER
from tessera.doors.cli.load.mapping import Mapping, parse
from tessera.doors.cli.load.report import Quiet, Report, Shows
from tessera.doors.cli.load.run import load_receipts
from tessera.doors.house import House, Plan
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics

REALDATA = Path(__file__).parents[3] / "shared" / "data"
ONLINE_RETAIL = REALDATA / "online_retail" / "online_retail_2010_12_to_2011_12.parquet"
X5 = REALDATA / "x5_loyalty" / "receipts.parquet"
WHY_SKIPPED = f"the real receipts are not in the repository, and there is no {REALDATA}"

SHOP = """
name = "shop"
[store]
id = { constant = "s1" }
time_zone = "Europe/Rome"
[receipt]
number = "no"
time = "at"
till = { constant = "t1" }
currency = { constant = "EUR" }
member = { column = "who" }
[line]
sku = "sku"
quantity = "n"
price = "price"
name = "name"
[returns]
number_prefix = "C"
[[reject]]
number_prefix = "A"
code = "adjustment"
why = "not a sale"
"""
HEADER = ("no", "at", "who", "sku", "n", "price", "name")


def shop(text: str = SHOP) -> Mapping:
    """The mapping of the test's shop."""
    mapping = parse(text)
    assert isinstance(mapping, Mapping), mapping
    return mapping


def table(text: str) -> list[list[str]]:
    """Rows as they are read in a test: words between blanks, "-" for nothing, "_" for a blank."""
    lines = [line.split() for line in text.strip().splitlines()]
    return [["" if w == "-" else w.replace("_", " ") for w in line] for line in lines]


def write(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """A CSV file with the columns of the test's shop; short rows are filled up."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        out.writerows([*row, *[""] * (len(HEADER) - len(row))] for row in rows)
    return path


def mixed(groups: Sequence[Any], seed: int, share: int = 10) -> list[Any]:
    """All groups in another order, one of `share` twice."""
    chance = random.Random(seed)
    more = [*groups, *chance.sample(groups, len(groups) // share)]
    chance.shuffle(more)
    return more


@asynccontextmanager
async def opened(dsn: str, currency: str) -> AsyncIterator[tuple[House, Principal]]:
    """A running house under the starter program, and the caller that the command is."""
    async with House(Plan(dsn, currency, Reader(mechanics.shelf(), conditions.shelf()))) as house:
        yield house, LOADER


async def load(
    house: House, who: Principal, path: Path, mapping: Mapping, progress: Shows | None = None
) -> Report | Refusal:
    """Load a file as the command does."""
    return await load_receipts(
        path,
        mapping,
        writer=house.writer,
        connect=house.pool.connection,
        refresh=house.refresh,
        principal=who,
        progress=progress or Quiet(),
    )


def loaded(dsn: str, path: Path, mapping: Mapping, currency: str = "EUR") -> Report:
    """Load a file in a house of its own; the report."""

    async def go() -> Report | Refusal:
        async with opened(dsn, currency) as (house, who):
            return await load(house, who, path, mapping)

    report = run(go())
    assert isinstance(report, Report), report
    return report


def seen(dsn: str, question: str) -> list[tuple[Any, ...]]:
    """What the database says."""
    with psycopg.connect(dsn) as conn:
        return conn.execute(question.encode()).fetchall()


def balances(dsn: str) -> dict[str, tuple[int, int]]:
    """{member: (active points, debt)}: what must not depend on the order of a file."""
    rows = seen(
        dsn,
        "SELECT i.value, coalesce(a.active, 0), coalesce(a.debt, 0) FROM members.identifier i"
        " JOIN members.member m ON m.id = i.member_id LEFT JOIN ledger.account a"
        " ON a.id = m.account_id",
    )
    return {value: (active, debt) for value, active, debt in rows}
