"""A million lots expire while tills confirm: the run's pace, and what the tills feel of it.

Before and during alternate on one cluster in one process of measuring: what the machine does to
one it does to the other.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import AsyncConnection

from bench.confirm import requests
from bench.load import Load, drive
from bench.place import Place, place, serving
from bench.result import Result
from tessera.base.ids import new_id
from tessera.ledger import core, db

CLIENTS, AT_ONCE = 16, 2_000
FULL = 100_000, 10, 15  # members, lots of each, seconds before, during and after
STAMPED = timedelta(days=400)


def run(quick: bool) -> list[Result]:
    """Lots in members' wallets, all over; tills that serve the same members."""
    members, lots, seconds = (2_000, 5, 3) if quick else FULL
    with place(members) as here:
        asyncio.run(_fill(here, lots))
        with serving(here) as port:
            drive(port, requests(here), CLIENTS, 3)
            before = drive(port, requests(here), CLIENTS, seconds)
            began = time.monotonic()
            process = _started(here)
            while not _expired(here):
                time.sleep(0.05)
            during = _while(process, here, port, seconds)
            process.wait()
            took_s = time.monotonic() - began
            after = drive(port, requests(here), CLIENTS, seconds)
            gone = _expired(here)
        assert process.returncode == 0 and gone >= members * lots * 0.99, gone
    calm = [before, after]
    p50 = statistics.mean(load.percentile_ms(0.5) for load in calm)
    p99 = statistics.mean(load.percentile_ms(0.99) for load in calm)
    base = f"without a run, {CLIENTS} clients"
    return [
        Result("expiry_lots", gone / took_s, "lots/s beside tills"),
        Result("expiry_p50", during.percentile_ms(0.5), "ms", base,
               during.percentile_ms(0.5) / p50),
        Result("expiry_p99", during.percentile_ms(0.99), "ms", base,
               during.percentile_ms(0.99) / p99),
        Result("expiry_confirm", during.per_s, "receipts/s", base,
               during.per_s / statistics.mean(load.per_s for load in calm)),
    ]  # fmt: skip


def _while(process: subprocess.Popen[bytes], here: Place, port: int, seconds: float) -> Load:
    """What tills feel while the run goes on; it must not end before."""
    load = drive(port, requests(here), CLIENTS, seconds)
    assert process.poll() is None or seconds < 5, "the run was over before the measuring was"
    assert not load.others, load.others
    return load


def _started(here: Place) -> subprocess.Popen[bytes]:
    env = os.environ | {"TESSERA_DATA_DIR": str(here.data_dir)}
    command = [str(Path(sys.executable).with_name("tessera")), "points", "run"]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _expired(here: Place) -> int:
    with psycopg.connect(here.server.dsn) as conn:
        row = conn.execute("SELECT count(*) FROM ledger.move WHERE target = 'expired'").fetchone()
    assert row is not None
    return int(row[0])


async def _fill(here: Place, lots: int) -> None:
    """So many lots in each wallet, earned and expired long ago: by the ledger's own functions."""
    now = datetime.now(UTC)
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        rows = await conn.execute("SELECT id FROM ledger.account ORDER BY id")
        ids = [row[0] for row in await rows.fetchall()]
        for start in range(0, len(ids), AT_ONCE):
            wallets = await db.wallets(await db.ask_lock(conn, ids[start : start + AT_ONCE]))
            for wallet in wallets.values():
                for n in range(lots):
                    stamp = core.Stamp(new_id(), now - STAMPED + timedelta(days=n), now)
                    terms = core.Terms(now - timedelta(days=30 - n % 5))
                    core.earn(wallet, stamp, new_id(), 10 + n, terms)
            await db.save(conn, list(wallets.values()), now)
            await conn.commit()
            print(f"  {start + len(wallets):,} of {len(ids):,} members", end="\r", flush=True)
        await conn.set_autocommit(True)
        await conn.execute("ANALYZE")
