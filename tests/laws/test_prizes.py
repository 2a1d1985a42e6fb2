"""What holds for every mechanic that gives a prize: what it gives, its caps, returns, and silence.

The mechanics are found on the shelf, with the settings that their own scenarios show.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tessera.base.money import half_up
from tessera.base.refusal import Refusal
from tessera.program.core import Reader
from tessera.program.core.scenario import blocks, parse
from tessera.rules import conditions, mechanics
from tessera.rules.core.engine import settle, settle_event, settle_kept
from tessera.rules.core.facts import Facts, Missing, Trait
from tessera.rules.core.prizes import PrizeMechanic, items_back
from tessera.rules.core.telling import tell_effects, tell_silent
from tessera.rules.core.texts import say
from tessera.rules.core.words import Basket
from tessera.warehouse.core import Line

calm = settings(deadline=None)  # a busy machine is no failure
SHELF = mechanics.shelf()
READER = Reader(SHELF, conditions.shelf())
CODES = [code for code, kind in READER.mechanics.items() if issubclass(kind, PrizeMechanic)]
SHOWN = [
    (scenario.rules[0], scenario)
    for code in CODES
    for scenario in map(parse, blocks(SHELF[code].SCENARIOS))
]
MONEY = ("gift_card", "deposit")
OF = st.sampled_from([{}, {"kinds": ["goods"]}, {"kinds": ["deposit"]}, {"not_skus": ["LATTE"]}])
PRIZES = st.one_of(
    st.fixed_dictionaries({"points": st.integers(1, 5_000)}),
    st.fixed_dictionaries({"percent": st.just(100) | st.integers(1, 100), "of": OF}),
    st.fixed_dictionaries({"off_minor": st.integers(1, 20_000), "of": OF}),
    st.fixed_dictionaries({"gift": st.just("ITEM"), "count": st.integers(1, 5)}),
    st.fixed_dictionaries({"coupon": st.just("ITEM"), "count": st.integers(1, 5)}),
)
PERIODS = ["day", "week", "month", "year", "ever"]
CAPS = st.lists(
    st.fixed_dictionaries(
        {"per": st.sampled_from(["receipt", *PERIODS]), "most": st.integers(1, 6_000)}
    )
    | st.fixed_dictionaries({"per": st.sampled_from(PERIODS), "times": st.integers(1, 3)}),
    max_size=3,
)


@st.composite
def rules(draw, /, caps=st.just([]), **more):  # noqa: B008 - a strategy, not a value
    """(a rule with any prize, the scenario its settings are from)"""
    shown, scenario = draw(st.sampled_from(SHOWN))
    rule = {**shown, "prize": draw(PRIZES), "caps": draw(caps), **more}
    rule.pop("when", None)
    return rule, scenario


def program_of(*listed, **more):
    """A program, unless the mechanic refuses this prize: a percentage for each, say."""
    body = {"name": "Any", "currency": "EUR", "rules": list(listed), **more}
    program = READER.read(body, 1)
    if isinstance(program, Refusal):
        assert "percentage" in program.why or "event" in program.why, program
        assume(False)
    return program


@st.composite
def sales(draw, scenario):
    """(lines like those of the scenario, units kept of each)"""
    sorts = [(line.sku, line.category, line.kind) for line in scenario.lines]
    sorts += [("LATTE", "coffee", "goods"), ("CARD", "", "gift_card"), ("CRATE", "", "deposit")]
    lines = tuple(
        Line(sku, draw(st.integers(1, 5)), draw(st.integers(0, 60_00)), category=category,
             kind=kind)
        for sku, category, kind in draw(st.lists(st.sampled_from(sorts), min_size=1, max_size=6))
    )  # fmt: skip
    return lines, tuple(draw(st.integers(0, line.quantity)) for line in lines)


@st.composite
def facts(draw, scenario, program):
    """Facts like the scenario's; what is known besides comes close to what it shows."""
    found = scenario.said.facts_for(program.plan.needs, member=True)
    known = dict(found.known)
    for need in program.plan.needs:
        near = known.get(need.key, 3)
        values = st.integers(0, 2) if isinstance(need, Trait) else st.integers(0, near + 2)
        value = draw(st.none() | st.just(near) | values)
        if value is None:
            known.pop(need.key, None)
        else:
            known[need.key] = value
    return msgspec.structs.replace(found, known=known)


@st.composite
def cases(draw, /, caps=st.just([]), **more):  # noqa: B008
    """(program of one rule, facts, lines, units kept); an event has no lines."""
    rule, scenario = draw(rules(caps, **more))
    program = program_of(rule, **scenario.settings)
    lines, kept = draw(sales(scenario))
    event = bool(scenario.said.facts.get("event"))
    known = draw(facts(scenario, program))
    return program, known, () if event else lines, () if event else kept


def decided(program, known, lines):
    return settle(lines, known, program) if lines else settle_event(known, program)


def holds(program, known, lines):
    """What the rule found, its gate included, asked apart from the engine."""
    (rule,) = program.rules
    basket = Basket(lines, None, program)
    found = rule.check(basket, known)
    condition = rule.implied()
    if condition is not None and isinstance(condition.reading()(basket, known), Missing):
        return condition.reading()(basket, known)
    return found


def lowered(prize, lines):
    """What the goods cost that a discount prize is for."""
    return sum(
        line.total()
        for line in lines
        if (line.kind in prize.of.kinds if prize.of.kinds else line.kind not in MONEY)
        and line.sku not in prize.of.not_skus
    )


def full(prize, times, lines):
    """(what a prize is given so many times without a limit, what was wanted)"""
    if prize.points is not None:
        return prize.points * times, prize.points * times
    if prize.gift or prize.coupon:
        return prize.count * times, prize.count * times
    cost = lowered(prize, lines)
    if prize.percent is not None:
        off = half_up(cost * prize.percent, 100)
        return off, off
    return min(prize.off_minor * times, cost), prize.off_minor * times


@calm
@given(cases())
def test_it_gives_its_prize_as_often_as_it_holds(case):
    program, known, lines, _ = case
    story, found = decided(program, known, lines), holds(program, known, lines)
    prize = program.rules[0].prize
    if isinstance(found, Missing):
        assert not story.effects
        assert [silent.code for silent in story.silent] == [found.code]
        return
    assert found.times >= 1
    amount, wanted = full(prize, found.times, lines)
    if not amount:
        assert [silent.code for silent in story.silent] == ["worth_nothing"]
        return
    (effect,) = story.effects
    assert (effect.given, effect.wanted) == (amount, wanted)
    assert effect.item == (prize.gift or prize.coupon or "")
    assert bool(effect.trimmed) == (amount < wanted)
    if effect.kind == "discount" or (effect.kind == "points" and lines):
        assert sum(share for _, share in effect.lines) == amount
    else:
        assert effect.lines == ()


@calm
@given(cases(CAPS))
def test_caps_trim_and_say_so(case):
    program, known, lines, _ = case
    story, found = decided(program, known, lines), holds(program, known, lines)
    (rule,) = program.rules
    assume(not isinstance(found, Missing))
    amount, wanted = full(rule.prize, found.times, lines)
    assume(amount)
    room = amount
    for cap in rule.caps:
        used = "" if cap.per == "receipt" else f"{rule.id} {cap.per}"
        if cap.most is not None:
            room = min(room, max(cap.most - known.known.get(f"amount {used}", 0), 0))
        if cap.times is not None and known.known.get(f"times {used}", 0) >= cap.times:
            room = 0
    if not room:
        (silent,) = story.silent
        assert (silent.code, story.effects) == ("cap_reached", ())
        assert silent.why
        return
    (effect,) = story.effects
    assert (effect.given, effect.wanted) == (room, wanted)
    assert bool(effect.trimmed) == (room < wanted)
    if effect.kind != "discount":
        assert effect.numbers["count"] == effect.given, "the texts tell what was given"


@calm
@given(st.data(), cases())
def test_what_comes_back_takes_its_prize_with_it(data, case):
    program, known, lines, kept = case
    assume(lines)
    sold = settle(lines, known, program)
    none = settle_kept(lines, known, program, [0] * len(lines), sold)
    assert (none.effects, none.points_earned, none.to_pay_minor) == ((), 0, 0)
    given_ = {(e.kind, e.item): e.given for e in sold.effects if e.item}
    assert items_back(sold, none) == given_
    whole = settle_kept(lines, known, program, [line.quantity for line in lines], sold)
    assert whole == sold
    assert items_back(sold, whole) == {}
    part = settle_kept(lines, known, program, kept, sold)
    fewer = settle_kept(
        lines, known, program, [data.draw(st.integers(0, units)) for units in kept], part
    )
    for before, after in ((sold, part), (part, fewer)):
        assert after.points_earned <= before.points_earned
        assert after.to_pay_minor <= before.to_pay_minor
        assert min(items_back(before, after).values(), default=0) >= 0
    assert given_ == {
        key: items_back(sold, part).get(key, 0) + items_back(part, none).get(key, 0)
        for key in given_
    }, "in parts or at once, as many go back as were given"


CANARY = "CANARY"
HIDDEN = {"id": f"{CANARY}-id", "name": f"{CANARY} name", "hidden": True}


@calm
@given(st.data(), rules(CAPS, **HIDDEN), st.booleans())
def test_of_a_hidden_rule_no_byte_is_told(data, hidden, explain):
    rule, scenario = hidden
    titled = {**rule, "prize": {**rule["prize"], "title": f"{CANARY} title"}}
    base = {"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 100}
    limits = {"point_caps": [{"per": "receipt", "most": 3_000}]}
    program = program_of(titled, base, **scenario.settings | limits)
    lines, kept = data.draw(sales(scenario))
    known = data.draw(facts(scenario, program))
    if scenario.said.facts.get("event"):
        stories = [settle_event(known, program, explain=explain)]
    else:
        sold = settle(lines, known, program, explain=explain)
        stories = [sold, settle_kept(lines, known, program, kept, sold, explain=explain)]
    for story in stories:
        told = member_sees(story, staff=False)
        assert CANARY not in told
        assert rule["mechanic"] not in told
        if any(effect.hidden for effect in story.effects):
            assert HIDDEN["id"] in member_sees(story, staff=True)


def member_sees(story, *, staff):
    """The bytes of an answer about a decision."""
    effects = tell_effects(story.effects, "EUR", staff=staff)
    silent = tell_silent(story.silent, "EUR", staff=staff)
    return msgspec.json.encode((effects, silent)).decode()


@calm
@given(cases(CAPS))
def test_everything_can_be_said_and_printed(case):
    program, known, lines, _ = case
    story = decided(program, known, lines)
    for effect in story.effects:
        assert say(effect.screen, effect.numbers, "EUR")
        assert 0 < len(say(effect.slip, effect.numbers, "EUR")) <= 40
    for silent in story.silent:
        assert say(silent.why, silent.numbers, "EUR")


def fault_of(rule):
    body = {"name": "Any", "currency": "EUR", "rules": [{"id": "a", **rule}]}
    found = READER.read(body, 1)
    assert isinstance(found, Refusal)
    return found.field, found.why


@pytest.mark.parametrize(
    ("prize", "why"),
    [
        ({}, "not 0 of them"),
        ({"points": 5, "gift": "CUP"}, "not 2 of them"),
        ({"points": 5, "count": 2}, "count is of a gift, coupon or ticket, not of points"),
        ({"gift": "CUP", "of": {"skus": "A"}}, "`of` is of percent and off_minor, not of gift"),
        ({"percent": 101}, "<= 100"),
        ({"gift": "x" * 33}, "length <= 32"),
    ],
)
def test_a_prize_is_one_thing(prize, why):
    field, said = fault_of({"mechanic": "comeback", "days": 9, "prize": prize})
    assert field.startswith("rules[0].prize")
    assert why in said


def test_a_surprise_is_hidden():
    field, said = fault_of({"mechanic": "surprise", "prize": {"points": 5}})
    assert (field, said) == ("rules[0]", "a surprise is hidden: set `hidden` to true")


def test_a_draw_is_fair_and_the_same_all_day():
    rule = {"id": "a", "mechanic": "surprise", "hidden": True, "chance": 10,
            "prize": {"points": 5}}  # fmt: skip
    program = program_of(rule)
    at = datetime.fromisoformat("2026-01-05T12:00")

    def lucky(who, moment):
        known = Facts(member=True, who=who, at=moment)
        return bool(settle((Line("LATTE", 1, 250),), known, program).effects)

    people = [f"member {number}" for number in range(2_000)]
    drawn = [lucky(who, at) for who in people]
    assert 160 <= sum(drawn) <= 240, "of 2,000 one in ten, give or take three deviations"
    assert drawn == [lucky(who, at.replace(hour=23)) for who in people]
    assert drawn != [lucky(who, at.replace(day=6)) for who in people]
