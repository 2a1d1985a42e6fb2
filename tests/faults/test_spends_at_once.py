"""A full balance is spent once, however many ask for it at once: through two cards as well."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from support import database, shop
from support.shop import line, sale

AT_ONCE = 200


@pytest.mark.faults
def test_two_hundred_spends_of_everything_succeed_once(dsn):
    spend_everything(dsn, 3)


@pytest.mark.faults_long
def test_fifty_rounds_of_two_hundred_spends(dsn):
    spend_everything(dsn, 50)


def spend_everything(dsn: str, rounds: int) -> None:
    """Each round somebody new, every second one with two cards of members who were merged."""

    async def play() -> None:
        async with shop.opened(dsn, shop.program()) as open_:
            for n in range(rounds):
                cards = [await open_.member(10_000)]
                if n % 2:
                    cards.append(await open_.member(5_000))
                    assert isinstance(await open_.merge(*cards), UUID)
                all_there = (await open_.balance(cards[0])).available
                asks = [
                    sale(cards[i % len(cards)], line("SOUP", 1, all_there), spend=all_there)
                    for i in range(AT_ONCE)
                ]
                said = await asyncio.gather(*[open_.send(ask) for ask in asks])
                spent = [each for each in said if each.status == 201]
                assert [each.answer.points_spent for each in spent] == [all_there], n
                others = [each.problem.code for each in said if each.status != 201]
                assert len(others) == AT_ONCE - 1 and set(others) <= {"points_short", "busy"}
                assert (await open_.balance(cards[-1])).balance == 0
            await open_.assert_proved()

    database.run(play())
