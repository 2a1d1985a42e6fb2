"""Fault 5: duplicated, reordered and late receipts, returns before sales, two processes at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import AsyncConnection

from faults.calls import Fresh, confirm, do, goods_back, register, sale
from faults.drill import Conn, assert_sound, census, furnish, grown, say
from support import shop
from support.database import run
from support.served import Served, Till
from tessera.access import db as access_db
from tessera.checkout.core import Cancel, Quote
from tessera.program.core import starter

pytestmark = pytest.mark.faults
SEED = 20261121
MEMBERS, RECEIPTS, LATE_DAYS = 6, 40, 400


def receipts_and_returns(chance: random.Random, prefix: str) -> tuple[list[str], list[Any]]:
    """Cards, and receipts with returns of some of their lines, up to a year late."""
    cards: list[str] = [shop.fresh_card() for _ in range(MEMBERS)]
    asks: list[Any] = []
    for number in range(RECEIPTS):
        at = datetime.now(UTC) - timedelta(days=chance.randint(0, LATE_DAYS))
        lines = [shop.line("SOUP", chance.randint(2, 5), 10 * chance.randint(1, 90)),
                 shop.line("BREAD", 3, 10 * chance.randint(1, 90))]  # fmt: skip
        of = shop.sale(cards[chance.randrange(MEMBERS)], *lines, at=at, number=f"{prefix}-{number}")
        asks.append(of)
        for back in range(chance.choice((0, 0, 1, 2))):
            asks.append(shop.goods_back(of, (1, 1), number=f"{prefix}-{number}-{back}"))
    return cards, asks


async def send_all(houses: Sequence[shop.Shop], asks: list[Any], chance: random.Random) -> int:
    """In any order, each to any house, a tenth of them twice; how many came too early."""
    mixed = asks + chance.sample(asks, len(asks) // 10)
    chance.shuffle(mixed)
    early = 0

    async def till(mine: list[Any]) -> None:
        nonlocal early
        for ask in mine:
            said = await chance.choice(houses).send(ask, f"key {ask.number}")
            while said.status == 409 and said.problem.code == "key_in_flight":
                await asyncio.sleep(0.002)
                said = await chance.choice(houses).send(ask, f"key {ask.number}")
            assert said.status in (201, 202), said
            early += said.status == 202

    await asyncio.gather(*(till(mixed[n::5]) for n in range(5)))
    return early


async def await_settled(eye: Conn, limit_s: float = 10.0) -> None:
    """Until no return waits for its sale any more."""
    for _ in range(int(limit_s / 0.05)):
        rows = await eye.execute("SELECT count(*) FROM checkout.parked WHERE settled_at IS NULL")
        left = await rows.fetchone()
        await eye.rollback()
        if left == (0,):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{left} returns still wait after {limit_s} s")


@pytest.mark.parametrize("permutations", [3, pytest.param(40, marks=pytest.mark.faults_long)])
def test_any_order_gives_the_same_balances(dsn, permutations):
    say(f"seed {SEED}")

    async def work() -> None:
        async with shop.opened(dsn, starter("EUR")) as one, shop.opened(dsn) as two:
            found, early = [], 0
            for permutation in range(permutations):
                cards, asks = receipts_and_returns(random.Random(SEED), f"P{permutation}")
                early += await send_all((one, two), asks, random.Random(SEED + permutation))
                await await_settled(one.eye)
                found.append([(await one.balance(card)).balance for card in cards])
            say(f"{permutations} orders, {early} returns before their sales: {found[0]}")
            assert early and found == [found[0]] * permutations
            await assert_sound(one.eye)

    run(work())


@asynccontextmanager
async def two_served(dsn: str, place: Any) -> AsyncIterator[tuple[list[Till], Conn]]:
    """Two applications on one database: two tills at each, in turn."""
    token = await furnish(dsn)
    served = [Served(place, dsn).start(wait=False) for _ in range(2)]
    tills = [Till(each, token) for each in served * 2]
    try:
        for each in served:
            await asyncio.to_thread(each.await_ready)
        async with AsyncExitStack() as stack:
            yield tills, await stack.enter_async_context(await AsyncConnection.connect(dsn))
    finally:
        for till in tills:
            till.close()
        for each in served:
            each.stop()


async def the_same_call_everywhere(tills: list[Till], eye: Conn, fresh: Fresh) -> None:
    """Four tills in two processes, one key: one effect, the same bytes or word to wait."""
    op, key = confirm(sale(fresh.number(), fresh.card())), fresh.key()
    before = await census(eye)
    heard = await asyncio.gather(*(t.call(op.method, op.path, op.body, key) for t in tills))
    answers = [each for each in heard if each.status == 201]
    assert len({each.body for each in answers}) == 1, heard
    assert [each.replayed for each in answers].count(False) == 1, heard
    others = [each.said["code"] for each in heard if each.status != 201]
    assert set(others) <= {"key_in_flight"}, heard
    added = grown(before, await census(eye))
    assert (added["receipts"], added["requests"], added["moved"]) == (1, 1, 20), added


async def return_and_sale_at_once(tills: list[Till], eye: Conn, fresh: Fresh) -> int:
    """A sale and its return at the same moment in two processes; 202 or 201, settled in the end."""
    number, card = fresh.number(), fresh.card()
    await do(tills[0], fresh, register(card))
    before = await census(eye)
    back = goods_back(number, fresh.number(), (1, 1))
    sold, returned = await asyncio.gather(
        tills[0].call("POST", "/v1/receipts", sale(number, card), fresh.key()),
        tills[1].call("POST", "/v1/returns", back, fresh.key()),
    )
    assert sold.status == 201 and returned.status in (201, 202), (sold, returned)
    await await_settled(eye)
    added = grown(before, await census(eye))
    assert (added["receipts"], added["active"]) == (2, 4), added
    return int(returned.status == 202)


def test_two_processes_with_one_key_and_a_return_that_races_its_sale(dsn, tmp_path):
    async def work() -> None:
        fresh = Fresh()
        async with two_served(dsn, tmp_path) as (tills, eye):
            for _ in range(25):
                await the_same_call_everywhere(tills, eye, fresh)
            early = [await return_and_sale_at_once(tills, eye, fresh) for _ in range(3)]
            say(f"25 keys from 4 tills at once; of 3 racing returns {sum(early)} were parked")
            await assert_sound(eye)

    run(work())


def test_a_replay_after_35_days_is_told_from_the_stored_effects(dsn):
    async def work() -> None:
        async with shop.opened(dsn, shop.program()) as one:
            card = await one.member(10_000)
            sold = shop.sale(card, shop.line("SOUP", 3, 500), spend=50)
            back, orphan = shop.goods_back(sold, (1, 1)), shop.goods_back(shop.sale(None))
            asked = Quote(shop.sale(card, shop.line("SOUP", 1, 500), spend=20), hold=True)
            calls: list[tuple[Any, str]] = [
                (sold, "sale"), (back, "return"), (orphan, "parked"), (asked, "quote")
            ]  # fmt: skip
            first = [await one.send(ask, name) for ask, name in calls]
            calls.append((Cancel(first[-1].answer.id), "cancelled"))
            first.append(await one.send(*calls[-1]))
            before = await census(one.eye)
            rows = await one.eye.execute("SELECT count(*) FROM access.answer")
            kept_answers = await rows.fetchone()
            later = datetime.now(UTC).date() + timedelta(days=36)
            assert await access_db.prepare_days(one.eye, later)
            await one.eye.commit()
            assert kept_answers != (0,)
            for (ask, name), told in zip(calls, first, strict=True):
                again = await one.send(ask, name)
                assert again.status == 200 and again.reply.replayed, again
                retold = again.answer
                assert retold.retold and retold.kind == name
                if name != "cancelled":  # nothing of a cancelled promise is kept but its end
                    assert retold.id == told.answer.id
                for figure in ("points_earned", "points_spent", "to_pay_minor", "refund_minor",
                               "effects"):  # fmt: skip
                    assert getattr(retold, figure) == getattr(told.answer, figure), figure
            lost = grown(before, await census(one.eye))
            assert set(lost) == {"answers"}, lost

    run(work())
