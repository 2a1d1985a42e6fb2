"""Gifts and coupons that have to come back, or are void, when the goods they were for come back."""

from __future__ import annotations

from support.database import run
from support.shop import TWO_PERCENT, fresh_card, goods_back, line, opened, program, sale
from tessera.base.refusal import Refusal
from tessera.checkout.core.words import TakeBack
from tessera.checkout.flows import reading

CUPS = {"id": "cups", "mechanic": "sum_threshold", "from_minor": 2000, "each": True,
        "prize": {"gift": "CUP"}}  # fmt: skip
COUPON = {"id": "back", "mechanic": "sum_threshold", "from_minor": 5000,
          "prize": {"coupon": "10OFF", "count": 2}}  # fmt: skip
PROGRAM = program(TWO_PERCENT, CUPS, COUPON)
WINE = line("WINE", 3, 2000)


def cups(count: int) -> TakeBack:
    return TakeBack("gift", "CUP", count)


def test_a_broken_threshold_names_what_has_to_come_back(dsn):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            bought = sale(fresh_card(), WINE, line("GUM", 1, 100))
            given = (await shop.send(bought)).answer
            assert [(e.item, e.given) for e in given.effects[1:]] == [("CUP", 3), ("10OFF", 2)]
            assert given.take_back == ()

            gum = (await shop.send(goods_back(bought, (2, 1)))).answer
            assert gum.take_back == (), "nothing broke"

            one = (await shop.send(goods_back(bought, (1, 1)))).answer
            assert one.take_back == (cups(1), TakeBack("coupon", "10OFF", 2))
            assert one.screen[:2] == ("take back the gift: CUP", "coupons are void: 2 x 10OFF")
            assert "refund 20.00 EUR" in one.screen and "refund 20.00 EUR" in one.slip
            assert not any("CUP" in each for each in one.slip), "the cashier asks, not the slip"

            rest = (await shop.send(goods_back(bought))).answer
            assert rest.take_back == (cups(2),)
            assert rest.screen[0] == "take back the gifts: 2 x CUP"

            found = await reading.receipt(shop.eye, one.id, "EUR", staff=True)
            assert not isinstance(found, Refusal) and found[1].take_back == one.take_back
            await shop.eye.rollback()
            await shop.assert_proved()

    run(work())


def test_nobodys_receipt_gave_nothing_and_nothing_has_to_come_back(dsn):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            bought = sale(None, WINE)
            assert (await shop.send(bought)).answer.effects == ()
            assert (await shop.send(goods_back(bought))).answer.take_back == ()

    run(work())


def test_a_known_receipt_meets_nobody(dsn):
    """Its number was posted; the card that it names now was never seen: it stays so."""

    async def work():
        async with opened(dsn, PROGRAM) as shop:
            bought = sale(fresh_card(), WINE)
            assert (await shop.send(bought)).status == 201
            stranger = fresh_card()
            again = sale(stranger, WINE, number=bought.number, at=bought.happened_at)
            assert (await shop.send(again)).problem.code == "receipt_known"
            assert await shop.account(stranger) is None

    run(work())
