"""What holds for every condition on the shelf, every tree of them, every receipt and person."""

from __future__ import annotations

import string
from datetime import date

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.trees import DAYS, KINDS, PEOPLE, TREES, baskets, facts_for, fill, leaves
from tessera.base.money import in_words
from tessera.program.core.facts_text import Plain
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import (
    AllOf,
    AnyOf,
    Condition,
    NotSo,
    Personal,
    all_needs,
    sentence,
    walk,
)
from tessera.rules.core.days import in_year, nearby, whole_months
from tessera.rules.core.facts import Facts, Met, Missing, Person, months_before
from tessera.rules.core.texts import Numbers, Template, say
from tessera.rules.core.words import Program
from tessera.warehouse.core import Line

MANY = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
FEW = settings(MANY, max_examples=15)
NOTHING = Basket((), None, Program(name="Any", currency="EUR", rules=()))
EVERY = pytest.mark.parametrize("code", KINDS)


def holds(condition: Condition, basket: Basket, facts: Facts) -> bool:
    return isinstance(condition.reading()(basket, facts), Met)


def check_told(template: Template, numbers: Numbers) -> None:
    """Every placeholder has its number, whichever grammatical number is said."""
    for text in (template,) if isinstance(template, str) else template:
        wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        assert wanted <= set(numbers)
    assert "{" not in say(template, numbers, "EUR")


def check_evidence(found: Met | Missing, basket: Basket) -> None:
    if isinstance(found, Met):
        assert found.times >= 1
        assert list(found.lines) == sorted(set(found.lines))
        assert all(basket.quantity[i] > 0 for i in found.lines)
    else:
        assert found.lacking >= 0
        assert found.code and found.code == found.code.lower()
        check_told(found.why, found.numbers)


@EVERY
@FEW
@given(data=st.data())
def test_a_leaf_answers_with_evidence_and_looks_up_what_it_needs(code, data):
    condition = data.draw(leaves(code))
    basket, facts = data.draw(baskets()), data.draw(facts_for(condition))
    check_evidence(condition.reading()(basket, facts), basket)
    needs = [need.key for need in condition.needs()]
    assert facts.known.keys_seen <= set(needs)
    assert len(set(needs)) == len(needs)


@EVERY
@FEW
@given(data=st.data())
def test_what_is_unknown_does_not_hold(code, data):
    condition = data.draw(leaves(code))
    facts = data.draw(facts_for(condition))
    unknown = Facts(True, channel="", data={}, known={})
    nowhere = msgspec.structs.replace(facts, at=None, store="", region="", till="", card="",
                                      payments=(), favourites=(), event="", known={})  # fmt: skip
    if condition.needs():
        assert not holds(condition, data.draw(baskets()), nowhere)
    if code not in ("line_count", "receipt_total"):  # no lines and no money are known, too
        assert not holds(condition, NOTHING, unknown)


@EVERY
@FEW
@given(data=st.data())
def test_a_sentence_says_all_its_numbers(code, data):
    condition = data.draw(leaves(code))
    template, numbers = condition.sentence()
    check_told(template, numbers)
    told = sentence(condition, "EUR")
    assert told[0] == told[0].lower() or told.startswith(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    for name, value in numbers.items():
        money = name.endswith("_minor") and isinstance(value, int)
        assert (in_words(value, "EUR") if money else str(value)) in told
    assert "  " not in told.strip() or any("  " in str(value) for value in numbers.values())


@EVERY
@FEW
@given(data=st.data())
def test_a_leaf_is_read_back_from_its_text(code, data):
    condition = data.draw(leaves(code))
    said = msgspec.to_builtins(condition)
    assert said.pop("condition") == code
    again = fill(code, yaml.load(yaml.safe_dump(said), Plain))
    assert again is not None and again == condition
    assert [need.key for need in again.needs()] == [need.key for need in condition.needs()]
    assert sentence(again, "EUR") == sentence(condition, "EUR")


@MANY
@given(st.data())
def test_a_tree_is_its_logic(data):
    """All, any and not agree with Python's; a tree looks up what its leaves need."""
    tree = data.draw(TREES)
    basket, facts = data.draw(baskets()), data.draw(facts_for(tree))
    found = tree.reading()(basket, facts)
    check_evidence(found, basket)
    assert facts.known.keys_seen <= {need.key for need in all_needs(tree)}

    def logic(each: Condition) -> bool:
        if isinstance(each, NotSo):
            return not logic(each.of)
        if isinstance(each, AllOf | AnyOf):
            return (all if isinstance(each, AllOf) else any)([logic(part) for part in each.of])
        return holds(each, basket, facts)

    assert isinstance(found, Met) == logic(tree)
    assert holds(NotSo(of=tree), basket, facts) != logic(tree)
    assert holds(NotSo(of=NotSo(of=tree)), basket, facts) == logic(tree)


@MANY
@given(TREES)
def test_a_tree_is_told_with_all_its_leaves(tree):
    told = sentence(tree, "EUR")
    assert told.count("(") == told.count(")") or "(" in str(msgspec.to_builtins(tree))
    for leaf in walk(tree):
        if not leaf.parts():
            assert sentence(leaf, "EUR") in told


@MANY
@given(st.data())
def test_what_a_till_hears_does_not_say_what_is_known_of_a_person(data):
    """Neither the text of a miss nor that of a `not`: both are kept with receipts for ever."""
    code = data.draw(st.sampled_from([c for c, kind in KINDS.items() if kind.private]))
    leaf = data.draw(leaves(code))
    basket, facts = data.draw(baskets()), data.draw(facts_for(leaf))
    for condition in (leaf, NotSo(of=leaf), NotSo(of=AllOf(of=(leaf,)))):
        found = condition.reading()(basket, facts)
        if isinstance(found, Missing):
            assert set(found.numbers) <= {"count"}
    assert all(need.key.startswith("t:") for need in leaf.needs())


def test_every_condition_on_the_person_is_private():
    assert all(kind.private for kind in KINDS.values() if issubclass(kind, Personal))


# What is lacking is enough, and less is not ------------------------------------------------------


def facts(**known: int) -> Facts:
    return Facts(True, known=known)


def known(leaf: Condition, *values: int) -> Facts:
    return Facts(True, known={n.key: v for n, v in zip(leaf.needs(), values, strict=True)})


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 99))
def test_what_a_share_lacks_is_enough(part, rest, least):
    leaf = KINDS["share"](category="A", at_least=least)
    whole = part + rest
    found = leaf.reading()(NOTHING, known(leaf, part, whole))
    if isinstance(found, Missing) and found.lacking:
        more = found.lacking
        assert holds(leaf, NOTHING, known(leaf, part + more, whole + more))
        assert not holds(leaf, NOTHING, known(leaf, part + more - 1, whole + more - 1))


@given(st.integers(0, 10**6), st.integers(1, 50), st.integers(1, 10**5))
def test_what_an_average_lacks_is_enough(spent, receipts, least):
    leaf = KINDS["average"](at_least_minor=least)
    found = leaf.reading()(NOTHING, known(leaf, spent, receipts))
    if isinstance(found, Missing):
        assert holds(leaf, NOTHING, known(leaf, spent + found.lacking * receipts, receipts))
        enough = spent + (found.lacking - 1) * receipts
        assert not holds(leaf, NOTHING, known(leaf, enough, receipts)) or not spent % receipts


@given(st.integers(1, 12), st.integers(0, 30))
def test_every_nth_comes_after_as_many_as_it_lacks(every, before):
    """Of so many purchases in a row exactly one in `every` counts."""
    leaf = KINDS["nth"](every=every)
    hits = [holds(leaf, NOTHING, known(leaf, n)) for n in range(before, before + every)]
    assert sum(hits) == 1
    found = leaf.reading()(NOTHING, known(leaf, before))
    assert hits.index(True) == (found.lacking if isinstance(found, Missing) else 0)


@given(st.integers(1, 12), st.integers(0, 30), st.lists(st.integers(1, 20), min_size=1))
def test_units_meet_the_nth_as_often_as_receipts_have_it_in_them(every, before, bought):
    """Each receipt once, however many multiples it passes."""
    leaf = KINDS["nth"](every=every, counting="units")
    for units in bought:
        basket = Basket((Line("A", units, 100),), None, Program(name="x", currency="EUR", rules=()))
        passed = (before + units) // every - before // every
        assert holds(leaf, basket, known(leaf, before)) == (passed > 0)
        before += units


@given(st.integers(0, 20), st.booleans(), st.integers(1, 20))
def test_a_streak_counts_the_running_week_once(row, running, least):
    leaf = KINDS["streak"](at_least=least)
    found = leaf.reading()(NOTHING, known(leaf, row, int(running)))
    length = row if running else row + 1
    assert isinstance(found, Met) == (length >= least)
    if isinstance(found, Missing):
        assert found.lacking == least - length


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=4), st.integers(1, 20_000))
def test_what_a_receipt_lacks_is_enough(prices, least):
    leaf = KINDS["receipt_total"](at_least_minor=least)
    program = Program(name="x", currency="EUR", rules=())
    lines = [Line("A", 1, price) for price in prices]
    found = leaf.reading()(Basket(lines, None, program), Facts(True))
    if isinstance(found, Missing):
        for more, enough in ((found.lacking, True), (found.lacking - 1, False)):
            basket = Basket([*lines, Line("B", 1, more)], None, program)
            assert holds(leaf, basket, Facts(True)) is enough


# Days --------------------------------------------------------------------------------------------


@given(DAYS, DAYS)
def test_whole_months_are_what_counting_back_says(since, on):
    """The largest number of months after which the day is not after `on`."""
    months = whole_months(since, on)
    if months >= 1:
        assert since.day > 28 or since <= months_before(on, months)
        assert since > months_before(on, months + 1)


@given(DAYS, DAYS, st.integers(0, 60), st.integers(0, 60))
def test_a_yearly_day_is_near_for_its_days_only(day, on, before, after):
    found = nearby(day, on, before, after)
    assert len(found) <= 1
    for each in found:
        assert each == in_year(day, each.year)
        assert each.toordinal() - before <= on.toordinal() <= each.toordinal() + after


@given(PEOPLE, DAYS)
def test_who_turns_older_has_a_birthday(person: Person, on: date):
    """On a birthday, and on no other day, somebody is a year older than the day before."""
    if person.born_on is None or on <= person.born_on:
        return
    born = person.born_on
    before = on.fromordinal(on.toordinal() - 1)
    older = [age for age in range(140) if trait(KINDS["age"](at_least=age), person, on)]
    younger = [age for age in range(140) if trait(KINDS["age"](at_least=age), person, before)]
    birthday = bool(trait(KINDS["birthday"](), person, on)) and on.year > born.year
    assert (len(older) > len(younger)) == birthday


def trait(condition: Condition, person: Person, on: date) -> int | None:
    assert isinstance(condition, Personal)
    return condition.trait(person, on)
