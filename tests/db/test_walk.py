"""A changed ladder brings members up by itself; who is near a level is listed page by page."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from support.database import run
from support.shop import TWO_PERCENT, Shop, goods_back, line, opened, program, sale
from tessera.checkout.levels.walk import flows
from tessera.doors import walks
from tessera.doors.reviews import FAST
from tessera.rules.core.tiers import Ladder
from tessera.tiers import db as tiers_db

NOW = datetime.now(UTC)
TODAY = NOW.date()
COFFEE = {"contains": {"of": {"categories": ["COFFEE"]}}}


def ladder(silver: int, gold: int, **more: Any) -> dict[str, Any]:
    levels = [
        {"code": "basic"}, {"code": "silver", "reach": silver, "keep": silver // 2},
        {"code": "gold", "reach": gold, "keep": gold // 2},
    ]  # fmt: skip
    return {"counts": "minor", "window": "ever", "review_months": 12, "levels": levels} | more


def body(*levels: int, **more: Any) -> dict[str, Any]:
    return program(TWO_PERCENT, tiers={"status": ladder(*levels, **more)})


async def levels(shop: Shop, *cards: str) -> list[str | None]:
    found = []
    async with shop.house.pool.connection() as conn:
        for card in cards:
            account = await shop.account(card)
            assert account is not None
            mine = (await tiers_db.standings(conn, [account])).get(account, {})
            found.append(mine["status"].level if "status" in mine else None)
    return found


async def walk(shop: Shop) -> dict[str, int]:
    async with shop.house.upkeep.connection() as conn:
        return await walks.walk_due(conn, shop.house.shop().program.tiers, TODAY, FAST)


async def foreseen(shop: Shop) -> dict[str, int]:
    async with shop.house.upkeep.connection() as conn:
        return await walks.foresee(conn, shop.house.shop().program.tiers, TODAY)


def test_a_ladder_that_becomes_easier_brings_up_once_and_never_down(dsn):
    async def work():
        async with opened(dsn, body(10_000, 100_000)) as shop:
            one, two, three = [await shop.member(minor) for minor in (4000, 12_000, 60_000)]
            assert await levels(shop, one, two, three) == [None, "silver", "silver"]
            assert await walk(shop) == {"status": 0}
            assert await walk(shop) == {}, "nothing has changed"
            await shop.publish(body(3000, 50_000))
            assert await foreseen(shop) == {"status": 2}
            assert await walk(shop) == {"status": 2}
            assert await levels(shop, one, two, three) == ["silver", "silver", "gold"]
            assert await walk(shop) == await foreseen(shop) == {}
            await shop.publish(body(90_000, 99_000))
            assert await walk(shop) == {"status": 0}
            assert await levels(shop, one, two, three) == ["silver", "silver", "gold"]
            async with shop.house.pool.connection() as conn:
                seen = (await tiers_db.walks(conn))["status"]
            assert (seen.looked, seen.risen) == (3, 0) and seen.ended_at is not None

    run(work())


def test_a_return_takes_back_what_a_walk_gave(dsn):
    async def work():
        async with opened(dsn, body(10_000, 100_000)) as shop:
            card = await shop.member(1000)
            bought = sale(card, line("SOUP", 1, 4000))
            await shop.send(bought)
            await shop.publish(body(5000, 100_000))
            await walk(shop)
            assert await levels(shop, card) == ["silver"]
            said = (await shop.send(goods_back(bought, (1, 1)))).answer
            assert [(each.before, each.level) for each in said.tiers] == [("silver", "basic")]

    run(work())


def test_a_level_with_a_condition_is_not_given_by_a_walk(dsn):
    async def work():
        asks = ladder(3000, 5000)
        asks["levels"][2]["when"] = COFFEE
        async with opened(dsn, body(10_000, 100_000)) as shop:
            card = await shop.member(9000)
            await shop.publish(program(TWO_PERCENT, tiers={"status": asks}))
            assert await walk(shop) == {"status": 1}
            assert await levels(shop, card) == ["silver"]

    run(work())


def test_walks_at_once_and_tills_beside_them_bring_up_once(dsn, monkeypatch):
    monkeypatch.setattr(flows, "PAGE", 2)

    async def work():
        async with opened(dsn, body(10_000, 100_000)) as shop:
            cards = [await shop.member(4000) for _ in range(5)]
            await shop.publish(body(3000, 100_000))
            buying = [shop.send(sale(card, line("SOUP", 1, 100))) for card in cards]
            await asyncio.gather(walk(shop), walk(shop), *buying)
            assert await levels(shop, *cards) == ["silver"] * 5
            rows = await shop.eye.execute("SELECT count(*) FROM tiers.change")
            assert await rows.fetchone() == (5,)

    run(work())


def test_a_walk_goes_on_where_it_was(dsn, monkeypatch):
    monkeypatch.setattr(flows, "PAGE", 2)

    async def work():
        async with opened(dsn, body(3000, 100_000)) as shop:
            for _ in range(5):
                await shop.member(1000)
            declared = shop.house.shop().program.tiers["status"]
            async with shop.house.upkeep.connection() as conn:
                await tiers_db.begin_walk(
                    conn, "status", flows.terms_of(declared), flows.NOBODY, NOW
                )  # fmt: skip
                page = await flows.rise_page(conn, "status", declared, TODAY, NOW, flows.NOBODY)
                await tiers_db.note_walk(conn, "status", page.after, (page.looked, 0), None)
            assert await walk(shop) == {"status": 0}
            async with shop.house.pool.connection() as conn:
                assert (await tiers_db.walks(conn))["status"].looked == 5

    run(work())


def test_who_is_near_is_found_page_by_page(dsn, monkeypatch):
    monkeypatch.setattr(flows, "PAGE", 3)
    monkeypatch.setattr(flows, "LOOKED", 6)

    async def work():
        async with opened(dsn, body(10_000, 30_000)) as shop:
            spent = (7900, 8000, 9999, 10_000, 25_000, 29_999, 30_000, 100)
            cards = [await shop.member(minor) for minor in spent]
            declared = shop.house.shop().program.tiers["status"]
            accounts = [await shop.account(card) for card in cards]
            whose = dict(zip(accounts, spent, strict=True))
            for most in (1, 2, 50):
                found = list[flows.Near]()
                after: UUID | None = flows.NOBODY
                async with shop.house.pool.connection() as conn:
                    while after is not None:
                        some, after = await flows.near_up(
                            conn, "status", declared, TODAY, (80, after, most)
                        )  # fmt: skip
                        found += some
                told = [(whose[each.account], each.target, each.lacking) for each in found]
                assert sorted(told) == [
                    (8000, 1, 2000), (9999, 1, 1), (25_000, 2, 5000), (29_999, 2, 1),
                ]  # fmt: skip

    run(work())


def test_who_is_about_to_sink_is_found_by_review(dsn, monkeypatch):
    monkeypatch.setattr(flows, "PAGE", 2)

    async def work():
        rolling = ladder(10_000, 30_000, window="12 months")
        async with opened(dsn, program(TWO_PERCENT, tiers={"status": rolling})) as shop:
            cards = [await shop.member(minor) for minor in (10_000, 30_000, 12_000, 11_000)]
            declared = shop.house.shop().program.tiers["status"]
            due = [TODAY + timedelta(days=n) for n in (400, 400, 10, 900)]
            accounts = [await shop.account(card) for card in cards]
            await shop.eye.execute(
                "UPDATE tiers.standing AS s SET until = d.until FROM"
                " unnest(%s::uuid[], %s::date[]) AS d (account_id, until)"
                " WHERE s.account_id = d.account_id", (accounts, due),
            )  # fmt: skip
            await shop.eye.commit()
            for most in (1, 9):
                found = list[flows.Near]()
                rest: tuple[date, UUID] | None = (date.min, flows.NOBODY)
                async with shop.house.pool.connection() as conn:
                    while rest is not None:
                        some, rest = await flows.near_down(
                            conn, "status", declared, TODAY, (500, *rest, most)
                        )  # fmt: skip
                        found += some
                told = [
                    (accounts.index(each.account), each.rank, each.target, each.lacking)
                    for each in found
                ]
                assert sorted(told) == [(0, 1, 0, 5000), (1, 2, 1, 15_000)]

    run(work())


def test_names_and_benefits_do_not_begin_a_walk():
    one = Ladder(levels=(), name="A")
    assert flows.terms_of(one) == flows.terms_of(Ladder(levels=(), name="B"))
    assert flows.terms_of(one) != flows.terms_of(Ladder(levels=(), counts="minor"))
