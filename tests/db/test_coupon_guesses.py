"""Who guesses finds nothing and is stopped; codes by the hundred thousand are met by one probe."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from msgspec.structs import replace

from support import shop as counter
from support.coupons import couponed, ordered, states
from support.database import run
from support.shop import fresh_card, line, sale
from tessera.checkout.core import Quote
from tessera.rewards.coupons import db
from tessera.rewards.coupons.core import codes
from tessera.rewards.coupons.core.misses import MOST
from tessera.rewards.coupons.flows import veiled

SOUP = line("SOUP", 1, 1000)


def test_guesses_find_none_of_many_live_codes_and_trip_the_budget(dsn, pytestconfig):
    """A million guesses at a hundred thousand codes (10^4 at 10^4 in the short form)."""
    whole = pytestconfig.getoption("--long")
    live, guesses = (100_000, 1_000_000) if whole else (10_000, 10_000)
    rng = random.Random(20_261_122)

    async def day():
        async with counter.opened(dsn, couponed()) as shop:
            _, told = await ordered(shop, live)
            async with shop.house.pool.connection() as conn:
                for at in range(0, guesses, 10_000):
                    some = veiled([rng.getrandbits(codes.BITS) for _ in range(10_000)])
                    assert await db.codes(conn, some) == {}, f"a guess was right, at {at}"
            said = []
            for _ in range(4):  # ten on a receipt, each well formed
                tried = [codes.spelled(rng.getrandbits(codes.BITS)) for _ in range(10)]
                basket = replace(sale(fresh_card(), SOUP), coupons=tuple(tried))
                said += [state for _, state in states(await shop.send(basket))]
            assert said == ["unknown"] * MOST + ["try_later"] * (40 - MOST)
            good = replace(sale(fresh_card(), SOUP), coupons=(told[0],))
            assert states(await shop.send(good)) == [("", "try_later")]
            held = await shop.send(Quote(good, hold=True))
            assert states(held) == [("", "try_later")]

    run(day())


def test_wrong_codes_are_counted_for_a_member_at_every_till(dsn):
    async def day():
        async with counter.opened(dsn, couponed()) as shop:
            card = fresh_card()
            for n in range(MOST):
                wrong = replace(sale(card, SOUP), till=f"{n}", coupons=(codes.spelled(n),))
                assert states(await shop.send(wrong)) == [("", "unknown")]
            _, (code,) = await ordered(shop, 1)
            elsewhere = replace(sale(card, SOUP), till="99", coupons=(code,))
            assert states(await shop.send(elsewhere)) == [("", "try_later")]
            other = replace(sale(fresh_card(), SOUP), till="98", coupons=(code,))
            assert states(await shop.send(other)) == [("TENTH", "accepted")]

    run(day())


def test_a_refused_receipt_counts_its_guesses_too(dsn):
    """A receipt that cannot be posted says nothing of coupons, and is no free try."""

    async def day():
        async with counter.opened(dsn, couponed()) as shop:
            card = await shop.member(100)
            for n in range(MOST):
                wrong = replace(sale(card, SOUP, spend=500), coupons=(codes.spelled(n),))
                assert (await shop.send(wrong)).problem.code == "points_short"
            _, (code,) = await ordered(shop, 1)
            good = replace(sale(card, SOUP), coupons=(code,))
            assert states(await shop.send(good)) == [("", "try_later")]

    run(day())


def test_a_pause_ends(dsn):
    async def day():
        async with counter.opened(dsn, couponed()) as shop:
            card = fresh_card()
            wrong = tuple(codes.spelled(n) for n in range(MOST))
            await shop.send(replace(sale(card, SOUP), coupons=wrong))
            _, (code,) = await ordered(shop, 1)
            good = replace(sale(card, SOUP), coupons=(code,))
            assert states(await shop.send(good)) == [("", "try_later")]
            await shop.eye.execute(
                "UPDATE rewards.coupon_miss SET free_at = %s", (datetime.now(UTC),)
            )
            await shop.eye.commit()
            good = replace(sale(card, SOUP), coupons=(code,))
            assert states(await shop.send(good)) == [("TENTH", "accepted")]

    run(day())
