"""Fault 16: five times the receipts that can be settled, then back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from faults.drill import assert_sound, furnish, say
from support.database import connect, run
from support.served import Served
from tessera.doors.cli.loadtest.drive import Load, drive, percentile_ms
from tessera.doors.cli.loadtest.plan import Plan, requests, store_id
from tessera.warehouse.core import Store
from tessera.warehouse.stores import db as stores_db

pytestmark = pytest.mark.faults
SEED = 20261122
PLAN = Plan(members=5_000, receipts_per_day=2_000, peak_hour_share=12, lines=10, minutes=1)
TIMES, LINKS, BACK_S = 5, 2_000, 30


@dataclass
class Flood:
    """A served shop, and receipts for it that never repeat."""

    dsn: str
    port: int
    sold: Iterator[bytes]
    accepted: int = 0
    seconds: list[Load] = field(default_factory=list, repr=False)

    def drive(self, links: int, seconds: float, rate: float | None = None) -> Load:
        """Send; the same seed draws the same moments."""
        load = drive(self.port, self.sold, links=links, seconds=seconds, rate=rate, seed=SEED,
                     tell=lambda _, each: self.seconds.append(each))  # fmt: skip
        self.accepted += len(load.accepted)
        assert not load.others and not load.unanswered, (load.others, load.unanswered)
        return load


@pytest.fixture
def flood(dsn: str, tmp_path: Path) -> Iterator[Flood]:
    async def prepare() -> str:
        async with await connect(dsn) as conn:
            for number in range(PLAN.stores):
                await stores_db.put_store(conn, Store(store_id(number), "Flooded", "UTC"))
            await conn.commit()
        return await furnish(dsn)

    token = run(prepare())
    served = Served(tmp_path, dsn).start()
    word = f"{random.Random(SEED).getrandbits(32):x}"
    say(f"seed {SEED}")
    try:
        yield Flood(dsn, served.port, requests(PLAN, "EUR", token, word, SEED))
    finally:
        served.stop()


def judge(flood: Flood, seconds: float, least: float) -> None:
    """The bars of fault 16, as ratios within this run."""
    flood.drive(64, seconds)  # plans, caches, the pace
    peak = flood.drive(64, seconds).per_s
    load = flood.drive(LINKS, seconds, TIMES * peak)
    shed_ms, told_ms = (percentile_ms(each, 0.5) for each in (load.shed, load.accepted))
    say(f"peak {peak:,.0f}/s, under {TIMES} times that {load.per_s:,.0f}/s, {len(load.shed):,} shed"
        f" after {shed_ms:.0f} ms, accepted after {told_ms:.0f} ms")  # fmt: skip
    assert load.shed, "more was offered than can be settled"
    assert load.per_s >= least * peak
    assert shed_ms < told_ms, "who is turned away hears it before those who are served"
    flood.seconds.clear()
    flood.drive(LINKS, BACK_S if seconds > 5 else 5, peak / 8)
    assert not any(each.shed for each in flood.seconds[-2:]), "and it is over"


def audit(flood: Flood) -> None:
    """What was acknowledged is there, once; nothing else is."""
    with psycopg.connect(flood.dsn) as conn:
        row = conn.execute("SELECT count(*) FROM checkout.receipt").fetchone()
    assert row == (flood.accepted,)

    async def sound() -> None:
        async with await connect(flood.dsn) as conn:
            await assert_sound(conn)

    run(sound())


@pytest.mark.slow
def test_an_overload_is_turned_away_and_what_fits_is_settled(flood):
    judge(flood, seconds=4.0, least=0.4)
    audit(flood)


@pytest.mark.faults_long
def test_four_fifths_of_the_peak_are_settled_under_five_times_of_it(flood):
    judge(flood, seconds=20.0, least=0.8)
    audit(flood)
