"""Fault 2: SIGKILL in the middle of a run of time; late, twice, two at once: the same rows."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from faults.drill import say
from support import database
from support.database import run
from support.shop import PAY, Shop, fresh_card, line, opened, program, sale
from tessera.base.clock import day_end

pytestmark = pytest.mark.faults
SEED = 20261122
WALLETS, KILLS = 250, 2
NOW = datetime.now(UTC)
FIRST = (NOW - timedelta(days=40)).date()
SEASONS = [
    {"opens": "2020-01-01", "closes": f"{FIRST}", "spend_until": f"{FIRST}", "carry_percent": 33},
    {"opens": f"{FIRST + timedelta(days=1)}", "closes": "2099-12-31", "spend_until": "2099-12-31"},
]
STAMP = {"id": "stamp", "mechanic": "base_rate", "points": 1, "per_minor": 1, "earns": "stamps"}
BODY = program(
    {"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 1}, PAY, STAMP,
    expiry={"seasons": SEASONS}, pending={"days": 14}, shadows_spend=True,
    currencies={"stamps": {"expiry": {"days": 30}}},
)  # fmt: skip
# All that a run may change, without what names the run: its id, when it posted, hashes over these.
ROWS = (
    "SELECT id, seq, active, pending, debt, soonest_expiry, soonest_ripe FROM ledger.account",
    "SELECT account_id, earned_at, expires_at, points, remaining, pending FROM ledger.lot",
    "SELECT account_id, seq, source, target, points, happened_at FROM ledger.move",
)


async def fill(dsn: str) -> None:
    """Members who bought before the season's end and after it, a little each."""
    chance = random.Random(SEED)
    async with opened(dsn, BODY) as shop:
        for _ in range(WALLETS):
            card = fresh_card()
            for days in sorted(chance.sample(range(1, 90), 2), reverse=True):
                at = NOW - timedelta(days=days)
                said = await shop.send(sale(card, line("SOUP", 1, chance.randint(5, 99)), at=at))
                assert said.status == 201, said
        await shop.eye.execute("ANALYZE ledger.account")
        await shop.eye.commit()


def rows(dsn: str) -> list[list[tuple]]:
    """Every row that a run may change, in an order that does not depend on ids it draws."""
    with psycopg.connect(dsn) as conn:
        return [sorted(conn.execute(text).fetchall(), key=repr) for text in ROWS]


def counted(dsn: str) -> tuple[int, ...]:
    """(runs, of them finished, points that they say expired, points that did in them)."""
    text = """SELECT count(*), count(finished_at), coalesce(sum(expired), 0)::bigint,
        (SELECT coalesce(sum(points), 0)::bigint FROM ledger.move
            WHERE target = 'expired' AND outcome_id IN (SELECT id FROM ledger.run))
        FROM ledger.run"""
    with psycopg.connect(dsn) as conn:
        return conn.execute(text).fetchone() or ()


def balances(dsn: str) -> list[int]:
    """Points outstanding, by currency."""
    text = "SELECT sum(active + pending - debt)::bigint FROM ledger.account GROUP BY currency"
    with psycopg.connect(dsn) as conn:
        return [row[0] for row in conn.execute(text).fetchall()]


@contextmanager
def copied(dsn: str) -> Iterator[str]:
    """The same database once more."""
    name = f"tessera_test_{uuid4().hex[:12]}"
    database.make(dsn, name, str(conninfo_to_dict(dsn)["dbname"]))
    try:
        yield database.at(dsn, name)
    finally:
        database.drop(dsn, name)


def started(dsn: str, place: Path, *words: str) -> subprocess.Popen[str]:
    """`tessera points run`, or another of its commands, as a process of its own."""
    env = os.environ | {"TESSERA_DATABASE_URL": dsn, "TESSERA_DATA_DIR": str(place)}
    command = [str(Path(sys.executable).with_name("tessera")), "points", *(words or ("run",))]
    return subprocess.Popen(
        command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def killed(dsn: str, place: Path, at: int) -> None:
    """A run that is killed once it has posted `at` wallets."""
    process = started(dsn, place)
    with psycopg.connect(dsn, autocommit=True) as eye:
        while process.poll() is None:
            row = eye.execute("SELECT coalesce(max(wallets), 0) FROM ledger.run").fetchone()
            if row is not None and row[0] >= at:
                break
            time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "it was not over before"


async def prove(dsn: str) -> None:
    async with opened(dsn) as shop:
        await shop.assert_proved()


async def timely(shop: Shop) -> None:
    """A run at every instant at which something happens, one after the other."""
    for day in range(80, -1, -1):
        await shop.run(min(day_end((NOW - timedelta(days=day)).date(), "Europe/Rome"), NOW))


@pytest.mark.slow
def test_a_run_that_is_killed_late_repeated_or_doubled_has_the_same_result(dsn, tmp_path):
    say(f"seed {SEED}")
    chance = random.Random(SEED)
    run(fill(dsn))

    async def day_by_day(there: str) -> None:
        async with opened(there) as shop:
            await timely(shop)

    with copied(dsn) as one, copied(dsn) as two, copied(dsn) as three:
        assert "wallets" in started(one, tmp_path).communicate()[0]
        wanted = rows(one)
        assert counted(one)[:2] == (1, 1) and counted(one)[2] == counted(one)[3] > 0
        assert "wallets" in started(one, tmp_path, "runs").communicate()[0]
        outstanding = started(one, tmp_path, "outstanding").communicate()[0]
        assert all(f"{points:,}" in outstanding for points in balances(one)), outstanding
        assert "nothing was due" in started(one, tmp_path).communicate()[0]
        assert rows(one) == wanted, "again: nothing more"
        for at in sorted(chance.sample(range(1, WALLETS - 100), KILLS)):
            killed(two, tmp_path, at)
        assert counted(two)[:2] == (1, 0), "it was begun once"
        assert "not finished" not in started(two, tmp_path).communicate()[0]
        assert counted(two) == counted(one) and rows(two) == wanted, "each lot once"
        both = [started(three, tmp_path) for _ in range(2)]
        told = [process.communicate()[0] for process in both]
        say(f"two at once: {told}")
        assert rows(three) == wanted and counted(three) == counted(one)
        run(prove(two))
        run(prove(three))
    run(day_by_day(dsn))
    assert sorted(rows(dsn)[0]) == sorted(wanted[0]) and rows(dsn)[1] == wanted[1], "in time"
    run(prove(dsn))
