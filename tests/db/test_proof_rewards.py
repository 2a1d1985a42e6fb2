"""The proof of budgets, coupons and draws: silent over what tills did, it names what is changed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import AsyncConnection

from support import database
from support.coupons import BACK, KINDS, OFF, THANKS, issue
from support.database import run
from support.shop import TWO_PERCENT, Shop, fresh_card, goods_back, line, opened, program, sale
from tessera.checkout.core import Quote
from tessera.checkout.flows.proof import prove_all
from tessera.rewards.draws import flows

TODAY = datetime.now(UTC).date()
GIFT = {"id": "gift", "mechanic": "sum_threshold", "from_minor": 3000, "prize": {"gift": "PEN"}}
SPIN = {"id": "spin", "mechanic": "instant_win", "draw": "WIN",
        "caps": [{"per": "day", "times": 1000}]}  # fmt: skip
TICKETS = {"id": "tickets", "mechanic": "every_x_tickets", "draw": "CAR", "per_minor": 2000}
FIRST = {"id": "first", "mechanic": "badge", "badge": "HELLO"}
BUDGETS: dict[str, Any] = {
    "whole": {"most_minor": 1_000_000},
    "shop": {"by": "store", "per": "week", "rules": [TWO_PERCENT["id"]], "most_points": 10_000},
    "own": {"by": "member", "per": "quarter", "items": ["PEN", "MUG"], "most_pieces": 3},
    "share": {"per": "ever", "turnover_percent_x100": 9_000, "campaigns": ["spring"]},
}
LIVE = program(
    TWO_PERCENT | {"campaign": "spring"}, OFF, THANKS, BACK, GIFT, SPIN, TICKETS, FIRST,
    coupons=KINDS | {"TENTH": {"name": "10 % off", "most": 100}},
    budgets=BUDGETS, costs={"PEN": 120, "MUG": 700, "THANKS": 200},
    draws={
        "WIN": {"prizes": [{"item": "MUG", "count": 3, "one_in": 1}]},
        "CAR": {"prizes": [{"item": "CAR"}], "ends": str(TODAY + timedelta(days=1))},
    },
)  # fmt: skip


async def a_rich_day(shop: Shop) -> None:
    """Every way to draw on a budget, to use and be given a coupon, to win and keep something."""
    codes = await issue(shop, 4)
    one, other = await shop.member(), await shop.member()
    soup = line("SOUP", 5, 1000)
    bought = replace(sale(one, soup, line("CAKE", 1, 700)), coupons=(codes[0],))
    assert (await shop.send(bought)).status == 201
    assert (await shop.send(goods_back(bought, (1, 3)))).status == 201
    gone = replace(sale(other, soup), coupons=(codes[1],))
    assert (await shop.send(gone)).status == 201
    assert (await shop.send(goods_back(gone))).status == 201
    basket = replace(sale(other, soup), coupons=(codes[2],))
    kept = (await shop.send(Quote(basket, hold=True))).answer.id
    assert (await shop.send(replace(basket, quote=kept))).status == 201
    await shop.send(Quote(replace(sale(one, soup), coupons=(codes[3],)), hold=True))
    assert (await shop.send(sale(fresh_card(), soup))).status == 201
    assert (await shop.send(sale(None, soup))).status == 201
    async with shop.house.pool.connection() as conn:
        live, now = shop.house.shop().program, datetime.now(UTC)
        terms = flows.Terms(live.draws["CAR"], False, live.budgets, live.costs)
        won = await flows.run(conn, "CAR", terms, now, TODAY + timedelta(days=3))
        assert isinstance(won, list), won


@pytest.fixture(scope="module")
def rich(server, template):
    database.make(server, "tessera_rich", template)
    dsn = database.at(server, "tessera_rich")

    async def work():
        async with opened(dsn, LIVE) as shop:
            await a_rich_day(shop)

    run(work())
    yield dsn
    database.drop(server, "tessera_rich")


def differences(dsn: str) -> list[str]:
    async def work():
        async with await AsyncConnection.connect(dsn) as conn:
            return (await prove_all(conn, chain=False)).differences

    return run(work())


def test_nothing_is_named_where_all_is_well(rich):
    assert differences(rich) == []
    with psycopg.connect(rich) as eye:
        budgets: dict[str, int] = dict(
            eye.execute("SELECT budget, count(*) FROM budgets.counter GROUP BY 1")
        )
        assert budgets.keys() == BUDGETS.keys() and budgets["own"] == 3
        for table in ("coupon_use", "keepsake", "win", "draw_entry", "coupon_count"):
            rows = eye.execute(f"SELECT count(*) FROM rewards.{table}").fetchall()  # noqa: S608
            assert rows[0][0], table


# What is changed (and changed back), and what names it.
TAMPERINGS = [
    ("budgets.counter SET cost_x100 = cost_x100 + 1 WHERE budget = 'whole'",
     r"budget whole from .* its counter says"),
    ("budgets.counter SET points = points + 1 WHERE budget = 'shop'",
     r'budget shop from .* "S1": its counter says'),
    ("budgets.counter SET pieces = pieces + 1 WHERE budget = 'own'",
     r"budget own from .*: its counter says"),
    ("budgets.counter SET turnover_minor = turnover_minor + 1 WHERE budget = 'share'",
     r"budget share from 0001-01-01 .* turned over"),
    ("budgets.counter SET kept_pieces = kept_pieces + 1 WHERE budget = 'own'",
     r"budget own .* are kept; promises keep"),
    ("budgets.kept SET cost_x100 = cost_x100 + 1 WHERE budget = 'whole'",
     r"budget whole .* are kept; promises keep"),
    ("budgets.day SET points = points + 1 WHERE budget = 'shop'",
     r"budget shop from .*: its days say"),
    ("rewards.coupon SET used = used + 1 WHERE used > 0",
     r"coupon .*: it says used 2 of 1 times, its uses say 1"),
    ("rewards.coupon_count SET used = used + 1", r"coupons of kind TENTH: 3 uses are counted"),
    ("rewards.coupon_use SET minor = minor + 1 WHERE held_until IS NULL",
     r"sale .*, coupon TENTH: its use says"),
    ("rewards.keepsake SET pieces = pieces + 1 WHERE kind = 'ticket'",
     r"operation .* ticket are kept of its CAR"),
    ("rewards.draw_prize SET given = given + 1",
     r"draw WIN: 4 of the prize MUG are given, (3 were won|there were 3)"),
    ("rewards.draw SET tickets = tickets + 1 WHERE code = 'CAR'",
     r"draw CAR: .* tickets took part, its list has"),
    ("rewards.win SET number = number + 1000 WHERE label IS NOT NULL",
     r"win .* of draw CAR: ticket .* is not in the list"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "named"), TAMPERINGS, ids=lambda each: each[:40])
def test_a_row_that_was_changed_is_named(rich, change, named):
    with psycopg.connect(rich, autocommit=True) as owner:
        assert owner.execute(f"UPDATE {change}".encode()).rowcount
        try:
            found = differences(rich)
        finally:
            owner.execute(f"UPDATE {change.replace(' + ', ' - ')}".encode())
    assert any(re.search(named, each) for each in found), found


def test_a_win_and_coupons_that_nobody_gave_are_named(rich):
    with psycopg.connect(rich) as owner:
        owner.execute("UPDATE rewards.win SET item = 'GOLD' WHERE outcome_id IS NOT NULL")
        owner.execute(
            "UPDATE rewards.coupon SET void_at = NULL, sale_id = r.id FROM checkout.receipt AS r"
            " WHERE r.account_id IS NULL AND coupon.sale_id IS NOT NULL"
        )
    found = " | ".join(differences(rich))
    assert "has won GOLD" in found and "coupons of kind THANKS are good" in found
