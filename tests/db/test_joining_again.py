"""Accounts that are joined and parted, while something happens, and more than once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from db.test_households import Home
from db.test_joining import merged
from support import database, shop
from support.shop import PAY, TWO_PERCENT, Shop, goods_back, line, sale
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.core import Event
from tessera.ledger.giving import flows as giving
from tessera.members.households.core import Households

TWO = {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100}
ROLLING = shop.program(PAY, TWO, expiry={"inactive_days": 90})
WAITING = shop.program(
    PAY, TWO,
    pending={"event": "delivered"},
    events={"delivered": {"fields": {"receipt": {"type": "text"}}}},
)  # fmt: skip
EXTENDED = shop.program(PAY, TWO, expiry_days=100, transfers={"transfer": {}})


def played(dsn: str, program: Any, play: Any) -> None:
    async def run() -> None:
        async with shop.opened(dsn, program) as open_:
            await play(open_)

    database.run(run())


async def bought(
    open_: Shop, card: str, minor: int, days_ago: int = 0, spend: int | None = None
) -> Any:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    ask = sale(card, line("SOUP", 1, minor), spend=spend, at=at)
    said = await open_.send(ask)
    assert said.status == 201, said.reply.body
    return ask


async def in_days(open_: Shop, days: int) -> None:
    await open_.run(datetime.now(UTC) + timedelta(days=days))


@pytest.mark.parametrize(("minor", "earned"), [(50_000, 1_000), (10, 0)])
def test_who_was_active_while_joined_keeps_points_alive_also_on_the_same_day(dsn, minor, earned):
    """Even by a receipt that earns nothing: no move tells of it."""

    async def play(open_: Shop) -> None:
        anna, berta = await open_.member(), await open_.member()
        await bought(open_, anna, 10_000, 80)
        await bought(open_, berta, 10_000)
        merge_id = await merged(open_, anna, berta)
        await bought(open_, anna, minor)
        assert await open_.unmerge(merge_id) is None
        await in_days(open_, 20)
        assert (await open_.balance(anna)).balance == 200 + earned
        await in_days(open_, 200)
        assert [(await open_.balance(each)).balance for each in (anna, berta)] == [0, 0]
        await open_.assert_proved()

    played(dsn, ROLLING, play)


def test_what_was_first_earned_while_joined_has_an_end(dsn):
    async def play(open_: Shop) -> None:
        anna, berta = await open_.member(), await open_.member()
        await bought(open_, berta, 10_000)
        merge_id = await merged(open_, anna, berta)
        await bought(open_, anna, 50_000)
        assert await open_.unmerge(merge_id) is None
        assert (await open_.balance(anna)).balance == 1_000
        await in_days(open_, 200)
        assert (await open_.balance(anna)).balance == 0
        await open_.assert_proved()

    played(dsn, ROLLING, play)


def test_who_leaves_shortens_the_life_of_nobodys_points(dsn):
    async def play(open_: Shop) -> None:
        home = Home(open_)
        anna, berta, carl = [await open_.member() for _ in range(3)]
        await bought(open_, anna, 10_000, 50)
        await bought(open_, berta, 10_000)
        await bought(open_, carl, 10_000)
        await home.found(anna)
        await home.join(berta)
        await home.join(carl)
        await home.leave(berta)
        await in_days(open_, 45)
        assert (await open_.balance(carl)).balance == 400
        await home.leave(carl)
        assert (await open_.balance(carl)).balance == 200
        await open_.assert_proved()

    played(dsn, ROLLING, play)


def test_what_ripened_meanwhile_comes_back_ripe(dsn):
    async def play(open_: Shop) -> None:
        anna, berta = await open_.member(), await open_.member()
        earned = await bought(open_, berta, 10_000)
        assert await open_.unmerge(await merged(open_, anna, berta)) is None
        now = datetime.now(UTC)
        told = {"receipt": earned.number}
        event = Event(type="delivered", id="e1", happened_at=now, store="S1", card=berta, data=told)
        assert (await open_.send(event)).status == 201
        spent = await bought(open_, berta, 5_000, spend=200)
        await merged(open_, anna, berta)
        assert (await open_.send(goods_back(spent))).status == 201
        told_ = await open_.balance(anna)
        assert (told_.available, told_.pending) == (200, 0)
        await open_.assert_proved()

    played(dsn, WAITING, play)


def test_what_was_extended_meanwhile_comes_back_with_its_new_date(dsn):
    async def play(open_: Shop) -> None:
        anna, berta = await open_.member(), await open_.member()
        await bought(open_, berta, 10_000, 98)  # expires in two days
        assert await open_.unmerge(await merged(open_, anna, berta)) is None
        now, account = datetime.now(UTC), await open_.account(berta)
        assert account is not None
        later = giving.Lengthened(
            account, "", now + timedelta(days=50), now + timedelta(days=400), "x"
        )
        async with open_.house.pool.connection() as conn:
            ask = giving.Ask(new_id(), UUID(int=8), now, open_.house.shop().program.ways)
            assert not isinstance(await giving.lengthen(conn, ask, later), Refusal)
        spent = await bought(open_, berta, 5_000, spend=200)
        await merged(open_, anna, berta)
        assert (await open_.send(goods_back(spent))).status == 201
        await in_days(open_, 10)
        assert (await open_.balance(anna)).balance == 200

    played(dsn, EXTENDED, play)


def test_what_stayed_once_stays_also_when_its_owner_comes_again(dsn):
    async def play(open_: Shop) -> None:
        home = Home(open_, leaving="stays")
        anna, berta = await open_.member(), await open_.member(10_000)
        await home.found(anna)
        await home.join(berta)
        await home.leave(berta)
        home.said = Households(leaving="takes")
        await bought(open_, berta, 5_000)
        await home.join(berta)
        assert (await open_.balance(anna)).balance == 300
        await home.leave(berta)
        assert [(await open_.balance(each)).balance for each in (anna, berta)] == [200, 100]
        await open_.assert_proved()

    played(dsn, shop.program(TWO_PERCENT, PAY), play)


def test_what_is_owed_does_not_stay_where_points_do(dsn):
    async def play(open_: Shop) -> None:
        home = Home(open_, leaving="stays")
        anna, berta = await open_.member(), await open_.member(10_000)
        earned = await bought(open_, berta, 10_000)
        await bought(open_, berta, 1_000, spend=300)
        assert (await open_.send(goods_back(earned))).status == 201
        owed = (await open_.balance(berta)).debt
        assert owed > 0
        await home.found(anna)
        await home.join(berta)
        await home.leave(berta)
        assert [(await open_.balance(each)).debt for each in (anna, berta)] == [0, owed]
        await open_.assert_proved()

    played(dsn, shop.program(TWO_PERCENT, PAY), play)


def test_the_proof_misses_the_mark_of_an_account_that_was_joined(dsn):
    """Without it nobody looks for old receipts among its kin."""

    async def play(open_: Shop) -> None:
        anna, berta = await open_.member(10_000), await open_.member(10_000)
        await merged(open_, anna, berta)
        with psycopg.connect(dsn, autocommit=True) as conn:
            conn.execute("UPDATE ledger.account SET joined_to = NULL WHERE joined_to = id")
        found = (await open_.proof()).differences
        assert found and "does not say so" in found[0]

    played(dsn, shop.program(TWO_PERCENT, PAY), play)
