"""Levels: purchases bring members up, returns take back, reviews let sink, two become one."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from random import Random

from msgspec.structs import replace

from support.database import run
from support.shop import PAY, TWO_PERCENT, fresh_card, goods_back, line, opened, program, sale
from tessera.base.refusal import Refusal
from tessera.checkout.core import Quote
from tessera.checkout.levels import flows as levels
from tessera.tiers import db as tiers_db

POINTS = {
    "name": "Status", "review": "01-01", "grace_days": 10,
    "levels": [
        {"code": "basic"},
        {"code": "silver", "name": "Silver", "reach": 100, "keep": 80},
        {"code": "gold", "name": "Gold", "reach": 300, "keep": 200},
        {"code": "platinum", "reach": 1000},
    ],
}  # fmt: skip
VISITS = {"counts": "receipts", "window": "ever", "levels": [{"code": "regular", "reach": 3}]}
SPENT = {
    "counts": "minor", "window": "12 months", "review_months": 12, "steps_down": 0,
    "levels": [{"code": "one"}, {"code": "two", "reach": 10_000}, {"code": "six", "reach": 60_000}],
}  # fmt: skip
DOUBLE = {
    "id": "double", "mechanic": "multiplier", "times_x100": 200,
    "when": {"tier": {"ladder": "status", "at_least": "silver"}},
}  # fmt: skip
LADDERS = {"status": POINTS, "visits": VISITS, "spent": SPENT}


def body(*rules, **tiers):
    return program(*(rules or (TWO_PERCENT, PAY)), tiers=tiers or LADDERS)


def bought(card, minor, at=None):
    return sale(card, line("SOUP", 1, minor), at=at)


async def stands(shop, card, ladder="status"):
    account = await shop.account(card)
    async with shop.house.pool.connection() as conn:
        found = await tiers_db.standings(conn, [account])
    return found.get(account, {}).get(ladder)


async def level(shop, card, ladder="status"):
    found = await stands(shop, card, ladder)
    return None if found is None else found.level


async def age(shop, card, until, since=None, ladder="status"):
    """The standing is old: its review was due then."""
    await shop.eye.execute(
        "UPDATE tiers.standing SET until = %s, since = %s WHERE account_id = %s AND ladder = %s",
        (until, since or until - timedelta(days=300), await shop.account(card), ladder),
    )
    await shop.eye.commit()


async def review(shop, today, ladder="status"):
    """All that is due by a day, as the run does: (kept, sunk)."""
    declared, kept, sunk = shop.house.shop().program.tiers[ladder], 0, 0
    async with shop.house.upkeep.connection() as conn:
        while done := await levels.review_page(
            conn, ladder, declared, today, datetime.now(UTC), most=2
        ):
            await conn.commit()
            kept, sunk = kept + done.kept, sunk + done.sunk
    return kept, sunk


def test_a_purchase_brings_up_at_once_and_the_next_one_knows(dsn):
    async def work():
        async with opened(dsn, body(TWO_PERCENT, DOUBLE)) as shop:
            card = fresh_card()
            assert (await shop.send(bought(card, 4950))).answer.tiers == ()
            said = (await shop.send(bought(card, 50))).answer
            assert [(t.ladder, t.before, t.level, t.up) for t in said.tiers] == [
                ("status", "basic", "silver", True)
            ]
            assert "new level: Silver" in said.screen
            assert said.points_earned == 1
            assert (await shop.send(bought(card, 1000))).answer.points_earned == 40
            assert (await stands(shop, card)).until == date(datetime.now(UTC).year + 1, 1, 1)

    run(work())


def test_it_goes_up_several_levels_and_on_several_ladders(dsn):
    async def work():
        async with opened(dsn, body()) as shop:
            card = fresh_card()
            said = (await shop.send(bought(card, 60_000))).answer
            assert {(t.ladder, t.level) for t in said.tiers} == {
                ("status", "platinum"), ("spent", "six"),
            }  # fmt: skip
            await shop.send(bought(card, 1))
            said = (await shop.send(bought(card, 1))).answer
            assert [(t.ladder, t.level) for t in said.tiers] == [("visits", "regular")]

    run(work())


def test_a_return_takes_back_the_climb_that_nothing_carries(dsn):
    async def work():
        async with opened(dsn, body()) as shop:
            card = fresh_card()
            first, second = bought(card, 6000), bought(card, 12_000)
            await shop.send(first)
            await shop.send(second)
            assert await level(shop, card) == "gold"
            said = (await shop.send(goods_back(first))).answer
            assert [(t.before, t.level, t.up) for t in said.tiers if t.ladder == "status"] == [
                ("gold", "silver", False)
            ]
            assert "back on the level Silver" in said.screen
            await shop.send(goods_back(second))
            assert await level(shop, card) == "basic"
            assert await level(shop, card, "spent") == "one"

    run(work())


def test_what_others_carry_stays(dsn):
    async def work():
        async with opened(dsn, body()) as shop:
            card = fresh_card()
            first = bought(card, 6000)
            await shop.send(first)
            await shop.send(bought(card, 6000))
            await shop.send(goods_back(first))
            assert await level(shop, card) == "silver"
            assert await level(shop, card, "spent") == "one"

    run(work())


def test_a_return_in_parts_goes_down_step_by_step(dsn):
    async def work():
        async with opened(dsn, body()) as shop:
            card = fresh_card()
            big = sale(card, line("SOUP", 10, 1500))
            await shop.send(big)
            assert await level(shop, card) == "gold"
            await shop.send(goods_back(big, (1, 3)))
            assert await level(shop, card) == "silver"
            await shop.send(goods_back(big, (1, 5)))
            assert await level(shop, card) == "basic"

    run(work())


def test_spending_points_moves_nobody(dsn):
    async def work():
        async with opened(dsn, body(TWO_PERCENT, PAY)) as shop:
            card = await shop.member(15_000)
            assert await level(shop, card) == "gold"
            said = await shop.send(sale(card, line("SOUP", 1, 300), spend=300))
            assert said.answer.points_spent == 300
            assert await level(shop, card) == "gold"

    run(work())


def test_a_review_lets_sink_one_step_after_the_grace_and_only_once(dsn):
    async def work():
        async with opened(dsn, body()) as shop:
            low, kept, new = fresh_card(), fresh_card(), fresh_card()
            year = datetime.now(UTC).year
            for card, minor in ((low, 60_000), (kept, 60_000), (new, 6000)):
                await shop.send(bought(card, minor))
            await shop.eye.execute(
                "UPDATE checkout.history_day SET day = day - 800 WHERE account_id = %s",
                (await shop.account(low),),
            )
            for card in (low, kept):
                await age(shop, card, date(year + 1, 1, 1))
            grace = date(year + 1, 1, 11)
            assert await review(shop, grace - timedelta(days=1)) == (0, 0)
            assert await review(shop, grace) == (2, 1)
            assert await review(shop, grace) == (0, 0)
            assert await level(shop, low) == "gold"
            assert await level(shop, kept) == "platinum"
            stood = await stands(shop, low)
            assert (stood.since, stood.until) == (grace, date(year + 2, 1, 1))

    run(work())


def test_a_late_review_is_a_review_in_time(dsn):
    async def work():
        async with opened(dsn, body()) as shop:
            one, other = fresh_card(), fresh_card()
            for card in (one, other):
                await shop.send(bought(card, 60_000))
                await shop.eye.execute("UPDATE checkout.history_day SET day = '2019-06-01'")
                await age(shop, card, date(2021, 1, 1), date(2019, 6, 1))
            late = await stands(shop, one)
            for day in (date(2021, 1, 11), date(2022, 1, 11), date(2023, 1, 11)):
                await review(shop, day)
            in_time = await stands(shop, one)
            async with shop.house.upkeep.connection() as conn:
                account = await shop.account(one)
                assert account is not None and late is not None
                await tiers_db.save(conn, {(account, "status"): late})
            await review(shop, date(2023, 1, 11))
            assert await stands(shop, one) == in_time
            assert in_time.level == "basic"

    run(work())


def test_whoever_comes_first_reviews(dsn):
    async def work():
        async with opened(dsn, body(TWO_PERCENT, DOUBLE)) as shop:
            card = fresh_card()
            await shop.send(bought(card, 6000))
            await shop.eye.execute("UPDATE checkout.history_day SET day = '2019-06-01'")
            await age(shop, card, date(2020, 1, 1), date(2019, 6, 1))
            said = (await shop.send(bought(card, 1000))).answer
            assert said.points_earned == 20
            assert await level(shop, card) == "basic"

    run(work())


def test_a_receipt_of_before_is_decided_with_the_level_of_before(dsn):
    async def work():
        async with opened(dsn, body(TWO_PERCENT, DOUBLE)) as shop:
            card = fresh_card()
            await shop.send(bought(card, 6000))
            old = datetime.now(UTC) - timedelta(days=2)
            assert (await shop.send(bought(card, 1000, at=old))).answer.points_earned == 20

    run(work())


def test_two_are_one_and_two_again(dsn):
    async def work():
        async with opened(dsn, body()) as shop:
            one, other = await shop.member(6000), await shop.member(16_000)
            before = [await stands(shop, card) for card in (one, other)]
            merge = await shop.merge(one, other)
            assert not isinstance(merge, Refusal), merge
            assert await level(shop, one) == "gold"
            assert await shop.unmerge(merge) is None
            assert [await stands(shop, card) for card in (one, other)] == before

    run(work())


def test_a_condition_of_a_level_must_hold_too(dsn):
    loyal = {
        "levels": [
            {"code": "basic"},
            {"code": "tea", "reach": 1, "when": {"contains": {"of": {"categories": ["tea"]}}}},
        ]
    }

    async def work():
        async with opened(dsn, body(TWO_PERCENT, status=loyal)) as shop:
            card = fresh_card()
            assert (await shop.send(bought(card, 6000))).answer.tiers == ()
            tea = sale(card, line("TEA", 1, 500))
            assert (await shop.send(tea)).answer.tiers == ()

    run(work())


def test_what_is_bought_and_returned_leaves_no_trace(dsn):
    """Whatever else was bought before: level, dates and what counts are as they were."""

    async def seen(shop, account):
        async with shop.house.pool.connection() as conn:
            today = datetime.now(UTC).date()
            found = await levels.progress(conn, shop.house.shop().program.tiers, account, today)
        return [
            (each.code, each.rank, each.amount, each.rank > 0 and (each.standing or ())[1:3])
            for each in found
        ]

    async def work():
        dice = Random(7)
        async with opened(dsn, body()) as shop:
            for _ in range(12):
                card = fresh_card()
                for _ in range(dice.randint(1, 4)):
                    await shop.send(bought(card, dice.randint(1, 12_000)))
                before = await seen(shop, await shop.account(card))
                sales = [bought(card, dice.randint(1, 12_000)) for _ in range(dice.randint(1, 4))]
                for each in sales:
                    await shop.send(each)
                dice.shuffle(sales)
                for each in sales:
                    await shop.send(goods_back(each))
                assert await seen(shop, await shop.account(card)) == before
            await shop.assert_proved()

    run(work())


def test_reviews_and_tills_at_the_same_time(dsn):
    """Two runs and a till's purchases meet in the same standings: each is reviewed once."""

    async def work():
        async with opened(dsn, body()) as shop:
            cards = [fresh_card() for _ in range(12)]
            for card in cards:
                await shop.send(bought(card, 16_000))
            await shop.eye.execute("UPDATE checkout.history_day SET day = '2019-06-01'")
            await shop.eye.execute("UPDATE tiers.standing SET until = '2021-01-01'")
            await shop.eye.commit()
            today = datetime.now(UTC).date()
            done = await asyncio.gather(
                review(shop, today), review(shop, today),
                *[shop.send(bought(card, 100)) for card in cards],
            )  # fmt: skip
            assert sum(sunk for _, sunk in done[:2]) <= 12
            assert {await level(shop, card) for card in cards} == {"basic"}
            rows = await shop.eye.execute(
                "SELECT account_id, count(*) FROM tiers.change"
                " WHERE why = 'reviewed' AND ladder = 'status' GROUP BY account_id"
            )
            assert [times for _, times in await rows.fetchall()] == [2] * 12, "gold, silver, basic"

    run(work())


def test_points_of_another_currency_count_on_their_own(dsn):
    miles = {"unit": "miles", "levels": [{"code": "basic"}, {"code": "far", "reach": 100}]}
    rule = {**TWO_PERCENT, "id": "miles", "earns": "miles", "points": 1}

    async def work():
        made = program(TWO_PERCENT, rule, currencies={"miles": {}}, tiers={"traveller": miles})
        async with opened(dsn, made) as shop:
            card = fresh_card()
            first = bought(card, 9000)
            assert (await shop.send(first)).answer.tiers == ()
            said = await shop.send(bought(card, 1000))
            assert [each.level for each in said.answer.tiers] == ["far"]
            await shop.send(goods_back(first))
            assert await level(shop, card, "traveller") == "basic"
            await shop.assert_proved()

    run(work())


def test_a_promise_of_another_program_is_kept(dsn):
    """Its ladders are gone by now: what counts is the program that decides."""

    async def work():
        async with opened(dsn, body()) as shop:
            card = await shop.member()
            basket = bought(card, 6000)
            held = (await shop.send(Quote(basket, hold=True))).answer
            other = {"levels": [{"code": "low"}, {"code": "high", "reach": 50}]}
            await shop.publish(body(TWO_PERCENT, PAY, newer=other))
            said = (await shop.send(replace(basket, quote=held.id))).answer
            assert said.differences == ()
            assert [(each.ladder, each.level) for each in said.tiers] in ([("newer", "high")], [])

    run(work())
