"""A place to measure in: a fresh embedded cluster, members, keys, a served Tessera."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from psycopg import AsyncConnection

from tessera.access import flows as access_flows
from tessera.base import postgres, schema
from tessera.base.ids import new_id
from tessera.ledger import db as ledger_db
from tessera.members import db as members_db
from tessera.members.core import card_number
from tessera.warehouse.core import Identifier, Store
from tessera.warehouse.stores import db as stores_db


@dataclass(frozen=True, slots=True)
class Place:
    """A database with members, and a till's key."""

    data_dir: Path
    server: postgres.Server
    token: str
    members: int

    def card(self, serial: int) -> str:
        """The card of the n-th member."""
        return card_number("29", serial)


@contextmanager
def place(members: int) -> Iterator[Place]:
    """A cluster of its own with that many members; gone afterwards."""
    data_dir = Path(tempfile.mkdtemp(prefix="tessera-bench-"))
    server = postgres.ensure(data_dir)
    try:
        schema.upgrade(server.dsn)
        token = asyncio.run(_fill(server.dsn, members))
        yield Place(data_dir, server, token, members)
    finally:
        postgres.stop(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)


async def _fill(dsn: str, members: int) -> str:
    now = datetime.now(UTC)
    async with await AsyncConnection.connect(dsn) as conn:
        await stores_db.put_store(conn, Store("S1", "Bench", "Europe/Rome"))
        _, token = await access_flows.issue_key(conn, "bench", "till", "S1", 1_000_000, None, now)
    await grow(dsn, 0, members)
    return token


async def grow(dsn: str, first: int, last: int) -> None:
    """Members with the serials from `first` up to `last`."""
    now = datetime.now(UTC)
    async with await AsyncConnection.connect(dsn) as conn:
        for start in range(first, last, 5000):
            new = [
                (Identifier("card", card_number("29", serial)), new_id(), new_id())
                for serial in range(start, min(start + 5000, last))
            ]
            await members_db.add_shadows(conn, new, now)
            await ledger_db.open_accounts(conn, sorted(account for _, _, account in new))
            await conn.commit()


@contextmanager
def serving(here: Place, workers: int = 2, lanes: int = 1) -> Iterator[int]:
    """`tessera serve` over this place, as a process of its own; yields the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {
        "TESSERA_DATA_DIR": str(here.data_dir),
        "TESSERA_PORT": str(port),
        "TESSERA_LANES": str(lanes),
    }
    command = [str(Path(sys.executable).with_name("tessera")), "serve", "--workers", str(workers)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    try:
        _await_ready(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _await_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError("tessera serve ended")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1).read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("tessera serve did not get ready")
