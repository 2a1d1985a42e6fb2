"""Ladders on the calendar, and what a review and a climb may do: laws by many inputs."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.rules.core.facts import window_start
from tessera.rules.core.tiers import Ladder, Level, window_end
from tessera.tiers import core
from tessera.tiers.core import Climb, Standing

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
ONE = timedelta(days=1)
CALM = settings(deadline=None)  # a busy machine is no fault
WINDOWS = st.sampled_from([
    "this year", "this quarter", "this month", "since 04-01", "12 months", "90 days", "2 years",
    "ever",
])  # fmt: skip
AMOUNTS = st.integers(0, 1000)


@st.composite
def ladders(draw):
    reaches = sorted(draw(st.lists(st.integers(1, 900), min_size=1, max_size=5, unique=True)))
    levels = [Level("ground")] if draw(st.booleans()) else []
    low = 0
    for n, reach in enumerate(reaches):
        low = draw(st.integers(low, reach))
        levels.append(Level(f"l{n}", reach=reach, keep=low))
    every = draw(st.sampled_from([{"review": "01-01"}, {"review": "03-15"}, {"review_months": 7}]))
    return Ladder(
        tuple(levels), window=draw(WINDOWS), grace_days=draw(st.integers(0, 60)),
        steps_down=draw(st.integers(0, 2)), **every,
    )  # fmt: skip


@st.composite
def standings(draw, ladder):
    """On one of its levels, before a review."""
    rank = draw(st.integers(0, len(ladder.levels) - 1))
    since = draw(DAYS)
    return Standing(ladder.code(rank), since, ladder.reviewed_on(since), None, rank)


@CALM
@given(ladders(), DAYS, st.integers(0, 800))
def test_a_purchase_counts_on_its_day(ladder, on, late):
    span = ladder.counted(on, on + timedelta(days=late))
    assert span.first <= on <= span.last
    start = window_start(ladder.window, on)
    assert start is None or span.first >= start


@CALM
@given(WINDOWS, DAYS)
def test_a_window_of_the_calendar_ends_where_the_next_begins(window, on):
    end = window_end(window, on)
    assert end >= on
    if window.startswith(("this", "since")):
        assert window_start(window, end) == window_start(window, on)
        assert window_start(window, end + ONE) == end + ONE


@CALM
@given(ladders(), DAYS)
def test_reviews_follow_each_other(ladder, day):
    following = ladder.reviewed_on(day)
    assert day < following <= day + timedelta(days=366)
    for span in ladder.judged(following):
        assert span.first <= span.last <= following + timedelta(days=ladder.grace_days)


@CALM
@given(st.data(), ladders(), AMOUNTS)
def test_a_review_keeps_or_lets_sink_step_by_step(data, ladder, amount):
    was = data.draw(standings(ladder))
    now = core.reviewed(ladder, was, amount)
    rank, left = core.rank_of(ladder, was), core.rank_of(ladder, now)
    assert left <= rank
    if ladder.steps_down:
        assert left >= rank - ladder.steps_down
    if left < rank:
        assert amount < ladder.levels[left + 1].stay
    else:
        assert rank == ladder.ground or amount >= ladder.levels[rank].stay
        assert (now.level, now.since) == (was.level, was.since)
    assert now.settled == was.until
    if left > ladder.ground:
        assert now.until > was.until


@CALM
@given(st.data(), ladders(), AMOUNTS, AMOUNTS)
def test_what_brought_up_brings_down_to_where_one_stood(data, ladder, less, more):
    """A climb that is taken back as a whole leaves the standing of before."""
    day = data.draw(DAYS)
    start = core.climb(ladder, None, less, (day, day), lambda _: True)
    risen = core.climb(ladder, start, less + more, (day, day), lambda _: True)
    if risen is None:
        return
    rank = core.rank_of(ladder, risen)
    assert rank > core.rank_of(ladder, start)
    assert less + more >= ladder.levels[rank].reach
    was = start or Standing(ladder.code(ladder.ground), rank=ladder.ground)
    made = Climb(1, was.level, risen.level, day, was.since, was.until)
    assert core.undone(ladder, risen, [made], lambda _: [less + more]) == []
    (one,) = core.undone(ladder, risen, [made], lambda _: [less])
    assert one.whole and one.after[:3] == was[:3]
    beneath = Climb(0, was.level, risen.level, day, was.since, was.until)
    assert len(core.undone(ladder, risen, [made, beneath], lambda _: [less])) == 1
    assert core.carried(ladder, made, rank, [less + more]) == rank
    back = core.carried(ladder, made, rank, [less])
    assert back == core.rank_of(ladder, was)
    assert core.back_to(ladder, risen, made, back)[:3] == was[:3]


@CALM
@given(st.data(), ladders())
def test_the_better_of_two_is_one_of_them(data, ladder):
    one, other = data.draw(standings(ladder)), data.draw(standings(ladder))
    assert not (core.is_higher(one, other) and core.is_higher(other, one))
