"""What partners are charged for is what was given and spent; what comes back charges nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.base.refusal import Refusal
from tessera.partners.core import (
    Charge,
    Sums,
    changed,
    charges,
    closing_fault,
    named,
    period_of,
    summed,
)
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.rules.core.engine import settle, settle_kept
from tessera.rules.core.partners import Partner
from tessera.rules.core.words import Facts, Program
from tessera.warehouse.core import Line

calm = settings(deadline=None)
READER = Reader(mechanics.shelf(), conditions.shelf())
FUNDERS = ("", "fuel", "baker")
RATES = st.integers(0, 500)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001 made UTC
    lambda at: at.replace(tzinfo=UTC)
)


@st.composite
def programs(draw) -> Program:
    """A program with two partners: one with a store, one without; rules paid by either or none."""
    rules: list[dict[str, Any]] = [
        {"id": "base", "mechanic": "base_rate", "points": draw(st.integers(1, 9)),
         "per_minor": 100},
        {"id": "mile", "mechanic": "base_rate", "points": 3, "per_minor": 100, "earns": "miles"},
        {"id": "extra", "mechanic": "fixed_points", "points": draw(st.integers(1, 99))},
        {"id": "off", "mechanic": "amount_off", "off_minor": draw(st.integers(1, 300))},
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
    ]  # fmt: skip
    partners = {
        "fuel": {"name": "Fuel", "stores": ["F1"], "sells_at_x100": draw(RATES),
                 "pays_x100": draw(RATES), "currencies": {"miles": {"sells_at_x100": 7}}},
        "baker": {"name": "Baker", "sells_at_x100": draw(RATES)},
    }  # fmt: skip
    body = {
        "name": "Test", "currency": "EUR", "currencies": {"miles": {"kind": "miles"}},
        "rules": [rule | {"funder": draw(st.sampled_from(FUNDERS))} for rule in rules],
        "partners": partners,
    }  # fmt: skip
    read, faults = READER.examine(body, 1)
    assert not faults and read is not None, faults
    return read


LINES = st.lists(
    st.builds(Line, st.sampled_from(["SOUP", "CAKE"]), st.integers(1, 5), st.integers(1, 3000)),
    min_size=1, max_size=4,
).map(tuple)  # fmt: skip
FACTS = st.builds(
    Facts, member=st.just(True), may_spend=st.just(True), available=st.just(10_000),
    spend=st.none() | st.integers(1, 500), at=st.just(datetime(2026, 3, 2, 12)),  # noqa: DTZ001
    store=st.sampled_from(["F1", "S1"]),
)  # fmt: skip


@calm
@given(programs(), LINES, FACTS)
def test_each_point_at_a_partner_is_charged_to_one_partner(program, lines, facts):
    story = settle(lines, facts, program)
    found = charges(program, facts.store, story, member=True)
    earned = story.earned()
    for unit in ("", "miles"):
        of = summed(charge for (_, each), charge in found.items() if each == unit)
        if facts.store == "F1":
            assert of.issued + of.funded == earned.get(unit, 0)
        else:
            assert of.issued == 0, "the program's own store"
            assert of.funded <= earned.get(unit, 0)
    for code in ("fuel", "baker"):
        paid = [each for each in story.effects if program.funders.get(each.rule) == code]
        of = summed(charge for (who, _), charge in found.items() if who == code)
        assert of.funded == sum(each.given for each in paid if each.kind == "points")
        assert of.funded_minor == sum(each.given for each in paid if each.kind == "discount")
    spent = sum(charge.redeemed for charge in found.values())
    assert spent == (story.points_spent if facts.store == "F1" else 0)


@calm
@given(programs(), LINES, FACTS, st.data())
def test_returning_piece_by_piece_until_nothing_is_left_charges_nothing(
    program, lines, facts, data
):
    before = settle(lines, facts, program)
    total = charges(program, facts.store, before, member=True)
    kept = [line.quantity for line in lines]
    while any(kept):
        at = data.draw(st.sampled_from([i for i, units in enumerate(kept) if units]))
        kept[at] -= data.draw(st.integers(1, kept[at]))
        after = settle_kept(lines, facts, program, kept, before)
        now = charges(program, facts.store, after, member=True)
        was = charges(program, facts.store, before, member=True)
        for key, charge in changed(was, now).items():
            total[key] = total.get(key, Charge()).plus(charge)
        before = after
    assert set(total.values()) <= {Charge()}


@calm
@given(st.integers(-(10**9), 10**9), st.integers(0, 99), st.integers(-(10**6), 10**6))
def test_a_statement_loses_nothing(owed_x100, opening_x100, adjusted_minor):
    sums = Sums(1, {"": Charge(issued_x100=owed_x100)}, opening_x100, adjusted_minor)
    due_minor, closing_x100 = sums.due()
    assert due_minor * 100 + closing_x100 == opening_x100 + owed_x100 + adjusted_minor * 100
    assert 0 <= closing_x100 < 100


@calm
@given(MOMENTS, st.sampled_from(["month", "quarter"]), st.sampled_from(["UTC", "Europe/Rome"]))
def test_every_instant_is_in_one_period_that_has_a_name(at, every, zone):
    partner = Partner(name="P", period=every, time_zone=zone)
    period = period_of(partner, at)
    assert period.starts_at <= at < period.ends_at
    assert named(partner, period.name) == period
    following = period_of(partner, period.ends_at)
    assert following.first == period.last + timedelta(days=1)
    assert closing_fault(period, [], period.ends_at) is None
    assert isinstance(closing_fault(period, [], at), Refusal)
    assert isinstance(closing_fault(period, [period.name], period.ends_at), Refusal)


@pytest.mark.parametrize("word", ["2026-13", "2026-Q5", "2026-Q1", "26-01", "", "2026-1", "x"])
def test_a_month_is_written_as_one(word):
    assert isinstance(named(Partner(name="P"), word), Refusal)


@pytest.mark.parametrize(
    ("more", "partners", "named"),
    [
        ({"funding": "supplier"}, {}, True),
        ({"funding": "supplier"}, {"shop": {"name": "Shop", "stores": ["F1"]}}, True),
        ({"funding": "supplier", "funder": "shop"}, {"shop": {"name": "Shop"}}, False),
        ({"funding": "partner"}, {"shop": {"name": "Shop"}}, True),
        ({"funding": "partner"}, {"shop": {"name": "Shop", "stores": ["F1"]}}, False),
        ({"funding": "marketing"}, {}, False),
    ],
)
def test_who_pays_for_a_rule_is_named(more, partners, named):
    rule = {"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 100} | more
    body = {"name": "Test", "currency": "EUR", "rules": [rule], "partners": partners}
    read, faults = READER.examine(body, 1)
    assert [each.path for each in faults] == (["rules[0].funder"] if named else [])
    assert (read is None) == named
    assert READER.examine(body, 1, published=True)[0] is not None, "what runs goes on"
