"""Fault 4: the connection to the database dies, at any message, and between commit and answer."""

from __future__ import annotations

import asyncio
import random

import pytest
from psycopg import AsyncConnection

from faults.calls import Fresh, sale
from faults.crawled import CRAWLED
from faults.drill import CALLS, MOST_OF, Inside, assert_sound, census, furnish, say
from faults.drilled import crawls, cut
from faults.operations import BATCH, OPERATIONS
from faults.staged import AGAIN, COUNTED
from support.api import QUICK
from support.database import run
from tessera.access.signing.core.words import RATE
from tessera.doors import house

# A named cursor whose connection was lost cannot say good-bye, and the driver complains of it.
CUT = "ignore:.*was deleted while still open:ResourceWarning"
pytestmark = [pytest.mark.faults, pytest.mark.filterwarnings(CUT)]
SEED = 20261121
SOME = 8  # of the calls of each kind
ENDED = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the calls' own messages are counted: no timers."""
    monkeypatch.setattr(house, "REFRESH_S", 3600.0)
    monkeypatch.setattr(house, "SWEEP_S", 3600.0)
    monkeypatch.setitem(RATE, "member", QUICK)  # whoever crawls is in a hurry


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.faults_long)])
def test_a_batch_survives_a_cut_at_every_message(dsn, tmp_path, every):
    async def work() -> None:
        async with cut(dsn, tmp_path) as drill:
            at = random.Random(SEED).randint(1, every)
            while await drill.at(BATCH, at):
                at += every
            say(f"a batch of {len(BATCH)} calls, cut at {drill.strikes} messages")
            assert drill.strikes > MOST_OF * drill.messages[BATCH] / every - 1

    run(work())


@pytest.mark.parametrize("calls", [OPERATIONS, CRAWLED], ids=["scenes", "crawled"])
def test_some_calls_survive_a_cut_at_some_message_and_after_their_commit(dsn, tmp_path, calls):
    """After it: a 503, then a replay. Some calls; the long form takes all, at every message."""
    chance = random.Random(SEED)
    say(f"seed {SEED}")

    async def work() -> None:
        async with cut(dsn, tmp_path, crawls=calls is CRAWLED) as drill:
            for name in chance.sample(tuple(calls), SOME):
                await drill.learn((name,))
                await drill.at((name,), chance.randint(1, drill.messages[name,]))
                if name not in (*AGAIN, *COUNTED):
                    assert await drill.at((name,), 0, commit=True)

    run(work())


def test_a_code_is_used_up_with_all_that_it_does_or_not_at_all(dsn, tmp_path):
    """It has no key: were it used up alone, nobody would come in by it any more."""

    async def work() -> None:
        async with cut(dsn, tmp_path, crawls=True) as drill:
            for name in ("join.finish", "me.contact.prove"):
                await drill.learn((name,))
                assert await drill.at((name,), drill.messages[name,] // 2)

    run(work())


@pytest.mark.faults_long
@pytest.mark.parametrize("name", CALLS)
def test_each_call_survives_a_cut_at_every_message(dsn, tmp_path, name):
    async def work() -> None:
        async with cut(dsn, tmp_path, crawls=crawls(name)) as drill:
            at = 1
            while await drill.at((name,), at):
                at += 1
            say(f"{name}: cut at each of {drill.strikes} messages")
            assert drill.strikes > MOST_OF * drill.messages[name,]

    run(work())


def test_connections_that_the_server_ends_are_made_anew(dsn):
    """An administrator ends every connection while calls are under way, again and again.

    As soon as one more call was answered: a slow machine makes the test long, not impossible.
    """
    answered = 0

    async def till(door: Inside, card: str, numbers: list[str]) -> None:
        nonlocal answered
        for number in numbers:
            body = sale(number, card)
            while (heard := await door.call("POST", "/v1/receipts", body, number)).status == 503:
                await asyncio.sleep(0.01)
            assert heard.status == 201, heard
            answered += 1

    async def work() -> None:
        token, fresh = await furnish(dsn), Fresh()
        async with Inside(dsn, token) as door, await AsyncConnection.connect(dsn) as eye:
            calls = [[fresh.number() for _ in range(20)] for _ in range(8)]
            tills = [asyncio.create_task(till(door, fresh.card(), mine)) for mine in calls]
            ended, before = 0, -1
            while not all(each.done() for each in tills):
                await asyncio.sleep(0.03)
                if answered == before:
                    continue
                before = answered
                rows = await eye.execute(ENDED)
                ended += rows.rowcount
                await eye.rollback()
            await asyncio.gather(*tills)
            assert ended > 8
            say(f"{ended} connections ended by the server during {sum(map(len, calls))} calls")
            assert (await census(eye))["receipts"] == sum(map(len, calls))
            await assert_sound(eye)

    run(asyncio.wait_for(work(), 300))
