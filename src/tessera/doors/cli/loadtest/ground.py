"""The scratch database: made, filled, served; never anybody's real one."""

from __future__ import annotations

import multiprocessing
import secrets
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from msgspec import json
from psycopg import AsyncConnection

from tessera.access import flows as access_flows
from tessera.base.refusal import Refusal
from tessera.doors import logs
from tessera.doors.cli.loadtest import db
from tessera.doors.cli.loadtest.plan import Plan, store_id
from tessera.doors.cli.program.sources import NoSource, directory
from tessera.doors.cli.serving import config, listening
from tessera.doors.ground import Settings, ground
from tessera.doors.reading import reader_of
from tessera.program import db as program_db
from tessera.program import flows as program_flows
from tessera.warehouse.core import Store
from tessera.warehouse.stores import db as stores_db

CHUNK = 50_000  # members in one transaction: an interrupted filling goes on after the last one
_READY_S = 60.0
Progress = Callable[[str, int, int], None]


async def furnish(
    settings: Settings, dsn: str, plan: Plan, program: Path | None, progress: Progress
) -> tuple[str, str]:  # fmt: skip
    """Stores, the program, members up to the plan's number.

    shape   (a key that may post for all stores, the program's currency)
    errors  NoSource: the database is somebody's, or the program cannot be published
    """
    now = datetime.now(UTC)
    async with await AsyncConnection.connect(dsn, autocommit=True) as conn:
        if await db.foreign(conn):
            raise NoSource("this database holds data that no load test made: name an empty one")
        for number in range(plan.stores):
            await stores_db.put_store(conn, Store(store_id(number), f"Store {number}", "UTC"))
        if program is not None:
            await _publish(conn, settings, program, now)
        there = await db.filled(conn)
        for first in range(there, plan.members, CHUNK):
            last = min(first + CHUNK, plan.members)
            await db.fill(conn, first, last, now)
            progress("members", last, plan.members)
        if there < plan.members:
            await db.settle_down(conn)
        _, token = await access_flows.issue_key(
            conn, "load test", "owner", None, 1_000_000, None, now
        )
        newest = await program_db.newest(conn)
    currency = json.decode(newest[1])["currency"] if newest else settings.currency
    return token, currency


async def _publish(conn: Any, settings: Settings, place: Path, now: datetime) -> None:
    reader = reader_of(settings)
    found = directory(reader, place)
    if not found.sound:
        raise NoSource(f"{place} could not be published: see `tessera program check {place}`")
    async with conn.transaction():
        made = await program_flows.publish(conn, reader, found.edition.body, now, None)
    if isinstance(made, Refusal):
        raise NoSource(f"{made.code} {made.field}: {made.why}\n{made.cure}")


@contextmanager
def served(settings: Settings, workers: int) -> Iterator[int]:
    """Tessera over that database, in processes of its own; yields the port.

    errors  RuntimeError if it does not get ready
    """
    with listening("127.0.0.1", 0) as own:
        port = own.getsockname()[1]
        spawn = multiprocessing.get_context("spawn")
        running = [spawn.Process(target=_serve, args=(settings, port)) for _ in range(workers)]
        try:
            for process in running:
                process.start()
            for process in running:
                _await_ready(port, process)
            yield port
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.join(20)


def _serve(settings: Settings, port: int) -> None:
    """One of the processes."""
    logs.configure("json")
    how = config(ground(settings), "127.0.0.1", port)
    with listening("127.0.0.1", port) as own:
        own.listen(how.backlog)
        uvicorn.Server(how).run(sockets=[own])


def _await_ready(port: int, process: Any) -> None:
    end = time.monotonic() + _READY_S
    while time.monotonic() < end and process.is_alive():
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/ready", timeout=1).read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server that was to be measured did not get ready")


def run_word() -> str:
    """A word that no other run has."""
    return secrets.token_hex(4)


__all__ = ["furnish", "run_word", "served"]
