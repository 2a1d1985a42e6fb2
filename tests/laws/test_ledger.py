"""Laws of the wallet: whatever is done to it, nothing is lost and everything has its order."""

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.base.refusal import Refusal
from tessera.ledger import core
from tessera.ledger.core import Stamp, Terms, Wallet
from tessera.ledger.proof.core import first_fault

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)
amounts = st.integers(1, 1000)
days = st.one_of(st.none(), st.integers(1, 40))
# (points, days to live, day of purchase) of each lot
lots = st.lists(st.tuples(amounts, days, st.integers(0, 20)), min_size=1, max_size=6)


def uid(n):
    return UUID(int=n)


IDS = itertools.count(4000)


def fresh_id():
    return uid(next(IDS))


NO_GRACE = core.Back(None, Terms())


def stamp(n, at=NOW):
    return Stamp(uid(n), at, at)


def day(n):
    return NOW + timedelta(days=n)


def filled(wanted, *, net=True, debt=0):
    """A wallet with these lots; lot n of operation n has the id 1000 + n."""
    wallet = Wallet(uid(0), loaded=True)
    if debt:
        core.take_back(wallet, stamp(99), {uid(99)}, debt, False)
    for n, (points, life, bought) in enumerate(wanted):
        expires = None if life is None else day(life)
        terms = Terms(expires, net_debt=net)
        core.earn(wallet, Stamp(uid(n), day(-bought), NOW), uid(1000 + n), points, terms)
    return wallet


def assert_sums(wallet):
    """Every figure is what the moves say, and the chain holds."""
    into = sum(m.points for m in wallet.moves if m.target == "active")
    out = sum(m.points for m in wallet.moves if m.source == "active")
    owed = sum(m.points * ((m.source == "debt") - (m.target == "debt")) for m in wallet.moves)
    assert wallet.active == into - out == sum(lot.remaining for lot in wallet.lots.values())
    assert wallet.debt == owed >= 0
    for lot in wallet.lots.values():
        moves = [m for m in wallet.moves if m.lot_id == lot.id]
        assert 0 <= lot.remaining <= lot.points == moves[0].points
        kept = sum(m.points if m.target == "active" else -m.points for m in moves)
        assert lot.remaining == kept
    assert first_fault(wallet.account_id, wallet.moves) is None
    assert (wallet.seq, wallet.head) == (
        (len(wallet.moves), wallet.moves[-1].hash) if wallet.moves else (0, b"")
    )


def taken(wallet, outcome, target):
    """(lot, points) that an operation moved to a bucket, in its order."""
    mine = [m for m in wallet.moves if m.outcome_id == uid(outcome) and m.target == target]
    return [(m.lot_id, m.points) for m in mine]


@given(lots, amounts)
def test_spending_takes_the_soonest_to_expire_first_and_no_more_than_asked(wanted, points):
    wallet = filled(wanted)
    there, order = wallet.active, [
        lot.id for lot in sorted(wallet.lots.values(), key=lambda lot: (
            lot.expires_at is None, lot.expires_at or NOW, lot.earned_at, lot.id))
    ]  # fmt: skip
    refusal = core.spend(wallet, stamp(50), points)
    gone = taken(wallet, 50, "spent")
    if points > there:
        assert isinstance(refusal, Refusal) and str(there) in refusal.why and gone == []
    else:
        assert refusal is None and sum(part for _, part in gone) == points
        assert [lot for lot, _ in gone] == order[: len(gone)]
        assert all(wallet.lots[lot].remaining == 0 for lot, _ in gone[:-1])
    assert_sums(wallet)


@given(lots, st.integers(0, 41))
def test_what_has_expired_is_not_spent(wanted, after):
    wallet, at = filled(wanted), day(after)
    live = sum(points for points, life, _ in wanted if life is None or day(life) > at)
    assert core.available(wallet, at, at) == live
    assert isinstance(core.spend(wallet, stamp(50, at), live + 1), Refusal)
    assert not live or core.spend(wallet, stamp(51, at), live) is None
    assert_sums(wallet)


@given(lots, st.data())
def test_a_hold_keeps_its_points_from_everybody_else(wanted, data):
    wallet = filled(wanted)
    there = wallet.active
    kept = data.draw(st.integers(1, there))
    assert core.place_hold(wallet, stamp(50), kept, LATER) is None
    pins = dict(wallet.holds[uid(50)].pins)
    assert (core.available(wallet, NOW, NOW), core.held(wallet, NOW)) == (there - kept, kept)
    assert isinstance(core.spend(wallet, stamp(51), there - kept + 1), Refusal)
    core.take_back(wallet, stamp(52), {uid(0)}, data.draw(amounts), True)
    assert all(wallet.lots[lot].remaining >= points for lot, points in pins.items())
    assert core.held(wallet, LATER) == 0, "past its deadline it counts as released"
    assert_sums(wallet)


@given(lots, st.data())
def test_a_capture_takes_the_pinned_lots_and_ends_the_hold_once(wanted, data):
    wallet = filled(wanted)
    kept = data.draw(st.integers(1, wallet.active))
    core.place_hold(wallet, stamp(50), kept, LATER)
    pins = dict(wallet.holds[uid(50)].pins)
    # a lot that expires sooner comes in between: the capture does not touch it
    core.earn(wallet, stamp(51), uid(2000), 500, Terms(NOW + timedelta(hours=1)))
    asked = data.draw(st.integers(1, kept))
    assert core.capture(wallet, stamp(52), uid(50), asked) is None
    gone = taken(wallet, 52, "spent")
    assert sum(part for _, part in gone) == asked
    assert all(part <= pins[lot] for lot, part in gone)
    assert (wallet.open_holds, core.held(wallet, NOW)) == (0, 0)
    core.end_hold(wallet, uid(50), "released")
    assert wallet.ended_holds == {uid(50): "captured"} and wallet.open_holds == 0
    assert_sums(wallet)


def test_no_more_is_captured_than_is_kept():
    wallet = filled([(100, None, 0)])
    core.place_hold(wallet, stamp(50), 40, LATER)
    assert isinstance(core.capture(wallet, stamp(51), uid(50), 41), Refusal)
    assert (wallet.active, wallet.open_holds, wallet.ended_holds) == (100, 1, {})


@given(lots, amounts, st.booleans(), st.data())
def test_a_clawback_takes_its_own_lots_then_others_then_makes_debt(wanted, points, others, data):
    wallet = filled(wanted)
    own = data.draw(st.integers(0, len(wanted) - 1))
    there, mine = wallet.active, wanted[own][0]
    core.take_back(wallet, stamp(50), {uid(own)}, points, others)
    gone = taken(wallet, 50, "reversed")
    assert sum(part for _, part in gone) == points
    assert gone[0] == (uid(1000 + own), min(mine, points))
    reach = there if others else mine
    assert wallet.debt == max(points - reach, 0)
    rest = [lot for lot, _ in gone[1:] if lot is not None]
    assert rest == sorted(rest, key=lambda lot: wallet.lots[lot].order())
    assert others or rest == []
    assert_sums(wallet)


@given(lots, st.data())
def test_what_was_spent_comes_back_to_the_same_lots(wanted, data):
    wallet = filled(wanted)
    before = {lot.id: lot.remaining for lot in wallet.lots.values()}
    spent = data.draw(st.integers(1, wallet.active))
    core.spend(wallet, stamp(50), spent)
    after = {lot.id: lot.remaining for lot in wallet.lots.values()}
    part = data.draw(st.integers(0, spent))
    for n, points in enumerate((part, spent - part)):
        still = core.still_spent(wallet.moves, {uid(50), uid(60), uid(61)})
        core.give_back(wallet, stamp(60 + n), still, points, NO_GRACE, fresh_id)
        assert_sums(wallet)
        assert all(after[i] <= lot.remaining <= before[i] for i, lot in wallet.lots.items())
    assert {lot.id: lot.remaining for lot in wallet.lots.values()} == before
    assert core.still_spent(wallet.moves, {uid(50), uid(60), uid(61)}) == []


@given(lots, st.integers(0, 41), st.booleans())
def test_what_comes_back_too_late_gets_a_grace_or_is_gone(wanted, after, grace):
    wallet, at = filled(wanted), day(after)
    core.spend(wallet, stamp(50), wallet.active)
    still = core.still_spent(wallet.moves, {uid(50)})
    late = sum(points for lot, points in still if not wallet.lots[lot].live(at))
    spent = sum(points for _, points in still)
    until = at + timedelta(days=30) if grace else None
    core.give_back(wallet, stamp(60, at), still, spent, core.Back(until, Terms()), fresh_id)
    assert core.available(wallet, at, at) == spent - (0 if grace else late)
    graced = [lot for lot in wallet.lots.values() if lot.id.int >= 4000]
    assert bool(graced) == (grace and late > 0)
    earned = {wallet.lots[lot].outcome_id for lot, _ in still}
    assert {lot.outcome_id for lot in graced} <= earned, "it stays with the receipt that earned it"
    assert_sums(wallet)


@given(amounts, lots, st.booleans())
def test_the_next_earning_pays_the_debt_if_the_program_says_so(debt, wanted, net):
    wallet, earned = filled(wanted, net=net, debt=debt), sum(points for points, _, _ in wanted)
    assert wallet.active - wallet.debt == earned - debt
    assert wallet.debt == (max(debt - earned, 0) if net else debt)
    core.net_debt(wallet, stamp(70))
    assert min(wallet.active, wallet.debt) == 0
    assert_sums(wallet)


@given(lots, amounts)
def test_earning_and_taking_it_back_leaves_everything_as_it_was(wanted, points):
    wallet = filled(wanted)
    before = {i: lot.remaining for i, lot in wallet.lots.items()}
    core.earn(wallet, stamp(50), uid(2000), points, Terms())
    core.take_back(wallet, stamp(51), {uid(50)}, points, True)
    assert {i: lot.remaining for i, lot in wallet.lots.items()} == {**before, uid(2000): 0}
    assert wallet.debt == 0
    assert_sums(wallet)


def test_an_unloaded_wallet_tells_what_it_has_after_a_late_purchase():
    """An old receipt's lot has expired on arrival: what was there before is still there."""
    wallet = Wallet(uid(0), seq=1, head=b"h", active=100)
    core.earn(wallet, Stamp(uid(1), day(-400), NOW), uid(1001), 30, Terms(day(-35)))
    assert core.available(wallet, NOW, NOW) == 100
    assert wallet.active == 130


# The chain ---------------------------------------------------------------------------------------

OTHER = {
    "seq": 7, "outcome_id": uid(77), "source": "spent", "target": "expired", "points": 7,
    "lot_id": uid(78), "happened_at": day(-7), "posted_at": day(-6),
}  # fmt: skip


def posted():
    return filled([(100, None, 0), (50, 10, 1), (20, None, 2), (5, 3, 3)]).moves


@pytest.mark.parametrize("name", OTHER)
@pytest.mark.parametrize("place", range(4))
def test_a_change_of_any_field_is_seen(name, place):
    moves = posted()
    moves[place] = msgspec.structs.replace(moves[place], **{name: OTHER[name]})
    assert f"move {place + 1} " in (first_fault(uid(0), moves) or "")


def test_a_lot_taken_off_a_move_is_seen():
    moves = posted()
    moves[1] = msgspec.structs.replace(moves[1], lot_id=None)
    assert "was changed" in (first_fault(uid(0), moves) or "")


@given(st.permutations(range(4)))
def test_any_other_order_is_seen(order):
    moves = posted()
    mixed = [msgspec.structs.replace(moves[old], seq=n) for n, old in enumerate(order, 1)]
    first = next((n for n, old in enumerate(order, 1) if n != old + 1), None)
    said = first_fault(uid(0), mixed)
    if first is None:
        assert said is None
    else:
        assert said is not None and f"move {first} " in said and "wrong place" in said
        assert said.endswith(f"posted as move {order[first - 1] + 1}")


@given(st.integers(0, 2))
def test_a_move_taken_out_is_seen_whether_renumbered_or_not(place):
    moves = posted()
    del moves[place]
    assert f"move {place + 1} is missing" in (first_fault(uid(0), moves) or "")
    closed = [msgspec.structs.replace(move, seq=n) for n, move in enumerate(moves, 1)]
    assert f"move {place + 1} " in (first_fault(uid(0), closed) or "")


def test_the_chain_of_another_account_does_not_fit():
    assert first_fault(uid(0), posted()) is None
    assert first_fault(uid(1), posted()) is not None


def test_the_same_move_twice_is_seen():
    moves = posted()
    assert "twice" in (first_fault(uid(0), [*moves, moves[-1]]) or "")
