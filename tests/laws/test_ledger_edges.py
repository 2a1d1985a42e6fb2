"""The ledger at its borders: instants that are reached, ids and hashes that may never change."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.base.refusal import Refusal
from tessera.ledger.core import (
    EPOCH,
    Back,
    Expiry,
    Life,
    Lot,
    Move,
    Pending,
    Season,
    Stamp,
    Terms,
    Waiting,
    Wallet,
    chain,
    earn,
    extend,
    give_back,
    giving,
    place_hold,
    ripen_due,
    spend,
    spend_owing,
    still_spent,
    wallet_id,
)
from tessera.ledger.core.ways import limit_reached

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
US = timedelta(microseconds=1)
ACCOUNT = UUID("0192f0aa-bbcc-7ddd-8eee-ffff00001111")


def uid(n: int) -> UUID:
    return UUID(int=n)


@pytest.mark.parametrize("field", ["soonest_expiry", "soonest_ripe"])
def test_a_wallet_is_looked_into_from_the_very_instant(field):
    wallet = Wallet(uid(0))
    setattr(wallet, field, NOW)
    assert [wallet.needs_lots(at) for at in (NOW - US, NOW, NOW + US)] == [False, True, True]


@pytest.mark.parametrize("holds", [0, 1, 2])
def test_a_wallet_with_open_holds_is_looked_into(holds):
    assert Wallet(uid(0), open_holds=holds).needs_lots(NOW) is (holds > 0)


def test_a_lot_expires_and_ripens_at_its_instant():
    lot = Lot(uid(1), uid(2), NOW, NOW, 5, 5, pending=True, activates_at=NOW)
    assert (lot.live(NOW - US), lot.live(NOW)) == (True, False)
    assert (lot.ripe(NOW - US), lot.ripe(NOW)) == (False, True)


@given(st.uuids(version=4), st.sampled_from(["miles", "stamps", "a"]))
def test_another_wallet_of_an_account_is_found_by_reckoning(account, currency):
    other = wallet_id(account, currency)
    assert wallet_id(account, "") == account
    assert (other.version, other.variant) == (8, account.variant)
    assert other.bytes[:6] == account.bytes[:6], "they lie side by side"
    assert other == wallet_id(account, currency) != wallet_id(account, currency + "x")


def test_ids_of_wallets_stay_what_they_are():
    """They are in databases: a change of this number loses points."""
    digest = hashlib.sha256(ACCOUNT.bytes + b"miles").hexdigest()
    wanted = f"0192f0aabbcc8{digest[1:4]}"
    assert wallet_id(ACCOUNT, "miles").hex[:16] == wanted
    assert wallet_id(ACCOUNT, "miles").hex[17:] == digest[5:20]


@given(st.integers(1, 10**12), st.sampled_from([None, uid(7)]))
def test_the_hash_of_a_move_is_over_all_of_it_and_stays_what_it_is(points, lot):
    move = Move(3, uid(5), "issued", "active", points, lot, NOW, NOW + US, b"")
    happened, posted = ((at - EPOCH) // US for at in (NOW, NOW + US))
    text = f"{ACCOUNT.hex}|3|{uid(5).hex}|issued|active|{points}|{lot.hex if lot else '-'}"
    wanted = hashlib.sha256(b"head" + f"{text}|{happened}|{posted}".encode()).digest()
    assert chain(b"head", ACCOUNT, move) == wanted


@given(st.integers(1, 100), st.integers(0, 100), st.data())
def test_what_was_owed_when_it_was_spent_lowers_the_debt_when_it_comes_back(points, paid, data):
    """Points of an offline till that were not there; a part of the debt was paid since."""
    wallet, stamp = Wallet(uid(0), loaded=True), Stamp(uid(1), NOW, NOW)
    assert spend_owing(wallet, stamp, points) == points == wallet.debt
    wallet.debt -= min(paid, points)
    owed = wallet.debt
    back = data.draw(st.integers(1, points))
    taken = still_spent(wallet.moves, {uid(1)})
    assert taken == [(None, points)]
    fresh = Back(None, Terms(NOW + US))
    give_back(wallet, Stamp(uid(2), NOW, NOW), taken, back, fresh, lambda: uid(9))
    assert (wallet.debt, wallet.active) == (max(owed - back, 0), max(back - owed, 0))
    new = [(m.source, m.target, m.points) for m in wallet.moves[1:]]
    assert new == [
        each
        for each in (
            ("spent", "debt", min(owed, back)),
            ("spent", "active", max(back - owed, 0)),
        )
        if each[2]
    ]
    assert [lot.expires_at for lot in wallet.new_lots] == [NOW + US] * (back > owed)
    assert still_spent(wallet.moves, {uid(1), uid(2)}) == (
        [(None, points - back)] * (back < points)
    )


def test_a_lot_is_made_longer_and_written():
    wallet, lot = Wallet(uid(0)), Lot(uid(1), uid(2), NOW, NOW + US, 5, 5)
    extend(wallet, lot, NOW + 2 * US)
    assert (lot.expires_at, wallet.changed_lots) == (NOW + 2 * US, {uid(1)})
    for until in (NOW, NOW + 2 * US):
        with pytest.raises(AssertionError):
            extend(wallet, lot, until)


def season(opens: str, closes: str, until: str) -> Season:
    days = [date.fromisoformat(each) for each in (opens, closes, until)]
    return Season(opens=days[0], closes=days[1], spend_until=days[2])


def test_seasons_follow_one_another():
    spring = season("2026-01-01", "2026-03-31", "2026-04-30")
    good = Expiry(seasons=(spring, season("2026-04-01", "2026-06-30", "2026-07-31")))
    assert good.season_of(date(2026, 4, 1)) == good.seasons[1]
    for bad in (season("2026-03-31", "2026-06-30", "2026-07-31"),
                season("2026-04-01", "2026-04-30", "2026-04-30")):  # fmt: skip
        with pytest.raises(ValueError, match="overlap"):
            Expiry(seasons=(spring, bad))
    with pytest.raises(ValueError, match="not in this order"):
        season("2026-04-01", "2026-03-31", "2026-04-30")


@pytest.mark.parametrize("expiry", [None, Expiry(days=30)])
def test_points_wait_whether_they_expire_or_not(expiry):
    terms = Life(expiry, Pending(days=2, event="delivered")).terms(NOW, "UTC", "number 7")
    assert terms.waiting is not None
    assert terms.waiting.at == datetime(2026, 11, 23, tzinfo=UTC)
    assert terms.waiting.event == "delivered:number 7"
    timed = Life(expiry, Pending(days=2)).terms(NOW, "UTC", "7").waiting
    assert timed is not None and timed.event == ""
    assert (terms.expires_at is None) is (expiry is None)


@pytest.mark.parametrize(("before", "cure"), [(40, "send 60 or fewer"), (100, "wait until the")])
def test_a_limit_says_what_is_left_of_it(before, cure):
    assert limit_reached(70, before, 100, "today").cure.startswith(cure)


def waiting(points: int, net: bool, debt: int = 0) -> Wallet:
    """A wallet with points that can be spent from NOW on, and perhaps a debt."""
    wallet, before = Wallet(uid(0), loaded=True), Stamp(uid(1), NOW - US, NOW - US)
    if debt:
        spend_owing(wallet, before, debt)
    earn(wallet, before, uid(3), points, Terms(NOW + 9 * US, waiting=Waiting(NOW), net_debt=net))
    assert (wallet.pending, wallet.active) == (points, 0)
    return wallet


@pytest.mark.parametrize("net", [True, False])
def test_points_that_ripen_pay_the_debt_if_the_program_says_so(net):
    wallet = waiting(100, net, debt=30)
    assert ripen_due(wallet, Stamp(uid(4), NOW, NOW), NOW, net) == 100
    assert (wallet.pending, wallet.active, wallet.debt) == ((0, 70, 0) if net else (0, 100, 30))


def test_what_is_ripe_is_posted_so_before_it_is_spent_or_held():
    stamp = Stamp(uid(4), NOW, NOW)
    for does in (lambda w: spend(w, stamp, 40), lambda w: place_hold(w, stamp, 40, NOW + US)):
        wallet = waiting(100, True)
        assert does(wallet) is None
        assert wallet.pending == 0 and wallet.active == sum(
            x.remaining for x in wallet.lots.values()
        )
        assert [m.source for m in wallet.moves[1:2]] == ["pending"]
    early = Stamp(uid(4), NOW - US, NOW)
    assert isinstance(spend(waiting(100, True), early, 1), Refusal)


@pytest.mark.parametrize("net", [True, False])
def test_what_leaves_by_hand_wakes_first_and_owes_only_if_it_may(net):
    stamp = Stamp(uid(4), NOW, NOW)
    wallet = waiting(100, net)
    giving.wake(wallet, stamp, Life(net_debt=net))
    assert (wallet.pending, wallet.active) == (0, 100)
    refused = giving.debit(wallet, stamp, 130, False)
    assert isinstance(refused, Refusal) and refused.code == "points_short"
    assert giving.debit(wallet, stamp, 130, True) is None
    assert (wallet.active, wallet.debt) == (0, 30)
    assert [m.target for m in wallet.moves[-2:]] == ["adjusted", "adjusted"]


def test_all_lots_that_would_end_too_soon_are_made_longer():
    wallet, stamp = Wallet(uid(0), loaded=True), Stamp(uid(1), NOW, NOW)
    ends = [NOW + US, None, NOW + 2 * US, NOW + 9 * US]
    for n, end in enumerate(ends):
        earn(wallet, stamp, uid(10 + n), 5, Terms(end))
    wallet.widened = False
    longer = giving.lengthen(wallet, stamp, NOW + 5 * US, NOW + 7 * US)
    assert [(each.lot_id, each.old) for each in longer] == [(uid(10), ends[0]), (uid(12), ends[2])]
    assert wallet.widened, "else their expiry is not written"
    now = [wallet.lots[uid(10 + n)].expires_at for n in range(4)]
    assert now == [NOW + 7 * US, None, NOW + 7 * US, NOW + 9 * US]
