"""Rows of another program: whatever they say is read or refused, and every point is somewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.moving import club, read_program
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors.cli.load.blocks import Row
from tessera.doors.cli.moving import words
from tessera.doors.cli.moving.agreements import ConsentReader, Told
from tessera.doors.cli.moving.mapping import ConsentLines, columns, lacking, parse
from tessera.doors.cli.moving.reading import (
    Bad,
    BalanceReader,
    Came,
    Claim,
    MemberReader,
    Terms,
)
from tessera.ledger.carried.core import Opening, Order, carry_over, mark_of
from tessera.ledger.core import Stamp, Wallet
from tessera.ledger.core.lives import Expiry, Life

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PROGRAM = read_program()
TERMS = Terms(NOW, PROGRAM.attributes, frozenset(PROGRAM.lives), b"file")
MOVING = club()
ACCOUNT = UUID(int=5)

# What stands in cells: good words, and what nobody wants to see there.
CELL = st.one_of(
    st.none(), st.integers(), st.floats(), st.booleans(), st.dates(), st.datetimes(),
    st.sampled_from(["", "1", "club", "-5", "1.5", "=1+1", "@SUM(A1)", "+393331234567", "NaN",
                     "1e999", "9223372036854775808", "9999-12-31", "2026-02-30", "2026-01-31",
                     "BONUS", "miles", "gold", "a|b", "|", "\0", "\udcff", "\u202e", "x" * 500,
                     "anna@example.org", "news", "sms", "yes", "no"]),
    st.text(max_size=40),
)  # fmt: skip


def cells(kind: str) -> st.SearchStrategy[tuple]:
    part = MOVING.part(kind)  # type: ignore[arg-type]
    assert part is not None
    return st.tuples(*[CELL] * len(columns(part)))


@given(cells("members"))
def test_a_row_of_members_is_a_member_or_says_why_not_without_its_words(values):
    assert MOVING.members is not None
    found = MemberReader(MOVING, MOVING.members, TERMS).read(Row(7, values))
    assert isinstance(found, Came | Bad)
    if isinstance(found, Bad):
        assert_silent(found, values)
    else:
        assert found.arrival.number.identifier.value.startswith("club:")
        assert found.arrival.joined_at <= NOW


@given(cells("balances"))
def test_a_row_of_points_is_a_claim_or_nothing_or_says_why_not(values):
    assert MOVING.balances is not None
    found = BalanceReader(MOVING, MOVING.balances, TERMS).read(Row(7, values))
    assert found is None or isinstance(found, Claim | Bad)
    if isinstance(found, Claim):
        assert 0 < abs(found.points) <= words.MOST_POINTS
        assert found.currency in PROGRAM.lives
        assert found.expires_at is None or found.earned_at < found.expires_at
    elif isinstance(found, Bad):
        assert_silent(found, values)


@given(cells("consents"))
def test_a_row_of_consents_is_one_or_nothing_or_says_why_not(values):
    part = MOVING.consents
    assert isinstance(part, ConsentLines)
    found = ConsentReader(MOVING, part, TERMS).read(Row(7, values))
    assert found is None or isinstance(found, Told | Bad)
    if isinstance(found, Bad):
        assert_silent(found, values)


def assert_silent(bad: Bad, values: tuple) -> None:
    """Nothing that a row says is in what is said about it."""
    said = " ".join((bad.key, bad.code, bad.field, bad.why))
    odd = [each for each in values if isinstance(each, str) and len(each) > 12]
    assert not [each for each in odd if each in said]


DAYS = st.integers(-400, 800).map(lambda n: NOW + timedelta(days=n))
OPENINGS = st.lists(
    st.tuples(
        st.integers(-1000, 1000).filter(bool), st.integers(1, 900), st.none() | DAYS,
        st.none() | DAYS, st.sampled_from(["program", "never"]),
    ),
    max_size=12,
)  # fmt: skip
LIVES = st.sampled_from(
    [Life(), Life(net_debt=False), Life(Expiry(months=12)), Life(Expiry(inactive_days=90)),
     Life(Expiry(period="year"), net_debt=False)]
)  # fmt: skip
ORDER = Order("club", "Europe/Rome", NOW)


def taken(drawn: list[tuple], life: Life) -> tuple[Wallet, int]:
    """A wallet after these openings, and the points of those that were not refused."""
    wallet, total = Wallet(ACCOUNT, loaded=True), 0
    for place, (points, age, until, active, endless) in enumerate(drawn):
        mark = mark_of("club", str((place, points, age)))
        earned = NOW - timedelta(days=age)
        opening = Opening(mark, ACCOUNT, "", points, earned, until, active, endless=endless)
        stamp = Stamp(new_id(), earned, NOW)
        if not isinstance(carry_over(wallet, stamp, opening, ORDER, life, new_id), Refusal):
            total += points
    return wallet, total


@given(OPENINGS, LIVES)
def test_every_point_that_is_carried_over_is_there(drawn, life):
    wallet, total = taken(drawn, life)
    assert wallet.active + wallet.pending - wallet.debt == total
    assert wallet.active + wallet.pending == sum(lot.remaining for lot in wallet.lots.values())
    came = [m.points for m in wallet.moves if m.source == "carried_over"]
    owed = [m.points for m in wallet.moves if m.target == "carried_over"]
    assert sum(came) - sum(owed) == total
    alive = [lot for lot in wallet.lots.values() if lot.remaining and not lot.rolls]
    assert all(lot.live(NOW) for lot in alive)
    if life.net_debt and wallet.debt:
        assert wallet.active == 0, "what is there and free pays what is owed"


@given(OPENINGS, LIVES, st.randoms(use_true_random=False))
def test_the_order_of_a_file_does_not_change_a_balance(drawn, life, chance):
    mixed = list(drawn)
    chance.shuffle(mixed)
    one, total = taken(drawn, life)
    other, same = taken(mixed, life)
    assert total == same
    assert (one.active, one.pending, one.debt) == (other.active, other.pending, other.debt)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ("name = 'A B'", "name"), ("time_zone = 'Rome'", "time_zone"), ("nothing = 1", ""),
        ("[members]", "members"), ("= 1", ""),
    ],
)  # fmt: skip
def test_a_mistake_in_a_mapping_is_told_with_its_place(said, field):
    head = {"name": "name = 'club'", "time_zone": "time_zone = 'UTC'"}
    head.pop(said.partition(" ")[0], None)
    wrong = parse("\n".join([*head.values(), said]))
    assert isinstance(wrong, Refusal)
    assert (wrong.code, wrong.field) == ("mapping_wrong", field)


def test_a_column_that_is_not_there_is_told_with_those_that_are():
    assert MOVING.members is not None
    wrong = lacking(MOVING.members, "members", ("id", "first"))
    assert wrong is not None
    assert (wrong.code, wrong.field) == ("column_missing", "members.family_name")
    assert "id, first" in wrong.cure


@pytest.mark.parametrize(
    ("said", "scale", "points"),
    [("12", 1, 12), ("12.50", 100, 1250), ("-3", 1, -3), (7.0, 1, 7), ("0", 1, 0), (" 8 ", 1, 8)],
)
def test_points_are_whole(said, scale, points):
    assert words.points(said, ".", scale, "p") == points


@pytest.mark.parametrize("said", ["1.5", "1e13", "NaN", "x", "", None, True, float("inf")])
def test_what_is_no_number_of_points_is_refused(said):
    with pytest.raises(words.Unfit):
        words.points(said, ".", 1, "p")
