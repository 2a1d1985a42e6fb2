"""What days add up to: exactly what their receipts say, however often and however late."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from support.database import run
from support.shop import fresh_card, goods_back, line, opened, program, sale
from tessera.base.clock import local
from tessera.checkout.days import db, flows
from tessera.checkout.days.core import AT_ONCE, KEPT_DAYS, LATEST_S, OLDER_S, Day, stale

NOW = datetime.now(UTC)
# The house counts by itself meanwhile; whatever it has counted is an hour old by this clock.
LATER = NOW + timedelta(seconds=OLDER_S + 60)
TODAY = local(NOW, "Europe/Rome").date()


async def counted(shop, now=LATER):
    """Everything that is due at this moment, and the days as they stand then."""
    async with shop.house.upkeep.connection() as conn:
        while await flows.count_days(conn, TODAY, now):
            pass
        days, at = await db.days(conn, TODAY - timedelta(days=70), TODAY + timedelta(days=1))
    return {each.day: each for each in days}, at


def test_a_day_says_what_its_receipts_say(dsn):
    async def work():
        async with opened(dsn, program(shadows_spend=True)) as shop:
            card, yesterday = fresh_card(), NOW - timedelta(days=1)
            first = sale(card, line("SOUP", 1, 500), at=yesterday)
            sold = [first, sale(None, line("CAKE", 1, 300), at=yesterday),
                    sale(card, line("LATTE", 2, 250), spend=4, at=NOW)]  # fmt: skip
            for each in sold:
                assert (await shop.send(each)).status == 201
            assert (await shop.send(goods_back(first, at=NOW))).status == 201
            days, at = await counted(shop)
            assert at == LATER
            assert days[TODAY - timedelta(days=1)] == Day(
                TODAY - timedelta(days=1), receipts=2, with_card=1, turnover_minor=800,
                card_minor=500, earned=10, spent=0,
            )  # fmt: skip
            today = days[TODAY]
            assert (today.receipts, today.with_card) == (1, 1), "what comes back is no sale"
            assert (today.turnover_minor, today.spent) == (496 - 500, 4)
            assert days[TODAY - timedelta(days=2)] == Day(TODAY - timedelta(days=2))
            assert len(days) == KEPT_DAYS

    run(work())


def test_counting_again_says_the_same_and_a_late_receipt_comes_in(dsn):
    async def work():
        async with opened(dsn, program()) as shop:
            late = NOW - timedelta(days=20)
            await shop.send(sale(None, line("SOUP", 1, 500), at=late))
            before, _ = await counted(shop)
            again, _ = await counted(shop, LATER + timedelta(seconds=OLDER_S))
            assert again == before
            await shop.send(sale(None, line("SOUP", 1, 500), at=late))
            patient, _ = await counted(shop, LATER + timedelta(seconds=OLDER_S + LATEST_S))
            assert patient == before, "an old day is not counted every minute"
            after, _ = await counted(shop, LATER + timedelta(seconds=2 * OLDER_S))
            assert after[local(late, "Europe/Rome").date()].receipts == 2

    run(work())


def test_two_processes_do_not_count_at_the_same_time(dsn):
    async def work():
        async with opened(dsn, program()) as shop, shop.house.upkeep.connection() as one:
            assert await flows.count_days(one, TODAY, LATER) == AT_ONCE
            async with shop.house.upkeep.connection() as other:
                doing = flows.count_days(other, TODAY, LATER)
                assert await asyncio.wait_for(doing, 5) == 0

    run(work())


def test_what_is_stale():
    assert len(stale({}, TODAY, LATER)) == AT_ONCE
    everything = {TODAY + timedelta(days=1 - n): LATER for n in range(KEPT_DAYS)}
    assert stale(everything, TODAY, LATER) == []
    assert stale(everything, TODAY, LATER + timedelta(seconds=LATEST_S)) == [
        TODAY + timedelta(days=1), TODAY, TODAY - timedelta(days=1)
    ]  # fmt: skip


def test_after_a_history_has_come_in_every_day_is_counted_anew(dsn):
    async def work():
        async with opened(dsn, program()) as shop:
            await counted(shop, NOW)  # by the house too: nothing is due for an hour
            late = NOW - timedelta(days=20)
            await shop.send(sale(fresh_card(), line("SOUP", 1, 500), at=late))
            async with shop.house.upkeep.connection() as conn:
                await flows.count_anew(conn, TODAY, NOW)
                days, _ = await db.days(conn, TODAY - timedelta(days=70), TODAY + timedelta(days=1))
            assert len(days) == KEPT_DAYS
            found = {each.day: each.receipts for each in days}
            assert found[local(late, "Europe/Rome").date()] == 1

    run(work())
