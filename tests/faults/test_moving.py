"""Fault 2: SIGKILL in the middle of another program's moving in: resumed, each row is done once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from faults.drill import say
from support import database
from support.database import run
from support.moving import CLUB, differences, opened, write

pytestmark = pytest.mark.faults
SEED = 20261122
PEOPLE = 1000
# All that a load writes, without what it draws: ids and the times of posting.
ROWS = (
    """SELECT i.kind, i.value, i.status, p.given_name, p.attributes::text, m.registered_at, n.value
    FROM members.identifier i JOIN members.member m ON m.id = i.member_id
    JOIN members.person p ON p.member_id = m.id
    JOIN members.identifier n ON n.member_id = m.id AND n.value LIKE 'club:%'""",
    """SELECT n.value, a.currency, a.active, a.pending, a.debt, a.soonest_expiry
    FROM ledger.account a JOIN members.member m ON m.account_id = coalesce(a.owner_id, a.id)
    JOIN members.identifier n ON n.member_id = m.id AND n.value LIKE 'club:%' WHERE a.seq > 0""",
    "SELECT earned_at, expires_at, points, remaining, pending FROM ledger.lot",
    "SELECT source, target, points FROM ledger.move",
    "SELECT mark, points, earned_at, said_expires_at, currency FROM ledger.carried",
    "SELECT mapping, number, row_number, code, field FROM warehouse.quarantine",
    "SELECT way, source, joined_on FROM members.joining",
    "SELECT key FROM members.likeness",
    "SELECT purpose, channel, state, at FROM members.consent",
    "SELECT mapping, phase, done, tally - 'seconds' FROM warehouse.load",
)


def files(place: Path, chance: random.Random) -> None:
    """Members, one of a hundred with a fault; two lots each; a consent each; some rows twice."""
    people, lots, consents = [], [], []
    for n in range(PEOPLE):
        born = "1899-01-01" if n % 100 == 7 else f"19{chance.randint(40, 99)}-03-04"
        people.append(f"{n} Name{n % 97} Family{n % 89} {born} 2015-03-01 - gold - C{n} - -")
        for part in "ab":
            points = chance.choice((10, 25, 400, -5))
            lots.append(
                f"{n} {n}{part} {points} BONUS 2021-01-{chance.randint(1, 28):02} 2098-01-31"
            )
        consents.append(f"{n} news sms {chance.choice(('yes', 'no'))} 2020-01-01 r{n}")
    write(place, "members", "\n".join(people))
    write(place, "balances", "\n".join(lots + chance.sample(lots, 50)))
    write(place, "consents", "\n".join(consents))
    (place / "moving.toml").write_text(CLUB, encoding="utf-8")


def rows(dsn: str) -> list[list[tuple]]:
    with psycopg.connect(dsn) as conn:
        return [sorted(conn.execute(text.encode()).fetchall(), key=repr) for text in ROWS]


@contextmanager
def copied(dsn: str):
    """The same database once more."""
    name = f"tessera_test_{uuid4().hex[:12]}"
    database.make(dsn, name, str(conninfo_to_dict(dsn)["dbname"]))
    try:
        yield database.at(dsn, name)
    finally:
        database.drop(dsn, name)


def started(dsn: str, place: Path) -> subprocess.Popen[bytes]:
    """`tessera migrate run` as a process of its own."""
    env = os.environ | {"TESSERA_DATABASE_URL": dsn, "TESSERA_DATA_DIR": str(place / "data")}
    command = [str(Path(sys.executable).with_name("tessera")), "migrate", "run", str(place)]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def killed(dsn: str, place: Path, at: int, delay_s: float) -> None:
    """A load that is killed a little after `at` rows of all files are done."""
    process = started(dsn, place)
    with psycopg.connect(dsn, autocommit=True) as eye:
        while process.poll() is None:
            row = eye.execute("SELECT coalesce(sum(done), 0) FROM warehouse.load").fetchone()
            if row is not None and row[0] >= at:
                break
            time.sleep(0.002)
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "it was not over before"


async def begin(dsn: str) -> None:
    async with opened(dsn):
        pass


@pytest.mark.slow
def test_a_program_whose_moving_in_is_killed_again_and_again_moves_in_whole(dsn, tmp_path):
    say(f"seed {SEED}")
    chance = random.Random(SEED)
    files(tmp_path, chance)
    run(begin(dsn))
    with copied(dsn) as other:
        assert started(other, tmp_path).wait(300) == 0
        for at in (1, PEOPLE + 1, 3 * PEOPLE):
            killed(dsn, tmp_path, at, chance.random() / 10)
        assert started(dsn, tmp_path).wait(300) == 0
        assert rows(dsn) == rows(other)
    assert differences(dsn) == []
