"""Prizes over a member's years: what is given once, every so often, or not again in a period.

The facts of each purchase are counted here from the purchases before it, the plain way.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.base.refusal import Refusal
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.rules.core.days import whole_years
from tessera.rules.core.engine import settle
from tessera.rules.core.facts import Facts, Given, History, Person, period_start, window_start
from tessera.warehouse.core import Line

calm = settings(deadline=None)  # a busy machine is no failure
READER = Reader(mechanics.shelf(), conditions.shelf())
FIRST = date(2023, 11, 6)
CATEGORIES = ("wine", "cheese", "fish")
PURCHASES = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 1, 3, 7, 20, 45, 100, 200]),  # days since the one before
        st.sets(st.sampled_from(CATEGORIES), min_size=1),
    ),
    min_size=1,
    max_size=25,
)
WINDOWS = st.sampled_from(["ever", "this month", "this year", "30 days", "3 months", "since 02-01"])


def life(rule, purchases, person=None):
    """[(day, categories, how many prizes)] of a member's purchases, one after the other."""
    body = {"name": "Any", "currency": "EUR", "rules": [
        {"id": "it", "prize": {"gift": "CUP"}, **rule}]}  # fmt: skip
    program = READER.read(body, 1)
    assert not isinstance(program, Refusal), program
    past: list[tuple[date, set[str], int]] = []
    on = FIRST
    for gap, categories in purchases:
        on += timedelta(days=gap)
        lines = tuple(Line(f"one of {name}", 1, 500, category=name) for name in sorted(categories))
        known = known_of(program.plan.needs, past, on, person or Person(registered=True))
        facts = Facts(member=True, at=datetime.combine(on, time(12)), known=known)
        effects = settle(lines, facts, program).effects
        past.append((on, categories, sum(effect.given for effect in effects)))
    return past


def known_of(needs, past, on, person):
    """What is known before a purchase."""
    known = {}
    for need in needs:
        if isinstance(need, History) and need.measure == "since":
            value = (on - past[-1][0]).days if past else None
        elif isinstance(need, History):
            since = window_start(need.window, on) or date.min
            value = sum(
                day >= since and (not need.scope or need.scope[2:] in categories)
                for day, categories, _ in past
            )
        elif isinstance(need, Given):
            since = period_start(need.per, on) or date.min
            value = sum(day >= since and prizes > 0 for day, _, prizes in past)
        else:
            value = need.of.trait(person, on)
        if value is not None:
            known[need.key] = value
    return known


@calm
@given(PURCHASES, st.integers(2, 6))
def test_every_nth_purchase_has_a_prize_and_no_other(purchases, n):
    past = life({"mechanic": "every_nth_purchase", "n": n}, purchases)
    assert [prizes for _, _, prizes in past] == [
        int(number % n == 0) for number in range(1, len(past) + 1)
    ]


@calm
@given(PURCHASES, st.integers(2, 5), WINDOWS, st.sampled_from(["", *CATEGORIES]))
def test_no_purchase_counts_for_two_prizes(purchases, count, window, category):
    rule = {"mechanic": "purchases_in_period", "count": count, "window": window,
            "category": category}  # fmt: skip
    last = None
    counted = []
    for day, categories, prizes in life(rule, purchases):
        since = window_start(window, day) or date.min
        if not category or category in categories:
            counted.append(day)
        barred = last is not None and last >= since
        there = len([each for each in counted if each >= since])
        due = counted[-1:] == [day] and (not category or category in categories)
        assert prizes == int(due and there >= count and not barred)
        if prizes:
            assert last is None or all(each > last for each in counted if each >= since)
            last = day


@calm
@given(PURCHASES, st.integers(1, 120))
def test_a_comeback_is_the_first_purchase_after_the_days(purchases, days):
    past = life({"mechanic": "comeback", "days": days}, purchases)
    gaps = [None, *((b[0] - a[0]).days for a, b in pairwise(past))]
    assert [prizes for _, _, prizes in past] == [
        int(gap is not None and gap >= days) for gap in gaps
    ]


@calm
@given(PURCHASES, st.booleans())
def test_what_is_new_is_new_once(purchases, each):
    rule = {"mechanic": "first_time", "categories": ["wine", "fish"], "each": each}
    past = life(rule, purchases)
    seen = set().union(*(categories for _, categories, _ in past)) & {"wine", "fish"}
    total = sum(prizes for _, _, prizes in past)
    assert total == (len(seen) if each else bool(seen))
    known: set[str] = set()
    for _, categories, prizes in past:
        new = (categories & {"wine", "fish"}) - known
        assert prizes <= len(new)
        known |= new


@calm
@given(PURCHASES, st.sets(st.integers(1, 9), min_size=1, max_size=4), st.integers(0, 3_500))
def test_every_step_of_tenure_is_given_once(purchases, years, days):
    joined = FIRST - timedelta(days=days)
    rule = {"mechanic": "tenure_gift", "years": sorted(years)}
    past = life(rule, purchases, Person(registered=True, joined_on=joined))
    total = 0
    for day, _, prizes in past:
        reached = sum(whole_years(joined, day) >= step for step in years)
        assert prizes == int(total < reached), "what is reached is given, one on a receipt"
        total += prizes


@calm
@given(PURCHASES, st.dates(date(1950, 1, 1), date(2005, 12, 31)), st.integers(0, 60))
def test_a_birthday_is_given_once_a_year(purchases, born_on, around):
    rule = {"mechanic": "birthday_gift", "days_before": around, "days_after": around}
    past = life(rule, purchases, Person(registered=True, born_on=born_on))
    years = [day.year for day, _, prizes in past if prizes]
    assert len(years) == len(set(years))
