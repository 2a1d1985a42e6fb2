"""Fault 1: SIGKILL of the application at a message of a writing call; the retry is answered."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from faults.drill import MOST_OF, Drill, assert_sound, furnish, say
from faults.operations import OPERATIONS, REWARDS
from support.database import run
from support.proxy import proxied
from support.served import Served, Till

pytestmark = pytest.mark.faults
SEED = 20261121
KILLS = 2


class Tills:
    """A door of several tills: calls that are made at once need a connection each."""

    def __init__(self, served: Served, token: str, most: int) -> None:
        self._free = [Till(served, token) for _ in range(most)]

    async def call(self, method, path, body=None, key=""):
        till = self._free.pop()
        try:
            return await till.call(method, path, body, key)
        finally:
            self._free.append(till)

    def close(self) -> None:
        for till in self._free:
            till.close()


@asynccontextmanager
async def drilled(dsn: str, place: Path) -> AsyncIterator[Drill]:
    """A served application behind a proxy, which kills it; sound at the end."""
    token = await furnish(dsn)
    with proxied(dsn) as proxy:
        served = Served(place, proxy.dsn).start()
        tills = Tills(served, token, len(OPERATIONS))
        try:
            async with await AsyncConnection.connect(dsn) as eye:

                async def mend() -> None:
                    served.restart()

                yield Drill(tills, proxy, eye, strike=served.kill, mend=mend)
                await assert_sound(eye)
        finally:
            tills.close()
            served.stop()


@pytest.mark.slow
def test_a_killed_application_has_lost_and_doubled_nothing(dsn, tmp_path):
    chance = random.Random(SEED)
    say(f"seed {SEED}")

    async def work() -> None:
        async with drilled(dsn, tmp_path) as drill:
            for name in (*chance.sample(tuple(OPERATIONS), KILLS), chance.choice(REWARDS)):
                await drill.learn((name,))
                at = chance.randint(1, drill.messages[name,])
                await drill.at((name,), at, after=chance.random() < 0.5)
            assert await drill.at(("confirm of a quote",), 0, commit=True)
            say(f"{drill.strikes} kills")
            assert drill.strikes >= KILLS

    run(work())


@pytest.mark.faults_long
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_kill_at_every_message_of_every_call_is_survived(dsn, tmp_path, name, after):
    async def work() -> None:
        async with drilled(dsn, tmp_path) as drill:
            at = 1
            while await drill.at((name,), at, after=after):
                at += 1
            say(f"{name}: killed at each of {drill.strikes} messages")
            assert drill.strikes > MOST_OF * drill.messages[name,]

    run(work())
