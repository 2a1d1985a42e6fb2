"""How far an offline receipt's points are taken, for any amounts; tokens of allowances."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.base.clock import MAX_SKEW
from tessera.checkout.offline import signing
from tessera.checkout.offline.core import (
    UPLOAD,
    Allowance,
    Shown,
    cover,
    fault,
    opened,
    terms,
    too_many,
)
from tessera.ledger import core as ledger
from tessera.ledger.core import Stamp, Wallet
from tessera.rules.core.settings import Offline
from tessera.warehouse.core import Receipt

NOW = datetime(2026, 3, 14, 10, tzinfo=UTC)
ACCOUNT = UUID(int=1)
ROW = Allowance(
    id=UUID(int=2), account_id=ACCOUNT, store="S1", till="1", points=100, used=0, step=1,
    worth_minor=1, max_percent=100, issued_at=NOW, valid_until=NOW + timedelta(days=3),
)  # fmt: skip
POINTS = st.integers(0, 1000)
DAY = timedelta(days=1)


def made(at: datetime) -> Receipt:
    """An empty receipt of the allowance's till."""
    return Receipt(
        store="S1", till="1", number="1", currency="EUR", lines=(), happened_at=at, total_minor=0
    )  # fmt: skip


def under(**other: object) -> Allowance:
    return msgspec.structs.replace(ROW, **other)


@given(asked=st.integers(1, 1000), there=POINTS, points=POINTS, data=st.data())
def test_what_is_covered_is_taken_and_the_rest_as_far_as_it_is_there(asked, there, points, data):
    used = data.draw(st.integers(0, points))
    found = cover(asked, there, Shown(under(points=points, used=used)), "")
    assert found.covered == min(asked, points - used)
    assert found.most == max(found.covered, min(asked, there))
    assert (found.why == "") is (found.covered == asked)


@given(asked=st.integers(1, 1000), there=POINTS)
def test_without_a_good_allowance_nothing_is_owed(asked, there):
    for shown, why in ((Shown(), ""), (Shown(ROW), "the allowance is another member's")):
        found = cover(asked, there, shown, why)
        assert (found.covered, found.most) == (0, min(asked, there))
        assert found.why


@given(receipts=st.lists(st.integers(1, 300), max_size=8), points=POINTS, there=POINTS)
def test_one_allowance_is_owed_once_however_many_receipts(receipts, points, there):
    """The same steps as the flow: cover, spend what it says, count it."""
    wallet, row = Wallet(ACCOUNT, loaded=True), under(points=points)
    stamp = Stamp(UUID(int=9), NOW, NOW)
    if there:
        ledger.earn(wallet, stamp, UUID(int=5), there, ledger.Terms())
    for asked in receipts:
        found = cover(asked, ledger.available(wallet, NOW, NOW), Shown(row), "")
        if found.most:
            ledger.spend_owing(wallet, stamp, found.most)
        row = under(points=points, used=row.used + min(found.most, found.covered))
    assert wallet.debt <= row.used <= points
    assert wallet.active - wallet.debt == there - sum(
        move.points for move in wallet.moves if move.target == "spent"
    )


@given(
    lots=st.lists(st.tuples(st.integers(1, 200), st.sampled_from((1, 2, 9))), max_size=5),
    asked=st.lists(st.integers(1, 300), min_size=1, max_size=3),
    ran=st.lists(st.booleans(), min_size=3, max_size=3),
    last=st.integers(2, 4),
)
def test_what_was_let_go_before_it_expired_is_not_owed_however_late_it_comes(
    lots, asked, ran, last
):
    """With runs of expiry before, between and after the receipts, or after them only."""
    left = []
    for runs in ([False] * 3, ran):
        wallet, ids = Wallet(ACCOUNT, loaded=True), itertools.count(100)
        for points, days in lots:
            terms = ledger.Terms(NOW + days * DAY)
            stamp = Stamp(UUID(int=next(ids)), NOW - DAY, NOW - DAY)
            ledger.earn(wallet, stamp, UUID(int=next(ids)), points, terms)
        late = NOW + last * DAY
        for run, points in zip(runs, [*asked, 0, 0], strict=False):
            if run:
                _expire(wallet, late, ids)
            if points:
                stamp = Stamp(UUID(int=next(ids)), NOW, late)
                ledger.spend_owing(wallet, stamp, points, points)
        _expire(wallet, late, ids)
        spent = sum(move.points for move in wallet.moves if move.target == "spent")
        assert spent == sum(asked)
        left.append((wallet.active, wallet.debt, [*map(_ends, wallet.lots.values())]))
    assert left[0] == left[1]


def _expire(wallet, at, ids):
    stamp = Stamp(UUID(int=next(ids)), at, at)
    ledger.expire(wallet, stamp, at, lambda: UUID(int=next(ids)))


def _ends(lot):
    return lot.expires_at, lot.points, lot.remaining


def test_what_a_season_carried_over_is_not_there_a_second_time():
    wallet, ids = Wallet(ACCOUNT, loaded=True), itertools.count(100)
    stamp = Stamp(UUID(int=1), NOW - DAY, NOW - DAY)
    ledger.earn(wallet, stamp, UUID(int=2), 160, ledger.Terms(NOW + DAY))
    late = Stamp(UUID(int=3), NOW + 2 * DAY, NOW + 2 * DAY)

    def carry(when, points, gone, before):
        return points * 40 // 100, NOW + 9 * DAY

    assert ledger.expire(wallet, late, late.posted_at, lambda: UUID(int=next(ids)), carry) == (
        160, 64,
    )  # fmt: skip
    assert [points for _, points in ledger.lapsed(wallet, NOW)] == [96]
    assert ledger.lapsed(wallet, NOW + DAY) == []
    assert ledger.spend_owing(wallet, Stamp(UUID(int=4), NOW, NOW + 2 * DAY), 170, 170) == 10
    assert (wallet.active, wallet.debt) == (0, 10)
    assert ledger.lapsed(wallet, NOW) == []


def _lapsing(*lots, at=NOW + 2 * DAY):
    """A wallet whose lots, (points, earned at), have expired a day from now."""
    wallet, ids = Wallet(ACCOUNT, loaded=True), itertools.count(100)
    for n, (points, earned) in enumerate(lots, 1):
        stamp = Stamp(UUID(int=n), earned, earned)
        ledger.earn(wallet, stamp, UUID(int=next(ids)), points, ledger.Terms(NOW + DAY))
    _expire(wallet, at, ids)
    return wallet


def test_only_what_was_there_then_is_spent_and_only_what_is_covered():
    wallet = _lapsing((100, NOW - DAY), (50, NOW + timedelta(hours=1)))
    assert [points for _, points in ledger.lapsed(wallet, NOW)] == [100]
    assert ledger.lapsed(wallet, NOW - 2 * DAY) == [], "nothing was earned yet"
    late = Stamp(UUID(int=9), NOW, NOW + 2 * DAY)
    assert ledger.spend_owing(wallet, late, 80) == 80, "no allowance: nothing comes back"
    assert ledger.spend_owing(wallet, late, 80, 30) == 50
    assert [points for _, points in ledger.lapsed(wallet, NOW)] == [70]
    wallet.joined_to = wallet.account_id
    assert ledger.lapsed(wallet, NOW) == [], "what it needs to know may lie in another"


def test_points_that_went_with_their_goods_are_not_spent_too():
    """Returned before the receipt, told after the run and before it."""
    wallet = _lapsing((100, NOW - DAY))
    gone = ledger.expired_of(wallet, wallet.moves, {UUID(int=1)})
    back = Stamp(UUID(int=8), NOW - timedelta(hours=2), NOW + 2 * DAY)
    ledger.take_back(wallet, back, {UUID(int=1)}, 100, True, gone)
    assert ledger.lapsed(wallet, NOW) == []
    assert ledger.spend_owing(wallet, Stamp(UUID(int=9), NOW, NOW + 2 * DAY), 60, 60) == 60


def test_a_return_takes_back_what_a_late_receipt_spent_of_its_points():
    wallet = _lapsing((100, NOW - DAY), (60, NOW - DAY))
    assert ledger.spend_owing(wallet, Stamp(UUID(int=9), NOW, NOW + 2 * DAY), 120, 120) == 0
    for n, points, expired in ((1, 100, 0), (2, 60, 40)):
        gone = ledger.expired_of(wallet, wallet.moves, {UUID(int=n)})
        assert gone == expired
        back = Stamp(UUID(int=10 + n), NOW + 2 * DAY, NOW + 2 * DAY)
        ledger.take_back(wallet, back, {UUID(int=n)}, points, True, gone)
    assert (wallet.active, wallet.debt) == (0, 120)


@given(available=st.integers(-1000, 1000), most=st.integers(1, 1000), percent=st.integers(1, 100))
def test_an_allowance_is_a_share_of_what_is_there(available, most, percent):
    setting = Offline(points=most, share_percent=percent, days=2)
    row = opened(setting, available, ROW)
    assert 0 <= row.points <= most and row.points * 100 <= max(available, 0) * percent
    assert row.valid_until == NOW + timedelta(days=2)


@pytest.mark.parametrize(
    ("other", "at", "words"),
    [
        ({}, NOW, ""),
        ({}, ROW.valid_until, ""),
        ({}, ROW.valid_until + timedelta(seconds=1), "ended"),
        ({}, NOW - MAX_SKEW, ""),
        ({}, NOW - MAX_SKEW - timedelta(seconds=1), "given at 2026-03-14T10:00:00Z, after this"),
        ({"account_id": UUID(int=7)}, NOW, "another member"),
        ({"store": "S2"}, NOW, "store S2"),
        ({"till": "2"}, NOW, "till 2"),
        ({"closed_at": NOW + timedelta(hours=1)}, NOW, ""),
        ({"closed_at": NOW - timedelta(hours=1)}, NOW, "in its place"),
    ],
)
def test_an_allowance_is_for_its_member_till_and_time(other, at, words):
    said = fault(under(**other), ACCOUNT, made(at), at)
    assert words in said and bool(said) is bool(words)


def test_a_receipt_that_comes_long_after_its_allowance_is_not_covered():
    last = ROW.valid_until + UPLOAD
    assert fault(ROW, ACCOUNT, made(NOW), last) == ""
    assert "more than 3 days" in fault(ROW, ACCOUNT, made(NOW), last + timedelta(seconds=1))


@given(tills=st.integers(1, 100), others=st.integers(0, 200))
def test_so_many_tills_have_an_allowance_at_a_time(tills, others):
    setting = Offline(points=10, tills=tills)
    refusal = too_many(setting, others, NOW if others else None)
    assert (refusal is None) is (others < tills)
    if refusal is not None:
        assert (refusal.code, refusal.field) == ("tills_full", "till")
        assert f"{others} other tills" in refusal.why and "after 2026-03-14T10" in refusal.cure


def test_a_token_says_what_was_signed_and_no_account():
    private, public = signing.fresh_key()
    token = signing.signed(terms(ROW, "2900000000018"), private)
    said = signing.read(token, public)
    assert said == terms(ROW, "2900000000018")
    assert ACCOUNT.hex not in str(said).replace("-", "")
    assert len(token) <= 800


@given(at=st.integers(0, 10_000), to=st.characters(min_codepoint=33, max_codepoint=126))
def test_a_changed_token_is_none(at, to):
    private, public = signing.fresh_key()
    token = signing.signed(terms(ROW, "29"), private)
    place = at % len(token)
    changed = token[:place] + to + token[place + 1 :]
    assert (signing.read(changed, public) is None) is (changed != token)


def test_somebody_elses_signature_is_none():
    private, _ = signing.fresh_key()
    token = signing.signed(terms(ROW, "29"), private)
    assert signing.read(token, signing.fresh_key()[1]) is None
    assert signing.read("", private) is None and signing.read("a.b", private) is None
