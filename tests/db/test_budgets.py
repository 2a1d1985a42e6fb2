"""Budgets on a real database: what is drawn, given back, kept by promises, and never passed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from support.database import run
from support.shop import TILL, Shop, fresh_card, goods_back, line, opened, program, sale
from tessera.budgets import flows
from tessera.checkout.core import Cancel, Event, Job, Quote
from tessera.checkout.flows import Done, Tried, settle_batch
from tessera.warehouse.core import Identifier

BASE = {"id": "base", "mechanic": "base_rate", "points": 10, "per_minor": 100}
GIFT = {"id": "mug", "mechanic": "sum_threshold", "from_minor": 1000, "prize": {"gift": "MUG"}}
OFF = {"id": "off", "mechanic": "percent_off", "percent": 10}


def body(*rules: dict[str, Any], **budgets: dict[str, Any]) -> dict[str, Any]:
    """A program with these budgets; a point costs a cent."""
    costs = {"MUG": 250}
    return program(*rules, budgets=budgets, costs=costs, point_minor_x100=100)


async def counters(shop: Shop, what: str = "cost_x100, points, pieces") -> list[tuple[Any, ...]]:
    """The counters in the order of their keys."""
    rows = await shop.eye.execute(
        f"SELECT {what} FROM budgets.counter ORDER BY budget, began, scope"  # noqa: S608 - of ours
    )
    found = await rows.fetchall()
    await shop.eye.rollback()
    return found


def play(dsn: str, text: dict[str, Any], script: Any) -> None:
    async def all_of_it() -> None:
        async with opened(dsn, text) as shop:
            await script(shop)
            await shop.assert_proved()

    run(all_of_it())


def test_points_are_trimmed_and_the_reason_is_told(dsn):
    async def script(shop: Shop) -> None:
        one = await shop.send(sale(fresh_card(), line("SOUP", 1, 2000)))
        assert one.answer.points_earned == 200
        card = fresh_card()
        two = sale(card, line("SOUP", 1, 2000))
        said = (await shop.send(two)).answer
        assert said.points_earned == 120
        (effect,) = said.effects
        assert (effect.wanted, effect.trimmed) == (200, "the budget Summer is used up")
        three = (await shop.send(sale(fresh_card(), line("SOUP", 1, 2000)))).answer
        assert three.points_earned == 0
        assert [(s.code, s.why) for s in three.silent] == [
            ("budget_used_up", "the budget Summer is used up")
        ]
        assert await counters(shop) == [(32_000, 320, 0)]
        assert await counters(shop, "used_up_at IS NOT NULL, warned_at IS NOT NULL") == [
            (True, True)
        ]
        assert (await shop.send(goods_back(two))).status == 201
        assert await counters(shop) == [(20_000, 200, 0)]
        assert await counters(shop, "used_up_at IS NOT NULL") == [(False,)]
        assert (await shop.send(sale(card, line("SOUP", 1, 5000)))).answer.points_earned == 120

    play(dsn, body(BASE, summer={"name": "Summer", "most_points": 320}), script)


def test_a_cost_counts_discounts_points_and_goods_at_cost(dsn):
    async def script(shop: Shop) -> None:
        bought = sale(fresh_card(), line("SOUP", 1, 2000))
        said = (await shop.send(bought)).answer
        assert (said.to_pay_minor, said.points_earned) == (1800, 180)
        # 2.00 off, 180 points of a cent, a mug that costs 2.50
        assert await counters(shop) == [(20_000 + 18_000 + 25_000, 180, 1)]
        assert (await shop.send(goods_back(bought))).status == 201
        assert await counters(shop) == [(0, 0, 0)]
        days = await shop.eye.execute("SELECT funding, cost_x100 FROM budgets.day ORDER BY 1")
        assert await days.fetchall() == [("margin", 0), ("supplier", 0)]
        await shop.eye.rollback()

    rules = (OFF, BASE, GIFT | {"funding": "supplier", "funder": "acme"})
    partners = {"partners": {"acme": {"name": "Acme"}}}
    play(dsn, body(*rules, all={"most_minor": 100_000}) | partners, script)


def test_a_share_of_the_turnover_counts_what_came_back(dsn):
    async def script(shop: Shop) -> None:
        first = sale(fresh_card(), line("SOUP", 1, 10_000))
        assert (await shop.send(first)).answer.points_earned == 300  # 3 % of 100.00
        assert (await shop.send(sale(None, line("SOUP", 1, 90_000)))).status == 201  # no card
        assert (
            await shop.send(sale(fresh_card(), line("SOUP", 1, 1000)))
        ).answer.points_earned == 30
        assert await counters(shop, "cost_x100, turnover_minor") == [(33_000, 11_000)]
        assert (await shop.send(goods_back(first))).status == 201
        assert await counters(shop, "cost_x100, turnover_minor") == [(3_000, 1_000)]

    play(dsn, body(BASE, share={"turnover_percent_x100": 300}), script)


def test_each_store_member_and_day_has_its_own(dsn):
    async def script(shop: Shop) -> None:
        card, yesterday = fresh_card(), datetime.now(UTC) - timedelta(days=1)
        buy = [sale(card, line("SOUP", 1, 2000)) for _ in range(2)]
        given = [(await shop.send(each)).answer.points_earned for each in buy]
        assert given == [150, 0]
        others = [
            sale(fresh_card(), line("SOUP", 1, 2000)),
            sale(card, line("SOUP", 1, 2000), at=yesterday),
        ]
        assert [(await shop.send(each)).answer.points_earned for each in others] == [150, 150]

    play(dsn, body(BASE, mine={"by": "member", "per": "day", "most_points": 150}), script)


def test_a_promise_keeps_what_it_told_and_lets_it_go(dsn):
    async def script(shop: Shop) -> None:
        basket = sale(fresh_card(), line("SOUP", 1, 2000))
        quoted = (await shop.send(Quote(basket, hold=True))).answer
        assert quoted.points_earned == 200
        assert (
            await shop.send(sale(fresh_card(), line("SOUP", 1, 2000)))
        ).answer.points_earned == 50
        assert (await shop.send(Cancel(quoted.id))).status == 200
        assert await counters(shop, "points, kept_points") == [(50, 0)]
        again = (await shop.send(Quote(basket, hold=True))).answer
        assert await counters(shop, "points, kept_points") == [(50, 200)]
        assert (
            await shop.send(sale(fresh_card(), line("SOUP", 1, 2000)))
        ).answer.points_earned == 0
        kept = sale(basket.card, *basket.lines, quote=again.id, number=basket.number)
        assert (await shop.send(kept)).answer.points_earned == 200
        assert await counters(shop, "points, kept_points") == [(250, 0)]

    play(dsn, body(BASE, summer={"most_points": 250}), script)


def test_a_promise_that_is_over_keeps_nothing_for_whoever_locks(dsn):
    async def script(shop: Shop) -> None:
        late = datetime.now(UTC) - timedelta(minutes=5)
        quoted = (
            await shop.send(Quote(sale(fresh_card(), line("SOUP", 1, 2000)), hold=True))
        ).answer
        await shop.eye.execute("UPDATE budgets.kept SET deadline = %s", (late,))
        await shop.eye.commit()
        assert (
            await shop.send(sale(fresh_card(), line("SOUP", 1, 2000)))
        ).answer.points_earned == 200
        assert await counters(shop, "points, kept_points") == [(200, 0)]
        assert quoted.points_earned == 200

    play(dsn, body(BASE, summer={"most_points": 200}), script)


def test_an_event_draws_as_well(dsn):
    async def script(shop: Shop) -> None:
        given = []
        for n in range(2):
            told = Event(
                type="survey", id=f"e{n}", happened_at=datetime.now(UTC),
                identifier=Identifier("card", await shop.member()),
            )  # fmt: skip
            given.append((await shop.send(told)).answer.points_earned)
        assert given == [50, 10]

    rule = {
        "id": "thanks", "mechanic": "event_gift", "type": "survey", "prize": {"points": 50}
    }  # fmt: skip
    text = body(BASE, rule, surveys={"rules": ["thanks"], "most_points": 60})
    play(dsn, text | {"events": {"survey": {}}}, script)


def test_a_sweeper_waits_for_nobody_who_draws(dsn):
    """A till has the counter locked: what a promise kept is let go the next time."""

    async def script(shop: Shop) -> None:
        held = await shop.send(Quote(sale(fresh_card(), line("SOUP", 1, 2000)), hold=True))
        assert held.answer.points_earned == 200
        late = datetime.now(UTC) + timedelta(hours=1)
        await shop.eye.execute("SELECT 1 FROM budgets.counter FOR NO KEY UPDATE")
        async with shop.house.upkeep.connection() as conn:
            await conn.execute("SET LOCAL lock_timeout = '1s'")
            assert await flows.let_go(conn, late, 10) == 0
        await shop.eye.rollback()
        async with shop.house.upkeep.connection() as conn:
            assert await flows.let_go(conn, late, 10) == 1
        assert await counters(shop, "kept_points") == [(0,)]

    play(dsn, body(BASE, summer={"most_points": 320}), script)


async def waits(shop: Shop) -> None:
    """Until somebody waits for a lock of another."""
    sql = ("SELECT count(*) FROM pg_stat_activity"
           " WHERE datname = current_database() AND wait_event_type = 'Lock'")  # fmt: skip
    for _ in range(500):
        row = await (await shop.eye.execute(sql)).fetchone()
        if row is not None and row[0]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


def test_counters_are_locked_after_all_else_when_it_is_done_again(dsn):
    word = {"name": "Word", "code": "WORD10", "most": 1000}
    text = body(BASE, OFF | {"coupon": "W"}, cap={"most_points": 10**6})

    async def script(shop: Shop) -> None:
        bought = [
            replace(sale(fresh_card(), line("SOUP", 1, 1000)), coupons=("WORD10",))
            for _ in range(2)
        ]
        await shop.send(bought[0])
        house = shop.house
        asked = Job(TILL, "receipt.confirm", "again", bought[1], b"", datetime.now(UTC))
        till = await house.writer._connect()
        try:
            await shop.eye.execute("SELECT FROM rewards.coupon_count FOR UPDATE")
            await till.begin()
            again = asyncio.create_task(settle_batch(
                till, house.reader, house.shop(), [asked], datetime.now(UTC), Tried(passed=True)
            ))  # fmt: skip
            await waits(shop)
            await shop.eye.execute("SELECT FROM budgets.counter FOR UPDATE NOWAIT")
            await shop.eye.rollback()
            assert isinstance((await again).outcomes[0], Done)
        finally:
            await till.close()

    play(dsn, text | {"coupons": {"W": word}}, script)
