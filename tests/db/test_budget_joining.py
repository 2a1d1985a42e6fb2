"""A budget of each member's own, when two members turn out to be one, and two again."""

from __future__ import annotations

from uuid import UUID

from support.database import run
from support.shop import Shop, goods_back, line, opened, program, sale

BASE = {"id": "base", "mechanic": "base_rate", "points": 10, "per_minor": 100}
BODY = program(
    BASE,
    budgets={
        "own": {"by": "member", "per": "month", "most_points": 500},
        "all": {"per": "ever", "most_minor": 10**6},
    },
)  # fmt: skip


def soup(card: str, minor: int):
    return sale(card, line("SOUP", 1, minor))


async def earned(shop: Shop, card: str, minor: int) -> int:
    return (await shop.send(soup(card, minor))).answer.points_earned


def test_a_merge_makes_no_new_ceiling_and_its_undoing_leaves_each_what_it_had(dsn):
    async def work():
        async with opened(dsn, BODY) as shop:
            one, other = await shop.member(), await shop.member()
            kept = soup(one, 1000)
            assert (await shop.send(kept)).answer.points_earned == 100
            assert await earned(shop, other, 3000) == 300
            merge = await shop.merge(one, other)
            assert isinstance(merge, UUID), merge
            await shop.assert_proved()
            assert await earned(shop, one, 500) == 50
            assert await earned(shop, other, 9000) == 50, "500 were 100 + 300 + 50 + 50"
            assert await earned(shop, one, 1000) == 0
            await shop.assert_proved()
            assert await shop.unmerge(merge) is None
            await shop.assert_proved()
            assert await earned(shop, other, 9000) == 200, "it had 300 by itself"
            assert await earned(shop, one, 9000) == 300, "and this one 100, and 100 as both"
            assert (await shop.send(goods_back(kept))).status == 201
            await shop.assert_proved()

    run(work())


def test_merged_over_two_steps_and_back(dsn):
    async def work():
        async with opened(dsn, BODY) as shop:
            cards = [await shop.member() for _ in range(3)]
            for card in cards:
                assert await earned(shop, card, 1000) == 100
            first = await shop.merge(cards[1], cards[0])
            second = await shop.merge(cards[2], cards[1])
            await shop.assert_proved()
            assert await earned(shop, cards[0], 9000) == 200, "300 were had by all of them"
            for each in (second, first):
                assert isinstance(each, UUID)
                assert await shop.unmerge(each) is None
                await shop.assert_proved()
            assert await earned(shop, cards[0], 9000) == 400

    run(work())
