"""Laws of `refund_points: first`: points come back before money, whatever the number of returns."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tessera.base.refusal import Refusal
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.rules.core.engine import settle, settle_kept
from tessera.rules.core.words import Facts
from tessera.warehouse.core import Line

READER = Reader(mechanics.shelf(), conditions.shelf())
LINES = st.lists(
    st.builds(Line, st.sampled_from("ABC"), st.integers(1, 6), st.integers(1, 900)),
    min_size=1, max_size=4,
)  # fmt: skip


def paying(step, worth):
    """One point for every cent paid in money, and points that pay."""
    body = {
        "name": "First", "currency": "EUR", "refund_points": "first",
        "rules": [
            {"id": "pay", "mechanic": "pay_with_points", "points": step, "worth_minor": worth},
            {"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 1},
        ],
    }  # fmt: skip
    program = READER.read(body, 1)
    assert not isinstance(program, Refusal), program
    return program


PROGRAMS = st.builds(paying, st.integers(1, 20), st.integers(1, 20))


@given(LINES, PROGRAMS, st.integers(1, 5000), st.data())
def test_money_comes_back_only_when_no_points_are_left(lines, program, points, data):
    facts = Facts(member=True, may_spend=True, available=points, spend=points)
    sold = settle(lines, facts, program)
    paid = sold.gross_minor - sold.to_pay_minor
    kept = [data.draw(st.integers(0, line.quantity)) for line in lines]
    left = settle_kept(lines, facts, program, kept, sold)
    back = sold.gross_minor - left.gross_minor
    still = left.gross_minor - left.to_pay_minor
    assert still == max(paid - back, 0), "what came back, as far as points had paid"
    assert sold.to_pay_minor - left.to_pay_minor == max(back - paid, 0), "the rest in money"
    assert left.points_spent * paid <= sold.points_spent * still, "rounded for the member"
    assert left.points_earned <= sold.points_earned


@given(LINES, PROGRAMS, st.integers(1, 5000), st.data())
def test_many_returns_are_one(lines, program, points, data):
    facts = Facts(member=True, may_spend=True, available=points, spend=points)
    stories = [settle(lines, facts, program)]
    kept = [line.quantity for line in lines]
    for _ in range(3):
        kept = [data.draw(st.integers(0, units)) for units in kept]
        stories.append(settle_kept(lines, facts, program, kept, stories[-1]))
    at_once = settle_kept(lines, facts, program, kept, stories[0])
    last = stories[-1]
    assert (last.to_pay_minor, last.points_spent, last.points_earned) == (
        at_once.to_pay_minor, at_once.points_spent, at_once.points_earned
    )  # fmt: skip
    for more, less in pairwise(stories):
        assert less.points_spent <= more.points_spent and less.to_pay_minor <= more.to_pay_minor
    none = settle_kept(lines, facts, program, [0] * len(lines), last)
    assert (none.to_pay_minor, none.points_spent, none.points_earned) == (0, 0, 0)
