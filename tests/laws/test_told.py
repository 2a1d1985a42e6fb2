"""What a till is told of rules that gave nothing: what is within reach, and nothing puzzling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from support.directory import READER
from tessera.rules.core.basket import Basket
from tessera.rules.core.engine import NEAR, settle
from tessera.rules.core.facts import Facts, Met
from tessera.rules.core.filling import Filler
from tessera.rules.core.words import Program
from tessera.warehouse.core import Line

WINE, CAKE = Line("WINE", 2, 900, "piece"), Line("CAKE", 1, 300, "piece")
ANYBODY = Facts(True, True, 1000, None)


def told(rules, *, lines=(WINE,), facts=ANYBODY, explain=False):
    """(rules that gave, rules that are told to lack something)"""
    body = {"name": "Any", "currency": "EUR", "rules": rules}
    program, faults = READER.examine(body, 1)
    assert program is not None, faults
    story = settle(lines, facts, program, explain=explain)
    return [e.rule for e in story.effects], [s.rule for s in story.silent]


def nth(name, n, **more):
    return {"id": name, "mechanic": "every_nth_free", "product": "WINE", "n": n, **more}


@given(st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_only_open_rules_within_reach_are_told_and_few_of_them(near, far, hidden):
    """Within reach: one unit more. Out of reach: for other stores."""
    rules = [nth(f"near{i}", 3 + i, hidden=hidden) for i in range(near)]
    rules += [nth(f"far{i}", 3, stores=["S9"]) for i in range(far)]
    gave, lacking = told(rules)
    assert gave == []
    assert lacking == ([] if hidden else [f"near{i}" for i in range(near)][:NEAR])
    assert len(told(rules, explain=True)[1]) == near + far


def test_what_a_hidden_rule_has_used_up_is_not_told_to_lack():
    """The open rule lacks two units because the hidden one took them: nobody could see why."""
    rules = [nth("secret", 2, hidden=True), nth("open", 2)]
    assert told(rules) == (["secret"], [])
    shown = [nth("first", 2), nth("open", 2)]
    assert told(shown) == (["first"], ["open"])


def test_a_refused_payment_is_always_told():
    pay = {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1}
    assert told([pay]) == ([], ["pay"])
    hidden = nth("secret", 2, hidden=True)
    assert told([hidden, pay], facts=Facts(True, True, 1000, 100)) == (["secret", "pay"], [])


@given(st.integers(1, 60))
def test_a_trimmed_rule_tells_what_was_given(most):
    """Of 36 points a cap leaves some: the text says them, the effect says both."""
    rate = {"id": "it", "mechanic": "base_rate", "points": 2, "per_minor": 100,
            "caps": [{"per": "receipt", "most": most}]}  # fmt: skip
    program, _ = READER.examine({"name": "Any", "currency": "EUR", "rules": [rate]}, 1)
    assert program is not None
    (effect,) = settle((WINE,), ANYBODY, program).effects
    given_ = min(most, 36)
    assert (effect.given, effect.wanted, effect.numbers["count"]) == (given_, 36, given_)
    assert bool(effect.trimmed) == (most < 36)
    assert sum(share for _, share in effect.lines) == given_


COFFEE = (Line("LATTE", 1, 250, "piece", category="coffee"), CAKE,
          Line("MOCHA", 2, 300, "piece", category="coffee"))  # fmt: skip
HISTORY = {"receipts c:coffee ever": 4, "weeks c:coffee ever": 4, "receipts c:coffee this week": 0}


@pytest.mark.parametrize(
    ("condition", "lines"),
    [
        ({"receipt_total": {"at_least_minor": 1, "of": {"categories": ["coffee"]}}}, (0, 2)),
        ({"line_count": {"at_least": 1, "of": {"categories": ["coffee"]}}}, (0, 2)),
        ({"contains": {"at_least": 1, "of": {"skus": ["CAKE"]}}}, (1,)),
        ({"nth": {"every": 5, "of": "c:coffee"}}, (0, 2)),
        ({"streak": {"at_least": 5, "of": "c:coffee"}}, (0, 2)),
        ({"receipt_total": {"at_least_minor": 1}}, ()),
        ({"all": [{"line_count": {"at_least": 1, "of": {"categories": ["coffee"]}}},
                  {"contains": {"of": {"skus": ["LATTE", "CAKE"]}}}]}, (0,)),
        ({"all": [{"receipt_total": {"at_least_minor": 1}},
                  {"contains": {"of": {"skus": ["CAKE"]}}}]}, (1,)),
        ({"any": [{"contains": {"of": {"skus": ["TEA"]}}},
                  {"contains": {"of": {"skus": ["CAKE"]}}}]}, (1,)),
    ],
)  # fmt: skip
def test_a_condition_names_the_lines_that_met_it(condition, lines):
    """They are shown beside what a rule gave: the evidence, never a bare yes."""
    made = Filler(READER.conditions).tree(condition, "")
    assert made is not None
    basket = Basket(COFFEE, None, Program(name="Any", currency="EUR", rules=()))
    found = made.reading()(basket, replace(ANYBODY, known=HISTORY))
    assert isinstance(found, Met) and (found.times, found.lines) == (1, lines)
