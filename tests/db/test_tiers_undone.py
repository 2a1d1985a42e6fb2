"""Which climbs a return undoes: those since the last review or hand, also where two are one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from support.database import run
from support.shop import PAY, TWO_PERCENT, Shop, goods_back, line, opened, program, sale, today
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.levels import flows as levels
from tessera.tiers import db, flows
from tessera.tiers.core import Standing
from tessera.warehouse.core import Receipt

SPENT = {
    "counts": "minor", "window": "12 months", "review_months": 12, "grace_days": 30,
    "levels": [
        {"code": "basic"}, {"code": "silver", "reach": 10_000},
        {"code": "gold", "reach": 100_000, "benefits": [{"code": "lounge", "uses": 1}]},
    ],
}  # fmt: skip
LADDERS = {"club": SPENT}
FAR = date(2098, 12, 31)


@pytest.fixture
def said():
    return program(TWO_PERCENT, PAY, tiers=LADDERS)


def bought(card: str, minor: int = 200_000, days: int = 0) -> Receipt:
    return sale(card, line("SOUP", 1, minor), at=datetime.now(UTC) - timedelta(days=days))


async def stood(shop: Shop, card: str) -> Standing:
    account = await shop.account(card)
    assert account is not None
    async with shop.house.pool.connection() as conn:
        found = await db.standings(conn, [account])
    return found.get(account, {}).get("club", Standing("basic"))


async def asking(shop: Shop, card: str) -> flows.Asking:
    account, now = await shop.account(card), datetime.now(UTC)
    assert account is not None
    return flows.Asking(new_id(), UUID(int=8), account, new_id(), now, today())


async def put(shop: Shop, card: str, level: str) -> None:
    """By hand, for long."""
    ask, to = await asking(shop, card), flows.Setting(level, FAR, "matched")
    ladder = shop.house.shop().program.tiers["club"]
    async with shop.house.pool.connection() as conn:
        assert not isinstance(await flows.match(conn, ask, "club", ladder, to), Refusal)


async def lounge(shop: Shop, card: str) -> int | str:
    """How often in this term, or why not."""
    ask, ladder = await asking(shop, card), shop.house.shop().program.tiers["club"]
    async with shop.house.pool.connection() as conn:
        used = await levels.use(conn, ask, "club", ladder, "lounge", "")
    return used.code if isinstance(used, Refusal) else used


async def joined(shop: Shop, card: str, other: str) -> UUID:
    merge = await shop.merge(card, other)
    assert not isinstance(merge, Refusal), merge
    return merge


async def back(shop: Shop, *sales: Receipt) -> None:
    for each in sales:
        assert (await shop.send(goods_back(each))).status == 201


async def members(shop: Shop, *levels: str) -> Sequence[str]:
    cards = [await shop.member() for _ in levels]
    for card, level in zip(cards, levels, strict=True):
        if level != "basic":
            await put(shop, card, level)
    return cards


def test_what_another_account_brought_along_comes_back_with_the_goods(dsn, said):
    async def work():
        async with opened(dsn, said) as shop:
            one, other, third = await members(shop, "basic", "basic", "basic")
            low, high = bought(other, 50_000), bought(other)
            for each in (low, high):
                await shop.send(each)
            await joined(shop, one, other)
            await joined(shop, third, one)
            assert (await stood(shop, third)).level == "gold"
            await back(shop, high)
            assert (await stood(shop, third)).level == "silver"
            await back(shop, low)
            assert (await stood(shop, third))[:3] == ("", None, None)

    run(work())


def test_below_what_came_along_is_what_stood_there_before(dsn, said):
    """By hand or by purchases: each keeps, or loses, what it does without the other account."""

    async def work():
        async with opened(dsn, said) as shop:
            one, other = await members(shop, "silver", "basic")
            goods = bought(other)
            await shop.send(goods)
            await joined(shop, one, other)
            await back(shop, goods)
            assert (await stood(shop, one))[:3] == ("silver", today(), FAR)

            one, other = await members(shop, "basic", "silver")
            mine, goods = bought(one, 20_000), bought(other)
            for each in (mine, goods):
                await shop.send(each)
            await joined(shop, one, other)
            await back(shop, goods, mine)
            assert (await stood(shop, one)).level == "silver", "set by hand, and brought along"

            one, other = await members(shop, "basic", "basic")
            mine, goods = bought(one, 20_000), bought(other)
            for each in (mine, goods):
                await shop.send(each)
            await joined(shop, one, other)
            await back(shop, goods)
            assert (await stood(shop, one)).level == "silver"
            await back(shop, mine)
            assert (await stood(shop, one)).level == "basic"

    run(work())


def test_what_counts_is_the_order_of_posting(dsn, said):
    async def work():
        async with opened(dsn, said) as shop:
            (card,) = await members(shop, "silver")
            late = bought(card, days=1)
            await shop.send(late)
            assert (await stood(shop, card)).level == "gold"
            await back(shop, late)
            assert (await stood(shop, card)).level == "silver", "posted after it was set"

            (card,) = await members(shop, "basic")
            goods = bought(card)
            await shop.send(goods)
            await put(shop, card, "gold")
            await back(shop, goods)
            assert (await stood(shop, card)).level == "gold", "set by hand the same day"

    run(work())


def test_what_a_review_has_let_stand_stays(dsn, said):
    async def work():
        async with opened(dsn, said) as shop:
            (card,) = await members(shop, "basic")
            goods, more = bought(card, days=40), bought(card, 1000)
            await shop.send(goods)
            await shop.eye.execute(
                "UPDATE tiers.standing SET until = %(on)s - 31, since = %(on)s - 40",
                {"on": today()},
            )
            await shop.eye.commit()
            await shop.send(more)
            assert (await stood(shop, card)).settled == today() - timedelta(31)
            await back(shop, goods)
            assert (await stood(shop, card)).level == "gold"

    run(work())


def test_parted_each_stands_where_its_own_days_carry_it(dsn, said):
    async def work():
        async with opened(dsn, said) as shop:
            one, other = await members(shop, "basic", "basic")
            await shop.send(bought(other))
            merge = await joined(shop, one, other)
            await shop.send(bought(one))
            assert await shop.unmerge(merge) is None
            assert [(await stood(shop, card)).level for card in (one, other)] == ["gold", "gold"]

            one, other = await members(shop, "basic", "basic")
            goods = bought(other)
            await shop.send(goods)
            merge = await joined(shop, one, other)
            await back(shop, goods)
            assert await shop.unmerge(merge) is None
            assert {(await stood(shop, card)).level for card in (one, other)} <= {"", "basic"}

            one, other = await members(shop, "basic", "silver")
            await shop.send(bought(other, 90_000))
            merge = await joined(shop, one, other)
            await shop.send(bought(one, 20_000))
            assert (await stood(shop, one)).level == "gold", "by what both have bought"
            assert await shop.unmerge(merge) is None
            assert [(await stood(shop, card)).level for card in (one, other)] == ["silver"] * 2

    run(work())


def test_a_privilege_was_used_by_all_who_are_one(dsn, said):
    async def work():
        async with opened(dsn, said) as shop:
            one, other = await members(shop, "basic", "basic")
            await shop.send(bought(other))
            assert await lounge(shop, other) == 1
            merge = await joined(shop, one, other)
            assert await lounge(shop, one) == "privilege_used_up"
            assert await shop.unmerge(merge) is None
            assert await lounge(shop, other) == "privilege_used_up"

    run(work())


def test_a_level_that_is_due_is_reviewed_before_it_gives_anything(dsn, said):
    async def work():
        async with opened(dsn, said) as shop:
            (card,) = await members(shop, "gold")
            account, on = await shop.account(card), today()
            assert account is not None
            await shop.eye.execute(
                "UPDATE tiers.standing SET until = current_date - 400, since = current_date - 800,"
                " settled = current_date - 800"
            )
            await shop.eye.commit()
            tiers = shop.house.shop().program.tiers
            async with shop.house.pool.connection() as conn:
                known = await levels.known(conn, tiers, account, on, on)
                (seen,) = await levels.progress(conn, tiers, account, on)
            assert (known, seen.rank) == ({"tier club": 1}, 1)
            assert await lounge(shop, card) == "privilege_not_held"
            assert (await stood(shop, card)).level == "silver"

    run(work())


def test_a_term_ends_within_a_hundred_years(dsn, said):
    async def work():
        async with opened(dsn, said) as shop:
            card, ladder = await shop.member(), shop.house.shop().program.tiers["club"]
            ask, on = await asking(shop, card), today()
            async with shop.house.pool.connection() as conn:
                for until in (date.max, date(on.year + 101, 1, 1)):
                    to = flows.Setting("gold", until, "matched")
                    no = await flows.match(conn, ask, "club", ladder, to)
                    assert isinstance(no, Refusal) and no.code == "term_long"
                    to_carry = Standing("gold", None, until)
                    nor = await flows.carry(conn, ask, "club", ladder, to_carry)
                    assert isinstance(nor, Refusal) and nor.code == "term_long"
            await put(shop, card, "gold")
            await shop.eye.execute("UPDATE tiers.standing SET until = '9999-12-31'")
            await shop.eye.commit()
            assert (await shop.send(bought(card))).status == 201, "one of before is for ever"
            async with shop.house.pool.connection() as conn:
                account = await shop.account(card)
                assert account is not None
                (seen,) = await levels.progress(conn, {"club": ladder}, account, on)
            assert seen.rank == 2

    run(work())
