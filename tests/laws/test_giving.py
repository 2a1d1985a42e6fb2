"""Laws of points that leave besides a purchase: nothing is lost, lots keep their dates, limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.base.refusal import Refusal
from tessera.ledger import core
from tessera.ledger.core import Expiry, Life, Stamp, Terms, Waiting, Wallet, giving
from tessera.ledger.core.ways import Bounds, Done, Rate, Sending, beyond, since
from tessera.ledger.proof.core import first_fault
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
amounts = st.integers(1, 1000)
lives = st.one_of(st.none(), st.integers(1, 40))
# (points, days to live) of each lot
lots = st.lists(st.tuples(amounts, lives), min_size=1, max_size=6)
ways = st.builds(
    Sending, fee_percent=st.integers(0, 50), delay_hours=st.integers(0, 72),
    keeps_expiry=st.booleans(),
)  # fmt: skip


def stamp(n: int) -> Stamp:
    return Stamp(UUID(int=n), NOW, NOW)


def ids():
    return (UUID(int=n) for n in count(5000)).__next__


def filled(n: int, wanted: list[tuple[int, int | None]], owed: int = 0) -> Wallet:
    """A wallet with these lots, and this much owed beside them."""
    wallet = Wallet(UUID(int=n), loaded=True)
    for i, (points, days) in enumerate(wanted):
        terms = Terms(None if days is None else NOW + timedelta(days=days), net_debt=False)
        core.earn(wallet, stamp(n + i), UUID(int=100 * n + i), points, terms)
    if owed:
        core.take_back(wallet, stamp(n + 99), {UUID(int=n + 99)}, owed, False)
    return wallet


def outstanding(*wallets: Wallet) -> int:
    return sum(each.active + each.pending - each.debt for each in wallets)


def assert_sound(wallet: Wallet) -> None:
    in_lots = sum(lot.remaining for lot in wallet.lots.values())
    assert wallet.active + wallet.pending == in_lots
    assert wallet.debt >= 0 and first_fault(wallet.account_id, wallet.moves) is None


def moved(wallet: Wallet, outcome: int, bucket: str) -> int:
    """Points that an operation took from a bucket, or put there."""
    mine = [move for move in wallet.moves if move.outcome_id == UUID(int=outcome)]
    return sum(m.points for m in mine if bucket in (m.source, m.target))


@given(lots, lots, st.integers(0, 300), st.integers(0, 300), amounts, ways)
def test_what_leaves_arrives_less_the_fee(mine, theirs, owed, owes, points, way):
    sender, receiver = filled(1, mine, owed), filled(2, theirs, owes)
    before, wallets = outstanding(sender, receiver), (len(sender.moves), len(receiver.moves))
    there = giving.spare(sender, stamp(900), giving.ready_at(stamp(900), way))
    arrived = giving.send((sender, receiver), stamp(900), points, way, Terms(), ids())
    assert isinstance(arrived, Refusal) == (points > there)
    if isinstance(arrived, Refusal):
        assert (len(sender.moves), len(receiver.moves)) == wallets
    else:
        assert arrived == points - points * way.fee_percent // 100
        assert outstanding(sender, receiver) == before - (points - arrived)
        assert moved(sender, 900, "sent") == moved(receiver, 900, "sent") == arrived
        assert outstanding(sender) >= 0 or owed > sum(part for part, _ in mine)
    assert_sound(sender)
    assert_sound(receiver)


@given(lots, st.data())
def test_lots_keep_their_dates(mine, data):
    sender, receiver = filled(1, mine), Wallet(UUID(int=2), loaded=True)
    points = data.draw(st.integers(1, sender.active))
    giving.send((sender, receiver), stamp(900), points, Sending(), Terms(), ids())

    def dated(*wallets: Wallet) -> dict[datetime | None, int]:
        sums: dict[datetime | None, int] = {}
        for lot in (lot for wallet in wallets for lot in wallet.lots.values() if lot.remaining):
            sums[lot.expires_at] = sums.get(lot.expires_at, 0) + lot.remaining
        return sums

    assert dated(sender, receiver) == dated(filled(1, mine))
    ends = [lot.expires_at or core.FAR for lot in receiver.lots.values()]
    assert ends == sorted(ends), "those first that expire first"


@given(lots, st.integers(1, 72))
def test_what_would_expire_on_its_way_stays(mine, hours):
    sender, receiver = filled(1, mine), Wallet(UUID(int=2), loaded=True)
    way, ready = Sending(delay_hours=hours), NOW + timedelta(hours=hours)
    there = giving.spare(sender, stamp(900), ready)
    assert there == sum(
        points for points, days in mine if days is None or NOW + timedelta(days=days) > ready
    )
    if there:
        giving.send((sender, receiver), stamp(900), there, way, Terms(), ids())
        assert (receiver.active, receiver.pending) == (0, there)
        assert core.ripen_due(receiver, stamp(901), ready, net_debt=True) == there


@given(lots, st.data())
def test_held_and_pending_points_never_leave(mine, data):
    wallet = filled(1, mine)
    kept = data.draw(st.integers(1, wallet.active))
    assert core.place_hold(wallet, stamp(50), kept, NOW + timedelta(minutes=15)) is None
    wait = Terms(waiting=Waiting(NOW + timedelta(days=1)))
    core.earn(wallet, stamp(51), UUID(int=51), 500, wait)
    free = wallet.active - kept
    assert isinstance(giving.leave(wallet, stamp(900), free + 1, "donated"), Refusal)
    assert not free or not isinstance(giving.leave(wallet, stamp(900), free, "donated"), Refusal)
    pins = core.pinned(wallet, NOW)
    assert all(wallet.lots[lot].remaining >= points for lot, points in pins.items())
    assert wallet.pending == 500


@given(lots, amounts, st.integers(1, 50), st.integers(1, 50))
def test_an_exchange_takes_full_steps_only(mine, points, give, get):
    of, into = filled(1, mine), Wallet(UUID(int=2), loaded=True)
    before = of.active
    rate = Rate(into="miles", give=give, get=get)
    made = giving.exchange((of, into), stamp(900), points, rate, Terms(), ids())
    steps = points // give
    if steps and steps * give <= before:
        assert made == (steps * give, steps * get)
        assert (of.active, into.active) == (before - steps * give, steps * get)
    else:
        assert isinstance(made, Refusal) and of.active == before and not into.moves
    assert_sound(of)
    assert_sound(into)


def test_no_exchange_makes_more_points_than_a_sum_can_hold():
    of, into = filled(1, [(1000, None)]), Wallet(UUID(int=2), loaded=True)
    rate = Rate(into="miles", give=1, get=10**12)
    made = giving.exchange((of, into), stamp(900), 2, rate, Terms(), ids())
    assert isinstance(made, Refusal) and of.active == 1000 and not into.moves


@given(lots, st.integers(1, 3000), st.booleans())
def test_a_debit_is_there_or_owed_or_refused(mine, points, owing):
    wallet = filled(1, mine)
    before = outstanding(wallet)
    refused = giving.debit(wallet, stamp(900), points, owing)
    assert (refused is not None) == (points > before and not owing)
    assert outstanding(wallet) == (before if refused else before - points)
    giving.credit(wallet, stamp(901), points, Terms(), ids())
    assert refused or outstanding(wallet) == before, "put in again, a debt is paid"
    assert_sound(wallet)


@given(lots, st.integers(1, 50), st.integers(1, 50))
def test_an_extension_only_lengthens(mine, before, until):
    wallet = filled(1, mine)
    old = {lot.id: lot.expires_at for lot in wallet.lots.values()}
    ends = NOW + timedelta(days=until)
    longer = giving.lengthen(wallet, stamp(900), NOW + timedelta(days=before), ends)
    told = {each.lot_id: each for each in longer}
    for lot in wallet.lots.values():
        was = old[lot.id]
        due = was is not None and was < min(NOW + timedelta(days=before), ends)
        assert (lot.id in told) == due
        assert lot.expires_at == (ends if due else was)
        assert not due or (told[lot.id].old, told[lot.id].points) == (was, lot.remaining)


def test_points_that_live_with_activity_live_on_from_what_they_get():
    wallet, life = Wallet(UUID(int=1), loaded=True), Life(Expiry(inactive_days=30))
    terms = giving.fresh(wallet, stamp(1), life, "UTC", ids(), NOW)
    giving.credit(wallet, stamp(1), 50, terms, ids())
    (lot,) = wallet.lots.values()
    assert lot.rolls and lot.expires_at == datetime(2026, 12, 22, tzinfo=UTC)


# Limits ----------------------------------------------------------------------------------------

bounds = st.builds(
    Bounds, least=st.integers(1, 50), most=st.none() | st.integers(50, 500),
    per_day=st.none() | st.integers(50, 900), per_month=st.none() | st.integers(50, 2000),
    step=st.integers(1, 20),
)  # fmt: skip


@given(bounds, st.lists(st.integers(1, 600), max_size=12))
def test_no_limit_is_passed_by_many_small_steps(limit, wishes):
    gone = 0
    for points in wishes:
        if beyond(limit, points, Done(gone, gone)) is None:
            assert limit.least <= points and points % limit.step == 0
            assert limit.most is None or points <= limit.most
            gone += points
    for most in (limit.per_day, limit.per_month):
        assert most is None or gone <= most


def test_a_day_and_a_month_begin_where_the_clock_on_the_wall_says():
    late = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # half past midnight of April 1st in Rome
    midnight = datetime(2026, 3, 31, 22, tzinfo=UTC)
    assert since(late, "Europe/Rome") == (midnight, midnight)
    first = datetime(2026, 3, 1, tzinfo=UTC)
    assert since(late, "UTC") == (first.replace(day=31), first)


# The program's text ----------------------------------------------------------------------------

READER = Reader(mechanics.shelf(), conditions.shelf())
BASE: dict[str, Any] = {
    "name": "T", "currency": "EUR", "rules": [],
    "currencies": {"stamps": {"kind": "stamps"}, "class": {"kind": "status"}},
}  # fmt: skip


def faults(**settings: Any) -> list[str]:
    _, found = READER.examine({**BASE, **settings}, 1)
    return [f"{each.path}: {each.why}" for each in found]


def test_sound_ways_are_read_and_told_again():
    said = {
        "transfer": {"least": 10, "most": 100, "per_day": 100, "step": 10, "fee_percent": 5},
        "donate": {"causes": {"forest": "Trees"}},
        "exchange": [{"of": "stamps", "give": 10, "get": 100}],
        "time_zone": "Europe/Rome",
    }  # fmt: skip
    program, found = READER.examine({**BASE, "transfers": said}, 1)
    assert found == [] and program is not None
    assert msgspec.json.decode(msgspec.json.encode(program.transfers)) == said


@pytest.mark.parametrize(
    ("transfers", "fault"),
    [
        ({"gift": {"least": 9, "most": 5}}, "gift.least: least 9 is above most 5"),
        ({"gift": {"per_day": 9, "per_month": 5}}, "gift.per_day: per_day 9 is above per_month 5"),
        ({"gift": {"least": 6, "most": 9, "step": 5}},
         "gift.step: no multiple of 5 lies between 6 and 9"),
        ({"donate": {}}, "donate: causes is missing"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone: there is no time zone Europe/Atlantis"),
        ({"exchange": [{"give": 1, "get": 1}]},
         "exchange[0].into: both sides are the same currency"),
        ({"exchange": [{"of": "miles", "give": 1, "get": 1}]},
         "exchange[0].of: there is no currency miles"),
        ({"exchange": [{"into": "class", "give": 1, "get": 1}]},
         "exchange[0].into: class counts for a status: it is not exchanged"),
        ({"exchange": [{"into": "stamps", "give": 1, "get": 1}] * 2},
         "exchange[1]: there is a rate for this way already"),
        ({"exchange": [{"into": "stamps", "give": 9, "get": 1, "most": 8}]},
         "exchange[0].most: at most 8 points go, 9 are needed"),
    ],
)  # fmt: skip
def test_ways_that_do_not_fit_are_named(transfers, fault):
    assert faults(transfers=transfers) == [f"transfers.{fault}"]


def test_limits_of_adjustments_that_do_not_fit_are_named():
    assert faults(adjustments={"most": 9, "per_principal_day": 5, "time_zone": "Nowhere"}) == [
        "adjustments.time_zone: there is no time zone Nowhere",
        "adjustments.per_principal_day: 5 on a day is below 9 in one go",
    ]


MILES = {"stamps": {"kind": "stamps"}, "miles": {"kind": "miles"}}


def way(of: str, into: str, give: int, get: int) -> dict[str, Any]:
    return {"of": of, "into": into, "give": give, "get": get}


@pytest.mark.parametrize(
    ("rates", "found"),
    [
        ([way("", "miles", 1, 2), way("miles", "", 1, 1)],
         ["[1].get: points > miles > points: 1 become 2"]),
        ([way("", "miles", 3, 2), way("miles", "stamps", 7, 5), way("stamps", "", 99, 208)],
         ["[2].get: points > miles > stamps > points: 2079 become 2080"]),
        ([way("", "miles", 1, 2), way("miles", "", 1, 1), way("miles", "stamps", 1, 1),
          way("stamps", "miles", 2, 3)],
         ["[1].get: points > miles > points: 1 become 2",
          "[3].get: miles > stamps > miles: 2 become 3"]),
        ([way("", "miles", 3, 2), way("miles", "", 2, 3), way("miles", "stamps", 1, 1000)], []),
        ([way("", "miles", 3, 2), way("miles", "stamps", 7, 5), way("stamps", "", 10, 21)], []),
    ],
    ids=["two", "three, by a hair", "two circles", "there and back", "three, even"],
)  # fmt: skip
def test_no_circle_of_exchanges_makes_points(rates, found):
    told = faults(transfers={"exchange": rates}, currencies=MILES)
    assert sorted(told) == [f"transfers.exchange{each}" for each in found]
