"""An answer as paper: what the customer holds in the hand."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from tessera.checkout.core import Answer, Balance, LinePrice
from tessera.checkout.core.words import TakeBack
from tessera.doors.cli import slip
from tessera.rules.core.telling import EffectTold as Effect
from tessera.rules.core.telling import SilentTold as Silent
from tessera.warehouse.core import Line, Receipt, ReceiptKey, Return, ReturnLine

AT = datetime.fromisoformat("2026-03-14T10:15:00+01:00")
LINES = (
    Line("CORNETTO", 6, 140, name="Cornetto"),
    Line("PIZZA", 320, 1190, "g", 381, "Pizza bianca al taglio con patate"),
)
SALE = Receipt(
    store="ROMA", till="1", number="17", happened_at=AT, currency="EUR", lines=LINES,
    total_minor=1221, card="2900000000018",
)  # fmt: skip
ANSWER = Answer(
    id=UUID(int=1), kind="sale", number="17", currency="EUR", program_version=2, gross_minor=1221,
    to_pay_minor=1081, points_earned=21, balance=Balance(40, 10, 5, 45),
    lines=(LinePrice(1, 840, 700, 140, 0, 14), LinePrice(2, 381, 381, 0, 0, 7)),
    effects=(
        Effect("discount", "six", "every_nth_free", 2, 140, 140, ((1, 140),), {"n": 6},
               "1 unit of CORNETTO free", "1 x CORNETTO free"),
    ),
    silent=(Silent("pay", "pay_with_points", 2, "not_asked", 0, "nobody asked for it"),),
)  # fmt: skip

RECEIPT = """\
                 RECEIPT
ROMA till 1                         no. 17
2026-03-14 10:15        card 2900000000018
------------------------------------------
Cornetto 6 x 1.40                     8.40
  1 x CORNETTO free                  -1.40
Pizza bianca al tag… 0.320 kg x 11.90 3.81
------------------------------------------
total                                12.21
discounts                            -1.40
TO PAY EUR                           10.81
------------------------------------------
points earned                          +21
points you have                         45
  of these kept for a quote             10
  owed                                  -5
------------------------------------------
why six: 1 unit of CORNETTO free
    n 6, version 2
not pay: nobody asked for it"""

RETURNED = """\
                  RETURN
ROMA till 1                         no. 18
2026-03-14 10:15
of receipt 17, 2026-03-14
------------------------------------------
Cornetto 2 x 1.40                     back
------------------------------------------
REFUND EUR                            1.40
points taken back                       -3
points given back                      +20
points you have                         45"""


def test_a_receipt_is_printed_as_a_till_prints_it():
    assert slip.sold(SALE, ANSWER) == RECEIPT


def test_a_return_names_its_sale_and_what_came_back():
    back = Return(
        sale=ReceiptKey("ROMA", "1", AT.date(), "", "17"), store="ROMA", till="1", number="18",
        happened_at=AT, lines=(ReturnLine(1, 2),),
    )  # fmt: skip
    answer = Answer(
        id=UUID(int=2), kind="return", currency="EUR", refund_minor=140, points_earned=-3,
        points_spent=-20, lines=ANSWER.lines, balance=Balance(45, 0, 0, 45),
    )  # fmt: skip
    assert slip.returned(SALE, back, answer) == RETURNED


def test_gifts_and_coupons_are_on_the_receipt_and_come_back_with_it():
    bag = Effect("gift", "bag", "sum_threshold", 2, 1, 1, (), {"count": 1},
                 "gift: a shopping bag", "gift: a shopping bag", item="SHOPPER")  # fmt: skip
    sold = slip.sold(SALE, replace(ANSWER, effects=(*ANSWER.effects, bag)))
    assert (
        "TO PAY EUR                           10.81\ngift: a shopping bag                     1"
        in sold
    )
    back = Return(
        sale=ReceiptKey("ROMA", "1", AT.date(), "", "17"), store="ROMA", till="1", number="18",
        happened_at=AT,
    )  # fmt: skip
    answer = Answer(
        id=UUID(int=2), kind="return", currency="EUR", refund_minor=1081, lines=ANSWER.lines,
        take_back=(TakeBack("gift", "SHOPPER", 1), TakeBack("coupon", "BREAKFAST", 2)),
    )  # fmt: skip
    assert slip.returned(SALE, back, answer).splitlines()[-3:] == [
        "REFUND EUR                           10.81",
        "gift SHOPPER                  to give back",
        "coupon 2 x BREAKFAST                  void",
    ]
