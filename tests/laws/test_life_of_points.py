"""Laws of a wallet in time: earn, ripen, expire, spend, hold, return, in any order and pace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.base.clock import day_end
from tessera.base.refusal import Refusal
from tessera.ledger import core
from tessera.ledger.core import Life, Stamp, Terms, Waiting, Wallet
from tessera.ledger.core.lives import Expiry, Season
from tessera.ledger.proof.core import first_fault

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SEASONS = tuple(
    Season(day, day, day, carry_percent=percent, carry_most=most)
    for day, percent, most in (
        ((START + 8 * DAY).date(), 50, None),
        ((START + 16 * DAY).date(), 34, 40),
        ((START + 24 * DAY).date(), 100, None),
    )
)
LIVES = [Life(), Life(net_debt=False), Life(Expiry(seasons=SEASONS))]
LIFE = st.sampled_from(LIVES)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 5),  # days since the step before
        st.sampled_from(["earn", "earn", "spend", "hold", "return", "event"]),
        st.integers(1, 120),  # points, or which
        st.one_of(st.none(), st.integers(0, 8)),  # days until they are active
        st.integers(1, 20),  # days until they expire
    ),
    min_size=1, max_size=14,
)  # fmt: skip


class Account:
    """A wallet and its sales, played under one life; time is posted by `age`."""

    def __init__(self, life):
        self.life, self.wallet = life, Wallet(UUID(int=0), loaded=True)
        self.sales, self.ids = {}, count(1)
        self.fresh = (UUID(int=n) for n in count(10_000))

    def stamp(self, at):
        return Stamp(UUID(int=next(self.ids)), at, at)

    def age(self, at):
        """As a run does."""
        core.post_due(self.wallet, Stamp(UUID(int=9), at, at), self.life, self.fresh.__next__)

    def step(self, at, what, n, waits, lives):
        """As the checkout does: what is due is posted before anything else is done."""
        wallet, stamp = self.wallet, self.stamp(at)
        for hold in list(wallet.holds.values()):
            if hold.deadline <= at:
                core.end_hold(wallet, hold.id, "timed_out")
        if self.life.expiry is not None:
            self.age(at)
        event = "e:1" if what == "event" else ""
        core.ripen_due(wallet, stamp, at, self.life.net_debt, event)
        if what == "earn":
            self.earn(stamp, n, waits, lives)
        elif what == "spend":
            core.spend(wallet, stamp, n)
        elif what == "hold":
            core.place_hold(wallet, stamp, n, at + 3 * DAY)
        elif what == "return" and self.sales:
            self.give_back(stamp, n)
        self.check(at)

    def earn(self, stamp, points, waits, lives):
        waiting = None
        if waits is not None:
            waiting = Waiting(stamp.happened_at + waits * DAY if waits else None, "e:1")
        ends = stamp.happened_at + lives * DAY
        if self.life.expiry is not None:
            season = next((s for s in SEASONS if s.closes >= stamp.happened_at.date()), None)
            ends = day_end(season.spend_until, "UTC") if season else None
        terms = Terms(ends, waiting=waiting, net_debt=self.life.net_debt)
        core.earn(self.wallet, stamp, UUID(int=stamp.outcome_id.int + 1000), points, terms)
        self.sales[stamp.outcome_id] = points

    def give_back(self, stamp, n):
        sale = sorted(self.sales)[n % len(self.sales)]
        points, own = self.sales.pop(sale), {sale}
        gone = core.expired_of(self.wallet, self.wallet.moves, own)
        core.take_back(self.wallet, stamp, own, points, True, gone)

    def check(self, at):
        """Every figure is what the moves and the lots say, and no pin is broken."""
        wallet, moves = self.wallet, self.wallet.moves

        def net(bucket):
            return sum(m.points * ((m.target == bucket) - (m.source == bucket)) for m in moves)

        kept = sum(lot.remaining for lot in wallet.lots.values())
        assert wallet.active + wallet.pending == kept
        assert wallet.pending == sum(x.remaining for x in wallet.lots.values() if x.pending)
        assert (wallet.active, wallet.pending, wallet.debt) == (
            net("active"), net("pending"), -net("debt")
        )  # fmt: skip
        assert min(wallet.active, wallet.pending, wallet.debt) >= 0
        for hold in wallet.holds.values():
            if hold.id not in wallet.ended_holds and hold.deadline > at:
                assert all(wallet.lots[lot].remaining >= part for lot, part in hold.pins.items())
        assert first_fault(wallet.account_id, moves) is None

    def left(self):
        """What does not depend on who posted it when."""
        wallet = self.wallet
        lots = sorted(
            (lot.earned_at, lot.expires_at or START, lot.points, lot.remaining, lot.pending)
            for lot in wallet.lots.values()
        )
        return wallet.active, wallet.pending, wallet.debt, lots


def played(life, steps, runs):
    """The same steps with a run on those days between them that `runs` says, and at the end."""
    account, at, passed = Account(life), START, count()
    for days, what, points, waits, lives in steps:
        for _ in range(days):
            at += DAY
            if runs(next(passed)):
                account.age(at)
                account.check(at)
        at += timedelta(hours=1)
        account.step(at, what, points, waits, lives)
    for hold in list(account.wallet.holds):
        core.end_hold(account.wallet, hold, "released")
    account.age(at + 4 * DAY)
    account.check(at + 4 * DAY)
    return account


@settings(max_examples=300)
@given(LIFE, STEPS, st.data())
def test_a_run_may_come_now_or_later_or_twice(life, steps, data):
    chosen = data.draw(st.sets(st.integers(0, 70), max_size=20))
    in_time = played(life, steps, lambda _: True)
    now_and_then = played(life, steps, lambda n: n in chosen)
    assert now_and_then.left() == in_time.left()
    before = now_and_then.left(), len(now_and_then.wallet.moves)
    now_and_then.age(START + 400 * DAY)
    now_and_then.age(START + 400 * DAY)
    late = now_and_then.left()
    in_time.age(START + 400 * DAY)
    assert in_time.left() == late
    assert before[1] <= len(now_and_then.wallet.moves)


@given(st.integers(1, 100), st.integers(1, 100), st.booleans(), st.booleans())
def test_buying_and_returning_leaves_nothing_whatever_time_did_between(points, spent, ran, other):
    account = Account(Life())
    if other:
        account.step(START, "earn", 50, None, 400)
    account.step(START, "earn", points, None, 5)
    if spent <= points:
        core.spend(account.wallet, account.stamp(START), spent)
    if ran:
        account.age(START + 6 * DAY)
    sale = max(account.sales)
    account.sales = {sale: points}
    account.step(START + 6 * DAY, "return", 0, None, 0)
    account.age(START + 6 * DAY)
    owed = spent if spent <= points else 0
    assert account.wallet.active - account.wallet.debt == (50 if other else 0) - owed


def test_what_expires_before_it_is_active_never_is():
    account = Account(Life())
    account.step(START, "earn", 70, 8, 3)
    assert isinstance(core.spend(account.wallet, account.stamp(START + 9 * DAY), 1), Refusal)
    account.age(START + 9 * DAY)
    moves = [(m.source, m.target) for m in account.wallet.moves]
    assert moves == [("issued", "pending"), ("pending", "expired")]


@pytest.mark.parametrize("ran", [True, False])
def test_what_a_season_carries_is_of_the_whole_and_goes_on_from_season_to_season(ran):
    account = Account(LIVES[2])
    for _ in range(3):
        account.step(START, "earn", 33, None, 1)
    account.step(START + 10 * DAY, "earn", 100, None, 1)
    if ran:
        account.age(START + 9 * DAY)
        assert account.wallet.active == 49 + 100, "half of 99, not of three times 33"
    account.age(START + 17 * DAY)
    assert account.wallet.active == 40, "34 % of 149 are 50: 40 at most"
    account.age(START + 26 * DAY)
    assert account.wallet.active == 40, "all of it, and the last season is followed by none"


@given(st.lists(st.tuples(st.integers(1, 120), st.integers(1, 60), st.booleans()), min_size=1))
def test_late_receipts_carry_no_more_over_a_season_whatever_was_spent_of_it(receipts):
    """A third of the second season, at most 40 points, whenever its receipts come."""
    account, then = Account(LIVES[2]), START + 18 * DAY
    for points, spent, ran in receipts:
        stamp = Stamp(next(account.fresh), START + 9 * DAY, then)
        core.earn(account.wallet, stamp, next(account.fresh), points, Terms(START + 17 * DAY))
        if ran:
            account.age(then)
        core.spend(account.wallet, account.stamp(then), spent)  # or refused, if it is too much
    account.age(then)
    account.check(then)
    carried = sum(move.points for move in account.wallet.moves if move.source == "expired")
    assert carried == min(sum(points for points, _, _ in receipts) * 34 // 100, 40)


def test_a_season_that_carries_over_waits_for_the_hold():
    account = Account(LIVES[2])
    for _ in range(2):
        account.step(START, "earn", 33, None, 1)
    account.step(START + 8 * DAY, "hold", 10, None, 1)
    account.age(START + 10 * DAY)
    assert (account.wallet.active, len(account.wallet.lots)) == (66, 2), "all of it waits"
    account.age(START + 12 * DAY)
    assert account.wallet.active == 33, "half of 66, not of 56 and of 10"


def test_what_becomes_active_first_pays_the_debt():
    account = Account(Life())
    core.take_back(account.wallet, account.stamp(START), {UUID(int=77)}, 50, False)
    account.step(START, "earn", 50, 8, 10)
    account.step(START, "earn", 50, 4, 20)
    account.age(START + 9 * DAY)
    assert [lot.remaining for lot in account.wallet.lots.values()] == [50, 0]


@pytest.mark.parametrize("ran", [True, False])
def test_of_the_receipts_own_points_the_expired_ones_are_taken_first(ran):
    account = Account(Life())
    stamp = account.stamp(START)
    for n, ends in enumerate((20, 3)):
        core.earn(account.wallet, stamp, UUID(int=500 + n), 10, Terms(START + ends * DAY,
                  waiting=Waiting(START + 9 * DAY) if ends == 20 else None))  # fmt: skip
    if ran:
        account.age(START + 5 * DAY)
    own = {stamp.outcome_id}
    gone = core.expired_of(account.wallet, account.wallet.moves, own)
    core.take_back(account.wallet, account.stamp(START + 5 * DAY), own, 10, True, gone)
    account.age(START + 5 * DAY)
    assert (account.wallet.pending, account.wallet.active, account.wallet.debt) == (10, 0, 0)
