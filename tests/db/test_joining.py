"""Two members are one, and two again, through the writer: nothing is lost, gained or misplaced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from support import database, shop
from support.shop import PAY, TWO_PERCENT, Shop, goods_back, line, sale
from tessera.base.refusal import Refusal
from tessera.checkout.core import Cancel, Quote

MILES = {"id": "miles", "mechanic": "base_rate", "points": 3, "per_minor": 100, "earns": "miles"}
PENDING = {"id": "later", "mechanic": "base_rate", "points": 1, "per_minor": 100, "earns": "later"}
ONCE = {"id": "once", "mechanic": "base_rate", "points": 5, "per_minor": 100,
        "caps": [{"times": 1, "per": "ever"}]}  # fmt: skip
PROGRAM = shop.program(
    TWO_PERCENT, PAY, MILES, PENDING,
    expiry_days=100,
    currencies={"miles": {"kind": "miles", "expiry": {"inactive_days": 90}},
                "later": {"pending": {"days": 10}}},
)  # fmt: skip
# What both are, whatever they are called: nothing of it may differ after merge and undoing.
SNAPSHOT = {
    "wallets": """
        SELECT id, active, debt, holds, soonest_expiry, pending, soonest_ripe, rolls_until
        FROM ledger.account WHERE active + debt + pending + holds > 0 OR rolls_until IS NOT NULL
        ORDER BY id""",
    "lots": """
        SELECT account_id, id, outcome_id, earned_at, expires_at, points, remaining, pending,
            activates_at, waits_for, rolls
        FROM ledger.lot WHERE remaining > 0 ORDER BY account_id, id""",
    "days": """
        SELECT * FROM checkout.history_day WHERE times <> 0 OR units <> 0 OR amount <> 0
        ORDER BY account_id, scope, day, store_id""",
    "members": "SELECT * FROM members.member ORDER BY id",
    "people": "SELECT * FROM members.person ORDER BY member_id",
    "identifiers": "SELECT * FROM members.identifier ORDER BY kind, value",
}  # fmt: skip


def snapshot(dsn: str) -> dict[str, list[Any]]:
    with psycopg.connect(dsn) as conn:
        return {name: conn.execute(text.encode()).fetchall() for name, text in SNAPSHOT.items()}


@asynccontextmanager
async def opened(dsn: str, **settings: Any) -> AsyncIterator[Shop]:
    async with shop.opened(dsn, PROGRAM | settings) as open_:
        yield open_


def played(play: Any) -> None:
    database.run(play)


async def merged(open_: Shop, card: str, other: str) -> UUID:
    done = await open_.merge(card, other)
    assert isinstance(done, UUID), done
    return done


async def bought(open_: Shop, card: str, minor: int, spend: int | None = None) -> Any:
    ask = sale(card, line("SOUP", 1, minor), spend=spend)
    said = await open_.send(ask)
    assert said.status == 201, said
    return ask


def test_points_of_both_are_one_balance_and_both_cards_name_it(dsn):
    async def play() -> None:
        async with opened(dsn) as open_:
            anna, berta = await open_.member(10_000), await open_.member(5_000)
            await merged(open_, anna, berta)
            for card in (anna, berta):
                assert (await open_.balance(card)).balance == 300
            said = await open_.send(sale(berta, line("SOUP", 1, 2_000), spend=250))
            assert (said.status, said.balance) == (201, 50 + said.answer.points_earned)
            await open_.assert_proved()

    played(play())


def test_a_shadow_is_merged_and_a_card_nobody_used(dsn):
    async def play() -> None:
        async with opened(dsn) as open_:
            anna, shadow = await open_.member(10_000), shop.fresh_card()
            await bought(open_, shadow, 5_000)
            await merged(open_, shadow, anna)  # the shadow stays, and is registered by it
            assert (await open_.balance(anna)).balance == 300
            said = await open_.send(sale(shadow, line("SOUP", 1, 2_000), spend=10))
            assert said.status == 201
            unused = await open_.member()
            await merged(open_, anna, unused)
            await open_.assert_proved()

    played(play())


def test_an_old_receipt_comes_back_to_whoever_has_its_points(dsn):
    """Earned and spent before the merge, returned in it and after it, to the right account."""

    async def play() -> None:
        async with opened(dsn) as open_:
            anna, berta = await open_.member(10_000), await open_.member(10_000)
            ask = sale(berta, line("SOUP", 4, 1_000), spend=100)
            assert (await open_.send(ask)).balance == 100 + 78  # 2 % of 39.00
            merge_id = await merged(open_, anna, berta)
            said = await open_.send(goods_back(ask, (1, 1)))
            assert said.status == 201, said
            assert (said.answer.points_spent, said.balance) == (-25, 200 + 178 + 25 - 20)
            await open_.assert_proved()
            assert await open_.unmerge(merge_id) is None
            assert (await open_.balance(anna)).balance == 200
            assert (await open_.balance(berta)).balance == 183
            await open_.assert_proved()
            assert (await open_.send(goods_back(ask))).balance == 200
            assert (await open_.balance(berta)).debt == 0
            await open_.assert_proved()

    played(play())


def test_spent_meanwhile_each_bears_what_was_taken_of_its_own(dsn):
    """Berta's points expire first: the till took them. What was earned since stays with Anna."""

    async def play() -> None:
        async with opened(dsn) as open_:
            anna, berta = await open_.member(), await open_.member()
            now = datetime.now(UTC)
            for card, days, minor in ((berta, 30, 10_000), (anna, 10, 10_000)):
                ask = sale(card, line("SOUP", 1, minor), at=now - timedelta(days=days))
                assert (await open_.send(ask)).status == 201
            merge_id = await merged(open_, anna, berta)
            spent = await bought(open_, anna, 10_000, spend=150)  # and earns 197
            assert await open_.unmerge(merge_id) is None
            assert (await open_.balance(berta)).balance == 50
            assert (await open_.balance(anna)).balance == 200 + 197
            await open_.assert_proved()
            said = await open_.send(goods_back(spent))
            assert said.balance == 350, "what Anna had spent comes back to her"
            await merged(open_, anna, berta)
            assert (await open_.balance(anna)).balance == 400
            await open_.assert_proved()

    played(play())


def test_debt_goes_along_and_comes_back_as_far_as_it_is_owed(dsn):
    async def play() -> None:
        async with opened(dsn, net_debt=False) as open_:
            anna, berta = await open_.member(10_000), await open_.member()
            first = await bought(open_, berta, 10_000)
            await bought(open_, berta, 5_000, spend=150)
            assert (await open_.send(goods_back(first))).balance == -200 + 50 + 97
            before = snapshot(dsn)
            merge_id = await merged(open_, anna, berta)
            told = await open_.balance(anna)
            assert (told.balance, told.debt) == (147, 53), told
            assert await open_.unmerge(merge_id) is None
            assert snapshot(dsn) == before
            await open_.assert_proved()

    played(play())


def test_a_chain_of_merges_resolves_and_comes_apart_from_its_end(dsn):
    async def play() -> None:
        async with opened(dsn) as open_:
            cards = [await open_.member(1_000 * n) for n in (10, 20, 30)]
            old = sale(cards[2], line("SOUP", 2, 1_000), spend=30)
            assert (await open_.send(old)).status == 201
            before = snapshot(dsn)
            first = await merged(open_, cards[1], cards[2])
            second = await merged(open_, cards[0], cards[1])
            refused = await open_.unmerge(first)
            assert isinstance(refused, Refusal) and refused.code == "merge_covered"
            await open_.assert_proved()
            assert await open_.unmerge(second) is None
            assert await open_.unmerge(first) is None
            assert snapshot(dsn) == before
            again = await merged(open_, cards[1], cards[2])
            await merged(open_, cards[0], cards[1])
            said = await open_.send(goods_back(old))
            assert said.status == 201 and said.balance == 200 + 400 + 600, said
            await open_.assert_proved()
            assert isinstance(await open_.unmerge(again), Refusal)

    played(play())


def test_limits_count_what_both_did_before(dsn):
    async def play() -> None:
        async with opened(dsn, rules=[ONCE]) as open_:
            anna, berta = await open_.member(), await open_.member(1_000)
            merge_id = await merged(open_, anna, berta)
            said = await open_.send(sale(anna, line("SOUP", 1, 1_000)))
            assert said.answer.points_earned == 0, "Berta got it; she is Anna"
            assert await open_.unmerge(merge_id) is None
            said = await open_.send(sale(anna, line("SOUP", 1, 1_000)))
            assert said.answer.points_earned == 50
            await open_.assert_proved()

    played(play())


def test_an_open_checkout_of_the_one_who_goes_is_waited_for(dsn):
    async def play() -> None:
        async with opened(dsn) as open_:
            anna, berta = await open_.member(10_000), await open_.member(10_000)
            held = sale(berta, line("SOUP", 1, 1_000), spend=50)
            quote = (await open_.send(Quote(held, hold=True))).answer
            before = snapshot(dsn)
            refused = await open_.merge(anna, berta)
            assert isinstance(refused, Refusal) and refused.code == "open_holds"
            assert snapshot(dsn) == before
            merge_id = await merged(open_, berta, anna)  # the one who stays keeps her promise
            kept = await open_.unmerge(merge_id)
            assert kept is not None and kept.code == "open_holds"
            assert (await open_.send(replace(held, quote=quote.id))).answer.differences == ()
            other = (await open_.send(Quote(held, hold=True))).answer
            await open_.overdue(datetime.now(UTC) - timedelta(seconds=1))
            assert await open_.unmerge(merge_id) is None, "a hold past its deadline is over"
            assert (await open_.send(Cancel(other.id))).status == 200
            await open_.assert_proved()

    played(play())


def test_a_promise_without_points_of_the_one_who_went_is_settled_anew(dsn):
    async def play() -> None:
        async with opened(dsn) as open_:
            anna, berta = await open_.member(10_000), await open_.member(10_000)
            ask = sale(berta, line("SOUP", 1, 1_000))
            quotes = [(await open_.send(Quote(ask, hold=True))).answer for _ in range(2)]
            await merged(open_, anna, berta)
            assert (await open_.send(Cancel(quotes[0].id))).status == 200
            said = await open_.send(replace(ask, quote=quotes[1].id))
            assert (said.status, said.balance) == (201, 420)
            await open_.assert_proved()

    played(play())


def test_whoever_had_aimed_at_the_old_account_settles_on_the_new_one(dsn):
    """A receipt, a return and a cancelled quote wait for the merge's lock, then go the new way."""

    async def play() -> None:
        async with opened(dsn) as open_:
            anna, berta = await open_.member(10_000), await open_.member(10_000)
            old = await bought(open_, berta, 1_000)
            quote = (await open_.send(Quote(sale(berta, line("SOUP", 1, 500)), hold=True))).answer
            ids = [await open_.account(card) for card in (anna, berta)]
            async with await psycopg.AsyncConnection.connect(dsn) as lock:
                await lock.execute(
                    "SELECT FROM ledger.account WHERE id = %s FOR NO KEY UPDATE", (ids[1],)
                )
                merging = asyncio.create_task(open_.merge(anna, berta))
                await waiting(dsn, 1)
                calls = [
                    asyncio.create_task(open_.send(ask))
                    for ask in (sale(berta, line("SOUP", 1, 2_000)), goods_back(old),
                                Cancel(quote.id))
                ]  # fmt: skip
                await waiting(dsn, 2)
            assert isinstance(await merging, UUID)
            said = [await call for call in calls]
            assert [each.status for each in said] == [201, 201, 200], said
            assert (await open_.balance(berta)).balance == 200 + 200 + 40
            await open_.assert_proved()

    played(play())


async def waiting(dsn: str, least: int) -> None:
    """Until so many wait for a lock."""
    asked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        for _ in range(1000):
            row = await (await conn.execute(asked)).fetchone()
            if row is not None and row[0] >= least:
                return
            await asyncio.sleep(0.005)
    raise AssertionError("nobody waited")


def test_what_is_gone_holds_nothing_whoever_writes(dsn):
    async def play() -> UUID | None:
        async with opened(dsn) as open_:
            anna, berta = await open_.member(10_000), await open_.member(10_000)
            account = await open_.account(berta)
            await merged(open_, anna, berta)
            return account

    account = database.run(play())
    with psycopg.connect(dsn) as conn, pytest.raises(psycopg.errors.CheckViolation):
        conn.execute("UPDATE ledger.account SET active = 1 WHERE id = %s", (account,))


# Exact reversal ----------------------------------------------------------------------------------

minors = st.integers(100, 20_000)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # each try costs a second: no shrinking
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(0, 1), minors, st.integers(0, 120)),
        st.tuples(st.just("spend"), st.integers(0, 1), minors, st.integers(1, 300)),
        st.tuples(st.just("return"), st.integers(0, 20), st.integers(1, 2), st.booleans()),
        st.tuples(st.just("merge and undo"), st.integers(0, 1)),
        st.tuples(st.just("run")),
    ),
    min_size=2, max_size=8,
)  # fmt: skip


async def do(open_: Shop, cards: list[str], sold: list[Any], deed: tuple[Any, ...]) -> None:
    kind, *how = deed
    if kind == "buy":
        whose, minor, days = how
        at = datetime.now(UTC) - timedelta(days=days)
        ask = sale(cards[whose], line("SOUP", 2, minor), at=at)
        assert (await open_.send(ask)).status == 201
        sold.append(ask)
    elif kind == "spend":
        whose, minor, points = how
        ask = sale(cards[whose], line("SOUP", 2, minor), spend=points)
        if (await open_.send(ask)).status == 201:
            sold.append(ask)
    elif kind == "return" and sold:
        which, units, whole = how
        ask = sold[which % len(sold)]
        await open_.send(goods_back(ask) if whole else goods_back(ask, (1, units)))
    elif kind == "run":
        await open_.run()
    elif kind == "merge and undo":
        merge_id = await open_.merge(cards[how[0]], cards[1 - how[0]])
        assert isinstance(merge_id, UUID), merge_id
        assert await open_.unmerge(merge_id) is None


def test_merged_and_parted_everything_is_as_it_was(server, template):
    """Whatever both did before; and what comes back afterwards finds its lots."""

    @settings(
        max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES
    )
    @given(before=DEEDS, after=DEEDS, side=st.integers(0, 1))
    def reversal(before: Any, after: Any, side: int) -> None:
        runner.run(play(before, after, side))

    async def play(before: Any, after: Any, side: int) -> None:
        open_, cards, sold = shops[0], [await shops[0].member(3_000) for _ in range(2)], list[Any]()
        for deed in before:
            await do(open_, cards, sold, deed)
        await open_.run()  # what is due is posted by a merge, and would be by a run
        was = snapshot(dsn)
        merge_id = await open_.merge(cards[side], cards[1 - side])
        assert isinstance(merge_id, UUID), merge_id
        assert (await open_.proof()).differences == []
        assert await open_.unmerge(merge_id) is None
        now = snapshot(dsn)
        assert {name: now[name] for name in now if now[name] != was[name]} == {}
        for deed in after:
            await do(open_, cards, sold, deed)
        for ask in sold:
            await open_.send(goods_back(ask))
        await open_.assert_proved()

    name = "tessera_joining"
    database.make(server, name, template)
    dsn, shops = database.at(server, name), list[Shop]()
    try:
        with asyncio.Runner() as runner:
            place = shop.opened(dsn, PROGRAM)
            shops.append(runner.run(place.__aenter__()))
            try:
                reversal()
            finally:
                runner.run(place.__aexit__(None, None, None))
    finally:
        database.drop(server, name)
