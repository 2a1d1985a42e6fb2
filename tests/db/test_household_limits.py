"""What a child may spend on a day, however it goes about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.test_households import Home, bought
from db.test_joining import merged
from support import database, shop
from support.shop import PAY, TWO_PERCENT, line, sale

PROGRAM = shop.program(TWO_PERCENT, PAY)


def test_a_receipt_of_the_past_counts_on_the_day_it_comes(dsn):
    async def play() -> None:
        async with shop.opened(dsn, PROGRAM) as open_:
            home = Home(open_, child_per_day=50)
            anna, carl = await open_.member(), await open_.member()
            past = datetime.now(UTC) - timedelta(days=10)
            await open_.send(sale(anna, line("SOUP", 1, 100_000), at=past))
            await home.found(anna)
            await home.join(carl, "child")
            days = [datetime.now(UTC) - timedelta(days=days) for days in (3, 3, 5, 0)]
            said = [
                (await open_.send(sale(carl, line("SOUP", 1, 1_000), spend=50, at=at))).status
                for at in days
            ]
            assert said == [201, 409, 409, 409]
            await open_.assert_proved()

    database.run(play())


def test_leaving_and_another_number_begin_no_new_day(dsn):
    async def play() -> None:
        async with shop.opened(dsn, PROGRAM) as open_:
            home = Home(open_, child_per_day=50)
            anna, carl = await open_.member(50_000), await open_.member()
            await home.found(anna)
            await home.join(carl, "child")
            await bought(open_, carl, 1_000, spend=50)
            await home.leave(carl)
            other = await open_.member()
            await merged(open_, other, carl)
            await home.join(carl, "child")
            said = await open_.send(sale(carl, line("SOUP", 1, 1_000), spend=10))
            assert (said.status, said.problem.code) == (409, "household_limit")
            await open_.assert_proved()

    database.run(play())
