"""Receipts of tills that were cut off: never refused for their spending, told what came of it."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from support.away import allow, ask, away
from support.database import run
from support.shop import (
    PAY,
    TWO_PERCENT,
    Said,
    Shop,
    fresh_card,
    goods_back,
    line,
    opened,
    program,
    sale,
)
from tessera.access import flows as access
from tessera.base.refusal import Refusal
from tessera.checkout.offline import flows as offline
from tessera.checkout.offline.core import UPLOAD
from tessera.doors.api import Api
from tessera.doors.till import OPERATIONS
from tessera.rules.core.settings import Offline

MANY = Offline(points=60, days=2, tills=4)
BODY = program(TWO_PERCENT, PAY, offline={"points": 60, "days": 2}, net_debt=True)


async def used(shop: Shop) -> list[int]:
    rows = await shop.eye.execute("SELECT used FROM checkout.allowance ORDER BY id")
    found = [row[0] for row in await rows.fetchall()]
    await shop.eye.rollback()
    return found


def fewer(said: Said) -> tuple[int, int, str] | None:
    """(asked, taken, why) of the difference that was told, if one was."""
    told = [each for each in said.answer.differences if each.what == "spend"]
    return (told[0].quoted, told[0].given, told[0].why) if told else None


def test_what_the_allowance_covers_is_taken_and_becomes_debt_where_it_is_not_there(dsn):
    async def work() -> None:
        async with opened(dsn, BODY) as shop:
            card = await shop.member(3000)  # 60 points
            tokens = [await allow(shop, card, till=till) for till in ("1", "2", "3")]
            said = [
                await shop.send(away(card, 1000, 60, token, till=till))
                for till, token in zip("123", tokens, strict=True)
            ]
            assert [each.status for each in said] == [201] * 3
            assert [each.answer.points_spent for each in said] == [60] * 3
            assert [fewer(each) for each in said] == [None] * 3
            # Each receipt earns 2 % of 9.40, which pays debt.
            balance = await shop.balance(card)
            earned = sum(each.answer.points_earned for each in said)
            assert balance.balance == 60 + earned - 180
            assert balance.debt == 180 - 60 - earned and balance.available == 0
            assert await used(shop) == [60, 60, 60], "bounded by allowance x tills"
            await shop.assert_proved()

    run(work())


def test_an_allowance_is_never_spent_twice_over_its_points(dsn):
    async def work() -> None:
        async with opened(dsn, BODY) as shop:
            card = await shop.member(3000)
            token = await allow(shop, card)
            first = await shop.send(away(card, 1000, 40, token))
            second = await shop.send(away(card, 1000, 40, token))
            third = await shop.send(away(card, 1000, 40, token))
            assert first.answer.points_spent == 40
            # 20 of the 60 are left, and 19 were earned besides: 39 are there, so 39 are taken.
            assert fewer(second) == (40, 39, "the allowance had 20 points left")
            assert second.answer.points_spent == 39 and second.balance == 19
            assert fewer(third) == (40, 19, "the allowance had 0 points left")
            assert await used(shop) == [60]
            assert (await shop.balance(card)).debt == 0
            await shop.assert_proved()

    run(work())


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ("none", "no allowance was sent"),
        ("forged", "the allowance is none that was given here"),
        ("another's", "the allowance is another member's"),
        ("other store", "the allowance is of store S2"),
        ("other till", "the allowance is of till 2"),
        ("late", "the receipt came more than 3 days after the allowance had ended"),
        ("over", "the allowance ended at"),
        ("before", "the allowance was given at"),
        ("replaced", "another allowance was given in its place before this receipt"),
    ],
)
def test_what_nothing_covers_is_taken_as_far_as_it_is_there(dsn, case, why):
    async def work() -> None:
        async with opened(dsn, BODY) as shop:
            card, other = await shop.member(1000), await shop.member(3000)  # 20 and 60 points
            now = datetime.now(UTC)
            token: str | None = None
            if case == "forged":
                token = (await allow(shop, card))[:-4] + "AAAA"
            elif case == "another's":
                token = await allow(shop, other)
            elif case == "other store":
                token = await allow(shop, card, store="S2")
            elif case == "other till":
                token = await allow(shop, card, till="2")
            elif case == "late":
                now -= UPLOAD + timedelta(days=2, hours=1)
                token = await allow(shop, card, at=now)
            elif case == "over":
                token = await allow(shop, card, at=now - timedelta(days=3))
            elif case == "before":
                token = await allow(shop, card, at=now + timedelta(minutes=6))
            elif case == "replaced":
                token = await allow(shop, card, at=now - timedelta(hours=2))
                await allow(shop, card, at=now - timedelta(hours=1))
            said = await shop.send(away(card, 1000, 50, token, at=now))
            assert said.status == 201
            told = fewer(said)
            assert told is not None and told[:2] == (50, 20) and told[2].startswith(why)
            assert (await shop.balance(card)).debt == 0
            assert set(await used(shop)) <= {0}
            await shop.assert_proved()

    run(work())


def test_nobodys_and_a_new_cards_offline_spending_are_not_refused(dsn):
    async def work() -> None:
        async with opened(dsn, BODY) as shop:
            nobody = await shop.send(away(None, 1000, 10, None))
            stranger = await shop.send(away(fresh_card(), 1000, 10, None))
            assert (nobody.status, stranger.status) == (201, 201)
            assert fewer(nobody) == (10, 0, "no card was sent: points are spent by somebody")
            assert fewer(stranger) == (10, 0, "no allowance was sent")
            assert stranger.answer.points_earned == 20
            online = await shop.send(sale(fresh_card(), line("SOUP", 1, 1000), spend=10))
            assert online.problem.code == "points_short", "only a till that was cut off is believed"
            await shop.assert_proved()

    run(work())


def test_a_receipt_made_before_the_allowance_was_replaced_is_covered(dsn):
    async def work() -> None:
        async with opened(dsn, BODY) as shop:
            card, now = await shop.member(3000), datetime.now(UTC)
            token = await allow(shop, card, at=now - timedelta(hours=2))
            await allow(shop, card, at=now)
            assert (await shop.send(sale(card, line("SOUP", 1, 60), spend=60))).status == 201
            late = away(card, 1000, 50, token, at=now - timedelta(hours=1))
            said = await shop.send(late)
            assert said.answer.points_spent == 50 and fewer(said) is None
            assert sorted(await used(shop)) == [0, 50]
            again = await shop.send(late, key="another key")
            assert again.problem.code == "receipt_known"
            assert sorted(await used(shop)) == [0, 50], "a duplicate never changes anything"
            await shop.assert_proved()

    run(work())


def test_a_replaced_allowance_goes_along_with_a_merge(dsn):
    async def work() -> None:
        async with opened(dsn, BODY) as shop:
            card, other = await shop.member(3000), await shop.member(500)  # 60 and 10 points
            now = datetime.now(UTC)
            token = await allow(shop, card, at=now - timedelta(hours=2))
            for at in (now - timedelta(minutes=1), now):
                await allow(shop, card, at=at)
            assert (await shop.send(sale(card, line("SOUP", 1, 60), spend=60))).status == 201
            assert not isinstance(await shop.merge(other, card), Refusal)
            said = await shop.send(away(card, 1000, 50, token, at=now - timedelta(hours=1)))
            assert said.answer.points_spent == 50 and fewer(said) is None
            assert sorted(await used(shop)) == [0, 0, 50]
            later = await shop.send(away(card, 1000, 50, token, at=now))
            told = fewer(later)
            assert told is not None and told[2].startswith("another allowance was given"), (
                "what is closed stays closed"
            )
            await shop.assert_proved()

    run(work())


def test_asking_again_and_again_lets_a_till_spend_no_more_than_one_allowance(dsn):
    async def work() -> None:
        async with opened(dsn, BODY) as shop:
            card, now = await shop.member(3000), datetime.now(UTC)
            times = [now - timedelta(hours=hours) for hours in (5, 4, 3, 2, 1)]
            tokens = [(at, await allow(shop, card, at=at)) for at in times]
            said = [await shop.send(away(card, 60, 60, token, at=at)) for at, token in tokens]
            # What is there besides is a point that an unpaid receipt has earned.
            assert [each.answer.points_spent for each in said] == [60, 0, 1, 1, 1]
            assert fewer(said[1]) == (60, 0, "the allowance had 0 points left")
            assert (await shop.balance(card)).debt == 0
            assert sum(await used(shop)) == 60
            await shop.assert_proved()

    run(work())


def test_made_up_tills_are_bounded_and_leave_room_again(dsn):
    async def work() -> None:
        async with opened(dsn, BODY) as shop:
            card, now = await shop.member(3000), datetime.now(UTC)
            then = now - timedelta(days=1)
            tokens = [await allow(shop, card, till=till, at=then) for till in "123"]
            free_at = then + timedelta(days=2) + UPLOAD
            for till, at in (("4", now), ("fake", now), ("4", free_at)):
                told = await ask(shop, card, till, at=at)
                assert isinstance(told, Refusal)
                assert (told.code, told.field) == ("tills_full", "till")
                assert f"{free_at:%Y-%m-%dT%H:%M:%SZ}" in told.cure
            assert not isinstance(await ask(shop, card, "2", at=then), Refusal), (
                "its own is renewed"
            )
            later = free_at + timedelta(seconds=1)
            assert not isinstance(await ask(shop, card, "4", at=later), Refusal)
            said = [
                await shop.send(away(card, 60, 60, token, till=till, at=then))
                for till, token in zip("123", tokens, strict=True)
            ]
            assert [each.answer.points_spent for each in said] == [60, 60, 60]
            assert (await shop.balance(card)).debt == 120, "all but what is there"
            await shop.assert_proved()

    run(work())


def test_many_tills_at_once_take_each_allowance_once(dsn):
    async def work() -> None:

        async with opened(dsn, BODY) as shop:
            card = await shop.member(3000)
            tokens = [(till, await allow(shop, card, till=till, setting=MANY)) for till in "1234"]
            said = await asyncio.gather(
                *(shop.send(away(card, 500, 25, token, till=till)) for till, token in tokens * 4)
            )
            assert {each.status for each in said} == {201}
            spent = sum(each.answer.points_spent for each in said)
            earned = 60 + sum(each.answer.points_earned for each in said)
            assert await used(shop) == [60] * 4
            assert (await shop.balance(card)).balance == earned - spent >= -4 * 60
            await shop.assert_proved()

    run(work())


def test_buying_offline_and_returning_everything_leaves_the_balance_as_it_was(dsn):
    async def work() -> None:
        async with opened(dsn, BODY) as shop:
            card = await shop.member(3000)
            before = await shop.balance(card)
            sold = [
                away(card, 1000, 60, await allow(shop, card, till=till), till=till)
                for till in "123"
            ]
            for each in sold:
                assert (await shop.send(each)).answer.points_spent == 60
            assert (await shop.balance(card)).debt > 0
            for each in sold:
                assert (await shop.send(goods_back(each))).answer.points_spent == -60
            assert await shop.balance(card) == before
            await shop.assert_proved()

    run(work())


def test_a_late_offline_receipt_is_not_skewed_and_settled_as_of_its_time(dsn):
    async def work() -> None:
        async with opened(dsn, BODY) as shop:
            old = datetime.now(UTC) - timedelta(days=3)
            made = msgspec.structs.replace(
                sale(fresh_card(), line("SOUP", 1, 100)), happened_at=old
            )
            for offline_, skewed in ((False, True), (True, False)):
                number = f"late {offline_}"
                late = msgspec.structs.replace(made, offline=offline_, number=number)
                assert (await shop.send(late)).status == 201
                row = await shop.eye.execute(
                    "SELECT skewed, happened_at FROM checkout.receipt WHERE number = %s", (number,)
                )
                assert await row.fetchone() == (skewed, old)

    run(work())


def test_an_allowance_makes_no_process_read_its_program_again(dsn):
    """All connections by which the house reads it are taken, and the till is answered."""

    async def work() -> None:
        async with opened(dsn, BODY) as shop, contextlib.AsyncExitStack() as taken:
            card = await shop.member(3000)
            async with shop.house.pool.connection() as conn:
                _, token = await access.issue_key(
                    conn, "t", "till", "S1", 100, None, datetime.now(UTC)
                )
            api = Api(shop.house, OPERATIONS)
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app=api), base_url="http://t")
            await taken.enter_async_context(client)
            for _ in range(shop.house.upkeep.max_size):
                await taken.enter_async_context(shop.house.upkeep.connection())
            body = {"card": card, "store": "S1", "till": "1"}
            head = {"Authorization": f"Bearer {token}", "Idempotency-Key": "quiet"}
            async with asyncio.timeout(10):
                said = await client.post("/v1/allowances", json=body, headers=head)
            assert said.status_code == 201, said.text

    run(work())


def test_the_key_is_made_once_and_signs_for_every_process(dsn):
    async def work() -> None:
        async with opened(dsn, BODY) as shop, opened(dsn) as twin:
            keys: set[bytes] = set()
            for house in (shop.house, twin.house):
                async with house.pool.connection() as conn:
                    keys.add(await offline.public_key(conn, datetime.now(UTC)))
            assert len(keys) == 1

    run(work())
