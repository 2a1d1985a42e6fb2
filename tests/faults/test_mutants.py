"""Ways to break a ledger, each put into the real code: the scenario that guards it must fail.

A scenario passes on the code as it is and fails on its mutant, which makes it worth something.
"Outbox after commit" of ledger.md has no mutant yet: there is no outbox.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from support.database import run
from support.shop import PAY, TWO_PERCENT, Shop, goods_back, line, opened, program, sale
from tessera.access import core as access
from tessera.access import db as access_db
from tessera.access.core import Known, Replay
from tessera.base import postgres
from tessera.base.problem import PostgresProblem
from tessera.base.wire import Answers
from tessera.checkout import db as checkout_db
from tessera.checkout import flows
from tessera.checkout.core import Quote
from tessera.checkout.flows import settle_batch
from tessera.doors.ground import Settings, ground
from tessera.doors.writer import Writer
from tessera.ledger import db as ledger_db
from tessera.ledger.core import FAR, Lot

pytestmark = pytest.mark.faults
PROGRAM = program(TWO_PERCENT, PAY, expiry_days=30)
Scenario = Callable[[str, pytest.MonkeyPatch], Awaitable[None]]


def fails_once(patch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """The database refuses one statement, once."""
    real, left = getattr(owner, name), [True]

    async def once(*args: Any, **kwargs: Any) -> Any:
        if left.pop() if left else False:
            raise psycopg.errors.SerializationFailure("no, try again")
        return await real(*args, **kwargs)

    patch.setattr(owner, name, once)


def meet(patch: pytest.MonkeyPatch) -> None:
    """Two transactions that are both past their locks wait for each other; a lone one goes on."""
    real, there = vars(flows)["load"], asyncio.Barrier(2)

    async def load(*args: Any) -> None:
        try:
            async with asyncio.timeout(0.5):
                await there.wait()
        except (TimeoutError, asyncio.BrokenBarrierError):
            await there.reset()
        await real(*args)

    patch.setattr(flows, "load", load)


async def two_houses(stack: AsyncExitStack, dsn: str) -> tuple[Shop, Shop]:
    """Two processes' worth of writers on one database."""
    one = await stack.enter_async_context(opened(dsn, PROGRAM))
    return one, await stack.enter_async_context(opened(dsn))


# Scenarios --------------------------------------------------------------------------------------


async def a_call_that_failed_is_done_by_its_retry(dsn: str, patch: pytest.MonkeyPatch) -> None:
    async with opened(dsn, PROGRAM) as shop:
        card = await shop.member(10_000)
        ask = sale(card, line("SOUP", 1, 5_000))
        fails_once(patch, checkout_db, "add_receipts")
        first = await shop.send(ask, "the key")
        assert first.status in (201, 503)
        again = await shop.send(ask, "the key")
        assert again.status == 201 and again.answer.kind == "sale"
        assert (await shop.balance(card)).balance == 300
        await shop.assert_proved()


async def two_tills_hold_the_same_points(dsn: str, patch: pytest.MonkeyPatch) -> None:
    async with AsyncExitStack() as stack:
        one, other = await two_houses(stack, dsn)
        card = await one.member(10_000)
        meet(patch)
        basket = sale(card, line("CAKE", 1, 5_000), spend=150)
        said = await asyncio.gather(*(each.send(Quote(basket, True)) for each in (one, other)))
        assert sorted(each.status for each in said) == [200, 409]
        assert (await one.balance(card)).held == 150
        await one.assert_proved()


async def units_come_back_once(dsn: str, patch: pytest.MonkeyPatch) -> None:
    async with opened(dsn, PROGRAM) as shop:
        card = await shop.member()
        bought = sale(card, line("SOUP", 2, 5_000))
        assert (await shop.send(bought)).balance == 200
        assert (await shop.send(goods_back(bought, (1, 1)))).balance == 100
        assert (await shop.send(goods_back(bought, (1, 1)))).balance == 0
        assert (await shop.send(goods_back(bought, (1, 1)))).status == 409
        await shop.assert_proved()


async def nobody_s_unit_comes_back_once(dsn: str, patch: pytest.MonkeyPatch) -> None:
    """No account to lock: the sale's own row keeps two tills apart."""
    async with AsyncExitStack() as stack:
        one, other = await two_houses(stack, dsn)
        bought = sale(None, line("SOUP", 1, 5_000))
        assert (await one.send(bought)).status == 201
        meet(patch)
        said = await asyncio.gather(*(each.send(goods_back(bought)) for each in (one, other)))
        assert sorted(each.status for each in said) == [201, 409]
        await one.assert_proved()


async def what_was_answered_is_there(dsn: str, patch: pytest.MonkeyPatch) -> None:
    """The database says no at the very commit."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$"
        )
        conn.execute(
            "CREATE CONSTRAINT TRIGGER no AFTER INSERT ON checkout.receipt DEFERRABLE INITIALLY"
            " DEFERRED FOR EACH ROW WHEN (NEW.number = 'cursed') EXECUTE FUNCTION no()"
        )
    async with opened(dsn, PROGRAM) as shop:
        card = await shop.member(10_000)
        said = await shop.send(sale(card, line("SOUP", 1, 5_000), number="cursed"))
        assert said.status == 503
        assert (await shop.balance(card)).balance == 200
        await shop.assert_proved()


async def an_unsafe_server_is_refused(dsn: str, patch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:
        name = conn.info.dbname
        conn.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
    try:
        await asyncio.to_thread(ground, Settings(Path(), dsn))
    except PostgresProblem as problem:
        assert (problem.code, problem.field) == ("unsafe_durability", "synchronous_commit")
    else:
        raise AssertionError("a server that forgets commits was taken")


async def a_key_stands_for_one_body(dsn: str, patch: pytest.MonkeyPatch) -> None:
    async with opened(dsn, PROGRAM) as shop:
        card = await shop.member()
        await shop.send(sale(card, line("SOUP", 1, 5_000), number="1"), "the key")
        said = await shop.send(sale(card, line("SOUP", 2, 5_000), number="1"), "the key")
        assert said.status == 422
        assert (said.problem.code, said.problem.field) == ("key_reused", "happened_at")


async def a_replay_is_the_same_bytes(dsn: str, patch: pytest.MonkeyPatch) -> None:
    async with opened(dsn, PROGRAM) as shop:
        card = await shop.member()
        ask = sale(card, line("SOUP", 1, 5_000))
        first = await shop.send(ask, "the key")
        await shop.send(sale(card, line("SOUP", 1, 7_000)))  # the balance is another one by now
        again = await shop.send(ask, "the key")
        assert (again.status, again.reply.body) == (first.status, first.reply.body)


async def all_of_a_receipt_or_nothing(dsn: str, patch: pytest.MonkeyPatch) -> None:
    async with opened(dsn, PROGRAM) as shop:
        card = await shop.member(10_000)
        fails_once(patch, checkout_db, "add_receipts")
        said = await shop.send(sale(card, line("SOUP", 1, 5_000), spend=100))
        told = (await shop.balance(card)).balance
        assert told == (said.balance if said.status == 201 else 200)
        await shop.assert_proved()


async def the_soonest_to_expire_is_spent_first(dsn: str, patch: pytest.MonkeyPatch) -> None:
    async with opened(dsn, PROGRAM) as shop:
        card = await shop.member()
        for days in (3, 20, 10):
            at = datetime.now(UTC) - timedelta(days=days)
            await shop.send(sale(card, line("SOUP", 1, 5_000), at=at))
        assert (await shop.send(sale(card, line("CAKE", 1, 150), spend=150))).balance == 150
        cursor = await shop.eye.execute("SELECT remaining FROM ledger.lot ORDER BY expires_at")
        assert [row[0] for row in await cursor.fetchall()] == [0, 50, 100]
        await shop.eye.rollback()


# Mutants ----------------------------------------------------------------------------------------


def key_committed_in_its_own_transaction(patch: pytest.MonkeyPatch) -> None:
    async def how_many(rows: Answers) -> int:
        taken = await rows.count()
        await rows._conn.commit()
        await rows._conn.begin()
        return taken

    patch.setitem(vars(flows)["resolve"].__globals__, "how_many", how_many)


def no_lock_on_accounts(patch: pytest.MonkeyPatch) -> None:
    text = ledger_db.SQL["lock_accounts"]
    assert b"FOR NO KEY UPDATE" in text
    patch.setitem(ledger_db.SQL, "lock_accounts", text.replace(b"FOR NO KEY UPDATE", b""))


def no_lock_on_sales(patch: pytest.MonkeyPatch) -> None:
    text = checkout_db.SQL["lock_sales"]
    assert b"FOR NO KEY UPDATE" in text
    patch.setitem(checkout_db.SQL, "lock_sales", text.replace(b"FOR NO KEY UPDATE", b""))


def refunds_not_remembered(patch: pytest.MonkeyPatch) -> None:
    async def returns_of(*_: Any) -> dict[Any, Any]:
        return {}

    patch.setattr(checkout_db, "returns_of", returns_of)


def answer_before_commit(patch: pytest.MonkeyPatch) -> None:
    async def settle(self: Any, conn: Any, batch: Any) -> list[Any]:
        jobs = [waiting.job for waiting in batch]
        while True:  # who is answered too soon meets what is not committed yet
            await conn.begin()
            with suppress(psycopg.errors.SerializationFailure):
                now = datetime.now(UTC)
                settled = await settle_batch(conn, self._reader, self._shop(), jobs, now)
                break
            await conn.rollback()
        later: list[Any] = await self._answer_all(conn, batch, settled.outcomes)
        try:
            await conn.commit()
        except psycopg.Error:
            await conn.rollback()
        return later

    patch.setattr(Writer, "_settle", settle)


def asynchronous_commit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(postgres, "refuse_unsafe", lambda _: None)


def no_fingerprint(patch: pytest.MonkeyPatch) -> None:
    def judge(known: Known, *_: Any) -> Replay:
        return Replay(known.outcome_id, known.posted_at, known.status, known.body)

    patch.setattr(access, "judge", judge)


def answer_rendered_anew(patch: pytest.MonkeyPatch) -> None:
    real = access_db._known

    def known(row: Any) -> Known:
        return real((*row[:6], None, None))

    patch.setattr(access_db, "_known", known)


def commit_between_two_postings(patch: pytest.MonkeyPatch) -> None:
    real = ledger_db.save

    async def save(conn: Any, *args: Any) -> None:
        await real(conn, *args)
        await conn.commit()

    patch.setattr(ledger_db, "save", save)


def newest_lot_first(patch: pytest.MonkeyPatch) -> None:
    def order(lot: Lot) -> Any:
        return (FAR - (lot.expires_at or FAR), lot.earned_at, lot.id)

    patch.setattr(Lot, "order", order)


@dataclass(frozen=True)
class Mutant:
    """A way to break the ledger, and the scenario that must notice."""

    break_it: Callable[[pytest.MonkeyPatch], None]
    scenario: Scenario


MUTANTS = (
    Mutant(key_committed_in_its_own_transaction, a_call_that_failed_is_done_by_its_retry),
    Mutant(no_lock_on_accounts, two_tills_hold_the_same_points),
    Mutant(no_lock_on_sales, nobody_s_unit_comes_back_once),
    Mutant(refunds_not_remembered, units_come_back_once),
    Mutant(answer_before_commit, what_was_answered_is_there),
    Mutant(asynchronous_commit, an_unsafe_server_is_refused),
    Mutant(no_fingerprint, a_key_stands_for_one_body),
    Mutant(answer_rendered_anew, a_replay_is_the_same_bytes),
    Mutant(commit_between_two_postings, all_of_a_receipt_or_nothing),
    Mutant(newest_lot_first, the_soonest_to_expire_is_spent_first),
)


TRIES = 5


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.scenario.__name__)
def test_the_real_code_passes(dsn, monkeypatch, mutant):
    run(mutant.scenario(dsn, monkeypatch))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.break_it.__name__)
def test_the_mutant_is_caught(dsn, monkeypatch, mutant):
    """Two tills must meet for some to show; they are given a few tries to."""
    mutant.break_it(monkeypatch)
    with pytest.raises(AssertionError):
        for _ in range(TRIES):
            with pytest.MonkeyPatch.context() as again:
                run(mutant.scenario(dsn, again))
