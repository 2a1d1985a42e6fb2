"""What a held quote keeps, and what it cannot be used for."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from support import shop as counter
from support.database import run
from support.shop import TWO_PERCENT, fresh_card, line, program, sale
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
