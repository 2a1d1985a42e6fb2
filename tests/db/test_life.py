"""The life of a point, from the till to the last run: every figure is what the ledger says then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from support.database import run
from support.shop import PAY, PLACE, Shop, fresh_card, goods_back, line, opened, program, sale
from tessera.base.clock import day_end, local
from tessera.checkout.core import Cancel, Event, Quote
from tessera.ledger import db
from tessera.ledger.core import wallet_id
from tessera.warehouse.core import Store as Place
from tessera.warehouse.stores import db as stores_db

ONE_EACH = {"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 1}
STAMP = {"id": "stamp", "mechanic": "base_rate", "points": 1, "per_minor": 10, "earns": "stamps"}
DELIVERED = {"delivered": {"fields": {"receipt": {"type": "text"}}}}
NOW = datetime.now(UTC)
TODAY = local(NOW, PLACE.time_zone).date()
TONIGHT = day_end(TODAY, PLACE.time_zone)


def on(days: float) -> datetime:
    """So many days from now, at this hour on the shop's clock."""
    return (local(NOW, PLACE.time_zone) + timedelta(days=days)).astimezone(UTC)


def ago(days: float) -> datetime:
    return on(-days)


def _closed(days, **carries):
    """A season that closed so many days ago, and the one after it."""
    first, second = TODAY - timedelta(days=days), TODAY + timedelta(days=100)
    return [
        {"opens": "2020-01-01", "closes": f"{first}", "spend_until": f"{first}", **carries},
        {"opens": f"{first + timedelta(days=1)}", "closes": f"{second}",
         "spend_until": f"{second}"},
    ]  # fmt: skip


class Counter(Shop):
    """The shop, and what is written of a member's points."""

    async def buys(self, card, points, days, **words):
        """A purchase so many days ago that gives so many points."""
        receipt = sale(card, line("SOUP", 1, points), at=ago(days), **words)
        said = await self.send(receipt)
        assert said.status == 201, said
        return receipt

    async def spends(self, card, points):
        """A purchase that is paid with points alone, and earns none."""
        said = await self.send(sale(card, line("SOUP", 1, points), spend=points))
        assert said.status == 201, said

    async def points(self, card, currency=""):
        """(active, pending, debt) after a proof."""
        await self.assert_proved()
        account = await self.account(card)
        assert account is not None
        rows = await self.eye.execute(
            "SELECT active, pending, debt FROM ledger.account WHERE id = %s",
            (wallet_id(account, currency),),
        )
        found = await rows.fetchone()
        await self.eye.rollback()
        return found

    async def last_run(self):
        """The run that was begun last."""
        (last,) = await db.newest_runs(self.eye, 1)
        await self.eye.rollback()
        return last


def played(dsn, story, *rules, **settings):
    """Play a story in a shop under a program, with one registered member."""

    async def work():
        async with opened(dsn, program(ONE_EACH, PAY, *rules, **settings)) as shop:
            counter = Counter(shop.house, shop.eye)
            card = fresh_card()
            await counter.register(card)
            await story(counter, card)

    run(work())


# Pending ------------------------------------------------------------------------------------------


def test_pending_points_can_be_spent_after_their_days(dsn):
    async def story(shop, card):
        await shop.buys(card, 100, 20)
        await shop.buys(card, 30, 3)
        assert await shop.points(card) == (100, 30, 0)
        refused = await shop.send(sale(card, line("SOUP", 1, 500), spend=130))
        assert refused.problem.code == "points_short"
        assert await shop.points(card) == (100, 30, 0)
        (done,) = await shop.run(on(12))
        assert (done.wallets, done.activated, done.expired) == (1, 30, 0)
        assert await shop.points(card) == (130, 0, 0)
        assert await shop.run(on(12)) == [], "once"

    played(dsn, story, pending={"days": 14})


def test_points_that_wait_for_a_date(dsn):
    async def story(shop, card):
        await shop.buys(card, 100, 9)
        assert await shop.run(TONIGHT + timedelta(days=1, seconds=-1)) == []
        assert await shop.points(card) == (0, 100, 0)
        await shop.run(TONIGHT + timedelta(days=1))
        assert await shop.points(card) == (100, 0, 0)

    played(dsn, story, pending={"on": (TODAY + timedelta(days=2)).isoformat()})


def test_points_that_wait_for_the_parcel(dsn):
    async def story(shop, card):
        await shop.buys(card, 100, 2, number="A-1")
        await shop.buys(card, 50, 1, number="A-2")
        assert await shop.points(card) == (0, 150, 0)
        arrived = Event(
            type="delivered", id="P-1", happened_at=NOW, card=card, data={"receipt": "A-1"}
        )
        said = await shop.send(arrived)
        assert said.answer.screen[0] == "100 points can be spent now"
        assert await shop.points(card) == (100, 50, 0)
        assert await shop.run(on(400)) == [], "the other one waits for ever"

    played(dsn, story, pending={"event": "delivered"}, events=DELIVERED)


def test_a_return_before_they_are_active_takes_the_pending_ones(dsn):
    async def story(shop, card):
        await shop.buys(card, 100, 20)
        new = await shop.buys(card, 30, 1)
        await shop.send(goods_back(new))
        assert await shop.points(card) == (100, 0, 0)

    played(dsn, story, pending={"days": 14})


def test_what_is_owed_is_paid_when_points_become_active(dsn):
    async def story(shop, card):
        old = await shop.buys(card, 80, 40)
        await shop.spends(card, 80)
        await shop.buys(card, 100, 1)
        await shop.send(goods_back(old))
        assert await shop.points(card) == (0, 100, 80)
        await shop.run(on(15))
        assert await shop.points(card) == (20, 0, 0)

    played(dsn, story, pending={"days": 14})


# Expiry -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("expiry", [{"days": 30}, {"inactive_days": 30}], ids=["days", "rolling"])
def test_points_expire_at_the_end_of_their_last_day(dsn, expiry):
    async def story(shop, card):
        await shop.buys(card, 100, 40)
        assert await shop.run(day_end(TODAY - timedelta(days=10), "Europe/Rome") - LEAST) == []
        (done,) = await shop.run(day_end(TODAY - timedelta(days=10), "Europe/Rome"))
        assert (done.wallets, done.activated, done.expired, done.carried) == (1, 0, 100, 0)
        assert await shop.run() == []
        assert await shop.points(card) == (0, 0, 0)

    played(dsn, story, expiry=expiry)


LEAST = timedelta(microseconds=1)


def test_every_visit_keeps_rolling_points_alive(dsn):
    async def story(shop, card):
        await shop.buys(card, 100, 50)
        await shop.buys(card, 10, 25)
        assert await shop.run() == []
        assert await shop.points(card) == (110, 0, 0)
        (done,) = await shop.run(on(6))
        assert done.expired == 110

    played(dsn, story, expiry={"inactive_days": 30})


def test_a_season_carries_a_part_over(dsn):
    seasons = _closed(20, carry_percent=40, carry_most=50)

    async def story(shop, card):
        await shop.buys(card, 100, 40)
        await shop.buys(card, 60, 30)
        (done,) = await shop.run()
        assert (done.expired, done.carried) == (160, 50), "40 % of 160 are 64: 50 at most"
        await shop.buys(card, 7, 5)
        assert await shop.points(card) == (57, 0, 0)
        assert await shop.run(on(99)) == []
        (done,) = await shop.run(on(102))
        assert (done.expired, done.carried) == (57, 0)

    played(dsn, story, expiry={"seasons": seasons})


@pytest.mark.parametrize("ran", [True, False])
def test_late_receipts_of_a_season_carry_no_more_than_its_most(dsn, ran):
    """Whatever was spent of it, whoever posts it, in one account or in two that became one."""
    seasons = _closed(2, carry_percent=50, carry_most=50)

    async def story(shop, card):
        await shop.buys(card, 61, 40)
        await shop.run()
        assert await shop.points(card) == (30, 0, 0)
        await shop.spends(card, 30)
        await shop.buys(card, 1, 39)
        if ran:
            await shop.run()
        await shop.spends(card, 1)  # half of 62 are 31
        for days, more in ((38, 19), (37, 0)):
            await shop.buys(card, 500, days)
            if ran:
                await shop.run()
            said = await shop.send(sale(card, line("SOUP", 1, 19), spend=19))
            assert said.status == (201 if more else 409)
        one, other = fresh_card(), fresh_card()
        for each in (one, other):
            await shop.register(each)
        await shop.buys(other, 500, 36)
        await shop.merge(one, other)
        await shop.spends(one, 20)
        await shop.buys(one, 500, 35)
        await shop.run()
        assert await shop.points(one) == (30, 0, 0), "what the other had carried, and no more"

    played(dsn, story, expiry={"seasons": seasons})


@pytest.mark.parametrize(("clock", "carried"), [("Europe/Rome", 50), ("", 100)])
def test_a_season_with_a_clock_ends_once_for_stores_in_other_zones(dsn, clock, carried):
    seasons = _closed(20, carry_percent=40, carry_most=50)

    async def story(shop, card):
        async with shop.house.pool.connection() as conn:
            await stores_db.put_store(conn, Place("S2", "Harbour", "America/New_York"))
        await shop.house.refresh()
        for store, days in (("S1", 40), ("S2", 30)):
            said = await shop.send(
                replace(sale(card, line("SOUP", 1, 200), at=ago(days)), store=store)
            )
            assert said.status == 201
        done = await shop.run()
        assert sum(each.carried for each in done) == carried
        assert await shop.points(card) == (carried, 0, 0)

    played(dsn, story, expiry={"seasons": seasons} | ({"time_zone": clock} if clock else {}))


def test_what_a_season_carries_can_be_spent_before_any_run(dsn):
    seasons = _closed(2, carry_percent=40)

    async def story(shop, card):
        old = await shop.buys(card, 100, 40)
        paid = await shop.send(sale(card, line("SOUP", 1, 60), spend=30))
        assert paid.status == 201
        assert await shop.points(card) == (10 + 30, 0, 0)
        await shop.send(goods_back(old))
        assert await shop.run() == []
        assert await shop.points(card) == (0, 0, 0), "it takes back what lived on of it"

    played(dsn, story, expiry={"seasons": seasons})


@pytest.mark.parametrize("cancelled", [True, False], ids=["cancelled", "timed out"])
def test_what_a_hold_keeps_expires_when_the_hold_ends(dsn, cancelled):
    async def story(shop, card):
        await shop.buys(card, 100, 30)
        said = await shop.send(Quote(sale(card, line("SOUP", 1, 60), spend=60), hold=True))
        (done,) = await shop.run(TONIGHT)
        assert done.expired == 40
        assert await shop.points(card) == (60, 0, 0)
        assert await shop.sweep(TONIGHT) == 0
        if cancelled:
            assert (await shop.send(Cancel(said.answer.id))).status == 200
            assert await shop.points(card) == (60, 0, 0), "it is not midnight yet"
            (done,) = await shop.run(TONIGHT)
        else:
            assert await shop.sweep(NOW + timedelta(days=2)) == 1
            done = await shop.last_run()
            assert done.kind == "released"
        assert done.expired == 60
        assert await shop.points(card) == (0, 0, 0)

    played(dsn, story, expiry_days=30, hold_minutes=24 * 60)


# Returns ------------------------------------------------------------------------------------------


def test_what_has_expired_need_not_be_given_back(dsn):
    """Bought, expired, returned: the member owes nothing, whether a run came between or not."""

    async def story(shop, card):
        for ran in (True, False):
            await shop.buys(card, 500, 3)
            old = await shop.buys(card, 100, 40)
            if ran:
                await shop.run()
            await shop.send(goods_back(old))
            await shop.run()
        assert await shop.points(card) == (1000, 0, 0)

    played(dsn, story, expiry_days=30)


def test_half_spent_half_expired(dsn):
    async def story(shop, card):
        old = sale(card, line("SOUP", 2, 50), at=ago(40))
        await shop.send(old)
        await shop.send(sale(card, line("SOUP", 1, 30), spend=30, at=ago(20)))
        await shop.run()
        assert await shop.points(card) == (0, 0, 0)
        await shop.send(goods_back(old, (1, 1)))
        assert await shop.points(card) == (0, 0, 0), "50 of 70 that expired"
        await shop.send(goods_back(old, (1, 1)))
        assert await shop.points(card) == (0, 0, 30), "what was spent is owed"

    played(dsn, story, expiry_days=30)


def test_points_given_back_too_late_have_a_grace(dsn):
    async def story(shop, card):
        await shop.buys(card, 100, 40)
        bought = sale(card, line("SOUP", 1, 100), spend=100, at=ago(20))
        await shop.send(bought)
        await shop.send(goods_back(bought))
        assert await shop.points(card) == (100, 0, 0)
        (done,) = await shop.run(on(11))
        assert done.expired == 100

    played(dsn, story, expiry_days=30, refund_grace_days=10)


# Several currencies -------------------------------------------------------------------------------


def test_stamps_live_by_their_own_rules(dsn):
    async def story(shop, card):
        old = await shop.buys(card, 200, 40)
        await shop.buys(card, 50, 1)
        assert await shop.points(card) == (200, 50, 0)
        assert await shop.points(card, "stamps") == (25, 0, 0)
        (done,) = await shop.run()
        assert (done.expired, done.wallets) == (20, 1), "the stamps of the old receipt"
        await shop.send(goods_back(old))
        assert await shop.points(card) == (0, 50, 0)
        assert await shop.points(card, "stamps") == (5, 0, 0), "they had expired"

    stamps = {"name": "Stamps", "kind": "stamps", "expiry": {"days": 30}}
    played(dsn, story, STAMP, pending={"days": 14}, currencies={"stamps": stamps})
