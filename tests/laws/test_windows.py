"""Windows and periods on the calendar: their first days, told by walking."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.rules.core.days import in_year, nearby, whole_months
from tessera.rules.core.facts import months_before, period_start, season_start, window_start

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
ONE = timedelta(days=1)
FIRST = [
    ("this day", "2026-02-17", "2026-02-17"),
    ("this week", "2026-02-17", "2026-02-16"),
    ("this week", "2026-02-16", "2026-02-16"),
    ("this month", "2026-02-17", "2026-02-01"),
    ("this quarter", "2026-05-31", "2026-04-01"),
    ("this quarter", "2026-12-31", "2026-10-01"),
    ("this year", "2026-02-17", "2026-01-01"),
    ("1 days", "2026-02-17", "2026-02-17"),
    ("30 days", "2026-02-17", "2026-01-19"),
    ("2 weeks", "2026-02-17", "2026-02-04"),
    ("1 months", "2026-03-31", "2026-03-01"),
    ("12 months", "2026-02-17", "2025-02-18"),
    ("1 years", "2024-02-29", "2023-03-01"),
    ("since 02-01", "2026-02-01", "2026-02-01"),
    ("since 02-01", "2026-01-31", "2025-02-01"),
    ("since 02-29", "2026-03-01", "2026-03-01"),
    ("since 02-29", "2024-03-01", "2024-02-29"),
]


@pytest.mark.parametrize(("window", "on", "first"), FIRST)
def test_a_window_begins(window, on, first):
    assert window_start(window, date.fromisoformat(on)) == date.fromisoformat(first)


def test_ever_has_no_beginning_and_a_thousand_years_no_older_one():
    assert window_start("ever", date(2026, 2, 17)) is None
    assert window_start("9999 days", date(1000, 12, 31)) == date.min


@given(DAYS, st.sampled_from(["day", "week", "month", "quarter", "year"]))
def test_a_period_is_the_same_on_all_of_its_days(on, period):
    per = period if period != "quarter" else "this quarter"
    first = period_start(per, on)
    assert first is not None and first <= on
    assert period_start(per, first) == first
    before = period_start(per, first - ONE)
    assert before is not None and before < first


@given(DAYS, st.integers(0, 400))
def test_so_many_months_before_is_the_same_day_or_the_last_one(on, months):
    found = months_before(on, months)
    assert on.year * 12 + on.month - (found.year * 12 + found.month) == months
    assert found.day == on.day or (found.day < on.day and (found + ONE).day == 1)


@given(DAYS, st.dates(date(2024, 1, 1), date(2024, 12, 31)))
def test_a_season_is_the_last_such_day(on, day):
    first = season_start(day.strftime("%m-%d"), on)
    assert first <= on < first + timedelta(days=367)
    assert (first.month, first.day) == (day.month, day.day) or (day.month, day.day) == (2, 29)


@given(DAYS, st.integers(0, 20_000))
def test_whole_months_are_counted_as_on_a_calendar(since, days):
    on = since + timedelta(days=days)
    months = whole_months(since, on)
    assert months_before(on, months) >= since or months == 0
    assert months_before(on, months + 1) < since or on.day < since.day


@given(DAYS, DAYS, st.integers(0, 40), st.integers(0, 40))
def test_what_is_near_a_day_of_the_year_is_within_its_days(of, on, before, after):
    found = set(nearby(of, on, before, after))
    walked = {
        in_year(of, year)
        for year in range(max(on.year - 1, of.year), on.year + 2)  # not before it began
        if -after <= (in_year(of, year) - on).days <= before
    }
    assert found == walked
