"""What holds for every rule that earns points, alone and with others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tessera.base.refusal import Refusal
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.rules.core.engine import settle, settle_kept
from tessera.rules.core.settings import draw
from tessera.rules.core.words import Facts, Program, Story
from tessera.warehouse.core import Line

calm = settings(deadline=None)  # a busy machine is no failure
READER = Reader(mechanics.shelf(), conditions.shelf())
SKUS, CATEGORIES = ("A", "B", "C"), ("", "coffee", "wine")
UNITS = {"piece": "piece", "kg": "g", "l": "ml"}
ROUNDING = st.sampled_from(["down", "nearest"])
MINOR = st.sampled_from([1, 7, 100, 333, 1000, 5000])
POINTS = st.integers(1, 50)
GOODS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"skus": st.lists(st.sampled_from(SKUS), min_size=1, unique=True)}),
    st.just({"categories": ["coffee"]}),
    st.just({"not_categories": ["coffee"]}),
    st.just({"promoted": "never"}),
)


def rule(mechanic: str, **fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    """A rule of that kind with any settings."""
    return st.fixed_dictionaries({"mechanic": st.just(mechanic)} | fields)


BASE_RATES = rule("base_rate", points=POINTS, per_minor=MINOR, rounding=ROUNDING, of=GOODS)
STEPS = rule("step", points=POINTS, each_minor=MINOR, of=GOODS,
             max_steps=st.none() | st.integers(1, 5))  # fmt: skip
THRESHOLDS = rule(
    "above_threshold", points=POINTS, per_minor=MINOR, above_minor=MINOR, rounding=ROUNDING,
    counts=st.sampled_from(["excess", "all"]), parts=st.booleans(), of=GOODS,
)  # fmt: skip
MEASURES = rule(
    "per_measure", points=POINTS, measure=st.sampled_from(list(UNITS)), per=st.integers(1, 5),
    rounding=ROUNDING, of=GOODS,
)  # fmt: skip
FIXED = rule(
    "fixed_points", points=POINTS, per=st.sampled_from(["receipt", "line", "unit"]), of=GOODS
)
MULTIPLIERS = rule("multiplier", times_x100=st.integers(100, 1000), rounding=ROUNDING, of=GOODS)
TENDERS = rule("tender_bonus", every=st.integers(1, 5), extra=st.integers(1, 5))
BASES = st.one_of(BASE_RATES, STEPS, THRESHOLDS, MEASURES)
SINGLE = BASES | FIXED
ANY = st.one_of(BASES, FIXED, MULTIPLIERS, MULTIPLIERS, TENDERS)


def program(*rules: dict[str, Any], **whole: Any) -> Program:
    """A program of these rules, called r0, r1, ..."""
    named = [{"id": f"r{i}"} | each for i, each in enumerate(rules)]
    read = READER.read({"name": "Any", "currency": "EUR", "rules": named, **whole}, 1)
    assert not isinstance(read, Refusal), read
    return read


LINES = st.builds(
    Line,
    sku=st.sampled_from(SKUS),
    quantity=st.integers(1, 3000),
    unit_minor=st.integers(0, 2_000),
    unit=st.sampled_from(["piece", "g", "ml"]),
    category=st.sampled_from(CATEGORIES),
    kind=st.sampled_from(["goods", "goods", "goods", "gift_card"]),
    promo=st.sampled_from(["", "", "W7"]),
)
BASKETS = st.lists(LINES, min_size=1, max_size=6).map(tuple)
PAID = st.lists(
    st.tuples(st.sampled_from(["member_card", "cash"]), st.integers(0, 10_000)), max_size=3
).map(tuple)
MEMBERS = st.builds(Facts, member=st.just(True), payments=PAID)
MODES = st.sampled_from(["add", "best", "multiply"])


def alone(lines: tuple[Line, ...], *rules: dict[str, Any], **whole: Any) -> int:
    """The points of a receipt under these rules."""
    return settle(lines, Facts(member=True), program(*rules, **whole)).points_earned


def given_by(story: Story, *rules: str) -> int:
    """The points of these rules."""
    return sum(effect.given for effect in story.effects if effect.rule in rules)


@calm
@given(BASKETS, MEMBERS, st.lists(ANY, min_size=1, max_size=6), MODES, st.booleans())
def test_points_add_up_and_lie_on_lines_that_earn(lines, facts, rules, mode, promoted):
    story = settle(lines, facts, program(*rules, multipliers=mode, promoted_earn=promoted))
    for effect in story.effects:
        assert effect.kind == "points"
        assert sum(share for _, share in effect.lines) == effect.given > 0
        for number, share in effect.lines:
            line = lines[number - 1]
            assert share > 0
            assert line.kind == "goods" and (promoted or not line.promo)
            assert line.total() > 0, "what costs nothing earns nothing"
    assert story.points_earned == sum(effect.given for effect in story.effects)
    assert story.to_pay_minor == story.gross_minor


@calm
@given(BASKETS, MEMBERS, st.lists(ANY, min_size=1, max_size=6), MODES)
def test_all_kept_is_the_sale_and_nothing_kept_is_nothing(lines, facts, rules, mode):
    under = program(*rules, multipliers=mode)
    sold = settle(lines, facts, under)
    kept = settle_kept(lines, facts, under, [line.quantity for line in lines], sold)
    assert kept == sold
    nothing = settle_kept(lines, facts, under, [0] * len(lines), sold)
    assert (nothing.points_earned, nothing.effects) == (0, ())


@calm
@given(BASKETS, st.data(), SINGLE)
def test_who_keeps_more_never_has_fewer_points(lines, data, single):
    under, facts = program(single), Facts(member=True)
    more = [data.draw(st.integers(0, line.quantity)) for line in lines]
    less = [data.draw(st.integers(0, units)) for units in more]
    sold = settle(lines, facts, under)
    points = [
        settle_kept(lines, facts, under, kept, sold).points_earned for kept in (less, more)
    ]  # fmt: skip
    assert points[0] <= points[1] <= sold.points_earned


@calm
@given(LINES, st.integers(1, 2999), SINGLE)
def test_two_lines_of_one_article_earn_what_one_line_earns(line, first, single):
    assume(line.unit == "piece" and first < line.quantity and single.get("per") != "line")
    parts = [
        Line(line.sku, units, line.unit_minor, category=line.category, kind=line.kind,
             promo=line.promo)
        for units in (first, line.quantity - first)
    ]  # fmt: skip
    assert alone(tuple(parts), single) == alone((line,), single)


@calm
@given(LINES, st.integers(1, 2999), POINTS, MINOR, ROUNDING)
def test_weighing_twice_changes_no_more_than_the_rounding_of_the_price(
    line, first, points, per, rounding
):
    assume(line.unit != "piece" and first < line.quantity)
    rate = {"mechanic": "base_rate", "points": points, "per_minor": per, "rounding": rounding}
    parts = tuple(
        Line(line.sku, units, line.unit_minor, line.unit, kind=line.kind)
        for units in (first, line.quantity - first)
    )
    apart, together = alone(parts, rate), alone((line,), rate)
    assert abs(apart - together) <= points // per + 1, "a line is rounded to a cent"


@calm
@given(BASKETS, BASES, GOODS, MODES)
def test_hundred_percent_give_nothing(lines, base, of, mode):
    same = {"mechanic": "multiplier", "times_x100": 100, "of": of}
    assert alone(lines, base, same, multipliers=mode) == alone(lines, base)


@calm
@given(BASKETS, BASES, st.integers(1, 20))
def test_whole_times_are_exact(lines, base, times):
    more = {"mechanic": "multiplier", "times_x100": times * 100}
    assert alone(lines, base, more) == times * alone(lines, base)


@calm
@given(BASKETS, BASES, MULTIPLIERS, MULTIPLIERS)
def test_best_is_never_less_than_the_better_nor_more_than_both(lines, base, first, second):
    plain = alone(lines, base)
    extra = [alone(lines, base, each) - plain for each in (first, second)]
    best = alone(lines, base, first, second, multipliers="best") - plain
    add = alone(lines, base, first, second, multipliers="add") - plain
    assert max(extra) <= best <= add == sum(extra)


@calm
@given(BASKETS, BASES, MULTIPLIERS, MULTIPLIERS)
def test_multiplying_is_never_less_than_adding(lines, base, first, second):
    first, second = first | {"of": {}}, second | {"of": {}}
    add = alone(lines, base, first, second, multipliers="add")
    assert add <= alone(lines, base, first, second, multipliers="multiply")


@calm
@given(BASKETS, BASES, st.permutations([0, 1, 2]), st.lists(MULTIPLIERS, min_size=2, max_size=2),
       st.sampled_from(["add", "best"]))  # fmt: skip
def test_the_order_of_rules_does_not_matter(lines, base, order, multipliers, mode):
    rules = [base, *multipliers]
    shuffled = [rules[i] for i in order]
    assert alone(lines, *rules, multipliers=mode) == alone(lines, *shuffled, multipliers=mode)


@calm
@given(BASKETS, st.lists(ANY, min_size=1, max_size=5), st.integers(1, 40))
def test_all_rules_together_stay_below_their_limit(lines, rules, most):
    capped = settle(
        lines, Facts(member=True), program(*rules, point_caps=[{"per": "receipt", "most": most}])
    )
    assert capped.points_earned <= most
    for effect in capped.effects:
        assert sum(share for _, share in effect.lines) == effect.given <= effect.wanted


@calm
@given(BASKETS, BASES, TENDERS, st.integers(0, 10_000), st.integers(0, 10_000))
def test_more_paid_by_card_never_gives_less(lines, base, tender, less, more):
    """And never more than the whole receipt paid by card."""
    assume(less <= more)
    under = program(base, tender)
    to_pay = settle(lines, Facts(member=True), under).to_pay_minor
    assume(to_pay)

    def extra(minor: int) -> int:
        payments = (("member_card", minor), ("cash", to_pay - minor))
        return given_by(settle(lines, Facts(member=True, payments=payments), under), "r1")

    amounts = (0, min(less, to_pay), min(more, to_pay), to_pay)
    bonus = [extra(minor) for minor in amounts]
    assert bonus == sorted(bonus) and bonus[0] == 0
    whole = alone(lines, base)
    assert bonus[-1] == whole // tender["every"] * tender["extra"]


@calm
@given(BASKETS, MEMBERS, st.lists(ANY, min_size=1, max_size=6))
def test_the_control_group_gets_what_base_rules_give(lines, facts, rules):
    who = next(f"m{n}" for n in range(1000) if draw("control", f"m{n}") < 5000)
    facts = Facts(member=True, payments=facts.payments, who=who)
    story = settle(lines, facts, program(*rules, control={"percent": 50}))
    kinds = READER.mechanics
    bases = [each for each in rules if kinds[each["mechanic"]].base]
    assert story.points_earned == alone(lines, *bases)


@calm
@given(BASKETS, st.lists(ANY, min_size=1, max_size=5))
def test_what_points_pay_earns_nothing(lines, rules):
    lines = tuple(line for line in lines if line.kind == "goods")
    gross = sum(line.total() for line in lines)
    assume(gross)
    pay = {"mechanic": "pay_with_points", "points": 1, "worth_minor": 1}
    facts = Facts(member=True, may_spend=True, available=gross, spend=gross)
    story = settle(lines, facts, program(*rules, pay))
    assert (story.to_pay_minor, story.points_earned) == (0, 0)


@calm
@given(st.lists(st.integers(0, 400), min_size=1, max_size=3), BASE_RATES | STEPS | THRESHOLDS)
def test_what_is_lacking_would_be_enough(minors, single):
    """The sentence at the till is true: so many cents more, and there is a point."""
    single = single | {"of": {}}
    lines = tuple(Line("A", 1, minor) for minor in minors)
    story = settle(lines, Facts(member=True), program(single))
    assume(story.silent)
    lacking = story.silent[0].lacking
    assert alone((*lines, Line("A", 1, lacking)), single) >= 1
    assert not alone((*lines, Line("A", 1, lacking - 1)), single)


@pytest.mark.parametrize(
    ("code", "base"),
    [("base_rate", True), ("above_threshold", True), ("per_measure", True), ("step", True),
     ("multiplier", False), ("tender_bonus", False), ("fixed_points", False)],
)  # fmt: skip
def test_which_rules_are_for_everybody(code, base):
    assert READER.mechanics[code].base is base
    assert READER.mechanics[code].multiplies is (code == "multiplier")
