"""Codes of a phone: nobody makes one without the key, and a minute is a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from tessera.base.installation import Installation
from tessera.base.refusal import Refusal
from tessera.members.showing.core import (
    EARNS_S,
    GRACE_S,
    HANDLE_S,
    LIFE_S,
    SIZE,
    SKEW_S,
    Shown,
    code,
    is_code,
    read,
)

MARK, OTHER = Installation(b"k" * 32).mark, Installation(b"o" * 32).mark
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TILL, SECOND_TILL = UUID(int=7), UUID(int=8)
members = some.uuids()
moments = some.integers(1_700_000_000, 3_700_000_000).map(
    lambda second: datetime.fromtimestamp(second, UTC)
)


def after(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


@given(members, moments)
def test_a_code_is_64_digits_that_name_the_member(member: UUID, at: datetime):
    shown = code(member, at, MARK)
    assert len(shown) == SIZE and is_code(shown)
    assert read(shown, at, MARK, TILL) == Shown(member, True)


@given(members, some.integers(-SKEW_S, LIFE_S + GRACE_S))
def test_it_is_fresh_for_its_minute(member: UUID, age: int):
    assert read(code(member, NOW, MARK), after(age), MARK, TILL) == Shown(member, True)


@given(members, some.integers(LIFE_S + GRACE_S + 1, EARNS_S))
def test_then_it_is_worth_what_the_number_is_worth_for_a_day(member: UUID, age: int):
    assert read(code(member, NOW, MARK), after(age), MARK, TILL) == Shown(member, False)


@given(members, some.integers(EARNS_S + 1, 10**9))
def test_then_it_is_no_code_any_more(member: UUID, age: int):
    found = read(code(member, NOW, MARK), after(age), MARK, TILL)
    assert isinstance(found, Refusal) and found.code == "code_unknown"


@given(members, some.integers(SKEW_S + 1, 50_000))
def test_one_of_the_future_is_none(member: UUID, ahead: int):
    assert isinstance(read(code(member, after(ahead), MARK), NOW, MARK, TILL), Refusal)


@given(members, some.integers(2, SIZE - 1), some.integers(1, 9))
def test_with_one_digit_changed_it_is_none(member: UUID, place: int, by: int):
    shown = code(member, NOW, MARK)
    forged = shown[:place] + str((int(shown[place]) + by) % 10) + shown[place + 1 :]
    assert isinstance(read(forged, NOW, MARK, TILL), Refusal)


@given(members)
def test_another_installation_cannot_make_ours(member: UUID):
    assert isinstance(read(code(member, NOW, OTHER), NOW, MARK, TILL), Refusal)


@given(members, some.integers(0, HANDLE_S))
def test_a_handle_is_good_for_one_key_and_four_hours(member: UUID, age: int):
    handle = code(member, NOW, MARK, TILL)
    assert is_code(handle)
    assert read(handle, after(age), MARK, TILL) == Shown(member, True)
    assert isinstance(read(handle, after(age), MARK, SECOND_TILL), Refusal)
    assert isinstance(read(handle, after(HANDLE_S + 1 + age), MARK, TILL), Refusal)


@given(members)
def test_a_code_is_not_turned_into_a_handle(member: UUID):
    shown = code(member, NOW, MARK)
    assert isinstance(read("98" + shown[2:], NOW, MARK, TILL), Refusal)


def test_no_number_that_we_issue_is_a_code():
    assert not is_code("2900000000018") and not is_code("9" * 63)
    assert not is_code("\N{ARABIC-INDIC DIGIT NINE}7" + "1" * 62)
    assert is_code("97" + "0" * 62)
