"""Boards: returns take away, what is shared is told, prizes come once, names only of who wants."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from support.database import run
from support.shop import PAY, TWO_PERCENT, Shop, fresh_card, goods_back, line, opened, program, sale
from tessera.base.refusal import Refusal
from tessera.checkout.boards import core, db, flows
from tessera.checkout.flows.proof import prove_all
from tessera.doors.boards import Boards
from tessera.members.nicknames import db as nicknames
from tessera.rules.core.boards import Board

NOW = datetime.now(UTC)
TODAY = NOW.date()
RACE: dict[str, Any] = {
    "starts": (TODAY - timedelta(days=9)).isoformat(),
    "ends": (TODAY - timedelta(days=1)).isoformat(),
    "wait_days": 3, "prizes": [{"points": 1000}, {"points": 500}, {"points": 100, "places": 2}],
}  # fmt: skip
THEN = NOW - timedelta(days=2)


def body(**boards: Any) -> dict[str, Any]:
    return program(TWO_PERCENT, PAY, boards=boards or {"race": RACE})


async def person(shop: Shop) -> str:
    """Somebody registered, with a card."""
    card = fresh_card()
    await shop.register(card)
    return card


def bought(card: str, minor: int, at: datetime = THEN) -> Any:
    return sale(card, line("SOUP", 1, minor), at=at)


def turn(shop: Shop) -> Boards:
    return Boards(shop.house.upkeep, shop.house.shop, shop.house.today)


async def account(shop: Shop, card: str) -> UUID:
    found = await shop.account(card)
    assert found is not None
    return found


async def places(shop: Shop, *cards: str, board: str = "race") -> list[tuple[int, int, int] | None]:
    """(place, sharing, amount) of each."""
    found = []
    async with shop.house.pool.connection() as conn:
        for card in cards:
            one = await db.place(conn, board, await account(shop, card))
            found.append(None if one is None else (one.place, one.sharing, one.amount))
    return found


async def count(shop: Shop, code: str = "race") -> None:
    async with shop.house.upkeep.connection() as conn:
        board = shop.house.shop().program.boards[code]
        assert await flows.count(conn, code, board, shop.house.shop().stores, NOW) is not None


async def proven(shop: Shop) -> None:
    async with shop.house.upkeep.connection() as conn:
        assert (await prove_all(conn, chain=False)).differences == []


def test_what_comes_back_is_taken_away_and_equals_share(dsn):
    async def work():
        async with opened(dsn, body()) as shop:
            one, two, three, none = [await person(shop) for _ in range(4)]
            shadow = fresh_card()
            for card, minor in ((one, 30_000), (two, 20_000), (three, 20_000), (shadow, 90_000)):
                await shop.send(bought(card, minor))
            await shop.send(bought(one, 90_000, at=NOW))  # after the last day
            back = bought(none, 50_000)
            await shop.send(back)
            await count(shop)
            assert await places(shop, none, one, two, three, shadow) == [
                (1, 1, 1000), (2, 1, 600), (3, 2, 400), (3, 2, 400), None,
            ]  # fmt: skip
            await shop.send(goods_back(back, (1, 1)))
            await count(shop)
            assert await places(shop, none, one, two) == [None, (1, 1, 600), (2, 2, 400)]

    run(work())


def test_it_is_closed_once_and_everybody_paid_once(dsn):
    async def work():
        async with opened(dsn, body()) as shop:
            cards = [await person(shop) for _ in range(3)]
            minors = zip(cards, (300, 500, 500), strict=True)
            sales = [bought(card, minor) for card, minor in minors]
            for each in sales:
                await shop.send(each)
            empty = await person(shop)
            whole = bought(empty, 90_000)
            await shop.send(whole)
            await shop.send(goods_back(whole, (1, 1)))
            mine = turn(shop)
            before = [(await shop.balance(card)).balance for card in (*cards, empty)]
            await mine.look(NOW, TODAY)
            assert await mine.pay(NOW) == 0, "returns may still come"
            due = TODAY + timedelta(days=3)
            await asyncio.gather(*[turn(shop).look(NOW, due) for _ in range(4)])
            done = await asyncio.gather(*[turn(shop).pay(NOW) for _ in range(4)])
            assert sum(done) == 3
            await mine.look(NOW, due + timedelta(days=400))
            assert await mine.pay(NOW) == 0
            after = [(await shop.balance(card)).balance for card in (*cards, empty)]
            assert [b - a for a, b in zip(before, after, strict=True)] == [100, 750, 750, 0]
            await shop.send(goods_back(sales[1], (1, 1)))
            assert (await places(shop, cards[1]))[0] == (1, 2, 10), "what is closed stays"
            async with shop.house.pool.connection() as conn:
                board = shop.house.shop().program.boards["race"]
                said = await flows.close(conn, "race", board, {}, NOW, due)
                assert isinstance(said, Refusal) and said.code == "board_closed"
            await proven(shop)

    run(work())


def test_who_is_gone_gets_nothing_and_holds_nobody_up(dsn):
    async def work():
        async with opened(dsn, body()) as shop:
            one, two = [await person(shop) for _ in range(2)]
            await shop.send(bought(one, 1000))
            await shop.send(bought(two, 500))
            await turn(shop).look(NOW, TODAY + timedelta(days=9))
            await shop.eye.execute(
                "UPDATE members.member SET erased_at = now() WHERE account_id = %s",
                (await account(shop, one),),
            )
            await shop.eye.commit()
            assert await turn(shop).pay(NOW) == 1
            async with shop.house.pool.connection() as conn:
                won = await db.winners(conn, "race", 9)
            assert [(each.points, each.unpaid) for each in won] == [(1000, "gone"), (500, "")]
            await proven(shop)

    run(work())


def test_a_board_counts_money_visits_categories_and_stores(dsn):
    async def work():
        days = {name: RACE[name] for name in ("starts", "ends")}
        boards = {
            "money": days | {"counts": "minor"}, "visits": days | {"counts": "receipts"},
            "coffee": days | {"counts": "minor", "of": "COFFEE"},
            "nowhere": days | {"counts": "minor", "stores": ["S2"]},
            "north": days | {"counts": "minor", "regions": ["nowhere"], "stores": ["S1"]},
        }  # fmt: skip
        async with opened(dsn, body(**boards)) as shop:
            card = await person(shop)
            for minor in (700, 300):
                await shop.send(bought(card, minor))
            for code in boards:
                await count(shop, code)
            found = {code: (await places(shop, card, board=code))[0] for code in boards}
            assert found == {
                "money": (1, 1, 1000), "visits": (1, 1, 2), "coffee": None, "nowhere": None,
                "north": (1, 1, 1000),
            }  # fmt: skip

    run(work())


def test_a_place_is_found_without_counting_all(dsn):
    """The rungs and plain counting agree, with many who have the same."""

    async def work():
        draw = Random(7)
        amounts = [draw.randrange(1, draw.choice((40, 3000))) for _ in range(5000)]
        async with opened(dsn, body()) as shop:
            ids = [UUID(int=n) for n in range(1, 5001)]
            async with shop.house.upkeep.connection() as conn:
                await conn.execute(
                    "INSERT INTO checkout.board_standing SELECT 'race', * FROM"
                    " unnest(%s::uuid[], %s::bigint[])", (ids, amounts),
                )  # fmt: skip
                await conn.execute(db.SQL["add_rungs"], {"board": "race"})
                for at in draw.sample(range(5000), 60):
                    mine = amounts[at]
                    place = 1 + sum(each > mine for each in amounts)
                    above = min((each for each in amounts if each > mine), default=None)
                    found = await db.place(conn, "race", ids[at])
                    assert found == core.Place(mine, place, amounts.count(mine), above)
                top = await db.top(conn, "race", 50)
                most = sorted(amounts, reverse=True)
                assert [each.amount for each in top] == most[:50]
                assert all(each.place == 1 + most.index(each.amount) for each in top)

    run(work())


def test_a_household_has_the_nickname_that_somebody_chose(dsn):
    async def work():
        async with opened(dsn, body()) as shop:
            one, two = [await person(shop) for _ in range(2)]
            a, b = await account(shop, one), await account(shop, two)
            await shop.eye.execute(
                "UPDATE members.member SET account_id = %s WHERE account_id = %s", (a, b)
            )
            await shop.eye.commit()
            async with shop.house.pool.connection() as conn:
                ids = [
                    row[0] async for row in await conn.execute(
                        "SELECT id FROM members.member WHERE account_id = %s ORDER BY id", (a,)
                    )
                ]  # fmt: skip
                assert await nicknames.faces(conn, [a]) == {a: (ids[0], "")}
                await nicknames.choose(conn, ids[1], "Fox")
                assert await nicknames.faces(conn, [a]) == {a: (ids[1], "Fox")}
                assert await nicknames.read(conn, ids[1]) == "Fox"

    run(work())


def test_its_terms_are_kept_when_it_is_closed():
    board = Board(date(2026, 1, 1), date(2026, 2, 1), name="Old")
    counted = core.Counted("a", NOW, 1, 1, NOW, msgspec.json.encode(board))
    assert flows.terms_of(counted, None) == board
    assert core.closes_on(board) == date(2026, 2, 16)
    assert not core.is_stale(counted, NOW + timedelta(days=9))
    going = counted._replace(closed_at=None, took_ms=60_000)
    assert not core.is_stale(going, NOW + timedelta(minutes=19))
    assert core.is_stale(going, NOW + timedelta(minutes=20))
