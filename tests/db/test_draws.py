"""Luck at the till and draws among tickets, over a real database."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from support.shop import fresh_card, goods_back, line, opened, program, sale
from tessera.base.refusal import Refusal
from tessera.checkout.core import Event, Quote
from tessera.doors.cli.draws import checked, write_proof
from tessera.rewards.draws import db, flows
from tessera.rewards.draws.core import bound_to, digest_of, luck_of, winners
from tessera.rules.core.draws import LUCK

TODAY = datetime.now(UTC).date()
SPIN = {"id": "spin", "mechanic": "instant_win", "draw": "WIN",
        "caps": [{"per": "day", "times": 1000}]}  # fmt: skip
TICKETS = {"id": "tickets", "mechanic": "every_x_tickets", "draw": "CAR", "per_minor": 2000}
FIRST = {"id": "first", "mechanic": "badge", "badge": "HELLO"}


def shop_of(stock=3, one_in=1, **more):
    """A shop where every receipt wins a mug, tickets are for a car, and the first has a badge."""
    return program(
        SPIN, TICKETS, FIRST,
        draws={
            "WIN": {"prizes": [{"item": "MUG", "count": stock, "one_in": one_in}], **more},
            "CAR": {"prizes": [{"item": "CAR"}, {"item": "BIKE", "count": 2}],
                    "ends": str(TODAY + timedelta(days=1))},
        },
    )  # fmt: skip


def gifts(said):
    return {e.item: e.given for e in said.answer.effects if e.kind == "gift"}


async def held(shop, card):
    await shop.eye.commit()
    account = await shop.account(card)
    return {(h.kind, h.item): h.pieces for h in await db.held(shop.eye, [account])}


async def given(shop, draw="WIN"):
    await shop.eye.commit()
    found = (await db.given(shop.eye, draw)).get((draw, "MUG"), 0)
    return found, len(await db.wins(shop.eye, draw, 10_000))


def test_tickets_and_badges_are_kept_and_taken_back(dsn):
    async def work():
        async with opened(dsn, shop_of()) as shop:
            card = await shop.member()
            bought = sale(card, line("SOUP", 3, 1500))
            said = await shop.send(bought)
            assert {e.kind for e in said.answer.effects} >= {"ticket", "badge"}
            assert await held(shop, card) == {("ticket", "CAR"): 2, ("badge", "HELLO"): 1}
            back = (await shop.send(goods_back(bought, (1, 2)))).answer
            assert [(t.kind, t.item, t.count) for t in back.take_back] == [("ticket", "CAR", 2)]
            assert await held(shop, card) == {("badge", "HELLO"): 1}
            await shop.send(goods_back(bought))
            assert await held(shop, card) == {}
            await shop.eye.commit()
            await shop.assert_proved()

    asyncio.run(work())


def test_a_quote_cannot_know_and_a_return_owes_the_prize(dsn):
    async def work():
        async with opened(dsn, shop_of()) as shop:
            card = await shop.member()
            bought = sale(card, line("SOUP", 1, 1000))
            quoted = (await shop.send(Quote(bought, hold=True))).answer
            assert not [e for e in quoted.effects if e.kind == "gift"]
            assert [s.code for s in quoted.silent if s.rule == "spin"] == ["luck_unknown"]
            kept = sale(card, line("SOUP", 1, 1000), quote=quoted.id)
            said = await shop.send(kept)
            assert gifts(said) == {"MUG": 1}
            assert {d.rule for d in said.answer.differences} == {"spin"}
            assert await given(shop) == (1, 1)
            again = await shop.send(kept, "same"), await shop.send(kept, "same")
            assert await given(shop) == (1, 1), again
            back = (await shop.send(goods_back(kept))).answer
            assert ("gift", "MUG", 1) in [(t.kind, t.item, t.count) for t in back.take_back]
            (win,) = await db.wins(shop.eye, "WIN", 10)
            assert win.owed_at is not None
            assert await given(shop) == (1, 1), "what is out of the house stays given"
            owed = await flows.hand_over(shop.eye, "WIN", win.id, datetime.now(UTC))
            assert isinstance(owed, Refusal), "what has to come back is not handed over"

    asyncio.run(work())


def test_luck_is_the_receipts_own_and_the_seed_is_bound(dsn):
    async def work():
        async with opened(dsn, shop_of(stock=1000, one_in=3)) as shop:
            card, seed = await shop.member(), shop.house.shop().seeds["WIN"]
            (published,) = await db.draws(shop.eye, "WIN")
            assert published.bound == bound_to(seed)
            won = 0
            for _ in range(30):
                bought = sale(card, line("SOUP", 1, 1000))
                day = bought.happened_at.astimezone(ZoneInfo("Europe/Rome")).date().isoformat()
                words = ("receipt", "S1", "1", day, "", bought.number)
                luck = luck_of(seed, "WIN", "spin", words)
                said = await shop.send(bought)
                assert bool(gifts(said)) == (luck < LUCK // 3)
                won += bool(gifts(said))
            assert await given(shop) == (won, won)

    asyncio.run(work())


@pytest.mark.parametrize(
    "rounds", [3, pytest.param(50, marks=pytest.mark.faults_long)]
)  # fmt: skip
def test_64_tills_at_four_servers_win_exactly_what_there_is(dsn, rounds):
    """Each with lanes of its own: what they share is the prize's row alone."""

    async def spin(shops, code, stock):
        body = shop_of(stock=stock)
        body["draws"][code] = body["draws"].pop("WIN")
        body["rules"][0] = SPIN | {"draw": code}
        await shops[0].publish(body)
        for shop in shops:
            await shop.house.refresh()
        # The first one begins the prize's row: who makes that waits for nobody else's lock.
        await shops[0].send(sale(fresh_card(), line("SOUP", 1, 1000)))
        tills = [shop for shop in shops for _ in range(16)]
        said = await asyncio.gather(
            *(shop.send(sale(fresh_card(), line("SOUP", 1, 1000))) for shop in tills)
        )
        assert 1 + sum(gifts(each).get("MUG", 0) for each in said) == stock
        assert await given(shops[0], code) == (stock, stock)

    async def work():
        async with AsyncExitStack() as stack:
            shops = [await stack.enter_async_context(opened(dsn, shop_of())) for _ in range(4)]
            for number in range(rounds):
                await spin(shops, f"R{rounds}-{number}", 2 + number % 5)

    asyncio.run(work())


def test_a_draw_is_run_once_after_its_end_and_can_be_computed_again(dsn, tmp_path):
    async def work():
        async with opened(dsn, shop_of()) as shop:
            draw = shop.house.shop().program.draws["CAR"]
            cards = [await shop.member() for _ in range(5)]
            for n, card in enumerate(cards):
                await shop.send(sale(card, line("SOUP", 1, 2000 * (n + 1))))
            bought = sale(cards[0], line("SOUP", 1, 20_000))
            await shop.send(bought)
            await shop.send(goods_back(bought))
            now = datetime.now(UTC)
            async with shop.house.pool.connection() as conn:
                soon = await flows.run(conn, "CAR", flows.Terms(draw), now, TODAY)
                assert isinstance(soon, Refusal) and soon.code == "draw_open"
                later = TODAY + timedelta(days=2)
                won = await flows.run(conn, "CAR", flows.Terms(draw), now, later)
                assert not isinstance(won, Refusal), won
                again = await flows.run(conn, "CAR", flows.Terms(draw), now, later)
                assert isinstance(again, Refusal) and again.code == "draw_over"
            await shop.eye.commit()
            (shown,) = await db.draws(shop.eye, "CAR")
            listed = await db.entries(shop.eye, "CAR", "", 1000)
            assert shown.shown is not None and bound_to(shown.shown) == shown.bound
            assert shown.digest == digest_of(listed)
            assert shown.tickets == sum(e.pieces for e in listed) == 15
            assert [w.item for w in won] == ["CAR", "BIKE", "BIKE"]
            assert len({w.holder for w in won}) == 3
            assert winners(shown.shown, "CAR", reversed(listed), draw.drawn, 1) == won
            wins = await db.wins(shop.eye, "CAR", 10)
            assert [(w.place, w.label, w.number) for w in wins] == [
                (w.place, w.label, w.number) for w in won
            ]
            assert Counter(w.account_id for w in wins).most_common(1)[0][1] == 1
            item = await flows.hand_over(shop.eye, "CAR", wins[0].id, now)
            assert item == "CAR"
            twice = await flows.hand_over(shop.eye, "CAR", wins[0].id, now)
            assert isinstance(twice, Refusal)
            assert await write_proof(shop.house, "CAR", tmp_path / "proof") is None
            proof, faults = checked(tmp_path / "proof", shown.bound.hex())
            assert faults == [] and list(proof.winners) == won
            text = (tmp_path / "proof").read_text()
            for wrong in (
                text.replace(listed[0].label, "f" * 20), text.replace(proof.seed, "00" * 32),
                text.replace('"item":"BIKE"', '"item":"BOAT"', 1), "\n".join(text.split("\n")[:-2]),
            ):  # fmt: skip
                (tmp_path / "wrong").write_text(wrong)
                assert checked(tmp_path / "wrong")[1]
            assert checked(tmp_path / "proof", "00" * 32)[1]
            await shop.house.refresh()
            assert "CAR" not in shop.house.shop().seeds, "a seed that is shown draws no more"

    asyncio.run(work())


def test_one_receipt_has_ten_thousand_tickets_and_tills_go_on_while_they_are_drawn(dsn):
    """The loop has its turn after every thousand tickets."""

    async def turns_of(task: asyncio.Task[object]) -> int:
        turns = 0
        while not task.done():
            await asyncio.sleep(0.001)
            turns += 1
        return turns

    async def work():
        async with opened(dsn, shop_of()) as shop:
            draw, card = shop.house.shop().program.draws["CAR"], await shop.member()
            said = await shop.send(sale(card, line("YACHT", 1, 10**9)))
            assert [e.given for e in said.answer.effects if e.kind == "ticket"] == [10_000]
            await shop.eye.execute(
                "INSERT INTO rewards.keepsake SELECT account_id, kind, item, gen_random_uuid(),"
                " pieces, given_at FROM rewards.keepsake, generate_series(1, 29)"
                " WHERE kind = 'ticket'"
            )
            await shop.eye.commit()
            async with shop.house.pool.connection() as conn:
                later = TODAY + timedelta(days=2)
                run = flows.run(conn, "CAR", flows.Terms(draw), datetime.now(UTC), later)
                task = asyncio.create_task(run)
                turns = await turns_of(task)
                assert not isinstance(task.result(), Refusal)
            assert turns > 100, turns
            (shown,) = await db.named(shop.eye, ["CAR"])
            assert shown.tickets == 300_000
            assert shown.digest == digest_of(await db.entries(shop.eye, "CAR", "", 1000))

    asyncio.run(work())


def test_luck_of_the_day_is_one(dsn):
    async def work():
        async with opened(dsn, shop_of(stock=1000, one_in=2, luck="day")) as shop:
            for _ in range(6):
                card, at = await shop.member(), datetime.now(UTC)
                said = [await shop.send(sale(card, line("SOUP", 1, 1000), at=at)) for _ in range(3)]
                assert len({bool(gifts(each)) for each in said}) == 1

    asyncio.run(work())


def test_a_member_wins_at_once_once_a_day(dsn):
    async def work():
        body = shop_of(stock=1000, one_in=1)
        spin = next(rule for rule in body["rules"] if rule["id"] == "spin")
        body["rules"] = [{key: spin[key] for key in spin if key != "caps"}]
        async with opened(dsn, body) as shop:
            card, at = await shop.member(), datetime.now(UTC)
            said = [await shop.send(sale(card, line("SOUP", 1, 1), at=at)) for _ in range(3)]
            assert [gifts(each) for each in said] == [{"MUG": 1}, {}, {}]

    asyncio.run(work())


def collected(card, number, order):
    return Event(
        type="collected", id=number, happened_at=datetime.now(UTC), card=card,
        data={"receipt": order},
    )  # fmt: skip


def test_an_order_that_was_kept_gives_and_one_of_which_something_came_back_does_not(dsn):
    rule = {"id": "kept", "mechanic": "collected_bonus", "prize": {"points": 100},
            "caps": [{"per": "day", "times": 10}]}  # fmt: skip
    body = program(rule, events={"collected": {"fields": {"receipt": {}}}})

    async def work():
        async with opened(dsn, body) as shop:
            card, other = await shop.member(), await shop.member()
            bought = datetime.now(UTC) - timedelta(days=14)
            orders = [sale(card, line("SOUP", 2, 1000), at=bought) for _ in range(2)]
            first, _ = [await shop.send(order) for order in orders]
            await shop.send(goods_back(orders[1], (1, 1)))
            asked = [(card, orders[0], 100), (card, orders[1], 0), (other, orders[0], 0)]
            for n, (who, order, points) in enumerate(asked):
                told = await shop.send(collected(who, f"c-{order.number}-{n}", order.number))
                assert told.answer.points_earned == points, (n, told.answer)
            said = await shop.send(collected(card, f"c-{orders[0].number}-x", "c-nothing"))
            assert said.answer.points_earned == 0
            for n, word in enumerate((orders[0].number, str(first.answer.id))):  # whatever names it
                told = await shop.send(collected(card, f"c-{orders[0].number}-again-{n}", word))
                assert told.answer.points_earned == 0

    asyncio.run(work())


def test_bought_collected_and_returned_an_order_has_given_nothing(dsn):
    """Until it can come back no more no event brings its prize; then a later one does, once."""
    rule = {"id": "kept", "mechanic": "collected_bonus", "prize": {"points": 100}, "days": 30}
    body = program(rule, events={"collected": {"fields": {"receipt": {}}}})

    async def work():
        async with opened(dsn, body) as shop:
            card, now = await shop.member(), datetime.now(UTC)
            for days, points in ((0, 0), (29, 0), (30, 100)):
                order = sale(card, line("SOUP", 1, 5000), at=now - timedelta(days=days))
                await shop.send(order)
                told = await shop.send(collected(card, f"e-{order.number}", order.number))
                assert told.answer.points_earned == points, days
                if not points:
                    await shop.send(goods_back(order))
                    assert (await shop.balance(card)).balance == 0
            await shop.assert_proved()

    asyncio.run(work())
