"""Coupons that a sale gave and whose goods came back: used or not, in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from support import shop as counter
from support.coupons import BACK, THANKS, couponed, states
from support.database import run
from support.shop import goods_back, line, sale
from tessera.checkout.core import Quote
from tessera.rewards.coupons.core import codes
from tessera.rewards.coupons.office import db as office_db
from tessera.rewards.coupons.office import flows as office

SOUP, CAKE = line("SOUP", 1, 1000), line("CAKE", 1, 500)


def with_shop(dsn, work, body=None):
    async def day():
        async with counter.opened(dsn, body or couponed(THANKS, BACK)) as shop:
            await work(shop)
            await shop.assert_proved()

    run(day())


async def bought(shop, card, *lines):
    """A purchase that gives a coupon: (it, the code)."""
    sold = sale(card, *(lines or (SOUP,)))
    told = (await shop.send(sold)).answer.coupons
    return sold, next(each.code for each in told if each.state == "given")


def shows(card, code, *lines):
    return replace(sale(card, *(lines or (CAKE,))), coupons=(code,))


def number(code: str) -> int:
    read = codes.read(code)
    assert isinstance(read, int)
    return read


async def known(shop, code):
    """(used, void, owed) of a code, and how many of its kind are owed."""
    async with shop.house.pool.connection() as conn:
        found = await office.find(conn, number(code))
        figures = await office_db.figures(conn)
    assert found is not None
    return found.row.used, found.row.void, found.row.owed, figures["THANKS"]["owed"]


async def is_over(shop, card, code):
    """The code is void, nobody owes it, and it is taken from nobody any more."""
    assert await known(shop, code) == (0, True, False, 0)
    assert states(await shop.send(shows(card, code))) == [("THANKS", "revoked")]


def test_an_owed_coupon_whose_use_comes_back_is_void(dsn):
    async def work(shop):
        card = await shop.member()
        gave, code = await bought(shop, card)
        used = shows(card, code)
        assert states(await shop.send(used)) == [("THANKS", "accepted")]
        assert states(await shop.send(goods_back(gave))) == [("THANKS", "owed")]
        assert await known(shop, code) == (1, False, True, 1)
        assert states(await shop.send(goods_back(used))) == [("THANKS", "void")]
        assert await known(shop, code) == (0, True, False, 0)
        again = await shop.send(shows(card, code))
        assert states(again) == [("THANKS", "revoked")]
        assert again.answer.to_pay_minor == 500

    with_shop(dsn, work)


def test_a_coupon_that_came_back_is_void_with_what_it_was_given_for(dsn):
    async def work(shop):
        card = await shop.member()
        gave, code = await bought(shop, card)
        used = shows(card, code)
        await shop.send(used)
        assert states(await shop.send(goods_back(used))) == [("THANKS", "back")]
        assert states(await shop.send(goods_back(gave))) == [("THANKS", "void")]
        await is_over(shop, card, code)

    with_shop(dsn, work)


def test_part_by_part_it_ends_the_same(dsn):
    async def work(shop):
        card = await shop.member()
        gave, code = await bought(shop, card, line("SOUP", 3, 400))
        used = shows(card, code, line("CAKE", 2, 300))
        await shop.send(used)
        owed = await shop.send(goods_back(gave, (1, 1)))  # 8.00 are left, it is given from 10.00
        assert states(owed) == [("THANKS", "owed")]
        assert states(await shop.send(goods_back(used, (1, 1)))) == []
        assert await known(shop, code) == (1, False, True, 1)
        assert states(await shop.send(goods_back(gave, (1, 1)))) == []
        assert states(await shop.send(goods_back(used, (1, 1)))) == [("THANKS", "void")]
        assert states(await shop.send(goods_back(gave, (1, 1)))) == []
        await is_over(shop, card, code)

    with_shop(dsn, work)


def test_one_that_a_quote_keeps_is_owed_once_that_is_confirmed(dsn):
    async def work(shop):
        card = await shop.member()
        gave, code = await bought(shop, card)
        wanted = shows(card, code)
        held = await shop.send(Quote(wanted, hold=True))
        assert states(await shop.send(goods_back(gave))) == [("THANKS", "void")]
        done = await shop.send(replace(wanted, quote=held.answer.id))
        assert states(done) == [("THANKS", "accepted")]
        assert done.answer.to_pay_minor == 300
        assert await known(shop, code) == (1, False, True, 1)
        assert states(await shop.send(goods_back(wanted))) == [("THANKS", "void")]
        assert await known(shop, code) == (0, True, False, 0)

    with_shop(dsn, work)


def test_of_an_owed_coupon_no_more_uses_are_good(dsn):
    async def work(shop):
        card = await shop.member()
        gave, code = await bought(shop, card)
        first, second = shows(card, code), shows(card, code)
        for each in (first, second):
            assert states(await shop.send(each)) == [("THANKS", "accepted")]
        assert states(await shop.send(goods_back(gave))) == [("THANKS", "owed")]
        assert states(await shop.send(shows(card, code))) == [("THANKS", "revoked")]
        assert states(await shop.send(goods_back(first))) == [("THANKS", "owed")]
        assert states(await shop.send(goods_back(second))) == [("THANKS", "void")]
        assert await known(shop, code) == (0, True, False, 0)

    with_shop(dsn, work, couponed(THANKS, BACK, THANKS={"name": "2.00 off", "uses": 3}))


@pytest.mark.parametrize("back", [1, 3])
def test_what_the_office_made_void_stays_so(dsn, back):
    async def work(shop):
        card = await shop.member()
        gave, code = await bought(shop, card, line("SOUP", 4, 1000))
        async with shop.house.pool.connection() as conn:
            found = await office.find(conn, number(code))
            assert found is not None
            assert await office_db.void(conn, found.row.code, datetime.now(UTC))
        assert states(await shop.send(goods_back(gave, (1, back)))) == []
        assert await known(shop, code) == (0, True, False, 0)

    with_shop(dsn, work)
