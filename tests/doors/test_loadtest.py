"""`tessera loadtest` on small numbers: it measures what it says, and touches nobody's data."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from support.database import connect, run
from tessera.doors.cli.loadtest import db
from tessera.doors.cli.loadtest.drive import Load, drive
from tessera.doors.cli.loadtest.plan import Plan
from tessera.doors.cli.loadtest.report import Found, markdown
from tessera.members.core import card_number

TESSERA = Path(sys.executable).with_name("tessera")
SMALL = ["--members", "300", "--receipts-per-day", "600000", "--minutes", "0.04"]  # 20 a second


def loadtest(dsn: str, report: Path) -> subprocess.CompletedProcess[str]:
    command = [str(TESSERA), "loadtest", *SMALL, "--database", dsn, "--report", str(report)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def count(dsn: str, table: str) -> int:
    with psycopg.connect(dsn) as conn:
        asked = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(*table.split(".")))
        row = conn.execute(asked).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.faults_long
def test_the_peak_is_sent_and_told(dsn, tmp_path):
    done = loadtest(dsn, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads((tmp_path / "loadtest.json").read_text())
    assert told["peak"]["wanted_per_s"] == 20.0
    assert told["peak"]["accepted"] == told["peak"]["receipts"] > 10
    posted = count(dsn, "checkout.receipt")
    assert posted >= told["peak"]["accepted"] + told["limit"]["accepted"]
    assert count(dsn, "ledger.account") == count(dsn, "members.member") == 300
    assert told["verdict"] in done.stdout
    assert told["verdict"] in (tmp_path / "loadtest.md").read_text()
    assert loadtest(dsn, tmp_path).returncode == 0, "again, on what is there"
    assert count(dsn, "members.member") == 300


def test_somebodys_database_is_refused(dsn, tmp_path):
    with psycopg.connect(dsn) as conn:
        conn.execute("INSERT INTO warehouse.store VALUES ('S1', 'Mine', 'UTC')")
    done = loadtest(dsn, tmp_path)
    assert done.returncode == 2 and "name an empty one" in done.stderr
    assert count(dsn, "members.member") == 0
    assert list(tmp_path.iterdir()) == []


def test_the_cards_are_those_that_are_sent_and_filling_goes_on(dsn):
    async def scene() -> list[str]:
        async with await connect(dsn) as conn:
            for first, last in ((0, 12), (12, 2_000)):
                assert await db.filled(conn) == first
                await db.fill(conn, first, last, datetime.now(UTC))
            assert await db.filled(conn) == 2_000
            rows = await conn.execute("SELECT value FROM members.identifier ORDER BY value")
            return [value for (value,) in await rows.fetchall()]

    assert run(scene()) == [card_number("29", serial) for serial in range(2_000)]


def found(peak: Load) -> Found:
    return Found(Plan(1, 864_000, 12.5, 1, 1), 1, peak, load(5_400, 5_400))


def load(accepted: int, due: int) -> Load:
    made = Load(due=due, seconds=60.0)
    made.accepted.extend([0.009] * accepted)
    return made


@pytest.mark.parametrize(
    ("peak", "said"),
    [
        (load(1_800, 1_800), "your peak of 30 receipts/s: served with p99 9 ms; the machine's limit"
         " is about 90/s (3.0 x)"),
        (load(1_790, 1_800), "your peak of 30 receipts/s: NOT served, 10 of 1,800; the machine's"
         " limit is about 90/s (3.0 x)"),
    ],
)  # fmt: skip
def test_the_verdict_is_one_plain_sentence(peak, said):
    assert found(peak).verdict() == said
    assert said in markdown(found(peak))


def test_a_latency_counts_from_the_moment_a_receipt_was_due():
    """One connection, a server that takes 0.1 s: ten a second are due at once and wait in turn."""

    ended = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(100):
            await asyncio.sleep(0.1)
            writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
        writer.close()
        ended.set()

    async def scene() -> Load:
        server = await asyncio.start_server(slow, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        requests = iter([b"x"] * 1000)
        try:
            return await asyncio.to_thread(
                drive, port, requests, links=1, seconds=1.0, rate=100.0, seed=1
            )
        finally:
            await ended.wait()
            server.close()

    load = run(scene())
    assert load.unsent > 50, "one connection cannot send what is due"
    assert max(load.accepted) > 0.5, "and what it sent late has waited"
