"""What holds for every basket and every setting of the mechanics that lower prices."""

from __future__ import annotations

from functools import cache
from typing import get_args

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from support.anything import AISLES, BASICS, LINES, READER, SKUS, facts_for, of_type, program_of
from tessera.rules.core.engine import RETURN, _take_off, settle, settle_kept
from tessera.rules.core.words import Basket, Facts, Missing, Program
from tessera.warehouse.core import Line

PRICE = (
    "amount_off", "bundle", "buy_x_get_y", "cheapest_item", "every_nth_free", "favourite",
    "fixed_price", "percent_off", "stamp_card",
)  # fmt: skip
MANY = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=40)

GOODS = st.sampled_from(
    [{}] * 8
    + [{"skus": [sku]} for sku in SKUS]
    + [{"categories": [name]} for name in AISLES]
    + [{"kinds": ["goods", "delivery"]}, {"not_skus": ["A"]}, {"promoted": "never"}]
    + [{"skus": ["A", "B"]}, {"skus": ["B", "C"]}]
)
SOME, FEW = st.integers(2, 4), st.integers(1, 3)
# Numbers near those of small baskets; what is not named here is drawn from its schema.
CLOSE = {
    "n": SOME, "units": FEW, "buy_units": FEW, "get_units": FEW, "nth": FEW, "most_times": FEW,
    "most_units": FEW, "product": st.sampled_from(["", *SKUS]),
    "parts": st.lists(st.fixed_dictionaries({"of": GOODS, "units": FEW}), min_size=1, max_size=3),
}  # fmt: skip


def of_field(field):
    """Whatever the schema of a field allows."""
    if "Goods" in str(field.type):
        found = GOODS
    elif field.name == "from_minor":
        found = st.integers(1, 10_000)
    elif field.name.endswith("_minor"):
        found = st.integers(1, 3_000)
    elif field.name in CLOSE:
        found = CLOSE[field.name]
    else:
        found = of_type(field.type, field.name)
    return st.none() | found if type(None) in get_args(field.type) else found


@cache
def rules(code):
    """Rules of one mechanic with any settings that it accepts."""
    own = {f.name: of_field(f) for f in fields(READER.mechanics[code]) if f.name not in BASICS}
    more = {"priority": st.integers(-2, 2), "stack": st.sampled_from([False, False, True])}
    drawn = st.fixed_dictionaries({"id": st.just(code), "mechanic": st.just(code)} | own | more)
    return drawn.filter(lambda body: program_of([body]) is not None)


def set_to(code, **own):
    """Rules with settings that single returns often break."""
    fixed = {"id": st.just(code), "mechanic": st.just(code)}
    return st.fixed_dictionaries(fixed | {name: st.sampled_from(own[name]) for name in own})


ANY_RULE = st.one_of([rules(code) for code in PRICE])
STEEP = st.one_of(
    set_to("amount_off", off_minor=[300, 990], from_minor=[1_000, 1_500, 2_000, 4_000]),
    set_to("bundle", price_minor=[1, 100], parts=[[{"of": {}, "units": 3}], [{"of": {}}] * 2]),
    set_to("buy_x_get_y", buy=[{}], which=["dearest"], buy_units=[1, 2]),
    set_to("cheapest_item", percent=[50, 100], which=["dearest"], units=[2, 3, 5]),
    set_to("every_nth_free", of=[{}], n=[2, 3]),
    set_to("fixed_price", price_minor=[1, 100], units=[2, 3, 5]),
)
PAY = {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1}
EARN = {"id": "earn", "mechanic": "base_rate", "points": 2, "per_minor": 100}
PRICES = st.sampled_from([50, 99, 100, 250, 333, 400, 990, 2_000])
PLAIN_LINES = st.builds(
    lambda line, units, price, kind: replace(line, quantity=units, unit_minor=price, kind=kind),
    LINES, st.integers(1, 5), PRICES | st.integers(0, 2_000),
    st.sampled_from(["goods"] * 8 + ["delivery", "gift_card", "deposit"]),
)  # fmt: skip
WITH_TOTALS = st.builds(
    lambda line, total: replace(line, total_minor=total),
    PLAIN_LINES,
    st.none() | st.integers(0, 5_000),
)
BASKETS = st.lists(PLAIN_LINES | WITH_TOTALS, min_size=1, max_size=5).map(tuple)
CAPS: st.SearchStrategy[list[dict[str, object]]] = st.just([]) | st.builds(
    lambda per, most: [{"per": per, "most": most}],
    st.sampled_from(["receipt", "month"]), st.integers(1, 2_000),
)  # fmt: skip


def several(bodies, **more):
    """A program of these rules, each with an id of its own."""
    program = program_of([body | {"id": f"r{i}"} for i, body in enumerate(bodies)], **more)
    assert program is not None
    return program


@st.composite
def sales(draw):
    """(lines, facts, program)"""
    bodies = [
        body | {"caps": draw(CAPS), "group": draw(st.sampled_from(["", "", "one"]))}
        for body in draw(st.lists(ANY_RULE | STEEP, min_size=1, max_size=4))
    ]
    picks = st.sampled_from(["first", "best_for_member", "best_for_shop"])
    program = several(
        [*bodies, PAY, EARN], groups={"one": {"pick": draw(picks)}},
        promoted_discount=draw(st.booleans()), discount_caps=draw(CAPS),
    )  # fmt: skip
    return draw(BASKETS), draw(facts_for(program)), program


@st.composite
def steep_sales(draw):
    """(lines, facts, program) where giving back one piece may cost more than it is worth."""
    program = several([draw(STEEP), PAY, EARN])
    goods = st.builds(Line, st.sampled_from(SKUS), st.integers(1, 3), PRICES)
    lines = draw(st.lists(goods, min_size=1, max_size=3).map(tuple))
    return lines, draw(facts_for(program)), program


def kept_of(units):
    """How many of them stay sold: often all of them, or all but one."""
    return st.sampled_from([units, units, max(units - 1, 0)]) | st.integers(0, units)


def sums(story):
    """What a decision comes to; texts and reasons aside."""
    return (
        story.gross_minor, story.to_pay_minor, story.points_earned, story.points_spent,
        [(e.kind, e.rule, e.given, e.lines, e.points) for e in story.effects if e.given],
    )  # fmt: skip


def check_story(story, lines, kept=None):
    left = list(Basket(lines, kept, Program(name="Plain", currency="EUR", rules=())).total)
    for effect in story.effects:
        assert sum(share for _, share in effect.lines) == effect.given >= 0
        assert effect.given <= effect.wanted
        assert len({number for number, _ in effect.lines}) == len(effect.lines)
        if effect.kind != "points":
            for number, share in effect.lines:
                left[number - 1] -= share
    assert min(left) >= 0, "no line below zero"
    assert story.to_pay_minor == sum(left)


@pytest.mark.parametrize("code", PRICE)
@MANY
@given(st.data())
def test_a_mechanic_wishes_for_units_that_are_there_and_for_what_they_cost(code, data):
    bodies = [data.draw(rules(code)) for _ in range(2)]
    program = several(bodies, promoted_discount=data.draw(st.booleans()))
    lines, facts = data.draw(BASKETS), data.draw(facts_for(program))
    basket = Basket(lines, None, program)
    for i in range(len(lines)):  # what rules before it have used and taken off
        basket.free[i] -= data.draw(st.integers(0, basket.free[i]))
        basket.left[i] -= data.draw(st.integers(0, basket.left[i]))
    for rule in program.rules:
        met = rule.check(basket, facts)
        if isinstance(met, Missing):
            assert met.lacking >= 0 and met.code and met.why
            continue
        wish = rule.reward(basket, facts, met)
        assert sum(share.amount for share in wish.shares) == wish.amount
        assert wish.wanted in (0, wish.amount) or (wish.wanted > wish.amount and wish.limit)
        assert len({share.line for share in wish.shares}) == len(wish.shares)
        free, left = basket.free.copy(), basket.left.copy()
        for share in wish.shares:
            there = lines[share.line].quantity if rule.stack else free[share.line]
            assert 0 < share.units <= there
            assert 0 <= share.amount <= left[share.line]
            assert program.promoted_discount or not lines[share.line].promo
        given_, why = _take_off(
            basket, wish.shares, stack=rule.stack, promoted=program.promoted_discount
        )
        assert (given_, why) == (wish.shares, ""), "the engine has nothing to trim"
        assert not rule.stack or basket.free == free


@MANY
@given(sales())
def test_every_decision_adds_up(sale):
    lines, facts, program = sale
    story = settle(lines, facts, program)
    check_story(story, lines)
    assert story == settle(lines, facts, program)
    heard = [e.rule for e in story.effects] + [s.rule for s in story.silent]
    assert sorted(heard) == sorted(rule.id for rule in program.rules)
    if program.discount_caps:
        off = sum(e.given for e in story.effects if e.kind == "discount")
        assert off <= (program.discount_caps[0].most or 0)


@MANY
@given(sales())
def test_everything_kept_is_the_sale_and_nothing_kept_is_nothing(sale):
    lines, facts, program = sale
    sold = settle(lines, facts, program)
    whole = settle_kept(lines, facts, program, [line.quantity for line in lines], sold)
    assert sums(whole) == sums(sold)
    assert sums(settle_kept(lines, facts, program, [0] * len(lines), sold)) == (0, 0, 0, 0, [])


@MANY
@given(sales() | steep_sales(), st.data())
def test_returns_give_back_what_was_paid_and_never_cost(sale, data):
    """Step by step: money and points back are never below zero, and all of them in the end."""
    lines, facts, program = sale
    sold = before = settle(lines, facts, program)
    kept = [line.quantity for line in lines]
    refunds, points = 0, 0
    for step in range(4):
        kept = [data.draw(kept_of(units)) if step < 3 else 0 for units in kept]
        after = settle_kept(lines, facts, program, kept, before)
        check_story(after, lines, kept)
        at_once = settle_kept(lines, facts, program, kept, sold)
        assert after.to_pay_minor <= before.to_pay_minor
        assert 0 <= at_once.to_pay_minor <= sold.to_pay_minor
        assert after.points_spent <= before.points_spent
        refunds += before.to_pay_minor - after.to_pay_minor
        points += before.points_spent - after.points_spent
        before = after
    assert (refunds, points) == (sold.to_pay_minor, sold.points_spent)


@MANY
@given(steep_sales(), st.data())
def test_what_a_return_does_not_charge_is_said_and_set_off(sale, data):
    """The kept part costs what it costs, less what an effect of its own says."""
    lines, facts, program = sale
    sold = settle(lines, facts, program)
    kept = [data.draw(kept_of(line.quantity)) for line in lines]
    after = settle_kept(lines, facts, program, kept, sold)
    waived = sum(effect.given for effect in after.effects if effect.rule == RETURN)
    event("a return that would cost" if waived else "a return")
    fresh = settle_kept(lines, facts, program, kept, replace(sold, to_pay_minor=10**9))
    assert after.to_pay_minor + waived == fresh.to_pay_minor
    assert after.to_pay_minor == min(fresh.to_pay_minor, sold.to_pay_minor)


def test_points_that_came_back_are_not_asked_for_again():
    """10.00 off from 30.00 on, all paid with points; the second return breaks the discount."""
    off = {"mechanic": "amount_off", "off_minor": 1_000, "from_minor": 3_000}
    program = several([off, PAY, EARN])
    lines = (Line("A", 1, 2_800), Line("B", 1, 500), Line("C", 1, 1_500))
    facts = Facts(True, True, 10_000, 3_800)
    stories = [settle(lines, facts, program)]
    for kept in ([1, 1, 0], [1, 0, 0], [0, 0, 0]):
        stories.append(settle_kept(lines, facts, program, kept, stories[-1]))
    assert [story.points_spent for story in stories] == [3_800, 2_300, 2_300, 0]
    assert [story.to_pay_minor for story in stories] == [0, 0, 0, 0]


@MANY
@given(sales(), st.data())
def test_twenty_returns_of_one_unit_equal_one_return_of_twenty(sale, data):
    """As long as no step broke what made the whole cheaper than its part."""
    lines, facts, program = sale
    sold = before = settle(lines, facts, program)
    kept = [line.quantity for line in lines]
    target = [data.draw(kept_of(units)) for units in kept]
    steps = data.draw(st.permutations(
        [i for i, (a, b) in enumerate(zip(kept, target, strict=True)) for _ in range(a - b)]
    ))  # fmt: skip
    for i in steps:
        kept[i] -= 1
        fresh = settle_kept(lines, facts, program, kept, sold)
        assume(fresh.to_pay_minor <= before.to_pay_minor)
        assume(fresh.points_spent <= before.points_spent)
        before = settle_kept(lines, facts, program, kept, before)
    at_once = settle_kept(lines, facts, program, target, sold)
    assert sums(before) == sums(at_once)


@MANY
@given(st.lists(ANY_RULE, min_size=2, max_size=4), PLAIN_LINES, st.data())
def test_the_best_of_a_group_does_not_depend_on_the_order_of_its_rules(bodies, line, data):
    lines = (line, *data.draw(BASKETS))
    pick = data.draw(st.sampled_from(["best_for_member", "best_for_shop"]))
    bodies = [body | {"group": "one", "priority": 0} for body in bodies]
    more = {"groups": {"one": {"pick": pick}}}
    programs = [several(some, **more) for some in (bodies, data.draw(st.permutations(bodies)))]
    facts = data.draw(facts_for(programs[0]))
    first, second = [settle(lines, facts, program) for program in programs]
    assert first.to_pay_minor == second.to_pay_minor
    assert sum(1 for effect in first.effects if effect.given) <= 1


OWN_GOODS = {
    "of": lambda sku: {"of": {"skus": [sku]}},
    "product": lambda sku: {"product": sku, "of": None},
    "buy": lambda sku: {"buy": {"skus": [sku]}, "get": None},
    "parts": lambda sku: {"parts": [{"of": {"skus": [sku]}, "units": 2}]},
}


@MANY
@given(st.data())
def test_rules_of_different_goods_may_stand_in_any_order(data):
    bodies = []
    for sku in SKUS:
        body = data.draw(ANY_RULE.filter(lambda body: body["mechanic"] != "stamp_card"))
        field = next(name for name in ("product", "buy", "parts", "of") if name in body)
        bodies.append(body | OWN_GOODS[field](sku) | {"priority": 0})
    programs = [several(bodies), several(data.draw(st.permutations(bodies)))]
    lines, facts = data.draw(BASKETS), data.draw(facts_for(programs[0]))
    stories = [settle(lines, facts, program) for program in programs]
    first, second = [
        sorted((e.mechanic, e.given, e.lines) for e in each.effects) for each in stories
    ]
    assert first == second


@pytest.mark.parametrize("code", [code for code in PRICE if code != "bundle"])
@MANY
@given(st.data())
def test_the_order_of_the_lines_does_not_change_the_sum(code, data):
    """Bundles are left out: of pieces of one price that fit several parts the first is taken."""
    program = several([data.draw(rules(code))])
    lines = data.draw(st.lists(PLAIN_LINES, min_size=2, max_size=6))
    turned = data.draw(st.permutations(lines))
    facts = data.draw(facts_for(program))
    one, other = settle(lines, facts, program), settle(turned, facts, program)
    assert one.to_pay_minor == other.to_pay_minor
