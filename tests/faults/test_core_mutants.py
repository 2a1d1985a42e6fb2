"""Ways to break what the ledger decides, each a small change of its text: a check must notice.

The change is made to the real function of this process and to nothing else; the scenario goes
through the public writer on PostgreSQL. What noticed it is named beside it.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import FunctionType
from typing import Any

import pytest

from support.database import run
from support.shop import PAY, TWO_PERCENT, Shop, goods_back, line, opened, program, sale
from tessera.base.ids import new_id
from tessera.checkout.core import Event, Quote, back
from tessera.checkout.flows.write import _write_answers
from tessera.ledger.core import (
    MAIN,
    expiring,
    giving,
    posting,
    returning,
    ripening,
    spending,
)
from tessera.ledger.core.ways import Sending, Transfers, Ways
from tessera.ledger.giving import flows as giving_flows

pytestmark = pytest.mark.faults
Scenario = Callable[[str], Awaitable[None]]
FOREVER = program(TWO_PERCENT, PAY)
MONTH = program(TWO_PERCENT, PAY, expiry_days=30)
DELIVERY = program(
    TWO_PERCENT, PAY, pending={"event": "delivered"},
    events={"delivered": {"fields": {"receipt": {"type": "text"}}}},
)  # fmt: skip


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


async def lots(shop: Shop) -> list[tuple[Any, ...]]:
    """(points, remaining, expires_at), the oldest first."""
    rows = await shop.eye.execute(
        "SELECT points, remaining, expires_at FROM ledger.lot ORDER BY id"
    )
    found = await rows.fetchall()
    await shop.eye.rollback()
    return found


async def proved(shop: Shop) -> None:
    report = await shop.proof(chain=True)
    assert not report.differences, "tessera prove"


# Scenarios: each assertion says its name -------------------------------------------------------


async def points_that_wait(dsn: str) -> None:
    """They are there and cannot be spent; what they wait for makes them active, once."""
    async with opened(dsn, DELIVERY) as shop:
        card = await shop.member()
        bought = sale(card, line("SOUP", 1, 10_000))
        await shop.send(bought)
        early = await shop.send(sale(card, line("CAKE", 1, 500), spend=100))
        assert early.status == 409, "waiting points are not spent"
        for number in ("1", "2"):
            came = Event(type="delivered", id=number, happened_at=datetime.now(UTC), card=card,
                         data={"receipt": bought.number})  # fmt: skip
            assert (await shop.send(came)).status == 201, "what was posted is not posted again"
        assert (await shop.balance(card)).available == 200, "they are active now"
        await proved(shop)


async def a_hold_outlives_what_comes_between(dsn: str) -> None:
    """Its points are there for the confirm: no clawback and no expiry run has taken them."""
    async with opened(dsn, MONTH) as shop:
        card, at = await shop.member(), ago(29)
        first = sale(card, line("SOUP", 1, 10_000), at=ago(29.5))
        await shop.send(first)
        basket = sale(card, line("CAKE", 1, 200), spend=200, at=at)
        promise = (await shop.send(Quote(basket, True))).answer
        await shop.send(goods_back(first))
        told = await shop.balance(card)
        assert (told.held, told.debt) == (200, 200), "a clawback breaks no hold"
        ask = sale(card, line("CAKE", 1, 200), spend=200, at=at, quote=promise.id)
        assert (await shop.send(ask)).answer.points_spent == 200, "the hold is captured"
        assert (await shop.balance(card)).held == 0, "a captured hold has ended"
        await proved(shop)


async def what_is_pinned_does_not_expire(dsn: str) -> None:
    async with opened(dsn, MONTH) as shop:
        card, at = await shop.member(), ago(35)
        await shop.send(sale(card, line("SOUP", 1, 10_000), at=ago(40)))
        basket = sale(card, line("CAKE", 1, 200), spend=200, at=at)
        promise = (await shop.send(Quote(basket, True))).answer
        await shop.run()
        ask = sale(card, line("CAKE", 1, 200), spend=200, at=at, quote=promise.id)
        said = await shop.send(ask)
        assert said.status == 201 and said.answer.points_spent == 200, "pinned points do not expire"
        await proved(shop)


async def what_has_expired_is_gone_once(dsn: str) -> None:
    """It is not spent, and the return of its purchase does not take it a second time."""
    async with opened(dsn, MONTH) as shop:
        card = await shop.member()
        old = sale(card, line("SOUP", 1, 10_000), at=ago(40))
        await shop.send(old)
        said = await shop.send(sale(card, line("CAKE", 1, 500), spend=100))
        assert said.status == 409, "expired points are not spent"
        await shop.run()
        await shop.send(goods_back(old))
        told = await shop.balance(card)
        assert told.debt == 0, "expired points are not taken back again"
        await proved(shop)


async def debt_is_paid_from_what_comes(dsn: str) -> None:
    async with opened(dsn, FOREVER) as shop:
        card = await shop.member()
        first = sale(card, line("SOUP", 1, 10_000))
        await shop.send(first)
        await shop.send(sale(card, line("CAKE", 1, 200), spend=200))
        await shop.send(goods_back(first))
        assert (await shop.balance(card)).debt == 200, "what was spent is owed"
        await shop.send(sale(card, line("SOUP", 1, 15_000)))
        told = await shop.balance(card)
        assert (told.available, told.debt) == (100, 0), "new points pay the debt"
        await proved(shop)


async def spent_points_come_home(dsn: str) -> None:
    """To the lot they came from, with its own end; where that has passed, to a lot with an end."""
    async with opened(dsn, MONTH) as shop:
        card = await shop.member()
        await shop.send(sale(card, line("SOUP", 1, 10_000), at=ago(20)))
        before = await lots(shop)
        spender = sale(card, line("CAKE", 1, 200), spend=200)
        await shop.send(spender)
        await shop.send(goods_back(spender))
        assert await lots(shop) == before, "points come back to their own lot"
        await shop.send(sale(card, line("SOUP", 1, 10_000), at=ago(50)))
        late = sale(card, line("CAKE", 1, 200), spend=200, at=ago(45))
        await shop.send(late)
        await shop.send(goods_back(late))
        assert all(end is not None for _, _, end in await lots(shop)), "a grace has an end"
        await proved(shop)


async def twenty_returns_are_one(dsn: str) -> None:
    """Cumulative, to the point: 2 % of 0.33 twenty times over."""
    async with opened(dsn, FOREVER) as shop:
        card = await shop.member()
        bought = sale(card, line("GUM", 20, 133))
        assert (await shop.send(bought)).balance == 53
        left = [(await shop.send(goods_back(bought, (1, 1)))).balance for _ in range(20)]
        assert left == [133 * n * 2 // 100 for n in reversed(range(20))], "returns are cumulative"
        await proved(shop)


async def the_chain_is_one(dsn: str) -> None:
    async with opened(dsn, FOREVER) as shop:
        await shop.member(10_000, 20_000)
        await proved(shop)


async def a_refused_call_may_come_again(dsn: str) -> None:
    async with opened(dsn, FOREVER) as shop:
        card = await shop.member(5_000)
        ask = sale(card, line("CAKE", 1, 200), spend=200)
        assert (await shop.send(ask, "the key")).status == 409
        await shop.send(sale(card, line("SOUP", 1, 10_000)))
        assert (await shop.send(ask, "the key")).status == 201, "a refused key is free"
        await proved(shop)


async def what_leaves_arrives(dsn: str) -> None:
    async with opened(dsn, FOREVER) as shop:
        cards = [await shop.member(10_000), await shop.member(10_000)]
        sender, receiver = [await shop.account(card) for card in cards]
        assert sender is not None and receiver is not None
        ways = Ways(shop.house.lives(datetime.now(UTC)), {}, Transfers(transfer=Sending()))
        async with shop.house.pool.connection() as conn:
            ask = giving_flows.Ask(new_id(), new_id(), datetime.now(UTC), ways)
            sent = giving_flows.Sent("transfer", sender, receiver, MAIN, 50)
            await giving_flows.send(conn, ask, sent)
        there = [(await shop.balance(card)).available for card in cards]
        assert there == [150, 250], "a transfer conserves the total"


# Mutants ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mutant:
    """`old` becomes `new` in a function; the scenario's check of that name notices."""

    name: str
    function: Any
    old: str
    new: str
    scenario: Scenario
    check: str

    def break_it(self, patch: pytest.MonkeyPatch) -> None:
        source = textwrap.dedent(inspect.getsource(self.function))
        assert source.count(self.old) == 1, f"{self.name}: the text is another one by now"
        namespace = dict(self.function.__globals__)
        exec("from __future__ import annotations\n" + source.replace(self.old, self.new), namespace)
        changed: FunctionType = namespace[self.function.__name__]
        patch.setattr(self.function, "__code__", changed.__code__)


MUTANTS = (
    Mutant("pending_is_spent", spending.free_lots, " and lot.ripe(happened_at)", "",
           points_that_wait, "waiting points are not spent"),
    Mutant("activation_twice", ripening.ripen, "lot.pending = False", "pass",
           points_that_wait, "what was posted is not posted again"),
    Mutant("clawback_breaks_a_hold", returning.take_back,
           "pins, left = pinned(wallet, stamp.posted_at), points", "pins, left = {}, points",
           a_hold_outlives_what_comes_between, "a clawback breaks no hold"),
    Mutant("hold_not_ended_by_its_capture", spending.capture,
           'end_hold(wallet, hold_id, "captured")', "pass",
           a_hold_outlives_what_comes_between, "a captured hold has ended"),
    Mutant("expiry_of_the_pinned_part", expiring.expire,
           "pins = pinned(wallet, stamp.posted_at)", "pins = {}",
           what_is_pinned_does_not_expire, "pinned points do not expire"),
    Mutant("expired_is_spent", spending.free_lots, " and lot.live(happened_at)", "",
           what_has_expired_is_gone_once, "expired points are not spent"),
    Mutant("expired_is_taken_back_again", returning.take_back,
           "if min(gone, left):", "if False:",
           what_has_expired_is_gone_once, "expired points are not taken back again"),
    Mutant("debt_not_netted", ripening.earn, "if terms.net_debt and not lot.pending:", "if False:",
           debt_is_paid_from_what_comes, "new points pay the debt"),
    Mutant("returned_points_to_a_new_lot", returning.give_back,
           'put(wallet, stamp, lot, part, "spent")',
           "open_lot(wallet, stamp, Lot(new_id(), stamp.outcome_id, stamp.happened_at, None,"
           ' part, part), "spent")',
           spent_points_come_home, "points come back to their own lot"),
    Mutant("grace_without_expiry", returning.give_back, "until, some, some", "None, some, some",
           spent_points_come_home, "a grace has an end"),
    Mutant("return_not_cumulative", back.decide_return,
           "before = sold.last.story", "before = sold.first.story",
           twenty_returns_are_one, "returns are cumulative"),
    Mutant("chain_not_linked", posting.post, "chain(wallet.head,", 'chain(b"",',
           the_chain_is_one, "tessera prove"),
    Mutant("refused_call_keeps_its_key", _write_answers,
           "await access_db.unclaim(conn, undone)", "pass",
           a_refused_call_may_come_again, "a refused key is free"),
    Mutant("transfer_loses_its_second_leg", giving.send,
           'earn(receiver, stamp, new_id(), part.points, life, "sent")', "pass",
           what_leaves_arrives, "a transfer conserves the total"),
)  # fmt: skip
SCENARIOS = {mutant.scenario.__name__: mutant.scenario for mutant in MUTANTS}


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_real_code_passes(dsn, scenario):
    run(scenario(dsn))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_the_mutant_is_caught(dsn, monkeypatch, mutant):
    mutant.break_it(monkeypatch)
    with pytest.raises(AssertionError) as caught:
        run(mutant.scenario(dsn))
    assert mutant.check in str(caught.value)
