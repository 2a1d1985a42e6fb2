"""Laws of wallets that become one and part again: nothing is lost, each gets back its own."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tessera.ledger import core
from tessera.ledger.core import Life, Stamp, Terms, Waiting, Wallet, joining
from tessera.ledger.core.expiring import stay_alive
from tessera.ledger.proof.core import first_fault

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIFE = Life(net_debt=False)
# (points, days to live, days to wait, whether it lives with activity)
lots = st.lists(
    st.tuples(st.integers(1, 1000), st.one_of(st.none(), st.integers(1, 40)),
              st.one_of(st.none(), st.integers(1, 9)), st.booleans()),
    max_size=5,
)  # fmt: skip
owed = st.integers(0, 300)
rolls = st.one_of(st.none(), st.integers(1, 60))


def stamp(n: int) -> Stamp:
    return Stamp(UUID(int=n), NOW, NOW)


def ids() -> Any:
    return (UUID(int=n) for n in count(9000)).__next__


def later(days: int | None) -> datetime | None:
    return None if days is None else NOW + timedelta(days=days)


def filled(n: int, wanted: list[Any], debt: int, until: int | None) -> Wallet:
    """A wallet with these lots, a debt, and rolling points that live so many days."""
    wallet = Wallet(UUID(int=n), loaded=True)
    alive = later(until)
    if alive is not None:
        stay_alive(wallet, alive)
    for i, (points, days, wait, lives) in enumerate(wanted):
        ready = later(wait)
        waiting = None if ready is None else Waiting(ready)
        ends = None if days is None else later(days + 10)
        terms = Terms(ends, lives and until is not None, waiting, net_debt=False)
        core.earn(wallet, stamp(100 * n + i), UUID(int=100 * n + i), points, terms)
    if debt:
        core.take_back(wallet, stamp(100 * n + 99), {UUID(int=100 * n + 99)}, debt, False)
    return wallet


def told(wallet: Wallet) -> Any:
    """All that a wallet is, whatever has passed through it."""
    core.look_again(wallet)
    open_ = {
        lot.id: (lot.outcome_id, lot.earned_at, lot.expires_at, lot.points, lot.remaining,
                 lot.pending, lot.activates_at, lot.waits_for, lot.rolls)
        for lot in wallet.lots.values() if lot.remaining
    }  # fmt: skip
    return (wallet.active, wallet.pending, wallet.debt, wallet.soonest_expiry,
            wallet.soonest_ripe, wallet.rolls_until, open_)  # fmt: skip


def outstanding(*wallets: Wallet) -> int:
    return sum(each.active + each.pending - each.debt for each in wallets)


def came(wallet: Wallet) -> dict[UUID, UUID]:
    return {lot.id: lot.outcome_id for lot in wallet.lots.values() if lot.came_from is not None}


@given(lots, lots, owed, owed, rolls, rolls)
def test_joined_and_parted_both_are_as_they_were(mine, theirs, owing, owes, until, other):
    source, target = filled(1, mine, owing, until), filled(2, theirs, owes, other)
    before, was = outstanding(source, target), deepcopy((told(source), told(target)))
    went = joining.join(source, target, stamp(900), LIFE, ids())
    assert outstanding(target) == before and outstanding(source) == 0
    assert not any(lot.remaining for lot in source.lots.values()) and not source.debt
    assert (went.points, went.debt) == (was[0][0] + was[0][1], owing)
    back = joining.part((target, source), stamp(901), LIFE, went, came(target), ids())
    assert (back.points, back.debt) == (went.points, went.debt)
    assert (told(source), told(target)) == was
    for wallet in (source, target):
        assert first_fault(wallet.account_id, wallet.moves) is None


@given(lots, lots, owed, st.integers(1, 2000), st.integers(1, 500))
def test_what_is_spent_meanwhile_is_borne_by_the_lots_it_was_taken_from(
    mine, theirs, owing, points, earned
):
    source, target = filled(1, mine, owing, None), filled(2, theirs, 0, None)
    went = joining.join(source, target, stamp(900), LIFE, ids())
    brought = set(came(target))
    before = {lot.id: lot.remaining for lot in target.lots.values()}
    core.spend(target, stamp(910), points)  # or refused, if it is too much
    core.earn(target, stamp(911), UUID(int=5000), earned, Terms(net_debt=False))
    both = outstanding(source, target)
    left = sum(lot.remaining for lot in target.lots.values() if lot.id in brought)
    back = joining.part((target, source), stamp(920), LIFE, went, came(target), ids())
    assert back.points == left <= sum(before[each] for each in brought)
    assert back.debt == owing and outstanding(source, target) == both
    assert target.lots[UUID(int=5000)].remaining == earned, "what was earned since stays"


@given(lots, lots, st.integers(0, 300), st.integers(0, 300), st.integers(1, 400))
def test_of_what_came_as_debt_so_much_goes_back_as_is_still_owed(mine, theirs, owing, owes, paid):
    source, target = filled(1, mine, owing, None), filled(2, theirs, owes, None)
    went = joining.join(source, target, stamp(900), LIFE, ids())
    core.earn(target, stamp(910), UUID(int=5000), paid, Terms(net_debt=True))
    still = target.debt
    joining.part((target, source), stamp(920), LIFE, went, came(target), ids())
    assert source.debt == min(owing, still) and target.debt == still - source.debt


@given(lots, lots, st.integers(1, 60), st.integers(1, 60))
def test_where_something_happened_both_live_on_as_together(mine, theirs, until, other):
    source, target = filled(1, mine, 0, until), filled(2, theirs, 0, other)
    went = joining.join(source, target, stamp(900), LIFE, ids())
    happened = went._replace(seq=None)
    joining.part((target, source), stamp(920), LIFE, happened, came(target), ids())
    assert source.rolls_until == target.rolls_until == later(max(until, other))
