"""Bringing a friend: both are paid once the newcomer has really bought, and not for coming back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from support.database import run
from support.shop import (
    PAY,
    TILL,
    TWO_PERCENT,
    Shop,
    fresh_card,
    goods_back,
    line,
    opened,
    program,
    sale,
)
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.core import Job
from tessera.identity.households import flows as households
from tessera.members import db as members_db
from tessera.members import flows as members_flows
from tessera.members.core import Member, NewMember
from tessera.members.households.core import Households
from tessera.referrals import db, flows
from tessera.warehouse.core import Identifier

TERMS: dict[str, Any] = {
    "referrer_points": 500, "referee_points": 200, "purchases": 2, "least_minor": 1000,
    "return_days": 14, "most": 2, "per": "year",
}  # fmt: skip
LIFE = timedelta(days=15)  # after it, goods do not come back


def offered(**other: Any) -> dict[str, Any]:
    return program(TWO_PERCENT, PAY, referral=TERMS | other, households={})


def soup(card: str, minor: int = 1000) -> Any:
    return sale(card, line("SOUP", 1, minor))


async def of(shop: Shop, card: str) -> Member:
    async with shop.house.pool.connection() as conn:
        found = await members_db.find(conn, Identifier("card", card))
        assert found is not None
        member = await members_db.read_member(conn, found.owner.member_id)
    assert member is not None
    return member


async def person(shop: Shop, name: str, *contacts: Identifier) -> str:
    """Somebody with a card, a name of his own, and these phones and addresses."""
    card = fresh_card()
    async with shop.house.pool.connection() as conn:
        now = datetime.now(UTC)
        if not await members_db.batches(conn):
            await members_flows.issue_cards(conn, new_id(), "29", 1_000_000, "test", now)
        new = NewMember((Identifier("card", card), *contacts), name, name[::-1])
        done = await members_flows.register(conn, new, now, new_id(), new_id())
        assert not isinstance(done, Refusal), done
    return card


async def bring(shop: Shop, referrer: str, referee: str, *, new: bool = True) -> Any:
    terms = shop.house.shop().program.referral
    assert terms is not None
    one, other = await of(shop, referrer), await of(shop, referee)
    async with shop.house.pool.connection() as conn:
        code = await flows.own_code(conn, one, datetime.now(UTC))
        return await flows.brought(conn, code, other.id, terms, datetime.now(UTC), new=new)


async def pair(shop: Shop) -> tuple[str, str]:
    cards = await person(shop, f"Ada{new_id().hex[-6:]}"), await person(shop, "Zoe")
    assert await bring(shop, *cards) is not None
    return cards


async def balances(shop: Shop, *cards: str) -> list[int]:
    return [(await shop.balance(card)).balance for card in cards]


_seen: dict[str, int] = {}  # payments of a database when it was last asked


async def turn(shop: Shop, later: timedelta = LIFE) -> None:
    await shop.house.bringing.settle(datetime.now(UTC) + later)


async def settle(shop: Shop, later: timedelta = LIFE) -> int:
    """What was paid and taken back since it was last asked, by this turn or the house's own."""
    await turn(shop, later)
    async with shop.house.pool.connection() as conn:
        row = await (await conn.execute("SELECT count(*) FROM referrals.payment")).fetchone()
    assert row is not None
    dsn = shop.house.plan.dsn
    before, _seen[dsn] = _seen.get(dsn, 0), row[0]
    return row[0] - before


async def refused(shop: Shop) -> list[str]:
    async with shop.house.pool.connection() as conn:
        return [each.brought.refused for each in await db.lines(conn, None, None, 50)]


def test_both_are_paid_after_the_second_purchase_that_stays(dsn):
    async def work():
        async with opened(dsn, offered()) as shop:
            one, other = await pair(shop)
            assert await settle(shop) == 0, "nothing was bought"
            await shop.send(soup(other))
            await shop.send(soup(other, 999))
            assert await settle(shop) == 0, "one purchase is too small"
            await shop.send(soup(other))
            assert await settle(shop, timedelta(days=13)) == 0, "goods may still come back"
            assert await settle(shop) == 1 and await settle(shop) == 0
            assert await balances(shop, one, other) == [500, 200 + 20 + 19 + 20]
            await shop.assert_proved()

    run(work())


def test_what_is_returned_in_time_is_not_paid_and_later_it_is_taken_back(dsn):
    async def work():
        async with opened(dsn, offered()) as shop:
            one, other = await pair(shop)
            bought = [soup(other) for _ in range(3)]
            await shop.send(bought[0])
            await shop.send(bought[1])
            await shop.send(goods_back(bought[1]))
            assert await settle(shop) == 0 and await balances(shop, one) == [0]
            await shop.send(bought[2])
            assert await settle(shop) == 1
            await shop.send(sale(one, line("TEA", 1, 1000), spend=100))
            assert (await balances(shop, one)) == [500 - 100 + 18]
            await shop.send(goods_back(bought[0]))
            assert await settle(shop, timedelta()) == 1 and await settle(shop) == 0
            assert await balances(shop, one, other) == [-82, 20]
            await shop.assert_proved()
            await shop.send(soup(other))
            assert await settle(shop) == 1, "bought again: paid again"
            await shop.send(goods_back(bought[2]))
            assert await settle(shop, timedelta()) == 1
            assert await balances(shop, one, other) == [-82, 20]
            await shop.assert_proved()

    run(work())


def test_buying_and_returning_everything_leaves_both_as_they_were(dsn):
    async def work():
        async with opened(dsn, offered(return_days=0)) as shop:
            one, other = await pair(shop)
            bought = [soup(other), soup(other), soup(other)]
            for each in bought:
                await shop.send(each)
            assert await settle(shop, timedelta(seconds=1)) == 1
            assert (await balances(shop, one)) == [500]
            for each in bought:
                await shop.send(goods_back(each))
            await settle(shop, timedelta(seconds=1))
            assert await balances(shop, one, other) == [0, 0]
            await shop.assert_proved()

    run(work())


def test_the_last_purchase_at_two_tills_pays_once(dsn):
    """Two receipts, two turns: whoever comes second finds it done."""

    async def work():
        async with opened(dsn, offered()) as shop, opened(dsn) as second:
            for _ in range(5):
                one, other = await pair(shop)
                before = await balances(shop, one)
                receipts = [soup(other) for _ in range(4)]
                tills = [shop, second, shop, second]
                said = await asyncio.gather(
                    *(till.send(each) for till, each in zip(tills, receipts, strict=True))
                )
                assert {each.status for each in said} == {201}
                await asyncio.gather(turn(shop), turn(second), turn(shop))
                assert await settle(shop) == 1
                assert await balances(shop, one, other) == [before[0] + 500, 280]
            await shop.assert_proved()

    run(work())


def test_so_many_a_year_are_paid_and_the_newcomer_all_the_same(dsn):
    async def work():
        async with opened(dsn, offered(purchases=1)) as shop:
            one, others = await person(shop, "Ada"), []
            for name in ("Bob", "Cyd", "Dan"):
                others.append(await person(shop, name))
                assert await bring(shop, one, others[-1]) is not None
                await shop.send(soup(others[-1]))
            assert await settle(shop) == 3
            assert await balances(shop, one, *others) == [1000, 220, 220, 220]
            async with shop.house.pool.connection() as conn:
                told = await db.lines(conn, None, None, 50)
            trims = sorted(each.paid.trimmed for each in told if each.paid is not None)
            assert trims == ["", "", "most_reached"]
            await shop.assert_proved()

    run(work())


def test_a_budget_trims_the_prize_and_says_so(dsn):
    """The newcomer goes first; what comes back with the goods is free for the next."""

    async def work():
        budgets = {"friends": {"referrals": True, "per": "ever", "most_points": 1_000}}
        async with opened(dsn, offered(purchases=1) | {"budgets": budgets}) as shop:
            pairs = [await pair(shop) for _ in range(3)]
            firsts = [soup(other) for _, other in pairs]
            for bought in firsts[:2]:
                await shop.send(bought)
            assert await settle(shop) == 2
            assert await drawn(shop) == 1_000
            told = {sum(await balances(shop, *both)) for both in pairs[:2]}
            assert told == {700 + 20, 300 + 20}, "the second pair gets 200 and 100"
            async with shop.house.pool.connection() as conn:
                lines = await db.lines(conn, None, None, 50)
            said = sorted(each.paid.trimmed for each in lines if each.paid is not None)
            assert said == ["", "budget_used_up"]
            for bought in firsts[:2]:
                await shop.send(goods_back(bought))
            await settle(shop)
            assert await drawn(shop) == 0
            await shop.send(firsts[2])
            await settle(shop)
            assert await drawn(shop) == 700
            assert sum(await balances(shop, *pairs[2])) == 720
            await shop.assert_proved()

    run(work())


async def drawn(shop: Shop) -> int:
    """Points on all counters."""
    async with shop.house.pool.connection() as conn:
        row = await (await conn.execute("SELECT sum(points) FROM budgets.counter")).fetchone()
    assert row is not None
    return int(row[0])


def mail(address: str) -> Identifier:
    return Identifier("email", address)


@pytest.mark.parametrize(("contacts", "why"), [
    ((mail("ada.lovelace@example.org"), mail("adalovelace+shop@example.org")), "same_contact"),
    ((mail("ada@example.org"), mail("zoe@example.org")), ""),
])  # fmt: skip
def test_one_mailbox_written_in_two_ways_is_one_person(dsn, contacts, why):
    async def work():
        async with opened(dsn, offered()) as shop:
            one = await person(shop, "Ada", contacts[0])
            other = await person(shop, "Zoe", contacts[1])
            await bring(shop, one, other)
            assert await refused(shop) == [why]

    run(work())


def test_nobody_brings_himself_or_who_brought_him(dsn):
    async def work():
        async with opened(dsn, offered(purchases=1)) as shop:
            one, other = await pair(shop)
            assert await bring(shop, one, one) is None, "not oneself"
            assert await bring(shop, one, other) is None, "not twice"
            await bring(shop, other, one)
            third = await person(shop, "Mia")
            await bring(shop, other, third)
            assert (await refused(shop)) == ["", "ring", ""]
            await shop.send(soup(third))
            assert await settle(shop) == 1
            await bring(shop, third, await person(shop, "Eve"), new=False)
            assert (await refused(shop))[0] == "known"

    run(work())


def test_a_household_and_a_merge_are_found_when_it_is_to_be_paid(dsn):
    async def work():
        async with opened(dsn, offered(purchases=1)) as shop:
            one, other = await pair(shop)
            await shop.send(soup(other))
            await _together(shop, one, other)
            assert await settle(shop) == 0 and await refused(shop) == ["same_household"]
            two, same = await pair(shop)
            await shop.send(soup(same))
            await shop.merge(two, same)
            assert await settle(shop) == 0
            assert (await refused(shop))[0] == "same_member"
            assert (await balances(shop, two)) == [20]
            await shop.assert_proved()

    run(work())


async def _together(shop: Shop, head: str, guest: str) -> None:
    now = datetime.now(UTC)
    ids = [(await of(shop, card)).id for card in (head, guest)]
    async with shop.house.pool.connection() as conn:

        def ask() -> households.Ask:
            lives = shop.house.lives(now)
            return households.Ask(new_id(), UUID(int=8), None, now, Households(), lives)

        home = await households.found(conn, ask(), ids[0])
        assert not isinstance(home, Refusal)
        asked = await households.invite(conn, ask(), home.id, ids[1], "member", None)
        assert not isinstance(asked, Refusal)
        await households.answer(conn, ask(), asked.id, accept=True)


def test_who_was_merged_is_found_under_the_other_number(dsn):
    """Purchases of the one who goes on count; what was paid is taken back from that account."""

    async def work():
        async with opened(dsn, offered(purchases=1)) as shop:
            one, other = await pair(shop)
            keeps = await person(shop, "Max")
            assert not isinstance(await shop.merge(keeps, other), Exception)
            bought = soup(other)
            await shop.send(bought)
            assert await settle(shop) == 1
            assert await balances(shop, one, keeps) == [500, 220]
            await shop.send(goods_back(bought))
            assert await settle(shop) == 1
            assert await balances(shop, one, keeps) == [0, 0]
            await shop.assert_proved()

    run(work())


def test_a_receipt_and_its_repetition_count_once(dsn):
    async def work():
        async with opened(dsn, offered()) as shop:
            _, other = await pair(shop)
            receipt = soup(other)
            job = Job(TILL, "receipt.confirm", "k", receipt, b"f", datetime.now(UTC))
            for _ in range(3):
                assert (await shop.house.writer.submit(job)).status == 201
            assert await settle(shop) == 0

    run(work())


@pytest.mark.parametrize("wrong", [
    "UPDATE referrals.referral SET due_at = due_at + interval '1 day'",
    "UPDATE referrals.purchase SET counts = false",
    "UPDATE referrals.referral SET payment_id = NULL",
    "UPDATE referrals.payment SET referrer_points = referrer_points + 1",
    "DELETE FROM referrals.payment",
    "UPDATE ledger.operation SET to_points = to_points - 1 WHERE kind = 'referral'",
])  # fmt: skip
def test_the_proof_finds_what_was_changed(dsn, wrong):
    async def work():
        async with opened(dsn, offered(purchases=1)) as shop:
            _, other = await pair(shop)
            await shop.send(soup(other))
            assert await settle(shop) == 1
            await shop.house.close()  # its turn would put some of it right
            await shop.eye.execute("SET session_replication_role = replica")
            await shop.eye.execute(wrong)
            await shop.eye.execute("SET session_replication_role = DEFAULT")
            await shop.eye.commit()
            assert (await shop.proof()).differences

    run(work())


@pytest.mark.parametrize("wrong", ["DELETE FROM referrals.payment", "TRUNCATE referrals.payment"])
def test_what_was_paid_is_never_changed(dsn, wrong):
    async def work():
        async with opened(dsn, offered(purchases=1)) as shop:
            _, other = await pair(shop)
            await shop.send(soup(other))
            assert await settle(shop) == 1
            with pytest.raises(psycopg.Error):
                await shop.eye.execute(wrong)
            await shop.eye.rollback()

    run(work())
