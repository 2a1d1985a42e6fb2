"""Receipts of tills that were cut off, which come when their points have expired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from support.away import allow, away
from support.database import run
from support.shop import PAY, TWO_PERCENT, fresh_card, goods_back, line, opened, program, sale
from tessera.ledger.reports import db as reports

BODY = program(
    TWO_PERCENT, PAY, offline={"points": 60, "days": 2}, net_debt=True, expiry={"days": 3}
)


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("ran", [True, False])
def test_what_expired_before_the_receipt_came_is_spent_and_not_owed(dsn, ran, allowed):
    """60 of the 100 points that lived to the end of yesterday; and its goods come back."""
    now = datetime.now(UTC)

    async def work() -> None:
        async with opened(dsn, BODY) as shop:
            card = fresh_card()
            await shop.register(card)
            earned = sale(card, line("SOUP", 1, 5000), at=now - timedelta(days=4))
            await shop.send(earned)
            token = await allow(shop, card, at=now - timedelta(days=1, minutes=1))
            if ran:
                (done,) = await shop.run(now)
                assert done.expired == 100
            receipt = away(card, 1000, 60, token if allowed else None, at=now - timedelta(days=1))
            said = await shop.send(receipt)
            if ran and not allowed:
                assert (said.status, said.answer.points_spent) == (201, 0), "nothing is there"
                return
            assert (said.status, said.answer.points_spent) == (201, 60)
            await shop.run(now)
            balance = await shop.balance(card)
            assert (balance.debt, balance.balance) == (0, said.answer.points_earned)
            (told,) = await reports.outstanding_at(
                shop.eye, datetime.now(UTC), now - timedelta(days=9)
            )
            assert (told.change.spent, told.change.expired) == (-60, -40)
            await shop.eye.rollback()
            await shop.assert_proved()
            await shop.send(goods_back(earned))
            assert (await shop.balance(card)).debt == 60 - said.answer.points_earned, "what it gave"
            await shop.send(goods_back(receipt))
            balance = await shop.balance(card)
            assert (balance.debt, balance.balance) == (0, 0), "what came back had been owed"
            await shop.assert_proved()

    run(work())
