"""Points of several currencies on one receipt: each has its own wallet, returns and proof."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from support import database
from support.database import run
from support.shop import PAY, TWO_PERCENT, fresh_card, goods_back, line, opened, program, sale
from tessera.checkout.flows import reading

STAMPS = {"id": "stamp", "mechanic": "base_rate", "points": 1, "per_minor": 1000, "earns": "stamps"}
MILES = {"id": "mile", "mechanic": "base_rate", "points": 5, "per_minor": 100, "earns": "miles"}
PROGRAM = program(
    TWO_PERCENT, PAY, STAMPS, MILES,
    currencies={"stamps": {"kind": "stamps"}, "miles": {"kind": "miles", "pending": {"days": 14}}},
)  # fmt: skip
WINE = line("WINE", 3, 1000)


def told(answer):
    """{currency: (available, pending, debt)} of an answer, its own points first."""
    found = {"": answer.balance} | answer.currencies
    return {unit: (each.available, each.pending, each.debt) for unit, each in found.items()}


def test_a_receipt_gives_points_of_every_kind_and_a_return_takes_its_part_of_each(dsn):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            bought = sale(fresh_card(), WINE)
            given = (await shop.send(bought)).answer
            assert given.points_earned == 60, "only the program's own"
            assert told(given) == {"": (60, 0, 0), "stamps": (3, 0, 0), "miles": (0, 150, 0)}
            assert [line.points for line in given.lines] == [60]
            assert "+3 stamps: 1 for every 10.00 EUR" in given.screen

            one = (await shop.send(goods_back(bought, (1, 1)))).answer
            assert told(one) == {"": (40, 0, 0), "stamps": (2, 0, 0), "miles": (0, 100, 0)}
            rest = (await shop.send(goods_back(bought))).answer
            assert told(rest) == {"": (0, 0, 0), "stamps": (0, 0, 0), "miles": (0, 0, 0)}
            await shop.assert_proved()

    run(work())


def test_looking_at_the_card_tells_every_currency_it_has(dsn):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            card = fresh_card()
            await shop.send(sale(card, WINE))
            await shop.send(sale(card, WINE))
            account, now = await shop.account(card), datetime.now(UTC)
            assert account is not None
            the_program = shop.house.shop().program
            there = await reading.balances(shop.eye, account, the_program, now)
            assert {unit: each.balance for unit, each in there.items()} == {
                "": 120, "stamps": 6, "miles": 300
            }  # fmt: skip
            await shop.eye.rollback()

    run(work())


@pytest.mark.parametrize("wrong", [
    "UPDATE ledger.account SET currency = 'miles' WHERE currency = 'stamps'",
    "UPDATE ledger.account SET pending = pending + 1 WHERE currency = 'miles'",
    "UPDATE ledger.lot SET pending = false WHERE pending",
])  # fmt: skip
def test_the_proof_sees_points_in_the_wrong_currency_or_too_early(dsn, wrong):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            await shop.send(sale(fresh_card(), WINE))
            async with await database.connect(dsn) as conn:
                await conn.execute("DROP INDEX ledger.account_owner")
                await conn.execute(wrong)
            assert (await shop.proof()).differences

    run(work())
