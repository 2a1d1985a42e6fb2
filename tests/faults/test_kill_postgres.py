"""Fault 3: SIGKILL of all PostgreSQL processes under load, and of the application in between."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from faults.drill import furnish, say
from faults.soak import Kill, Soak, kill_postgres
from support import database
from support.database import run
from support.served import Served, Till
from tessera.base import postgres

pytestmark = pytest.mark.faults
SEED = 20261121
ANSWERED_S, BACK_S = 1.0, 10.0
OPERATIONS, APP_KILLS, POSTGRES_KILLS = 100_000, 200, 50  # the bar of trust.md


@dataclass
class Place:
    """An application served over an embedded server of its own."""

    data_dir: Path
    dsn: str
    token: str
    served: Served


@contextmanager
def placed(path: Path) -> Iterator[Place]:
    """A furnished place; its processes end with it."""
    data_dir = path / "data"
    dsn = postgres.ensure(data_dir).dsn
    try:
        database.migrate(dsn)
        place = Place(data_dir, dsn, run(furnish(dsn)), Served(data_dir).start())
        try:
            yield place
        finally:
            place.served.stop()
    finally:
        postgres.stop(data_dir)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One place for the short forms."""
    with placed(tmp_path_factory.mktemp("killed")) as found:
        yield found


def soaked(place: Place, operations: int, app_kills: int, postgres_kills: int, seed: int) -> Soak:
    """The operations over a served application, with kills at moments drawn by the seed."""
    soak = Soak(place.served, place.token, operations, seed)
    moments = random.Random(seed).sample(range(10, operations), app_kills + postgres_kills)
    kills: list[tuple[int, Kill]] = [(at, soak.app_killer) for at in moments[:app_kills]]
    killer = soak.postgres_killer(place.data_dir)
    kills += [(at, killer) for at in moments[app_kills:]]

    async def work() -> None:
        await soak.register_all()
        await soak.run(kills)
        say(soak.report())
        await soak.audit(place.dsn)

    run(work())
    return soak


def judge(soak: Soak) -> None:
    """The bars of trust.md."""
    for outage in soak.outages:
        assert outage.back_s is not None and outage.back_s < BACK_S, outage
        assert outage.worst_s < ANSWERED_S, outage


def test_a_killed_server_is_a_503_at_once_and_soon_back(place):
    soak = soaked(place, 1_000, 0, 1, SEED)
    assert soak.outages[0].refused > 0
    judge(soak)


def test_a_server_killed_while_nobody_writes_comes_back_for_readers(place):
    """Reading tills alone bring an embedded server back, and nobody waits longer than a second."""

    async def work() -> None:
        till = Till(place.served, place.token)
        async with asyncio.timeout(60):  # the kill before this one
            while (await till.call("GET", "/v1/program")).status != 200:
                await asyncio.sleep(0.1)
        await asyncio.sleep(2.5)  # the key is no longer remembered
        began, slowest = time.perf_counter(), 0.0
        assert kill_postgres(place.data_dir) > 3
        while time.perf_counter() - began < BACK_S:
            asked = time.perf_counter()
            heard = await till.call("GET", "/v1/program")
            if heard.status == 200:
                break
            slowest = max(slowest, time.perf_counter() - asked)
            assert heard.status == 503 and "retry-after" in heard.headers, heard
            await asyncio.sleep(0.05)
        say(f"back after {time.perf_counter() - began:.2f} s, slowest 503 {slowest:.3f} s")
        till.close()
        assert heard.status == 200
        assert slowest < ANSWERED_S

    run(work())


@pytest.mark.faults_long
def test_nothing_is_lost_or_doubled_while_everything_is_killed(tmp_path):
    with placed(tmp_path) as place:
        judge(soaked(place, OPERATIONS, APP_KILLS, POSTGRES_KILLS, SEED))
