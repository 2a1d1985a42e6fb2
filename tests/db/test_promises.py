"""What a held quote keeps, and what it cannot be used for."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from support import shop as counter
from support.database import run
from support.shop import TWO_PERCENT, fresh_card, goods_back, line, program, sale
from tessera.checkout.core import Quote
from tessera.warehouse.core import Payment

CUP = {"id": "welcome", "mechanic": "sum_threshold", "from_minor": 1, "prize": {"gift": "CUP"},
       "caps": [{"per": "ever", "times": 1}]}  # fmt: skip


async def held(shop, receipt):
    """The same receipt, naming the quote that was held for it."""
    told = await shop.send(Quote(receipt, hold=True))
    return replace(receipt, quote=told.answer.id)


def given(told):
    return {effect.rule: effect.given for effect in told.answer.effects}


def with_shop(dsn, work):
    async def day():
        async with counter.opened(dsn) as shop:
            await work(shop)

    run(day())


def test_many_promises_of_what_is_given_once_give_it_once(dsn):
    async def work(shop):
        base = TWO_PERCENT | {"caps": [{"per": "month", "most": 10}]}
        await shop.publish(program(base, CUP))
        card = fresh_card()
        promised = [await held(shop, sale(card, line("SOUP", 1, 500))) for _ in range(4)]
        told = [await shop.send(receipt) for receipt in promised]
        assert given(told[0]) == {"base": 10, "welcome": 1}
        assert [given(each) for each in told[1:]] == [{}, {}, {}]
        assert {d.rule for d in told[1].answer.differences} == {"base", "welcome"}

    with_shop(dsn, work)


def test_a_promise_is_of_how_it_is_paid_and_where(dsn):
    async def work(shop):
        bonus = {"id": "bonus", "mechanic": "tender_bonus", "methods": ["member_card"], "every": 2,
                 "extra": 1}  # fmt: skip
        online = {"id": "online", "mechanic": "fixed_points", "points": 77,
                  "when": {"channel": ["online"]}}  # fmt: skip
        await shop.publish(program(TWO_PERCENT, bonus, online))
        asked = replace(
            sale(fresh_card(), line("SOUP", 1, 1000)), channel="online",
            payments=(Payment("member_card", 1000),),
        )  # fmt: skip
        promised = await held(shop, asked)
        told = await shop.send(
            replace(promised, channel="store", payments=(Payment("cash", 1000),))
        )
        assert given(told) == {"base": 20}
        assert {d.rule for d in told.answer.differences} == {"bonus", "online"}

    with_shop(dsn, work)


def test_a_promise_is_of_its_moment(dsn):
    async def work(shop):
        receipt = sale(fresh_card(), line("SOUP", 1, 1000))
        day = (receipt.happened_at - timedelta(days=3)).date().isoformat()
        special = {"id": "that-day", "mechanic": "fixed_points", "points": 500,
                   "when": {"dates": [day]}}  # fmt: skip
        await shop.publish(program(TWO_PERCENT, special))
        old = replace(receipt, happened_at=receipt.happened_at - timedelta(days=3))
        promised = await held(shop, old)
        told = await shop.send(replace(promised, happened_at=receipt.happened_at))
        assert given(told) == {"base": 20}

    with_shop(dsn, work)


def test_too_many_points_are_not_promised(dsn):
    async def work(shop):
        await shop.publish(program(TWO_PERCENT | {"points": 10**6, "per_minor": 1}))
        told = await shop.send(Quote(sale(fresh_card(), line("A", 10**7, 100)), hold=True))
        assert told.problem.code == "points_too_many"

    with_shop(dsn, work)


V1 = program(
    TWO_PERCENT, CUP,
    {"id": "off", "mechanic": "percent_off", "percent": 10, "coupon": "W"},
    {"id": "thanks", "mechanic": "sum_threshold", "from_minor": 500, "prize": {"coupon": "NEXT"}},
    {"id": "tickets", "mechanic": "every_x_tickets", "draw": "CAR", "per_minor": 100},
    coupons={"W": {"name": "Word", "code": "FIVE5", "most": 3},
             "NEXT": {"name": "Next time", "personal": True}},
    draws={"CAR": {"prizes": [{"item": "CAR"}], "ends": "2098-01-01"}},
    partners={"corner": {"name": "Corner", "stores": ["S1"], "sells_at_x100": 100}},
)  # fmt: skip


def test_a_promise_is_kept_whole_though_the_program_changed_meanwhile(dsn):
    async def rows(shop, sql, *values):
        found = await (await shop.eye.execute(sql, values)).fetchall()
        await shop.eye.commit()
        return found

    async def work(shop):
        await shop.publish(V1)
        cards = [await shop.member() for _ in range(4)]
        await shop.send(replace(sale(cards[0], line("SOUP", 1, 1000)), coupons=("FIVE5",)))
        wanted = replace(sale(cards[1], line("SOUP", 1, 1000)), coupons=("FIVE5",))
        promised = await held(shop, wanted)
        twice = [await held(shop, sale(cards[2], line("SOUP", 1, 500))) for _ in range(2)]
        await shop.publish(program(TWO_PERCENT))
        told = await shop.send(promised)
        assert [(each.kind, each.state) for each in told.answer.coupons] == [
            ("W", "accepted"), ("NEXT", "given"),
        ]  # fmt: skip
        assert told.answer.to_pay_minor == 900
        assert await rows(shop, "SELECT kind, used FROM rewards.coupon_count") == [("W", 2)]
        assert await rows(shop, "SELECT * FROM rewards.coupon_miss") == []
        kept = "SELECT sum(pieces) FROM rewards.keepsake WHERE outcome_id = %s"
        assert await rows(shop, kept, told.answer.id) == [(9,)]
        posted = "SELECT count(*) FROM partners.posting WHERE outcome_id = %s"
        assert await rows(shop, posted, told.answer.id) == [(1,)]
        assert [given(await shop.send(each)).get("welcome") for each in twice] == [1, None]
        await shop.publish(V1)
        last = [
            await shop.send(replace(sale(card, line("SOUP", 1, 500)), coupons=("FIVE5",)))
            for card in (cards[3], cards[0])
        ]
        assert [each.answer.coupons[0].state for each in last] == ["accepted", "used"]
        back = await shop.send(goods_back(promised))
        assert [(each.kind, each.state) for each in back.answer.coupons] == [
            ("W", "back"), ("NEXT", "void"),
        ]  # fmt: skip
        await shop.assert_proved()

    with_shop(dsn, work)
