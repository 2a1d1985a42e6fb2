"""Fault 8: the database's disk is full. 503 at once, nothing acknowledged is lost, heals itself.

Real disks: a file system of half a GB in memory, mounted for the test, filled by a file.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from faults.drill import furnish, say
from faults.soak import Outage, Soak
from support import database
from support.database import run
from support.served import Heard, Served, Till
from tessera.base import postgres

pytestmark = pytest.mark.faults
SEED = 20261122
DISK_MB, FULL_S = 512, 3.0
ANSWERED_S, BACK_S = 1.0, 15.0  # 15: a server that ended itself also recovers


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk of its own."""
    place = Path(tempfile.mkdtemp(prefix="tessera-disk-"))
    option = f"size={DISK_MB}m,mode=0755"
    command = ["mount", "-t", "tmpfs", "-o", option, "tessera-disk", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        place.rmdir()
        pytest.skip("mounting a small disk needs root's rights on a machine that allows it")
    try:
        yield place
    finally:
        postgres.stop(place / "data")
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


@dataclass
class Disk:
    """The disk and what fills it."""

    place: Path
    dsn: str

    @property
    def filler(self) -> Path:
        return self.place / "filler"

    def fill(self, left: int) -> None:
        """So many bytes are left; 0: not one, however much is freed meanwhile."""
        with self.filler.open("ab", buffering=0) as file, suppress(OSError):
            while (more := shutil.disk_usage(self.place).free - left) > 0:
                file.write(bytes(min(more, 1 << 20)))

    def press(self) -> None:
        """Make the server need a new piece of its log; it ends itself where there is no room."""
        with suppress(psycopg.Error), psycopg.connect(self.dsn, autocommit=True) as conn:
            for _ in range(8):
                conn.execute("SELECT pg_create_restore_point('x'), pg_switch_wal()")


@dataclass
class Full:
    """The disk is full for some seconds while tills go on; what was seen meanwhile."""

    disk: Disk
    soak: Soak
    left: int
    ready: Heard | None = None

    async def __call__(self) -> None:
        began = time.perf_counter()
        self.soak.outages.append(Outage(began, back_s=0.0))
        while time.perf_counter() - began < FULL_S:
            await asyncio.to_thread(self.disk.fill, self.left)
            if self.left == 0:
                await asyncio.to_thread(self.disk.press)
            await asyncio.sleep(0.2)
        till = Till(self.soak.served, "")
        self.ready = await till.call("GET", "/ready")
        till.close()
        self.disk.filler.unlink()
        healed = Outage(time.perf_counter())
        self.soak.outages.append(healed)
        while healed.back_s is None and time.perf_counter() - healed.began < 60:
            await asyncio.sleep(0.01)


def incidents_of(served: Served, token: str) -> dict[str, Any]:
    """{kind: the newest incident of it}, once those of the disk are over."""

    async def ask() -> Any:
        till, end = Till(served, token), time.monotonic() + 20
        while True:
            heard = await till.call("GET", "/v1/incidents")
            items = heard.said["items"] if heard.status == 200 else []
            if (items and all(row["ended_at"] for row in items)) or time.monotonic() > end:
                till.close()
                return {row["kind"]: row for row in reversed(items)}
            await asyncio.sleep(0.2)

    return run(ask())


@pytest.mark.slow
@pytest.mark.parametrize(
    "left_mb",
    [
        pytest.param(20, id="nearly", marks=pytest.mark.faults_long),
        pytest.param(0, id="to the last byte"),
    ],
)
def test_a_full_disk_is_a_503_at_once_and_heals_by_itself(disk, left_mb):
    """Nearly full: nothing is let in, the server lives. Full: it ends itself, and is revived."""
    dsn = postgres.ensure(disk / "data").dsn
    database.migrate(dsn)
    token = run(furnish(dsn))
    served = Served(disk / "data").start()
    try:
        soak = Soak(served, token, 2_500, SEED)
        full = Full(Disk(disk, dsn), soak, left_mb << 20)
        at = random.Random(SEED).randrange(200, 1_000)

        async def work() -> None:
            await soak.register_all()
            await soak.run([(at, full)])
            say(f"filled at {at}; {soak.report()}")
            await soak.audit(dsn)

        run(work())
        seen = incidents_of(served, token)
        log = (disk / "data" / "postgres.log").read_text()
    finally:
        served.stop()
    during, after = soak.outages
    assert during.refused > 0 and during.worst_s < ANSWERED_S, during
    assert after.back_s is not None and after.back_s < BACK_S, after
    assert full.ready is not None and full.ready.status == 503
    assert "disk" in msgspec.json.decode(full.ready.body)["missing"]
    assert seen["disk_full"]["closed_by"] == "house" and seen["disk_full"]["lasted_s"] >= 1
    assert ("PANIC" in log) == (left_mb == 0)
    assert ("database_lost" in seen) == (left_mb == 0)
