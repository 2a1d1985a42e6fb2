"""Returns, as receipts a cashier can check: what was bought, what comes back, what is left."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from support.database import run
from support.shop import (
    PAY,
    THIRD_LATTE,
    TWO_PERCENT,
    Shop,
    fresh_card,
    goods_back,
    line,
    opened,
    program,
    sale,
)
from tessera.checkout.core import Quote


def parse(text):
    """`LATTE 3 x 2.50, HAM 333 g x 19.99` -> lines."""
    found = []
    for word in text.split(", "):
        sku, quantity, *unit, _, price = word.split()
        minor = int(price.replace(".", ""))
        found.append(line(sku, int(quantity), minor, unit[0] if unit else "piece"))
    return found


async def act(shop: Shop, story: str) -> list[str]:
    """Play the lines of a story in one member's name; each answer in a line of text.

    have 300                points to start with
    buy  A 1 x 2.00, ...    `with 100` at the end: points to pay with
    back 1 x 2              units of line 2 of the last purchase; `all`: everything left
    """
    card, bought, told = await shop.member(), None, []
    for step in story.strip().splitlines():
        word, _, rest = step.strip().partition(" ")
        if word == "have":
            said = await shop.send(sale(card, line("GIFT", 1, int(rest) * 50)))
        elif word == "buy":
            goods, _, spend = rest.strip().partition(" with ")
            bought = sale(card, *parse(goods), spend=int(spend) if spend else None)
            said = await shop.send(bought)
        else:
            assert bought is not None
            pairs = [each.split(" x ") for each in rest.split(", ")] if rest != "all" else []
            said = await shop.send(goods_back(bought, *((int(n), int(u)) for u, n in pairs)))
        told.append(f"{step.strip()} -> {_told(said)}")
    await shop.assert_proved()
    return told


def _told(said) -> str:
    if said.status >= 400:
        return f"{said.problem.code}: {said.problem.why}"
    answer = said.answer
    money = (
        f"refund {answer.refund_minor}" if answer.kind == "return" else f"pay {answer.to_pay_minor}"
    )
    return (
        f"{money}, earned {answer.points_earned}, spent {answer.points_spent}, has {said.balance}"
    )


STORIES = {
    "what comes back takes its points along": """
        buy SOUP 4 x 10.00 -> pay 4000, earned 80, spent 0, has 80
        back 1 x 1 -> refund 1000, earned -20, spent 0, has 60
        back 2 x 1 -> refund 2000, earned -40, spent 0, has 20
        back 2 x 1 -> return_above_sale: 2 come back, 1 of line 1 are still sold
        back all -> refund 1000, earned -20, spent 0, has 0
        back all -> nothing_left: receipt N has been returned whole
    """,
    "the free latte was not free": """
        buy LATTE 3 x 2.50, CAKE 1 x 4.00 -> pay 900, earned 18, spent 0, has 18
        back 1 x 1 -> refund 0, earned 0, spent 0, has 18
        back 1 x 1 -> refund 250, earned -5, spent 0, has 13
        back 1 x 2 -> refund 400, earned -8, spent 0, has 5
        back 1 x 1 -> refund 250, earned -5, spent 0, has 0
    """,
    "fractions of a point are never lost nor won": """
        buy GUM 3 x 0.49 -> pay 147, earned 2, spent 0, has 2
        back 1 x 1 -> refund 49, earned -1, spent 0, has 1
        back 1 x 1 -> refund 49, earned -1, spent 0, has 0
        back 1 x 1 -> refund 49, earned 0, spent 0, has 0
    """,
    "points paid come back in proportion": """
        have 300 -> pay 15000, earned 300, spent 0, has 300
        buy SOUP 2 x 5.00 with 300 -> pay 700, earned 14, spent 300, has 14
        back 1 x 1 -> refund 350, earned -7, spent -150, has 157
        back 1 x 1 -> refund 350, earned -7, spent -150, has 300
    """,
    "a basket paid with points alone": """
        have 500 -> pay 25000, earned 500, spent 0, has 500
        buy SOUP 1 x 5.00 with 500 -> pay 0, earned 0, spent 500, has 0
        back all -> refund 0, earned 0, spent -500, has 500
    """,
    "what was spent since becomes debt, and the next purchase pays it": """
        buy SOUP 1 x 100.00 -> pay 10000, earned 200, spent 0, has 200
        buy CAKE 1 x 2.00 with 200 -> pay 0, earned 0, spent 200, has 0
        buy TEA 1 x 10.00 -> pay 1000, earned 20, spent 0, has 20
        back all -> refund 1000, earned -20, spent 0, has 0
    """,
    "weighed goods come back by the gram": """
        buy HAM 333 g x 19.99 -> pay 666, earned 13, spent 0, has 13
        back 100 x 1 -> refund 200, earned -4, spent 0, has 9
        back 233 x 1 -> refund 466, earned -9, spent 0, has 0
    """,
    "a line that was never sold": """
        buy SOUP 1 x 10.00 -> pay 1000, earned 20, spent 0, has 20
        back 1 x 2 -> line_unknown: the sale has 1 lines
        back 2 x 1 -> return_above_sale: 2 come back, 1 of line 1 are still sold
    """,
}


@pytest.mark.parametrize("name", STORIES)
def test_a_story_of_returns(dsn, name):
    wanted = [each.strip() for each in STORIES[name].strip().splitlines()]

    async def work():
        async with opened(dsn, program(TWO_PERCENT, PAY, THIRD_LATTE)) as shop:
            return await act(shop, "\n".join(each.partition(" -> ")[0] for each in wanted))

    told = [re.sub(r"receipt \d+ has", "receipt N has", each) for each in run(work())]
    assert told == wanted


async def owed(shop: Shop, card: str) -> tuple[int, int, int]:
    told = await shop.balance(card)
    return (told.available, told.debt, told.balance)


def test_a_clawback_of_spent_points_is_a_debt_that_the_next_earning_pays(dsn):
    async def work():
        async with opened(dsn, program()) as shop:
            card = await shop.member()
            first = sale(card, line("SOUP", 1, 10_000))
            await shop.send(first)
            await shop.send(sale(card, line("CAKE", 1, 150), spend=150))
            assert await owed(shop, card) == (50, 0, 50)
            assert (await shop.send(goods_back(first))).balance == -150
            assert await owed(shop, card) == (0, 150, -150)
            assert (await shop.send(sale(card, line("TEA", 1, 5_000)))).balance == -50
            assert (await shop.send(sale(card, line("TEA", 1, 5_000)))).balance == 50
            assert await owed(shop, card) == (50, 0, 50)
            await shop.assert_proved()

    run(work())


def test_a_program_may_leave_other_receipts_and_debts_alone(dsn):
    async def work():
        body = program(net_debt=False, clawback_other_lots=False)
        async with opened(dsn, body) as shop:
            card = await shop.member()
            first, second = (sale(card, line("SOUP", 1, 10_000)) for _ in range(2))
            await shop.send(first)
            await shop.send(sale(card, line("CAKE", 1, 150), spend=150))
            await shop.send(second)
            await shop.send(goods_back(first))
            assert await owed(shop, card) == (200, 150, 50)
            await shop.send(sale(card, line("TEA", 1, 5_000)))
            assert await owed(shop, card) == (300, 150, 150)
            await shop.assert_proved()

    run(work())


def test_twenty_returns_of_one_are_one_return_of_twenty(dsn):
    async def work():
        async with opened(dsn, program(TWO_PERCENT, PAY, THIRD_LATTE)) as shop:
            ends = []
            for parts in ([1] * 20, [20], [7, 1, 12]):
                card = await shop.member(10_000)
                bought = sale(card, line("LATTE", 23, 233), line("HAM", 417, 1999, "g"), spend=173)
                await shop.send(bought)
                refunds = 0
                for units in parts:
                    refunds += (await shop.send(goods_back(bought, (1, units)))).answer.refund_minor
                ends.append((refunds, await owed(shop, card)))
            assert ends[0] == ends[1] == ends[2]
            await shop.assert_proved()

    run(work())


def test_a_clawback_never_breaks_a_hold(dsn):
    async def work():
        async with opened(dsn, program()) as shop:
            card = await shop.member()
            first = sale(card, line("SOUP", 1, 10_000))
            await shop.send(first)
            basket = sale(card, line("CAKE", 1, 200), spend=150)
            promise = (await shop.send(Quote(basket, hold=True))).answer.id
            await shop.send(goods_back(first))
            told = await shop.balance(card)
            assert (told.available, told.held, told.debt, told.balance) == (0, 150, 150, 0)
            kept = sale(card, *basket.lines, spend=150, quote=promise)
            assert (await shop.send(kept)).answer.points_spent == 150
            assert (await shop.balance(card)).balance == -149
            await shop.assert_proved()

    run(work())


def test_spent_points_come_back_to_their_lots_with_their_own_expiry(dsn):
    async def work():
        async with opened(dsn, program(expiry_days=30, refund_grace_days=10)) as shop:
            card, now = await shop.member(), datetime.now(UTC)
            for days in (29, 5):  # 100 points that have a day left, 100 that have weeks
                at = now - timedelta(days=days)
                await shop.send(sale(card, line("SOUP", 1, 5_000), at=at))
            bought = sale(card, line("CAKE", 1, 150), spend=150)
            await shop.send(bought)
            assert await lots(shop) == [0, 50]
            assert (await shop.send(goods_back(bought))).balance == 200
            assert await lots(shop) == [100, 100]
            await shop.assert_proved()

    run(work())


@pytest.mark.parametrize(("grace_days", "left"), [(10, 150), (0, 50)])
def test_what_comes_back_after_its_lot_has_expired_has_a_grace(dsn, grace_days, left):
    async def work():
        body = program(expiry_days=30, refund_grace_days=grace_days)
        async with opened(dsn, body) as shop:
            card, now = await shop.member(), datetime.now(UTC)
            long_ago = now - timedelta(days=60)  # a late upload: its points are over by now
            for at in (long_ago, now):
                await shop.send(sale(card, line("SOUP", 1, 5_000), at=at))
            bought = sale(card, line("CAKE", 1, 150), spend=150, at=long_ago)
            assert (await shop.send(bought)).balance == 50
            assert (await shop.send(goods_back(bought))).balance == 50 + left
            await shop.assert_proved()

    run(work())


async def lots(shop: Shop) -> list[int]:
    cursor = await shop.eye.execute("SELECT remaining FROM ledger.lot ORDER BY expires_at")
    found = [row[0] for row in await cursor.fetchall()]
    await shop.eye.rollback()
    return found


# What was found wrong, and stays right --------------------------------------------------------


def test_an_old_receipt_does_not_hide_what_was_there(dsn):
    """Its lot has expired on arrival; the answer told a balance of nothing."""

    async def work():
        async with opened(dsn, program(expiry_days=30)) as shop:
            card = await shop.member(10_000)
            at = datetime.now(UTC) - timedelta(days=100)
            said = await shop.send(sale(card, line("SOUP", 1, 5_000), at=at))
            assert (said.answer.points_earned, said.balance) == (100, 200)
            assert (await shop.balance(card)).balance == 200

    run(work())


def test_returns_add_up_whatever_the_clocks_say(dsn):
    """A return that waited for the lock carries an earlier time than the one it waited for."""

    async def work():
        async with opened(dsn, program()) as shop:
            card = await shop.member()
            bought = sale(card, line("SOUP", 3, 5_000))
            await shop.send(bought)
            for balance in (200, 100):
                assert (await shop.send(goods_back(bought, (1, 1)))).balance == balance
            await shop.eye.execute(
                "UPDATE checkout.receipt SET posted_at = posted_at - interval '1 second'"
                " WHERE kind = 'return' AND id = (SELECT max(id::text)::uuid FROM checkout.receipt)"
            )
            await shop.eye.commit()
            assert (await shop.send(goods_back(bought, (1, 2)))).status == 422
            assert (await shop.send(goods_back(bought, (1, 1)))).balance == 0
            await shop.assert_proved()

    run(work())


def test_a_quote_is_nobody_else_s_to_end(dsn):
    async def work():
        async with opened(dsn, program()) as shop:
            card, other = await shop.member(10_000), fresh_card()
            basket = sale(card, line("CAKE", 1, 400), spend=150)
            promise = (await shop.send(Quote(basket, hold=True))).answer.id
            for stranger in (other, None):
                said = await shop.send(sale(stranger, *basket.lines, quote=promise))
                assert said.answer.differences == ()
            assert (await shop.balance(card)).held == 150
            kept = await shop.send(sale(card, *basket.lines, spend=150, quote=promise))
            assert (kept.answer.points_spent, kept.answer.differences) == (150, ())
            await shop.assert_proved()

    run(work())
