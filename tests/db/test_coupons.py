"""Coupons at the till: shown, kept by a quote, used, given back; given and taken back."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from support import shop as counter
from support.coupons import BACK, OFF, THANKS, couponed, issue, ordered, states, used
from support.database import run
from support.shop import fresh_card, goods_back, line, sale, today
from tessera.checkout.core import Cancel, Quote
from tessera.rewards.coupons.core import codes
from tessera.rewards.coupons.office import flows as office

SOUP = line("SOUP", 1, 1000)


def with_shop(dsn, work, body=None):
    async def day():
        async with counter.opened(dsn, body or couponed()) as shop:
            await work(shop)
            await shop.assert_proved()

    run(day())


def buys(card, *shown, **more):
    return replace(sale(card, SOUP, **more), coupons=shown)


async def over(shop, since):
    """All that quotes keep of coupons is over since so long."""
    past = datetime.now(UTC) - since
    await shop.eye.execute(
        "UPDATE rewards.coupon_use SET held_until = %s WHERE held_until IS NOT NULL", (past,)
    )
    await shop.eye.commit()


async def counted(shop, kind):
    """How often a kind was used, as its count says."""
    sql = "SELECT used FROM rewards.coupon_count WHERE kind = %s"
    row = await (await shop.eye.execute(sql, (kind,))).fetchone()
    await shop.eye.commit()
    return None if row is None else row[0]


def test_a_code_is_used_once_and_comes_back_with_the_goods(dsn):
    async def work(shop):
        batch, (code,) = await ordered(shop, 1)
        card = await shop.member()
        bought = buys(card, code.lower().replace("-", " "))
        said = await shop.send(bought)
        assert states(said) == [("TENTH", "accepted")]
        assert (said.answer.to_pay_minor, await used(shop, batch.id)) == (900, 1)
        again = await shop.send(buys(card, code))
        assert states(again) == [("TENTH", "used")]
        assert again.answer.to_pay_minor == 1000
        back = await shop.send(goods_back(bought))
        assert states(back) == [("TENTH", "back")]
        assert (back.answer.refund_minor, await used(shop, batch.id)) == (900, 0)
        assert states(await shop.send(buys(card, code))) == [("TENTH", "accepted")]

    with_shop(dsn, work)


def test_of_many_units_the_last_gives_it_back(dsn):
    async def work(shop):
        batch, (code,) = await ordered(shop, 1)
        bought = replace(sale(await shop.member(), line("SOUP", 3, 1000)), coupons=(code,))
        await shop.send(bought)
        assert states(await shop.send(goods_back(bought, (1, 1)))) == []
        assert await used(shop, batch.id) == 1
        assert states(await shop.send(goods_back(bought))) == [("TENTH", "back")]
        assert await used(shop, batch.id) == 0

    with_shop(dsn, work)


def test_each_coupon_is_told_its_state_and_none_refuses(dsn):
    async def work(shop):
        (fine,), (late,) = await issue(shop, 1), await issue(shop, 1, ends=date(2020, 1, 1))
        (early,) = await issue(shop, 1, starts=date(2099, 1, 1))
        gone, (called_back,) = await ordered(shop, 1)
        async with shop.house.pool.connection() as conn:
            await office.revoke(conn, gone.id, "test", "misprint", datetime.now(UTC))
        wrong = fine[:-1] + ("0" if fine[-1] != "0" else "1")
        nobodys = codes.spelled(12345)
        said = await shop.send(
            buys(await shop.member(), wrong, nobodys, late, early, called_back, fine, "SUMMER10")
        )
        assert [state for _, state in states(said)] == [
            "mistyped", "unknown", "expired", "not_yet", "revoked", "accepted", "unknown",
        ]  # fmt: skip
        assert all(each.why for each in said.answer.coupons if each.state != "accepted")
        assert said.answer.to_pay_minor == 900

    with_shop(dsn, work)


def test_one_that_gives_nothing_stays_good_and_says_why(dsn):
    async def work(shop):
        batch, (code, second) = await ordered(shop, 2)
        card = await shop.member()
        said = await shop.send(buys(card, code))
        assert states(said) == [("TENTH", "unused")]
        assert "10.00" in said.answer.coupons[0].why
        both = await shop.send(replace(sale(card, line("SOUP", 2, 1000)), coupons=(code, second)))
        assert states(both) == [("TENTH", "accepted"), ("TENTH", "unused")]
        nobody = await shop.send(replace(sale(None, line("SOUP", 2, 1000)), coupons=(second,)))
        assert states(nobody) == [("TENTH", "unused")]
        assert await used(shop, batch.id) == 1

    big = OFF | {"when": {"receipt_total": {"at_least_minor": 2000}}}
    with_shop(dsn, work, couponed(big))


def test_a_held_quote_keeps_it_until_it_is_confirmed_cancelled_or_over(dsn):
    async def work(shop):
        batch, (code,) = await ordered(shop, 1)
        card, other = await shop.member(), await shop.member()
        wanted = buys(card, code)
        held = await shop.send(Quote(wanted, hold=True))
        assert states(held) == [("TENTH", "accepted")]
        assert states(await shop.send(buys(other, code))) == [("TENTH", "held")]
        await shop.send(Cancel(held.answer.id))
        held = await shop.send(Quote(wanted, hold=True))
        assert states(held) == [("TENTH", "accepted")]
        done = await shop.send(replace(wanted, quote=held.answer.id))
        assert states(done) == [("TENTH", "accepted")]
        assert done.answer.differences == ()
        assert states(await shop.send(buys(other, code))) == [("TENTH", "used")]
        back = await shop.send(goods_back(wanted))
        assert states(back) == [("TENTH", "back")]
        late = await shop.send(Quote(buys(card, code), hold=True))
        await shop.overdue(datetime.now(UTC))
        await over(shop, timedelta(seconds=1))  # a till that began in time may be confirming it
        assert states(await shop.send(buys(other, code))) == [("TENTH", "held")]
        await over(shop, timedelta(minutes=2))
        assert states(await shop.send(buys(other, code))) == [("TENTH", "accepted")]
        lost = await shop.send(replace(buys(card, code), quote=late.answer.id))
        assert states(lost) == [("TENTH", "used")]
        assert {each.what for each in lost.answer.differences} == {"discount", "points", "to_pay"}
        assert await used(shop, batch.id) == 1

    with_shop(dsn, work)


def test_another_basket_than_the_quoted_one_lets_go_of_it(dsn):
    async def work(shop):
        batch, (code,) = await ordered(shop, 1)
        card = await shop.member()
        held = await shop.send(Quote(buys(card, code), hold=True))
        other = replace(sale(card, line("CAKE", 2, 700)), quote=held.answer.id)
        assert states(await shop.send(other)) == []
        assert await used(shop, batch.id) == 0
        own = await shop.send(Quote(buys(card, code), hold=True))
        more = replace(sale(card, line("CAKE", 2, 700)), quote=own.answer.id, coupons=(code,))
        assert states(await shop.send(more)) == [("TENTH", "accepted")]
        assert await used(shop, batch.id) == 1

    with_shop(dsn, work)


def test_a_word_is_for_everybody_as_often_as_the_kind_says(dsn):
    async def work(shop):
        cards = [await shop.member() for _ in range(4)]
        said = [await shop.send(buys(card, "summer-1O")) for card in (*cards[:1], *cards)]
        assert [states(each)[0][1] for each in said] == [
            "accepted", "used", "accepted", "accepted", "used",
        ]  # fmt: skip
        assert said[1].answer.coupons[0].why != said[4].answer.coupons[0].why

    word = {"name": "Summer", "code": "SUMMER10", "most": 3, "per_member": 1}
    with_shop(dsn, work, couponed(OFF | {"coupon": "SUM"}, SUM=word))


def test_a_limit_counts_what_was_used_before_it_and_without_it(dsn):
    word = {"name": "Summer", "code": "SUMMER10"}
    free = couponed(OFF | {"coupon": "SUM"}, SUM=word)
    limited = couponed(OFF | {"coupon": "SUM"}, SUM=word | {"most": 3})

    async def work(shop):
        cards = [await shop.member() for _ in range(5)]
        first = buys(cards[0], "SUMMER10")
        assert states(await shop.send(first)) == [("SUM", "accepted")]
        await shop.publish(limited)
        await shop.send(buys(cards[1], "SUMMER10"))
        assert await counted(shop, "SUM") == 2
        await shop.publish(free)
        await shop.send(buys(cards[2], "SUMMER10"))
        await shop.publish(limited)
        assert states(await shop.send(buys(cards[3], "SUMMER10"))) == [("SUM", "used")]
        assert states(await shop.send(goods_back(first))) == [("SUM", "back")]
        assert states(await shop.send(buys(cards[4], "SUMMER10"))) == [("SUM", "accepted")]
        assert await counted(shop, "SUM") == 3

    with_shop(dsn, work, free)


def test_a_given_coupon_is_told_once_is_its_members_and_goes_with_the_goods(dsn):
    async def work(shop):
        card, other = await shop.member(), await shop.member()
        bought = buys(card)
        quoted = await shop.send(Quote(bought, hold=True))
        assert states(quoted) == []
        given = (await shop.send(replace(bought, quote=quoted.answer.id))).answer.coupons
        assert [(each.kind, each.state) for each in given] == [("THANKS", "given")]
        assert given[0].ends == today() + timedelta(days=30)
        code = given[0].code
        small = line("CAKE", 1, 500)
        assert states(await shop.send(replace(sale(other, small), coupons=(code,)))) == [
            ("THANKS", "not_yours")
        ]
        back = await shop.send(goods_back(bought))
        assert states(back) == [("THANKS", "void")]
        assert code not in back.answer.coupons[0].code
        gone = await shop.send(replace(sale(card, small), coupons=(code,)))
        assert states(gone) == [("THANKS", "revoked")]
        bought = buys(card)
        code = (await shop.send(bought)).answer.coupons[0].code
        spent = await shop.send(replace(sale(card, small), coupons=(code,)))
        assert states(spent) == [("THANKS", "accepted")]
        assert spent.answer.to_pay_minor == 300
        owed = await shop.send(goods_back(bought))
        assert states(owed) == [("THANKS", "owed")]

    with_shop(dsn, work, couponed(THANKS, BACK))


def test_somebodys_coupon_goes_with_a_merge(dsn):
    async def work(shop):
        card, other = await shop.member(), await shop.member()
        code = (await shop.send(buys(other))).answer.coupons[0].code
        await shop.merge(card, other)
        small = sale(card, line("CAKE", 1, 500))
        assert states(await shop.send(replace(small, coupons=(code,)))) == [("THANKS", "accepted")]

    with_shop(dsn, work, couponed(THANKS, BACK))


@pytest.mark.parametrize("uses", [1, 10])
def test_64_tills_at_one_code_use_it_as_often_as_it_may(dsn, pytestconfig, uses):
    async def work(shop):
        cards = [fresh_card() for _ in range(64)]
        for _ in range(50 if pytestconfig.getoption("--long") else 3):
            batch, (code,) = await ordered(shop, 1)
            said = await asyncio.gather(*(shop.send(buys(card, code)) for card in cards))
            told = [states(each)[0][1] for each in said]
            assert (told.count("accepted"), told.count("used")) == (uses, 64 - uses)
            assert await used(shop, batch.id) == uses
            assert sum(each.answer.to_pay_minor for each in said) == 64_000 - 100 * uses

    with_shop(dsn, work, couponed(TENTH={"name": "10 % off", "uses": uses}))
