"""Codes of coupons: what is mistyped is found, what is written is read; who may use how often."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.coupons import OFF, couponed
from support.shop import TILL
from tessera.access.core import Principal
from tessera.base.refusal import Refusal
from tessera.program.core.reader import Reader
from tessera.program.core.sentences import plain
from tessera.rewards.coupons.core import codes
from tessera.rewards.coupons.core.book import Book, Seen, Shower, sorted_out
from tessera.rewards.coupons.core.misses import MOST, MOST_BLOCK, PAUSE, WINDOW, Misses
from tessera.rewards.coupons.core.words import Row
from tessera.rewards.coupons.flows import marks_of, unveiled, veiled
from tessera.rules import conditions, mechanics
from tessera.rules.core.coupons import Coupon

NUMBERS = st.integers(0, 2**codes.BITS - 1)
READER = Reader(mechanics.shelf(), conditions.shelf())
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
ANNA, BEN = UUID(int=1), UUID(int=2)
codes.spelled(0)  # its tables are made once: no example pays for them


@given(NUMBERS)
def test_what_is_written_is_read_however_it_is_typed(number):
    code = codes.spelled(number)
    assert codes.read(code) == number
    for typed in (code.lower(), code.replace("-", ""), f" {code.replace('-', ' ')} "):
        assert codes.read(typed) == number
    assert codes.read(code.replace("1", "l").replace("0", "o")) == number


@given(NUMBERS, st.integers(0, codes.LENGTH - 1), st.sampled_from(codes.LETTERS))
def test_every_wrong_letter_is_found(number, at, letter):
    code = codes.written(number)
    wrong = code[:at] + letter + code[at + 1 :]
    assert wrong == code or codes.read(wrong) is None


@given(NUMBERS, st.integers(0, codes.LENGTH - 1), st.integers(0, codes.LENGTH - 1))
def test_every_swap_is_found(number, one, two):
    code = list(codes.written(number))
    code[one], code[two] = code[two], code[one]
    wrong = "".join(code)
    assert wrong == codes.written(number) or codes.read(wrong) is None


@given(NUMBERS, st.data())
def test_every_two_wrong_letters_are_found(number, data):
    code = list(codes.written(number))
    for at in data.draw(st.sets(st.integers(0, codes.LENGTH - 1), min_size=2, max_size=2)):
        code[at] = data.draw(st.sampled_from(codes.LETTERS))
    wrong = "".join(code)
    assert wrong == codes.written(number) or codes.read(wrong) is None


@given(st.text(max_size=30))
def test_any_text_is_a_code_a_word_or_mistyped(text):
    said = codes.read(text)
    assert said is None or isinstance(said, str) or codes.written(said) == codes.folded(text)


@given(st.lists(NUMBERS, max_size=20))
def test_veiled_codes_are_read_again_and_tell_nothing(numbers):
    kept = veiled(numbers)
    assert list(unveiled(kept)) == numbers
    assert len(set(kept)) == len(set(numbers))
    assert all(number.to_bytes(8) not in code.bytes for number, code in
               zip(numbers, kept, strict=True) if number > 255)  # fmt: skip


# Counting ----------------------------------------------------------------------------------------


def seen(row=None, **coupon):
    spec = Coupon(name="X", **coupon)
    return Seen("x", None, "X", spec, row)


def row(**more):
    return Row(UUID(int=9), "X", **({"uses": 1} | more))


@given(st.integers(1, 5), st.lists(st.sampled_from(["take", "keep", "go"]), max_size=30))
def test_no_more_is_taken_and_kept_than_there_is(uses, steps):
    book, one, quotes = Book(), seen(row(uses=uses)), []
    for number, step in enumerate(steps):
        good = book.judge(one, Shower(date(2026, 5, 1), ANNA)).state is None
        assert good == (book.used[UUID(int=9)] + len(book.kept.get(UUID(int=9), ())) < uses)
        if step == "take" and good:
            book.take(one, ANNA)
        elif step == "keep" and good:
            quotes.append(UUID(int=100 + number))
            book.keep(one, ANNA, quotes[-1])
        elif step == "go" and quotes:
            book.kept[UUID(int=9)].discard(quotes.pop())
        assert book.used[UUID(int=9)] + len(book.kept.get(UUID(int=9), ())) <= uses


@pytest.mark.parametrize(
    ("what", "by", "state"),
    [
        (seen(row()), ANNA, None),
        (seen(row(first=date(2026, 5, 2))), ANNA, "not_yet"),
        (seen(row(last=date(2026, 4, 30))), ANNA, "expired"),
        (seen(row(last=date(2026, 5, 9)), ends=date(2026, 4, 30)), ANNA, "expired"),
        (seen(row(revoked=True)), ANNA, "revoked"),
        (seen(row(void=True)), ANNA, "revoked"),
        (seen(row(member_id=ANNA), personal=True), ANNA, None),
        (seen(row(member_id=ANNA), personal=True), BEN, "not_yours"),
        (seen(row(member_id=ANNA)), BEN, None),
        (seen(row(member_id=ANNA), personal=True), None, "not_yours"),
    ],
)
def test_who_may_use_it_when(what, by, state):
    numbers = frozenset() if by is None else frozenset((by,))
    assert Book().judge(what, Shower(date(2026, 5, 1), by, numbers)).state == state


def test_of_a_kind_the_first_good_one_counts():
    bad, good, more = seen(row(void=True)), seen(row()), seen(row())
    found = sorted_out(Book(), [bad, good, more], Shower(date(2026, 5, 1)))
    assert [each.state for each in found] == ["revoked", None, "unused"]


# Misses ------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 300), max_size=60))
def test_at_most_ten_wrong_ones_are_looked_at_before_a_pause(gaps):
    """Whatever the rhythm: in any quarter of an hour no more than ten."""
    misses, at, looked = Misses(), NOW, []
    for gap in gaps:
        at += timedelta(seconds=gap)
        if misses.tripped([b"till"], at):
            continue
        misses.add({b"till": MOST}, at)
        looked.append(at)
    for first in looked:
        near = [each for each in looked if first <= each < first + PAUSE]
        assert len(near) <= 2 * MOST - 1, "ten, and those of the hour before"
        hour = [each for each in looked if first <= each < first + WINDOW]
        assert len(hour) <= MOST * (WINDOW // PAUSE + 1)


def test_the_eleventh_waits_a_quarter_of_an_hour():
    misses = Misses()
    for _ in range(MOST):
        assert not misses.tripped([b"till"], NOW)
        misses.add({b"till": MOST}, NOW)
    assert misses.tripped([b"till"], NOW + PAUSE - timedelta(seconds=1))
    assert not misses.tripped([b"till"], NOW + PAUSE)
    assert not misses.tripped([b"other"], NOW)


# The program's text ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "rule", "field"),
    [
        ({"A": {"name": "A", "code": "SUMMER10"}, "B": {"name": "B", "code": "SUMMER1O"}}, {},
         "coupons.B.code"),
        ({"A": {"name": "A", "code": "SUMMER10", "personal": True}}, {}, "coupons.A.personal"),
        ({"A": {"name": "A", "code": "SUMMER10", "days": 3}}, {}, "coupons.A.days"),
        ({"A": {"name": "A", "starts": "2026-02-01", "ends": "2026-01-01"}}, {},
         "coupons.A.ends"),
        ({"A": {"name": "A", "code": "Summer"}}, {}, "coupons.A.code"),
        ({}, {"coupon": "NONE"}, "rules[1].coupon"),
        ({}, {"mechanic": "event_gift", "type": "joined", "prize": {"points": 1},
              "coupon": "TENTH"}, "rules[1].coupon"),
    ],
)  # fmt: skip
def test_a_program_that_cannot_be_is_refused_where_it_is_wrong(kinds, rule, field):
    base = {"id": "off"} if "mechanic" in rule else OFF
    body = couponed(base | rule, **kinds) | {"events": {"joined": {}}}
    _, faults = READER.examine(body, 1)
    assert field in [fault.path for fault in faults]


def test_a_rule_says_that_it_needs_a_coupon():
    program = READER.read(couponed(), 1)
    assert not isinstance(program, Refusal)
    assert plain(program.rules[1], "EUR").endswith("Only with a coupon TENTH.")


def test_tills_and_people_of_one_address_are_counted_apart():
    person = Principal(UUID(int=8), "staff", "Anna", "cashier", ("S1",), 1000)
    tills = [marks_of(TILL, ("S1", str(n)), None, "192.0.2.1") for n in range(7)]
    hers, misses = marks_of(person, ("S1", "1"), None, "192.0.2.1"), Misses()
    for n in range(60):  # fewer than ten of each till
        misses.add(tills[n % 7], NOW)
    misses.add(hers, NOW)
    assert not any(misses.tripped(marks, NOW) for marks in (*tills, hers))
    for _ in range(MOST - 1):
        misses.add(hers, NOW)
    assert misses.tripped(hers, NOW)
    assert not any(misses.tripped(marks, NOW) for marks in tills)


def test_people_of_many_addresses_of_a_block_are_stopped_and_by_one_address_alone_never():
    """Each of another name, as often as the address lets."""

    def by(n: int, address: str) -> dict[bytes, int]:
        who = uuid5(ANNA, f"{address} {n}")
        person = Principal(who, "staff", "Anna", "cashier", ("S1",), 1000)
        return marks_of(person, ("S1", f"{n}"), None, address)

    def stopped(addresses: list[str]) -> list[bool]:
        """Whether somebody beside them is, each quarter of an hour; they go on being wrong."""
        misses, found = Misses(), []
        for quarter in range(12):
            now = NOW + quarter * PAUSE
            for n in range(12):
                for address in addresses:
                    if not misses.tripped(by(n, address), now):
                        misses.add(by(n, address), now)
            found.append(misses.tripped(by(99, "2001:db8:7:ffff::1"), now))
            assert not misses.tripped(by(99, "2001:db8:8::1"), now), "another line"
            assert max(count.misses for count in misses.counts.values()) < MOST_BLOCK
        return found

    assert not any(stopped(["2001:db8:7::1"]))
    assert all(stopped([f"2001:db8:7:{n:x}::1" for n in range(99)]))
