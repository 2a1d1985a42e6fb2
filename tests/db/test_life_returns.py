"""Everything comes back, in whatever order and whatever time has done: nothing is left, or owed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db.test_life import DELIVERED, NOW, TODAY, ago, on, played
from support.shop import fresh_card, goods_back, line, sale
from tessera.checkout.core import Cancel, Quote

FIRST, SECOND = TODAY - timedelta(days=2), TODAY + timedelta(days=100)


def seasons(**first):
    """A season that ended the day before yesterday, and the one after it."""
    return {"seasons": [
        {"opens": "2020-01-01", "closes": f"{FIRST}", "spend_until": f"{FIRST}", **first},
        {"opens": f"{FIRST + timedelta(days=1)}", "closes": f"{SECOND}",
         "spend_until": f"{SECOND}"},
    ]}  # fmt: skip


@pytest.mark.parametrize("grace", [0, 10])
@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize("ran", [False, True], ids=["no run", "a run"])
def test_points_that_expired_after_they_were_spent_leave_nothing_behind(dsn, grace, order, ran):
    async def story(shop, card):
        earned = await shop.buys(card, 100, 40)
        paid = sale(card, line("SOUP", 1, 60), spend=60, at=ago(20))
        await shop.send(paid)
        if ran:
            await shop.run()
        for each in order:
            said = await shop.send(goods_back({"a": earned, "b": paid}[each]))
            assert said.status == 201
        await shop.run()
        assert await shop.points(card) == (0, 0, 0)

    played(dsn, story, expiry_days=30, refund_grace_days=grace)


def test_a_grace_that_is_over_forgives_nothing(dsn):
    async def story(shop, card):
        await shop.buys(card, 100, 40)
        paid = sale(card, line("SOUP", 2, 200), spend=100, at=ago(11))
        await shop.send(paid)  # earns 300
        await shop.run()
        await shop.send(goods_back(paid, (1, 1)))
        assert await shop.points(card) == (150 + 50, 0, 0)
        await shop.run(on(11))
        assert await shop.points(card) == (150, 0, 0)
        await shop.send(goods_back(paid, (1, 1)))
        assert await shop.points(card) == (50, 0, 0), "the other half of what had been spent"

    played(dsn, story, expiry_days=30, refund_grace_days=10)


@pytest.mark.parametrize(("percent", "kept"), [(100, 0), (50, 0)])
def test_what_a_season_carried_over_goes_back_with_its_goods(dsn, percent, kept):
    async def story(shop, card):
        old = sale(card, line("SOUP", 2, 500), at=ago(10))
        await shop.send(old)
        await shop.run()
        assert await shop.points(card) == (1000 * percent // 100, 0, 0)
        await shop.send(goods_back(old, (1, 1)))
        await shop.send(goods_back(old))
        await shop.run()
        assert await shop.points(card) == (kept, 0, 0)

    played(dsn, story, expiry=seasons(carry_percent=percent))


def test_what_still_waits_when_a_season_ends_is_not_carried_over(dsn):
    async def story(shop, card):
        await shop.buys(card, 1000, 10, number="A-1")
        (done,) = await shop.run()
        assert (done.expired, done.carried) == (1000, 0)
        assert await shop.points(card) == (0, 0, 0)

    played(
        dsn, story, expiry=seasons(carry_percent=100), pending={"event": "delivered"},
        events=DELIVERED,
    )  # fmt: skip


def test_late_receipts_of_a_season_share_its_limit(dsn):
    async def late(shop, card, *, between):
        for n in range(5):
            await shop.buys(card, 100, 10 + n)
            if between:
                await shop.run()
        await shop.run()
        return await shop.points(card)

    async def story(shop, card):
        other = fresh_card()
        await shop.register(other)
        assert await late(shop, card, between=False) == (50, 0, 0)
        assert await late(shop, other, between=True) == (50, 0, 0)

    played(dsn, story, expiry=seasons(carry_percent=40, carry_most=50))


@pytest.mark.parametrize("how", ["cancelled", "timed out", "expired"])
def test_a_hold_makes_no_return_a_gift_and_none_a_loss(dsn, how):
    async def story(shop, card):
        bought = await shop.buys(card, 100, 29)
        said = await shop.send(Quote(sale(card, line("SOUP", 1, 90), spend=90), hold=True))
        await shop.send(goods_back(bought))
        assert await shop.points(card) == (90, 0, 90)
        if how == "cancelled":
            await shop.send(Cancel(said.answer.id))
        else:
            await shop.sweep(NOW + timedelta(hours=1) if how == "timed out" else on(5))
        await shop.run(on(5))
        assert await shop.points(card) == (0, 0, 0)

    played(dsn, story, expiry_days=30)


def test_what_was_owed_and_paid_rolls_as_all_points_do(dsn):
    async def story(shop, card):
        old = await shop.buys(card, 50, 10)
        spent = sale(card, line("SOUP", 1, 50), spend=50)
        await shop.send(spent)
        await shop.send(goods_back(old))  # 50 are owed now
        await shop.buys(card, 50, 0)  # and paid
        await shop.send(goods_back(spent))
        assert await shop.points(card) == (50, 0, 0)
        (done,) = await shop.run(on(40))
        assert done.expired == 50

    played(dsn, story, expiry={"inactive_days": 30})
