"""Why and why not, for every rule: what is decided again is what was decided at the till."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from support.database import run
from support.shop import PAY, TWO_PERCENT, fresh_card, goods_back, line, opened, program, sale
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout import db
from tessera.checkout.core import Quote
from tessera.checkout.flows.explaining import again, explained
from tessera.members import flows as members
from tessera.members.core import NewMember
from tessera.warehouse.core import Identifier

SEED, RECEIPTS = 20261122, 60
SKUS = ("LATTE", "CAKE", "TEA", "BREAD", "WINE")
RULES: tuple[dict[str, Any], ...] = (
    TWO_PERCENT, PAY,
    {"id": "third", "mechanic": "every_nth_free", "product": "LATTE", "n": 3, "group": "one"},
    {"id": "ten", "mechanic": "percent_off", "percent": 10, "of": {"skus": ["LATTE", "WINE"]},
     "group": "one"},
    {"id": "cake", "mechanic": "percent_off", "percent": 20, "of": {"skus": ["CAKE"]},
     "caps": [{"per": "day", "most": 150}, {"per": "month", "times": 5}]},
    {"id": "fav", "mechanic": "favourite", "percent": 15},
    {"id": "born", "mechanic": "birthday_gift", "days_before": 60, "days_after": 60,
     "prize": {"points": 30}},
    {"id": "fifth", "mechanic": "every_nth_purchase", "n": 5, "prize": {"points": 40}},
    {"id": "fifty", "mechanic": "sum_threshold", "from_minor": 2000, "each": True,
     "prize": {"gift": "CUP"}},
    {"id": "maybe", "mechanic": "fixed_points", "points": 9, "sample": {"upto": 50}},
    {"id": "wow", "mechanic": "surprise", "hidden": True, "chance": 50, "prize": {"points": 5}},
    {"id": "old", "mechanic": "tenure_gift", "years": [3], "prize": {"coupon": "OLD"}},
)  # fmt: skip
PROGRAM = program(
    *RULES, groups={"one": {"pick": "best_for_member"}},
    point_caps=[{"per": "day", "most": 200}], expiry_days=365,
)  # fmt: skip
DURING = datetime(2026, 11, 2, 9, tzinfo=UTC)


async def people(shop) -> list[str]:
    """Cards of those with a birthday, with favourites, with neither, and of nobody known."""
    await shop.register(fresh_card())
    cards = [fresh_card() for _ in range(4)]
    async with shop.house.pool.connection() as conn:
        for card, born, chosen in (
            (cards[0], date(1984, 11, 15), ()), (cards[1], None, ("TEA", "WINE")),
            (cards[2], date(1990, 5, 1), ("BREAD",)),
        ):  # fmt: skip
            new = NewMember((Identifier("card", card),), born_on=born, favourites=chosen)
            done = await members.register(conn, new, datetime.now(UTC), new_id(), new_id())
            assert not isinstance(done, Refusal)
    return cards


async def a_season(shop, chance: random.Random) -> None:
    """Sales, some quoted before and some paid with points, and returns of parts of them."""
    cards = await people(shop)
    bought = []
    for n in range(RECEIPTS):
        card = chance.choice(cards) if n % 10 else None
        at = DURING + timedelta(hours=7 * n)
        lines = [
            line(sku, chance.randint(1, 4), chance.randint(50, 900))
            for sku in chance.sample(SKUS, chance.randint(1, 4))
        ]
        spend = None
        if card in cards[:3] and n > 20 and n % 3 == 0:
            spend = min((await shop.balance(card)).available, 100) or None
        basket = sale(card, *lines, spend=spend, at=at)
        if n % 4 == 1 and card:
            held = (await shop.send(Quote(basket, hold=True))).answer
            basket = sale(
                card, *lines, spend=spend, at=at + timedelta(minutes=5), quote=held.id,
            )  # fmt: skip
        assert (await shop.send(basket)).status == 201
        bought.append(basket)
        if n % 3 == 2:
            back = chance.choice(bought)
            left = [(i, 1) for i, each in enumerate(back.lines, 1) if chance.random() < 0.6]
            await shop.send(goods_back(back, *left, at=at))  # some have come back already


def test_every_receipt_is_explained_as_it_was_decided(dsn):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            await a_season(shop, random.Random(SEED))
            rules = {rule["id"] for rule in RULES}
            heard: set[str] = set()
            gave: set[str] = set()
            rows = await shop.eye.execute("SELECT id FROM checkout.receipt ORDER BY posted_at")
            found = [row[0] for row in await rows.fetchall()]
            kinds: dict[str, int] = {}
            for receipt_id in found:
                row = await db.one(shop.eye, receipt_id)
                assert row is not None
                kept = db.KEPT.decode(row.story)
                story = await again(shop.eye, shop.house.reader, row)
                assert story.effects == kept.story.effects, row
                assert (story.to_pay_minor, story.points_earned) == (
                    kept.story.to_pay_minor, kept.story.points_earned
                )  # fmt: skip
                near = kept.story.silent
                assert all(each in story.silent for each in near)
                named = [effect.rule for effect in story.effects]
                named += [silent.rule for silent in story.silent]
                if row.sale_id is None or any(kept.kept):
                    assert set(named) | {"pay"} == rules | {"pay"}
                    assert len(named) == len(set(named))
                heard |= set(named)
                gave |= {effect.rule for effect in story.effects}
                kinds[row.kind] = kinds.get(row.kind, 0) + 1
            assert heard == rules
            assert gave >= rules - {"old", "wow", "maybe"}, "each of them gave somewhere"
            assert kinds["sale"] == RECEIPTS and kinds["return"] >= 10
            await shop.eye.rollback()
            await shop.assert_proved()

    run(work())


def test_a_receipt_of_an_older_program_is_explained_by_it(dsn):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            card = await shop.member()
            told = (await shop.send(sale(card, line("CAKE", 1, 400)))).answer
            other = {"id": "new", "mechanic": "percent_off", "percent": 1}
            await shop.publish(program(TWO_PERCENT, other))
            said = await explained(shop.eye, shop.house.reader, told.id, "EUR")
            assert not isinstance(said, Refusal)
            named = {each.rule for each in said.effects} | {each.rule for each in said.silent}
            assert named == {rule["id"] for rule in RULES}
            assert all(each.version == told.program_version for each in said.silent)
            unknown = await explained(shop.eye, shop.house.reader, UUID(int=1), "EUR")
            assert isinstance(unknown, Refusal) and unknown.code == "receipt_unknown"

    run(work())


def test_the_till_keeps_only_what_is_within_reach(dsn):
    """A receipt's row does not grow with the number of rules that gave nothing."""

    async def work():
        many = [
            {"id": f"r{n}", "mechanic": "percent_off", "percent": 5, "of": {"skus": [f"S{n}"]}}
            for n in range(200)
        ]
        async with opened(dsn, program(TWO_PERCENT, *many)) as shop:
            told = (await shop.send(sale(fresh_card(), line("CAKE", 1, 400)))).answer
            assert len(told.silent) <= 5
            row = await db.one(shop.eye, told.id)
            assert row is not None and len(row.story) < 2000
            said = await explained(shop.eye, shop.house.reader, told.id, "EUR")
            assert not isinstance(said, Refusal) and len(said.silent) == 200

    run(work())
