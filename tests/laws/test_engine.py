"""What holds for every basket and every program of the mechanics on the shelf."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tessera.base.money import half_up, split
from tessera.base.refusal import Refusal
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.rules.core.engine import _take_off, settle, settle_kept
from tessera.rules.core.words import Basket, Facts, Program, Share
from tessera.warehouse.core import Line

READER = Reader(mechanics.shelf(), conditions.shelf())
SKUS = ("A", "B", "C")

RULES = st.one_of(
    st.fixed_dictionaries(
        {
            "mechanic": st.just("base_rate"),
            "points": st.integers(1, 50),
            "per_minor": st.sampled_from([1, 7, 100, 1000]),
            "rounding": st.sampled_from(["down", "nearest"]),
            "priority": st.integers(-3, 3),
        }
    ),
    st.fixed_dictionaries(
        {
            "mechanic": st.just("every_nth_free"),
            "product": st.sampled_from(SKUS),
            "n": st.integers(2, 5),
            "priority": st.integers(-3, 3),
        }
    ),
    st.fixed_dictionaries(
        {
            "mechanic": st.just("pay_with_points"),
            "points": st.sampled_from([1, 3, 100]),
            "worth_minor": st.sampled_from([1, 2, 100]),
            "max_percent": st.sampled_from([1, 50, 99, 100]),
            "min_points": st.sampled_from([0, 10]),
            "priority": st.integers(-3, 3),
        }
    ),
)


@st.composite
def programs(draw, most_rules=5):
    rules = draw(st.lists(RULES, min_size=1, max_size=most_rules))
    body = {
        "name": "Any",
        "currency": "EUR",
        "rules": [{"id": f"r{i}"} | rule for i, rule in enumerate(rules)],
        "earning_excludes": draw(st.lists(st.sampled_from(["gift_card", "delivery"]), unique=True)),
    }
    program = READER.read(body, 1)
    assert not isinstance(program, Refusal), program
    return program


LINES = st.builds(
    Line,
    sku=st.sampled_from(SKUS),
    quantity=st.integers(1, 20),
    unit_minor=st.integers(0, 2_000),
    unit=st.sampled_from(["piece", "piece", "g"]),
    kind=st.sampled_from(["goods", "goods", "goods", "gift_card", "deposit", "delivery"]),
)
BASKETS = st.lists(LINES, min_size=1, max_size=6).map(tuple)
MEMBERS = st.builds(
    Facts, member=st.just(True), may_spend=st.just(True), available=st.just(10**6),
    spend=st.none() | st.integers(1, 10_000),
)  # fmt: skip


@st.composite
def sales(draw):
    """(lines, facts, program, units kept of each line)"""
    lines = draw(BASKETS)
    kept = tuple(draw(st.integers(0, line.quantity)) for line in lines)
    return lines, draw(MEMBERS), draw(programs()), kept


def check_story(story, lines, kept=None):
    """Sums, shares and lines of any decision."""
    totals = Basket(lines, kept, PLAIN).total
    left, discounts, payments = list(totals), 0, 0
    for effect in story.effects:
        assert sum(share for _, share in effect.lines) == effect.given >= 0
        assert effect.given <= effect.wanted
        if effect.kind == "points":
            continue
        discounts += effect.given if effect.kind == "discount" else 0
        payments += effect.given if effect.kind == "payment" else 0
        for number, share in effect.lines:
            left[number - 1] -= share
    assert min(left) >= 0, "no line below zero"
    assert story.gross_minor == sum(totals)
    assert story.to_pay_minor == story.gross_minor - discounts - payments == sum(left)
    points = sum(e.given for e in story.effects if e.kind == "points")
    assert story.points_earned == points
    assert story.points_spent == sum(e.points for e in story.effects)


def sums(story):
    """What a decision comes to; texts and reasons aside."""
    effects = [(e.kind, e.rule, e.given, e.lines, e.points) for e in story.effects if e.given]
    return (
        story.gross_minor, story.to_pay_minor, story.points_earned, story.points_spent, effects,
    )  # fmt: skip


PLAIN = Program(name="Plain", currency="EUR", rules=())


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**12), min_size=1, max_size=50))
def test_split_loses_nothing(total, weights):
    if not sum(weights):
        weights[0] = 1
    shares = split(total, weights)
    assert len(shares) == len(weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        exact = total * weight
        assert abs(share * sum(weights) - exact) < sum(weights), "within one unit of the exact part"
        assert weight or not share


@given(st.integers(-(10**15), 10**15), st.integers(1, 10**9))
def test_half_up_is_the_nearest_whole(numerator, denominator):
    found = half_up(numerator, denominator)
    assert abs(2 * (found * denominator - numerator)) <= denominator
    assert half_up(-numerator, denominator) == -found


@given(sales())
def test_every_decision_adds_up(sale):
    lines, facts, program, _ = sale
    check_story(settle(lines, facts, program), lines)


@given(sales())
def test_the_same_question_has_the_same_answer(sale):
    lines, facts, program, _ = sale
    assert settle(lines, facts, program) == settle(lines, facts, program)


@given(sales())
def test_every_rule_gives_something_or_says_what_is_missing(sale):
    lines, facts, program, _ = sale
    story = settle(lines, facts, program)
    heard = [e.rule for e in story.effects] + [s.rule for s in story.silent]
    assert sorted(heard) == sorted(rule.id for rule in program.rules)
    assert all(silent.why and silent.lacking >= 0 for silent in story.silent)


@given(BASKETS, programs())
def test_without_a_card_nothing_is_given(lines, program):
    story = settle(lines, Facts(member=False), program)
    assert story.effects == ()
    assert story.to_pay_minor == story.gross_minor
    assert {silent.code for silent in story.silent} == {"no_card"}


@given(sales())
def test_points_pay_what_was_asked_at_most(sale):
    lines, facts, program, _ = sale
    assume(sum(rule.code == "pay_with_points" for rule in program.rules) <= 1)
    assert settle(lines, facts, program).points_spent <= (facts.spend or 0)


def test_two_payment_rules_share_what_was_asked():
    pay = {"mechanic": "pay_with_points", "points": 1, "worth_minor": 1, "max_percent": 50}
    body = {"name": "Two", "currency": "EUR", "rules": [{"id": "a"} | pay, {"id": "b"} | pay]}
    program = READER.read(body, 1)
    assert not isinstance(program, Refusal)
    story = settle((Line("A", 1, 1_000),), Facts(True, True, 1_000, 100), program)
    assert story.points_spent == 100


@given(sales())
def test_a_kept_part_adds_up(sale):
    lines, facts, program, kept = sale
    sold = settle(lines, facts, program)
    check_story(settle_kept(lines, facts, program, kept, sold), lines, kept)


@given(sales())
def test_everything_kept_is_the_sale_itself(sale):
    lines, facts, program, _ = sale
    sold = settle(lines, facts, program)
    whole = settle_kept(lines, facts, program, [line.quantity for line in lines], sold)
    assert sums(whole) == sums(sold)


@given(sales())
def test_nothing_kept_is_nothing(sale):
    lines, facts, program, _ = sale
    sold = settle(lines, facts, program)
    none = settle_kept(lines, facts, program, [0] * len(lines), sold)
    assert sums(none) == (0, 0, 0, 0, [])


@given(sales(), st.data())
def test_the_less_is_kept_the_less_is_left(sale, data):
    lines, facts, program, kept = sale
    sold = settle(lines, facts, program)
    fewer = tuple(data.draw(st.integers(0, units)) for units in kept)
    more = settle_kept(lines, facts, program, kept, sold)
    less = settle_kept(lines, facts, program, fewer, sold)
    assert less.gross_minor <= more.gross_minor
    assert less.to_pay_minor <= more.to_pay_minor
    assert less.points_spent <= more.points_spent


@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3_000), st.integers(0, 25)), max_size=12),
)
def test_a_unit_is_used_up_once_in_a_lane(quantities, wishes):
    lines = tuple(Line("A", quantity, 100) for quantity in quantities)
    basket = Basket(lines, None, PLAIN)
    for at, amount, units in wishes:
        share = Share(at % len(lines), amount, units)
        before = basket.free[share.line]
        given_, trimmed = _take_off(basket, [share])
        assert basket.free[share.line] >= 0 <= basket.left[share.line]
        if units > before:
            assert given_[0].amount == 0 and trimmed
            assert basket.free[share.line] == before


@given(BASKETS, st.lists(st.integers(2, 5), min_size=2, max_size=4))
def test_free_units_of_all_rules_together_fit_into_what_was_bought(lines, every):
    body = {
        "name": "Any", "currency": "EUR",
        "rules": [{"id": f"r{n}-{i}", "mechanic": "every_nth_free", "product": "A", "n": n}
                  for i, n in enumerate(every)],
    }  # fmt: skip
    program = READER.read(body, 1)
    assert not isinstance(program, Refusal)
    story = settle(lines, Facts(member=True, may_spend=True), program)
    bought = sum(line.quantity for line in lines if line.sku == "A" and line.unit == "piece")
    used = sum(int(e.numbers["n"]) * int(e.numbers["count"]) for e in story.effects)
    assert used <= bought


@settings(max_examples=20)
@given(programs())
def test_two_thousand_lines_are_decided(program):
    lines = tuple(Line(SKUS[i % 3], 1 + i % 4, 100 + i % 90) for i in range(2_000))
    check_story(settle(lines, Facts(True, True, 10**6, 5_000), program), lines)


@pytest.mark.parametrize("kind", ["gift_card", "deposit"])
def test_points_never_pay_money(kind):
    program = READER.read(
        {"name": "Any", "currency": "EUR", "rules": [
            {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1}]}, 1,
    )  # fmt: skip
    assert not isinstance(program, Refusal)
    story = settle((Line("G", 1, 2_000, kind=kind),), Facts(True, True, 5_000, 500), program)
    assert (story.points_spent, story.to_pay_minor) == (0, 2_000)


def test_of_a_group_one_rule_gives_in_whatever_lane_and_the_one_whose_cap_leaves_more():
    off = {"id": "off", "mechanic": "percent_off", "percent": 10, "group": "g"}
    double = {"id": "dbl", "mechanic": "multiplier", "times_x100": 200, "group": "g"}
    half = {"id": "half", "mechanic": "percent_off", "percent": 50, "group": "g",
            "caps": [{"per": "receipt", "most": 1}]}  # fmt: skip
    base = {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100}
    body = {"name": "G", "currency": "EUR", "groups": {"g": {"pick": "best_for_member"}}}
    member, lines = Facts(member=True, may_spend=True), (Line("A", 1, 1000),)
    for rules, gave in (([off, double, base], ["off", "base"]), ([half, off], ["off"])):
        program = READER.read(body | {"rules": rules}, 1)
        assert not isinstance(program, Refusal)
        story = settle(lines, member, program)
        assert [effect.rule for effect in story.effects] == gave
        assert "group_taken" in [silent.code for silent in story.silent]


def test_points_do_not_pay_before_prices_are_lowered():
    refusal = READER.read(
        {"name": "L", "currency": "EUR", "rules": [], "lanes": ["payment", "price", "earning"]}, 1
    )
    assert isinstance(refusal, Refusal) and refusal.field == "lanes"
