"""Faults 13 and 15: two instances at once, of two releases, while the tables are being changed.

The release before is served from its own source. In a clone without history it cannot be had: then
`tests/db/test_upgrade.py` still plans each of its statements on today's tables.
"""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from faults.drill import say
from faults.soak import Soak
from support import previous
from support.database import run
from support.served import Served, Till
from tessera.base import postgres, schema

pytestmark = pytest.mark.faults
SEED = 20261124
OPERATIONS = 600
PROGRAM: dict[str, Any] = {  # both releases can read it
    "name": "Test", "currency": "EUR", "unknown_cards": "any",
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
    ],
}  # fmt: skip
CARDS = {"prefix": "29", "count": 1_000}


@dataclass
class Both:
    """What tills see: each connection goes to one of the instances that run."""

    running: list[Served]
    chance: random.Random

    @property
    def port(self) -> int:
        return self.chance.choice(self.running).port


def ask_old(source: Path, dsn: str, *words: str) -> str:
    """A command of the release before."""
    env = os.environ | {"PYTHONPATH": str(source), "TESSERA_DATABASE_URL": dsn}
    command = [str(Path(sys.executable).with_name("tessera")), *words]
    done = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


async def furnish(served: Served, token: str) -> None:
    """A store, cards and the operations' program, by way of the old door."""
    till = Till(served, token)
    store = {"name": "Corner", "time_zone": "Europe/Rome"}
    for method, path, body in (
        ("PUT", "/v1/stores/S1", store),
        ("POST", "/v1/card-batches", CARDS),
        ("POST", "/v1/program", PROGRAM),
    ):
        heard = await till.call(method, path, body, path)
        assert heard.status < 300, heard
    till.close()


@pytest.mark.slow
def test_two_releases_serve_one_database_while_its_tables_grow(tmp_path):
    commit, tables = previous.revision()
    if not previous.export(commit, tmp_path):
        pytest.skip(f"this clone has no revision {commit[:7]}: the release before cannot be served")
    data_dir, source = tmp_path / "data", tmp_path / "src"
    dsn = postgres.ensure(data_dir).dsn
    running: list[Served] = []
    try:
        token = ask_old(source, dsn, "keys", "issue", "t", "--role", "admin", "--rate", "10000")
        assert schema.applied(dsn) == (tables,)
        running.append(Served(data_dir, dsn, source).start())
        run(furnish(running[0], token.strip()))
        both = Both(running, random.Random(SEED))
        soak = Soak(both, token.strip(), 0, SEED)  # type: ignore[arg-type]

        async def grow() -> None:
            """The tables are brought up to date under the old release's load."""
            done = await asyncio.to_thread(schema.upgrade, dsn, "pre")
            assert done == schema.revisions()[schema.revisions().index(tables) + 1 :]

        async def work() -> None:
            await soak.register_all()
            soak.total = OPERATIONS // 3
            await soak.run([(OPERATIONS // 6, grow)])
            running.append(await asyncio.to_thread(Served(data_dir, dsn).start))
            soak.total = 2 * OPERATIONS // 3
            await soak.run([])  # new connections: to either
            running.pop(0).stop()
            soak.total = OPERATIONS
            await soak.run([])
            say(soak.report())
            await soak.audit(dsn)

        run(work())
        assert soak.done == OPERATIONS
    finally:
        for served in running:
            served.stop()
        postgres.stop(data_dir)
