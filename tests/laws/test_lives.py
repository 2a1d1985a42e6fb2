"""Laws of the instants at which points begin and end: against a model that walks day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tessera.base.clock import day_end, local
from tessera.ledger.core import Expiry, Life, Pending, Season

ZONES = st.sampled_from(
    ("Europe/Rome", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC", "Pacific/Apia",
     "America/Sao_Paulo", "Pacific/Kiritimati")
)  # fmt: skip
DAYS = st.dates(date(1999, 1, 1), date(2040, 12, 31))
START = datetime(1999, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 41 * 365 * 24 * 60).map(lambda n: START + timedelta(minutes=n))
ONE = timedelta(days=1)


def walk(day, until):
    """The first day from `day` on of which that is true."""
    while not until(day):
        day += ONE
    return day


def months_between(a, b):
    return (b.year - a.year) * 12 + b.month - a.month


def ends_month(day):
    return (day + ONE).month != day.month


@given(DAYS, st.integers(1, 500))
def test_days(day, days):
    assert Expiry(days=days).last_day(day, day) == day + days * ONE


@given(DAYS, st.integers(1, 40))
def test_months_end_on_the_same_day_or_the_months_last(day, months):
    def reached(at):
        apart = months_between(day, at)
        return apart == months and (at.day == day.day or ends_month(at))

    assert Expiry(months=months).last_day(day, day) == walk(day, reached)


PERIODS = {
    "week": lambda day: day.weekday() == 6,
    "month": ends_month,
    "quarter": lambda day: ends_month(day) and day.month % 3 == 0,
    "half_year": lambda day: ends_month(day) and day.month % 6 == 0,
    "year": lambda day: (day.month, day.day) == (12, 31),
}


@given(DAYS, st.sampled_from(sorted(PERIODS)), st.integers(0, 3))
def test_periods_end_on_their_last_day(day, period, periods):
    last = walk(day, PERIODS[period])
    for _ in range(periods):
        last = walk(last + ONE, PERIODS[period])
    assert Expiry(period=period, periods=periods).last_day(day, day) == last


YEAR_DAYS = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: f"{day:%m-%d}")


@given(DAYS, st.lists(YEAR_DAYS, min_size=1, max_size=4), st.integers(0, 200))
def test_dates_are_the_next_of_the_year_far_enough_away(day, dates, least):
    def one_of(at):
        leap = at.day == 28 and ends_month(at) and "02-29" in dates
        return f"{at:%m-%d}" in dates or leap

    expiry = Expiry(dates=tuple(dates), least_days=least)
    assert expiry.last_day(day, day) == walk(day + least * ONE, one_of)


@given(MOMENTS, ZONES, st.integers(1, 400))
def test_they_live_to_the_end_of_the_local_day(at, zone, days):
    """Whatever clocks do in between: the last moment is still that day, the next is not."""
    ends = Life(Expiry(days=days)).terms(at, zone).expires_at
    last = local(at, zone).date() + days * ONE
    # In Samoa the 30th of December 2011 was left out: that day ends where it begins.
    assume(not (zone == "Pacific/Apia" and last == date(2011, 12, 30)))
    assert ends is not None and local(ends, zone).date() == last + ONE
    assert local(ends - timedelta(microseconds=1), zone).date() == last


@given(MOMENTS, ZONES, st.integers(1, 60), st.booleans())
def test_pending_points_begin_with_a_local_day(at, zone, days, counted):
    life = Life(Expiry(days=10, since="activation" if counted else "earning"), Pending(days=days))
    terms = life.terms(at, zone)
    first = local(at, zone).date() + days * ONE
    assume(zone != "Pacific/Apia" or abs(first - date(2011, 12, 30)) > 12 * ONE)
    assert terms.waiting is not None and terms.waiting.at is not None
    assert local(terms.waiting.at, zone).date() == first
    assert local(terms.waiting.at - timedelta(microseconds=1), zone).date() < first
    start = first if counted else local(at, zone).date()
    assert terms.expires_at == day_end(start + 10 * ONE, zone)


@given(MOMENTS, ZONES, st.integers(1, 60))
def test_activity_counts_from_its_own_day(at, zone, days):
    life = Life(Expiry(inactive_days=days))
    assert life.terms(at, zone).rolls and life.terms(at, zone).expires_at is None
    assert life.alive_until(at, zone) == day_end(local(at, zone).date() + days * ONE, zone)


FIRST = Season(date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 31), carry_percent=30,
               carry_most=200)  # fmt: skip
SECOND = Season(date(2026, 7, 1), date(2026, 12, 31), date(2027, 1, 31), carry_percent=100)
SEASONS = Expiry(seasons=(FIRST, SECOND))


@pytest.mark.parametrize(
    ("day", "last"),
    [
        ("2025-12-01", "2026-07-31"), ("2026-01-01", "2026-07-31"), ("2026-06-30", "2026-07-31"),
        ("2026-07-01", "2027-01-31"), ("2026-12-31", "2027-01-31"), ("2027-01-01", None),
    ],
)  # fmt: skip
def test_seasons(day, last):
    found = SEASONS.last_day(date.fromisoformat(day), date.fromisoformat(day))
    assert found == (date.fromisoformat(last) if last else None)


@given(ZONES, st.integers(1, 10_000))
def test_a_season_carries_over_whatever_clock_it_ended_by(zone, points):
    ended = day_end(FIRST.spend_until, zone)
    kept, until = SEASONS.carry(ended, points)
    assert kept == min(points * 30 // 100, 200)
    assert until is not None
    # An hour at most apart from midnight there, where the clocks were changed in between.
    assert abs(until - day_end(SECOND.spend_until, zone)) <= timedelta(hours=1)
    assert SEASONS.carry(until, points) == (points, None), "the last one, carried for ever"
    assert SEASONS.carry(ended + timedelta(days=3), points) == (0, None), "no season ended then"


@given(ZONES, ZONES, st.integers(0, 370 * 24 * 60), st.integers(1, 10_000))
def test_a_season_with_a_clock_ends_once_for_all_stores(zone, clock, minutes, points):
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    seasons = Expiry(seasons=(FIRST, SECOND), time_zone=clock)
    ends = Life(seasons).terms(at, zone).expires_at
    over = [day_end(each.spend_until, clock) for each in (FIRST, SECOND)]
    if local(at, clock).date() <= SECOND.closes:
        assert ends == over[local(at, clock).date() > FIRST.closes]
        assert at < ends, "nothing is earned that is over already"
    kept = min(points * 30 // 100, 200)
    assert seasons.carry(over[0], points) == (kept, over[1]), (
        "to midnight, whatever the time of year"
    )
    # What was earned before there was such a clock joins the others.
    assert seasons.carry(day_end(FIRST.spend_until, zone), points) == (kept, over[1])


@given(st.integers(1, 99), st.integers(1, 300), st.lists(st.integers(1, 200), min_size=1))
def test_late_receipts_make_a_season_carry_what_it_would_have_at_once(percent, most, lots):
    season = Season(FIRST.opens, FIRST.closes, FIRST.spend_until, "", percent, most)
    expiry, ended = Expiry(seasons=(season, SECOND)), day_end(FIRST.spend_until, "UTC")
    gone = kept = 0
    for points in lots:
        part, _ = expiry.carry(ended, points, gone, kept)
        assert 0 <= part <= points
        gone, kept = gone + points, kept + part
    assert kept == expiry.carry(ended, gone)[0] == min(gone * percent // 100, most)


@pytest.mark.parametrize(
    ("at", "days", "ends"),
    [
        # Rome's clocks go forward on 29 March and back on 25 October: 23 and 25 hours.
        ("2026-03-27T12:00", 1, "2026-03-28T23:00"), ("2026-03-27T12:00", 2, "2026-03-29T22:00"),
        ("2026-10-24T12:00", 0, "2026-10-24T22:00"), ("2026-10-24T12:00", 1, "2026-10-25T23:00"),
        ("2024-02-28T22:59", 1, "2024-02-29T23:00"), ("2024-02-28T23:01", 1, "2024-03-01T23:00"),
    ],
)  # fmt: skip
def test_the_days_on_which_clocks_are_changed(at, days, ends):
    bought = datetime.fromisoformat(at).replace(tzinfo=UTC)
    last = local(bought, "Europe/Rome").date() + days * ONE
    assert day_end(last, "Europe/Rome") == datetime.fromisoformat(ends).replace(tzinfo=UTC)
    if days:
        found = Life(Expiry(days=days)).terms(bought, "Europe/Rome").expires_at
        assert found == datetime.fromisoformat(ends).replace(tzinfo=UTC)
    assert day_end(last, "Europe/Rome").astimezone(ZoneInfo("Europe/Rome")).hour == 0


LIVES = st.one_of(
    st.builds(Expiry, days=st.integers(1, 400), since=st.sampled_from(["earning", "activation"])),
    st.builds(Expiry, months=st.integers(1, 30)),
    st.builds(Expiry, period=st.sampled_from(["week", "month", "quarter", "half_year", "year"]),
              periods=st.integers(0, 3)),
    st.builds(Expiry, dates=st.sampled_from([("02-29",), ("01-31", "06-30")]),
              least_days=st.integers(0, 200)),
    st.builds(Expiry, inactive_days=st.integers(1, 400)),
)  # fmt: skip
WAITS = st.one_of(
    st.builds(Pending, days=st.integers(1, 60)),
    st.builds(Pending, on=DAYS),
    st.just(Pending(event="delivered")),
    st.builds(Pending, days=st.just(9), event=st.just("sent")),
)


@given(DAYS, st.integers(0, 400), st.integers(0, 24 * 60 - 1), ZONES,
       LIVES | st.none(), WAITS | st.none())  # fmt: skip
def test_nothing_is_due_before_the_first_instant_at_which_it_may_be(
    day, later, minutes, zone, expiry, pending
):
    """Of points earned on that day or later, wherever."""
    life = Life(expiry, pending)
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=later, minutes=minutes)
    terms = life.terms(at, zone)
    ripe = terms.waiting.at if terms.waiting is not None else None
    dues = (terms.expires_at, ripe, life.alive_until(at, zone))
    first = life.first_due(day)
    assert all(due is None or (first is not None and due >= first) for due in dues)
