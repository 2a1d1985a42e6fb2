"""Numbers of cards, spellings of identifiers, fingerprints and tokens: laws over many inputs."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.access import core as access
from tessera.base.packing import pack, unpack
from tessera.base.refusal import Refusal
from tessera.members import core
from tessera.members.core import CardBatch, Owner
from tessera.warehouse.core import Identifier, Receipt

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PREFIXES = st.text(string.digits, min_size=2, max_size=11)
TWELVE = st.text(string.digits, min_size=12, max_size=12)
FIELDS = st.dictionaries(st.text(min_size=1, max_size=8), st.binary(max_size=40), max_size=15)


def batch(prefix: str, first: int, count: int) -> CardBatch:
    return CardBatch(UUID(int=first), "", prefix, first, count, NOW)


@pytest.mark.parametrize(
    "number", ["4006381333931", "5901234123457", "9780306406157", "0000000000000", "2900000000018"]
)
def test_known_numbers_check(number):
    assert core.is_card_number(number)
    assert core.check_digit(number[:12]) == number[12]


@given(TWELVE, st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(twelve, place, more):
    number = twelve + core.check_digit(twelve)
    wrong = str((int(number[place]) + more) % 10)
    assert core.is_card_number(number)
    assert not core.is_card_number(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize(
    "text",
    ["", "400638133393", "40063813339311", "4006381333930", "٤٠٠٦٣٨١٣٣٣٩٣١", "400638133393x"],
)
def test_other_texts_are_no_numbers(text):
    assert not core.is_card_number(text)


@given(PREFIXES, st.data())
def test_a_batch_holds_exactly_its_numbers(prefix, data):
    size = 10 ** (12 - len(prefix))
    first = data.draw(st.integers(0, size - 1))
    count = data.draw(st.integers(1, min(size - first, 50)))
    mine = batch(prefix, first, count)
    listed = core.numbers(mine, 0, count + 5)
    assert len(set(listed)) == count
    assert all(core.is_card_number(each) and each.startswith(prefix) for each in listed)
    assert all(core.in_batch(each, [mine]) for each in listed)
    if first > 0:
        assert not core.in_batch(core.card_number(prefix, first - 1), [mine])
    if first + count < size:
        assert not core.in_batch(core.card_number(prefix, first + count), [mine])


@given(st.lists(st.tuples(st.sampled_from(["2", "20", "200", "29"]), st.integers(1, 900))))
def test_serials_of_prefixes_that_begin_alike_never_overlap(orders):
    issued: list[CardBatch] = []
    for start, count in orders:
        prefix = start.ljust(9, "0")  # a thousand numbers each; 2, 20 and 200 are the same ones
        first = core.next_serial(prefix, count, issued)
        if isinstance(first, Refusal):
            assert first.code == "prefix_full"
        else:
            issued.append(batch(prefix, first, count))
    whole = [number for each in issued for number in each.span()]
    assert len(set(whole)) == len(whole)


def test_a_long_prefix_inside_a_short_one_is_stepped_over():
    inside = batch("2900000001", 0, 100)  # serials 100 to 199 of prefix 29
    assert core.next_serial("29", 100, [inside]) == 0
    assert core.next_serial("29", 101, [inside]) == 200


@pytest.mark.parametrize(
    ("kind", "said", "meant"),
    [
        ("card", "2900000000018", "2900000000018"),
        ("card", "aB-17/x", "aB-17/x"),
        ("phone", "+39 (333) 123-4567", "+393331234567"),
        ("email", " Anna@Example.ORG ", "anna@example.org"),
        ("external", "CRM:10042", "CRM:10042"),
    ],
)
def test_spellings_become_one(kind, said, meant):
    assert core.normal(kind, said) == Identifier(kind, meant)
    assert core.normal(kind, meant) == Identifier(kind, meant)


@pytest.mark.parametrize(
    ("kind", "said", "code"),
    [
        ("phone", "333 1234567", "phone_invalid"),
        ("phone", "+0333123456", "phone_invalid"),
        ("phone", "+39333x1234", "phone_invalid"),
        ("phone", "+39333123\n", "phone_invalid"),
        ("phone", "+٣٩٣٣٣١٢٣٤٥", "phone_invalid"),
        ("email", "anna", "email_invalid"),
        ("email", "anna@localhost", "email_invalid"),
        ("email", "ann\u0430@example.org", "email_invalid"),  # a Cyrillic a
        ("email", "a@b.c" + "c" * 130, "email_invalid"),
        ("email", "anna@example.org\r\nBcc: x@y.z", "email_invalid"),
        ("card", "29 00", "identifier_invalid"),
        ("card", "", "identifier_invalid"),
        ("external", "\u202e123", "identifier_invalid"),
    ],
)
def test_other_spellings_are_refused(kind, said, code):
    refusal = core.normal(kind, said)
    assert isinstance(refusal, Refusal) and refusal.code == code


@given(st.sampled_from(["card", "phone", "email", "external"]), st.text(max_size=40))
def test_a_normal_form_stays_as_it_is(kind, text):
    once = core.normal(kind, text)
    if isinstance(once, Identifier):
        assert core.normal(kind, once.value) == once


def test_a_registration_takes_the_shadow_s_place():
    card, phone = Identifier("card", "2900000000018"), Identifier("phone", "+393331234567")
    shadow = Owner(UUID(int=1), UUID(int=2), "active", False)
    other = Owner(UUID(int=3), UUID(int=4), "active", False)
    known = Owner(UUID(int=5), UUID(int=6), "active", True)
    issued = [batch("2900", 0, 10)]
    assert core.registration([card, phone], {}, issued) is None
    assert core.registration([card, phone], {card: shadow}, issued) == shadow
    assert core.registration([card, phone], {card: shadow, phone: shadow}, issued) == shadow
    for owners, batches, code, at in (
        ({}, [], "card_not_issued", 0),
        ({card: known}, issued, "identifier_taken", 0),
        ({phone: known}, issued, "identifier_taken", 1),
        ({card: shadow, phone: other}, issued, "merge_needed", 1),
        ({card: msgspec.structs.replace(shadow, status="blocked")}, issued, "card_blocked", 0),
        ({card: msgspec.structs.replace(shadow, status="replaced")}, issued, "card_replaced", 0),
    ):
        refusal = core.registration([card, phone], owners, batches)
        assert isinstance(refusal, Refusal)
        assert (refusal.code, refusal.field) == (code, f"identifiers[{at}].value")


def test_masks_hide_what_could_be_used():
    assert core.masked_name("Anna", "Rossi") == "Anna R."
    assert core.masked_name("", "Rossi") == "R."
    assert core.masked_name("Anna", "") == "Anna"
    assert core.masked_name("", "") == ""
    assert core.masked(Identifier("phone", "+39331231234")) == "+39•••••1234"
    assert core.masked(Identifier("phone", "+3912345")) == "+39•••45"
    assert core.masked(Identifier("email", "anna@example.org")) == "a•••@example.org"
    assert core.masked(Identifier("card", "2900000000018")) == "2900000000018"


def test_birthdays_lie_in_the_past():
    today = date(2026, 11, 21)
    assert core.born_fault(None, today) is None
    assert core.born_fault(today, today) is None
    assert core.born_fault(date(1904, 2, 29), today) is None
    for impossible in (date(2026, 11, 22), date(1, 1, 1), date(9999, 12, 31)):
        refusal = core.born_fault(impossible, today)
        assert refusal is not None and refusal.field == "born_on"


# Fingerprints ----------------------------------------------------------------------------------


@given(FIELDS, FIELDS)
def test_bodies_have_one_fingerprint_exactly_when_they_are_equal(one, two):
    equal = access.fingerprint(one)[: access.WHOLE] == access.fingerprint(two)[: access.WHOLE]
    assert equal == (one == two)
    assert access.fingerprint(dict(reversed(one.items()))) == access.fingerprint(one)


@given(FIELDS, st.data())
def test_the_first_field_that_differs_is_named(fields, data):
    names = [f"f{index}" for index in range(len(fields))]  # far fewer than 2**16: marks differ
    one = dict(zip(names, fields.values(), strict=True))
    gone = data.draw(st.sets(st.sampled_from(names))) if names else set()
    two = {name: value for name, value in one.items() if name not in gone}
    first = next((name for name in names if name in gone), "")
    assert access.first_difference(names, access.fingerprint(one), access.fingerprint(two)) == first


class Older(msgspec.Struct, frozen=True):
    store: str
    number: str


class Newer(msgspec.Struct, frozen=True):
    store: str
    number: str
    channel: str = ""
    tags: list[str] = []


def test_a_new_optional_field_leaves_old_calls_the_same():
    old = access.fingerprint(access.body_fields(Older("A", "1")))
    assert access.fingerprint(access.body_fields(Newer("A", "1"))) == old
    assert access.fingerprint(access.body_fields(Newer("A", "1", "web"))) != old


def test_the_address_is_part_of_the_call():
    body, names = Older("A", "1"), access.body_names(Older, ["number"])
    one = access.fingerprint(access.body_fields(body, {"number": "7"}))
    two = access.fingerprint(access.body_fields(body, {"number": "8"}))
    assert access.first_difference(names, one, two) == "path.number"


def test_names_of_a_receipt_s_fields_have_marks_of_their_own():
    names = access.body_names(Receipt)
    for name in names:
        fields = {each: b"" for each in names}
        other = access.fingerprint(fields | {name: b"x"})
        assert access.first_difference(names, access.fingerprint(fields), other) == name


def claim(fields: dict[str, bytes], operation: str = "receipt.confirm") -> access.Claim:
    mark = access.fingerprint(fields)
    return access.Claim(UUID(int=1), "k", operation, mark, UUID(int=2), NOW)


def test_a_second_call_is_judged_by_the_first():
    first = claim({"store": b"A", "number": b"1"})
    kept = access.Known(first.operation, first.fingerprint, UUID(int=9), NOW, 200, b"{}")
    names = ("store", "number")
    assert access.judge(kept, first, names) == access.Replay(
        UUID(int=9), NOW, 200, b"{}", first.operation
    )
    other = access.judge(kept, claim({"store": b"A", "number": b"2"}), names)
    assert isinstance(other, Refusal)
    assert (other.code, other.field) == ("key_reused", "number")
    elsewhere = access.judge(kept, claim({"store": b"A", "number": b"1"}, "receipt.return"))
    assert isinstance(elsewhere, Refusal) and "receipt.confirm" in elsewhere.why


@given(st.binary(max_size=2000))
def test_what_is_packed_is_unpacked(body):
    assert unpack(pack(body)) == body
    assert len(pack(body * 9)) <= len(body * 9) + 20


# Tokens ----------------------------------------------------------------------------------------


@given(st.binary(min_size=20, max_size=20), st.integers(0, 37), st.characters(codec="ascii"))
def test_a_mistyped_token_is_recognised(chance, place, letter):
    token = access.token("till", chance)
    assert len(token) == 38 and token.startswith("tsr_t") and access.is_token(token)
    wrong = token[:place] + letter + token[place + 1 :]
    assert access.is_token(wrong) == (wrong == token)
    assert not access.is_token(token[:-1]) and not access.is_token(token + "0")


@given(st.text(max_size=45))
def test_any_text_may_be_asked(text):
    assert not access.is_token(text)


def test_a_till_s_key_names_its_store_and_no_other_does():
    assert access.key_fault("till", "0001") is None
    assert access.key_fault("owner", None) is None
    for refusal, code in (
        (access.key_fault("till", None), "store_missing"),
        (access.key_fault("owner", ("1",)), "store_needless"),
    ):
        assert refusal is not None and (refusal.code, refusal.field) == (code, "store")
