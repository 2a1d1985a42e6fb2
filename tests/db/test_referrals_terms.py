"""Bringing a friend: what counts under other programs, for nothing, of who is gone."""

from __future__ import annotations

from datetime import UTC, datetime

from db.test_referrals import balances, of, offered, pair, refused, settle, soup
from support.database import run
from support.shop import PAY, TWO_PERCENT, Shop, goods_back, opened, program
from tessera.base.refusal import Refusal
from tessera.identity.privacy import flows as privacy
from tessera.identity.privacy.core import Asking


async def erase(shop: Shop, card: str) -> None:
    member, said = await of(shop, card), shop.house.shop().program
    asking = Asking("member", "asked for it", None, said.lives)
    async with shop.house.pool.connection() as conn:
        done = await privacy.erase(conn, member.id, asking, datetime.now(UTC))
    assert not isinstance(done, Refusal), done


def test_whoever_goes_before_it_is_paid_is_worth_nothing(dsn):
    """Else one joins, buys, goes and joins again: the house cannot know who that was."""

    async def work():
        async with opened(dsn, offered(purchases=1)) as shop:
            one, other = await pair(shop)
            await shop.send(soup(other))
            await erase(shop, other)
            assert await settle(shop) == 0
            assert await refused(shop) == ["erased"]
            assert await balances(shop, one) == [0]

    run(work())


def test_the_terms_of_joining_hold_under_a_program_without_any(dsn):
    async def work():
        async with opened(dsn, offered(purchases=1)) as shop:
            one, other = await pair(shop)
            await shop.publish(program(TWO_PERCENT, PAY))
            bought = soup(other)
            await shop.send(bought)
            assert await settle(shop) == 1
            assert await balances(shop, one, other) == [500, 220]
            await shop.send(goods_back(bought))
            assert await settle(shop) == 1
            assert await balances(shop, one, other) == [0, 0]
            await shop.assert_proved()

    run(work())


def test_what_costs_nothing_is_no_purchase(dsn):
    async def work():
        gift = {"id": "gift", "mechanic": "percent_off", "percent": 100}
        free = program(TWO_PERCENT, PAY, gift, referral=offered()["referral"] | {"purchases": 1})
        async with opened(dsn, free) as shop:
            one, other = await pair(shop)
            assert (await shop.send(soup(other))).answer.to_pay_minor == 0
            assert await settle(shop) == 0
            assert await balances(shop, one) == [0]

    run(work())
