"""What holds for every mechanic and condition on the shelves, whatever they are set to.

A new file is held to these laws by being there.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from support.anything import BASKETS, READER, facts_for, program_of, rules
from tessera.rules.core.engine import settle, settle_event, settle_kept
from tessera.rules.core.facts import Moment
from tessera.rules.core.telling import tell_effects, tell_silent

ON_RECEIPTS = [code for code, kind in READER.mechanics.items() if kind.trigger == "receipt"]
ON_EVENTS = [code for code, kind in READER.mechanics.items() if kind.trigger == "event"]
MANY = settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
                deadline=None, max_examples=25)  # fmt: skip


@st.composite
def decided(draw, code=None):
    """(lines, facts, program): one rule of a mechanic, or several of any."""
    if code is not None:
        some = [draw(rules(code, plain=draw(st.booleans())))]
    else:
        codes = draw(st.lists(st.sampled_from(ON_RECEIPTS), min_size=2, max_size=8))
        some = [draw(rules(each)) | {"id": f"r{n}"} for n, each in enumerate(codes)]
    more = {}
    if code is None:
        more = draw(st.sampled_from([
            {}, {"multipliers": "multiply"}, {"multipliers": "best"}, {"promoted_discount": False},
            {"point_caps": [{"per": "receipt", "most": 7}]},
            {"discount_caps": [{"per": "receipt", "most": 100}]}, {"control": {"percent": 50}},
        ]))  # fmt: skip
    program = program_of(some, **more)
    assume(program is not None)
    assert program is not None
    return draw(BASKETS), draw(facts_for(program)), program


def check_story(story, lines, kept=None):
    """Sums and shares; no line below zero; nothing given without a reason that can be told."""
    units = kept or [line.quantity for line in lines]
    totals = [(2 * line.total() * n + line.quantity) // (2 * line.quantity)
              for line, n in zip(lines, units, strict=True)]  # fmt: skip
    left = list(totals)
    for effect in story.effects:
        assert 0 <= effect.given <= effect.wanted, effect
        if effect.kind in ("discount", "payment", "points"):
            assert sum(share for _, share in effect.lines) == effect.given, effect
        assert all(share >= 0 for _, share in effect.lines)
        if effect.kind in ("discount", "payment"):
            for number, share in effect.lines:
                left[number - 1] -= share
        if effect.given < effect.wanted:
            assert effect.trimmed, effect
    assert min(left, default=0) >= 0, "a line below zero"
    assert story.gross_minor == sum(totals)
    assert story.to_pay_minor == sum(left)
    assert story.points_earned == sum(e.given for e in story.effects if e.kind == "points")
    for told in tell_effects(story.effects, "EUR", staff=True):
        assert told.screen and told.rule and "{" not in told.screen + told.slip + told.trimmed
    for missed in tell_silent(story.silent, "EUR", staff=True):
        assert missed.why and missed.lacking >= 0 and "{" not in missed.why


def heard(story):
    return sorted([e.rule for e in story.effects] + [s.rule for s in story.silent])


def check_sale(lines, facts, program, data):
    sold = settle(lines, facts, program)
    check_story(sold, lines)
    assert set(heard(sold)) == {rule.id for rule in program.rules}, "each rule is heard"
    assert settle(lines, facts, program, explain=False).effects == sold.effects
    whole = settle_kept(lines, facts, program, [line.quantity for line in lines], sold)
    sums = (whole.to_pay_minor, whole.points_earned, whole.points_spent)
    assert sums == (sold.to_pay_minor, sold.points_earned, sold.points_spent)
    nothing = settle_kept(lines, facts, program, [0] * len(lines), sold)
    assert not any(effect.given for effect in nothing.effects), "buy and return is neutral"
    assert (nothing.to_pay_minor, nothing.points_earned, nothing.points_spent) == (0, 0, 0)
    kept = [data.draw(st.integers(0, line.quantity)) for line in lines]
    check_story(settle_kept(lines, facts, program, kept, sold), lines, kept)


@pytest.mark.parametrize("code", ON_RECEIPTS)
@MANY
@given(data=st.data())
def test_any_setting_of_a_mechanic_adds_up_and_is_undone_by_a_return(code, data):
    lines, facts, program = data.draw(decided(code))
    check_sale(lines, facts, program, data)


@MANY
@given(data=st.data())
def test_any_program_adds_up_and_is_undone_by_a_return(data):
    lines, facts, program = data.draw(decided())
    check_sale(lines, facts, program, data)


@pytest.mark.parametrize("code", ON_EVENTS)
@MANY
@given(data=st.data())
def test_any_event_is_answered(code, data):
    program = program_of([data.draw(rules(code, plain=data.draw(st.booleans())))])
    assume(program is not None)
    assert program is not None
    facts = data.draw(facts_for(program))
    event = data.draw(st.sampled_from(["A", "collected", "donation", "receipt_uploaded"]))
    said = {"minor": data.draw(st.integers(-1, 5_000)), "receipt": "1"}
    story = settle_event(msgspec.structs.replace(facts, event=event, data=said), program)
    assert set(heard(story)) == {rule.id for rule in program.rules}
    assert story.points_earned == sum(e.given for e in story.effects if e.kind == "points")


@pytest.mark.parametrize("code", ON_EVENTS)
@MANY
@given(data=st.data())
def test_what_an_event_gives_for_an_order_is_given_when_it_can_come_back_no_more(code, data):
    """Bought, told of, and returned in time, an order has given nothing."""
    program = program_of([data.draw(rules(code, plain=True))])
    assume(program is not None)
    assert program is not None
    (rule,) = program.rules
    whole = Moment("whole", rule.id)
    if whole not in rule.needs():
        return
    days = getattr(rule, "days", 0)
    age = data.draw(st.integers(0, days + 1))
    known = {whole.key: 1, Moment("had", rule.id).key: 0, Moment("age", rule.id).key: age}
    facts = msgspec.structs.replace(
        data.draw(facts_for(program)), event=getattr(rule, "type", ""), known=known,
        data={getattr(rule, "field", ""): "W-1"},
    )  # fmt: skip
    story = settle_event(facts, program)
    assert days and any(effect.given for effect in story.effects) <= (age >= days)
