"""Two people who look alike: the same either way round, found under some key, never by a value."""

from __future__ import annotations

from itertools import combinations

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tessera.doors.cli.duplicates.invented import everybody
from tessera.doors.cli.duplicates.linkage import groups
from tessera.doors.cli.duplicates.trial import Score, together
from tessera.members.likeness.core.forms import PLACE, Looks, fold, looks, mailbox, sound
from tessera.members.likeness.core.keys import keys
from tessera.members.likeness.core.scoring import (
    HOUSE,
    LEAST_PLACE,
    LIKELY,
    WEIGHTS,
    Evidence,
    likeness,
    summed,
)
from tessera.warehouse.core import Identifier

NAMES = st.sampled_from(
    ["anna", "ana", "hanna", "annamaria", "rossi", "rosi", "russo", "bianchi", "marco", "maria", ""]
) | st.text("abc", max_size=6)
DAYS = st.sampled_from(["1984-02-09", "1984-09-02", "1984-02-19", "1974-02-09", "2001-11-30", ""])
PHONES = st.lists(st.text("0123456789", min_size=8, max_size=8), max_size=2).map(tuple)
ADDRESSES = st.sampled_from(["a.r@x.example", "ar77@x.example", "ar77@y.example", "br77@x.example"])
PLACES = st.dictionaries(st.sampled_from(PLACE), st.sampled_from(["a", "b", "10", "11", "roma"]))
PEOPLE = st.builds(
    Looks, NAMES, NAMES, DAYS, PHONES,
    st.lists(ADDRESSES.map(lambda each: mailbox(each, ("anna", "rossi"))), max_size=2).map(tuple),
    PLACES,
)  # fmt: skip
SINGLE = ("given", "family", "born")


@given(PEOPLE, PEOPLE)
def test_it_is_the_same_either_way_round(one, other):
    assert likeness(one, other) == likeness(other, one)


@given(PEOPLE, PEOPLE, st.sampled_from((*SINGLE, *PLACE)))
def test_a_field_that_agrees_more_never_lowers_the_score(one, other, field):
    assume(one.given != other.family or one.family != other.given)  # names that were swapped apart
    if field in SINGLE:
        value = getattr(one, field)
        assume(value)
        closer = replace(other, **{field: value})
    else:
        assume(field in one.place)
        closer = replace(other, place=other.place | {field: one.place[field]})
    assert likeness(one, closer).score >= likeness(one, other).score


@given(PEOPLE, PEOPLE)
def test_what_is_unknown_says_nothing(one, other):
    said = {each.field for each in likeness(one, other).evidence}
    for field in SINGLE:
        assert (field in said) == bool(getattr(one, field) and getattr(other, field))
    assert likeness(one, Looks()).evidence == ()


@given(PEOPLE, PEOPLE)
def test_evidence_names_fields_and_weights_only(one, other):
    for each in likeness(one, other).evidence:
        assert each.weight == WEIGHTS[each.field][each.says]
        assert set(msgspec.to_builtins(each)) == {"field", "says", "weight"}


@given(PEOPLE, PEOPLE, st.integers(-300, 300))
def test_a_house_and_its_name_never_make_one_person_of_two(one, other, before):
    house = [
        each for each in likeness(one, other).evidence if each.field in (*PLACE, "family")
    ]  # fmt: skip
    assert summed(before, house) <= HOUSE
    assert summed(before, house, home=100) <= 100
    moved = [Evidence(field, "different", -15) for field in PLACE]
    assert summed(-1000, moved) == -1000 + LEAST_PLACE, "who moved, moved once"


def test_each_field_weighs_less_the_less_it_agrees():
    for field, weights in WEIGHTS.items():
        assert list(weights.values()) == sorted(weights.values(), reverse=True), field


def test_twins_are_possible_and_never_likely():
    home = {"street": "via roma", "house_number": "7", "postcode": "20121", "city": "milano"}
    one = Looks("marco", "rossi", "2004-05-06", (), (), home)
    twins = likeness(one, replace(one, given="giulia"))
    assert twins.grade == "possible" and twins.score < LIKELY
    assert likeness(one, replace(one, born="2001-01-30", given="giulia")).grade is None
    assert likeness(one, one).grade == "likely"


@given(st.text(max_size=30))
def test_folding_is_done_once(text):
    assert fold(fold(text)) == fold(text)
    assert sound(fold(text)) == sound(fold(text.upper().lower())) or not text.isascii()


def test_alphabets_accents_and_spellings_meet():
    assert fold("Łukasz D'ÉLIA") == fold("lukasz delia") == "lukasz delia"
    assert fold("\u0410\u043d\u043d\u0430") == "anna"
    assert (
        sound("katharina")
        == sound("caterina")
        == sound(fold("\u041a\u0430\u0442\u0435\u0440\u0438\u043d\u0430"))
    )
    assert (
        fold("Rossi-Bianchi") == "rossi bianchi"
        and fold("\u738b\u5c0f\u660e") == "\u738b\u5c0f\u660e"
    )


def test_an_address_made_of_the_name_says_no_more_than_the_name():
    names = "anna", "rossi"
    assert mailbox("Anna.Rossi+shop@X.example", names) == mailbox("annarossi@x.example", names)
    assert mailbox("annarossi@x.example", names).own == ""
    assert mailbox("anna.rossi84@x.example", names).own == "84"
    assert mailbox("blackcat@x.example", names).own == "blackcat"


def test_phones_are_compared_without_their_country_code():
    one, other = (looks("", "", None, [Identifier("phone", number)], {})
                  for number in ("+393331234567", "+33331234567"))  # fmt: skip
    assert likeness(one, other).evidence[0].says == "same"


@given(PEOPLE)
def test_there_are_few_keys_and_each_is_a_number_of_32_bits(one):
    found = keys(one)
    assert len(found) <= 9 + len(one.phones) + len(one.emails)
    assert list(found) == sorted(set(found)) and all(-(2**31) <= key < 2**31 for key in found)


def test_people_who_registered_twice_share_a_key_nearly_always():
    crowd = list(everybody(20_000, seed=3))
    noted = [set(keys(each.looks())) for each in crowd]
    pairs = together(each.person for each in crowd)
    shared = sum(1 for one, other in pairs if noted[one] & noted[other])
    assert len(pairs) > 1_000 and shared / len(pairs) >= 0.95
    seen = sum(
        1 for one, other in pairs
        if likeness(crowd[one].looks(), crowd[other].looks()).grade is not None
    )  # fmt: skip
    assert seen / len(pairs) >= 0.85  # the rest agree in too little: a name without a birthday


def test_invented_people_are_the_same_for_the_same_seed():
    assert list(everybody(300, 5)) == list(everybody(300, 5)) != list(everybody(300, 6))
    named = [each.email for each in everybody(5_000, 5) if each.email]
    assert len(named) == len(set(named))


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12))))
def test_a_group_is_all_whom_pairs_join(pairs):
    found = groups(pairs)
    assert set(found) == {each for pair in pairs for each in pair}
    for one, other in pairs:
        assert found[one] == found[other] <= min(one, other)
    for first in set(found.values()):
        assert found[first] == first
    joined = {frozenset(pair) for pair in pairs}
    for one, other in combinations(found, 2):
        if found[one] == found[other]:
            assert any(one in pair for pair in joined) and any(other in pair for pair in joined)


def test_the_score_of_a_search_counts_pairs():
    score = Score(true=4, found=2, right=1)
    assert (score.precision, score.recall, score.f1) == (0.5, 0.25, 1 / 3)
    assert Score(0, 0, 0).f1 == 1.0 and Score(1, 0, 0).f1 == 0.0
