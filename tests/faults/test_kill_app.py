"""Fault 1: SIGKILL of the application at a message of a writing call; the retry is answered."""

from __future__ import annotations

import random

import pytest

from faults.crawled import CRAWLED
from faults.drill import CALLS, MOST_OF, say
from faults.drilled import crawls, killed
from faults.operations import OPERATIONS, REWARDS
from support.database import run

pytestmark = pytest.mark.faults
SEED = 20261121
KILLS = 2


@pytest.mark.slow
def test_a_killed_application_has_lost_and_doubled_nothing(dsn, tmp_path, installation_key):
    chance = random.Random(SEED)
    say(f"seed {SEED}")

    async def work() -> None:
        async with killed(dsn, tmp_path, installation_key) as drill:
            for name in (*chance.sample(tuple(OPERATIONS), KILLS), chance.choice(REWARDS)):
                await drill.learn((name,))
                at = chance.randint(1, drill.messages[name,])
                await drill.at((name,), at, after=chance.random() < 0.5)
            tried = [await drill.at(("confirm of a quote",), 0, commit=True) for _ in range(2)]
            assert any(tried), "the server had committed, so it is a replay"
            say(f"{drill.strikes} kills")
            assert drill.strikes >= KILLS

    run(work())


def test_a_killed_application_has_lost_nothing_of_any_room(dsn, tmp_path, installation_key):
    """Some calls of all that write, as whoever crawls the policy makes them."""
    chance = random.Random(SEED)

    async def work() -> None:
        async with killed(dsn, tmp_path, installation_key, crawls=True) as drill:
            for name in chance.sample(tuple(CRAWLED), KILLS):
                await drill.learn((name,))
                assert await drill.at((name,), drill.messages[name,] // 2)

    run(work())


@pytest.mark.faults_long
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", CALLS)
def test_a_kill_at_every_message_of_every_call_is_survived(
    dsn, tmp_path, installation_key, name, after
):
    async def work() -> None:
        async with killed(dsn, tmp_path, installation_key, crawls=crawls(name)) as drill:
            at = 1
            while await drill.at((name,), at, after=after):
                at += 1
            say(f"{name}: killed at each of {drill.strikes} messages")
            assert drill.strikes > MOST_OF * drill.messages[name,] / 2  # the house speaks as well

    run(work())
