"""Recurrences agree with python-dateutil walking the whole rule, and far days cost no more."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import yaml
from dateutil.rrule import rrulestr
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from support.trees import KINDS
from tessera.program.core.facts_text import Plain
from tessera.rules.core.basket import Basket
from tessera.rules.core.facts import Facts, Met
from tessera.rules.core.filling import Filler
from tessera.rules.core.recurring import Recurring
from tessera.rules.core.words import Program

NOTHING = Basket((), None, Program(name="Any", currency="EUR", rules=()))
MANY = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=100)
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def some(values: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3, unique=True).map(
        lambda each: ",".join(map(str, each))
    )


DAY_NAMES = some(st.sampled_from(DAYS))
PLACED = some(
    st.tuples(st.sampled_from(["", "1", "+2", "-1", "5"]), st.sampled_from(DAYS)).map("".join)
)
MONTH_DAYS = some(st.integers(1, 31) | st.integers(-5, -1))
COMMON = {
    "INTERVAL": st.integers(1, 5).map(str), "BYMONTH": some(st.integers(1, 12)),
    "BYHOUR": some(st.integers(0, 23)), "BYMINUTE": some(st.integers(0, 59)),
    "WKST": st.sampled_from(DAYS),
}  # fmt: skip
PARTS = {
    "DAILY": {**COMMON, "BYDAY": DAY_NAMES, "BYMONTHDAY": MONTH_DAYS},
    "WEEKLY": {**COMMON, "BYDAY": DAY_NAMES},
    "MONTHLY": {
        **COMMON, "BYDAY": PLACED, "BYMONTHDAY": MONTH_DAYS,
        "BYSETPOS": some(st.sampled_from([1, 2, -1])),
    },
    "YEARLY": {
        **COMMON, "BYDAY": PLACED, "BYMONTHDAY": MONTH_DAYS, "BYEASTER": some(st.integers(-3, 50)),
        "BYYEARDAY": some(st.integers(1, 366) | st.just(-1)),
        "BYWEEKNO": some(st.integers(1, 53) | st.just(-1)),
        "BYSETPOS": some(st.sampled_from([1, 2, -1])),
    },
}  # fmt: skip
STARTS = st.datetimes(datetime(2019, 12, 1), datetime(2021, 2, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(second=0, microsecond=0)
)


@st.composite
def rules(draw: st.DrawFn) -> dict[str, str]:
    freq = draw(st.sampled_from(sorted(PARTS)))
    optional = draw(st.fixed_dictionaries({}, optional=PARTS[freq]))
    ends = draw(
        st.sampled_from([{}, {"COUNT": "7"}, {"UNTIL": "20210601"}, {"UNTIL": "20210601T120000"}])
    )
    return {"FREQ": freq, **optional, **ends}


def walked(parts: dict[str, str], starts: datetime, last: datetime) -> list[datetime]:
    """All times up to a day, from the first one on, as dateutil finds them."""
    said = {"WKST": "MO", **parts}
    if len(said.get("UNTIL", "")) == 8:
        said["UNTIL"] += "T235959"
    if "COUNT" not in said:  # a rule that never comes true would be walked to the year 9999
        said.setdefault("UNTIL", f"{last:%Y%m%d}T235959")
    rule = rrulestr(";".join("=".join(each) for each in said.items()), dtstart=starts)
    found = []
    for begun in rule:
        if begun > last:
            break
        found.append(begun)
    return found


def made(parts: dict[str, str], starts: datetime, minutes: int) -> Recurring:
    """Without rules that have no day in forty years: they are refused."""
    recurring = Recurring(parts, starts, minutes)
    assume(not recurring.never())
    return recurring


@MANY
@given(rules(), STARTS, st.sampled_from([1, 45, 600, 1440, 3000, 44_640]))
def test_a_minute_is_within_as_the_walk_says(parts, starts, minutes):
    """Around every time the rule has, and those it would have if it did not end."""
    recurring = made(parts, starts, minutes)
    last = datetime(2022, 3, 1)  # noqa: DTZ001
    times = walked(parts, starts, last)
    endless = {name: value for name, value in parts.items() if name not in ("COUNT", "UNTIL")}
    long = timedelta(minutes=minutes)
    around = [starts, *walked(endless, starts, last)[:40], *times[-3:]]
    for begun in around:
        for at in (begun - timedelta(minutes=1), begun, begun + long / 2, begun + long):
            at = at.replace(second=0)
            if at < last:
                within = any(each <= at < each + long for each in times)
                minute = at.hour * 60 + at.minute
                spans = recurring.spans(at.date())
                assert any(low <= minute < high for low, high in spans) == within, at


@MANY
@given(rules(), STARTS, st.dates(date(2090, 1, 1), date(9998, 12, 31)))
def test_a_far_day_costs_what_a_near_one_does(parts, starts, on):
    """At most the months or years that its own minutes touch are expanded."""
    recurring = made(parts, starts, 1440)
    expanded = recurring._times.cache_info().misses
    recurring.spans(on)
    assert recurring._times.cache_info().misses - expanded <= 2


def holds(text: str, at: str) -> bool:
    tree = Filler(KINDS).tree({"recurrence": yaml.load(text, Plain)}, "")
    assert tree is not None
    return isinstance(tree.reading()(NOTHING, Facts(True, at=datetime.fromisoformat(at))), Met)


@pytest.mark.parametrize(
    ("text", "at", "within"),
    [
        ("FREQ=DAILY", "2026-02-07 00:00", True),
        ("{rule: FREQ=DAILY;BYHOUR=12, minutes: 120}", "2026-02-07 13:59", True),
        ("{rule: FREQ=DAILY;BYHOUR=12, minutes: 120}", "2026-02-07 14:00", False),
        ("{rule: FREQ=DAILY;BYHOUR=23, minutes: 120}", "2026-02-08 00:59", True),
        ("{rule: FREQ=WEEKLY;INTERVAL=2, starts: 2026-01-05}", "2026-01-19 09:00", True),
        ("{rule: FREQ=WEEKLY;INTERVAL=2, starts: 2026-01-05}", "2026-01-12 09:00", False),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2096-02-24 10:00", True),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2096-02-17 10:00", False),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2028-02-29 10:00", True),
        ("FREQ=YEARLY;BYEASTER=-2", "2026-04-03 10:00", True),
        ("{rule: FREQ=DAILY;COUNT=3, starts: 2026-01-05}", "2026-01-07 10:00", True),
        ("{rule: FREQ=DAILY;COUNT=3, starts: 2026-01-05}", "2026-01-08 10:00", False),
        ("FREQ=DAILY;UNTIL=20260107", "2026-01-07 10:00", True),
        ("FREQ=DAILY;UNTIL=20260107", "2026-01-08 10:00", False),
        ("{rule: FREQ=DAILY, starts: 2026-01-05}", "2026-01-04 10:00", False),
    ],
)  # fmt: skip
def test_times_of_a_recurrence(text, at, within):
    assert holds(text, at) is within


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("FREQ=HOURLY", "FREQ is DAILY"),
        ("FREQ=SECONDLY;COUNT=5", "FREQ is DAILY"),
        ("BYDAY=MO", "FREQ is DAILY"),
        ("FREQ=DAILY;COUNT=367", "COUNT is a whole number from 1 to 366"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a whole number"),
        ("FREQ=DAILY;INTERVAL=1,2", "INTERVAL is one number"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20260101", "COUNT and UNTIL"),
        ("FREQ=DAILY;BYSECOND=3", "BYSECOND does not go with"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY does not go with"),
        ("FREQ=WEEKLY;BYDAY=1MO", "has a number"),
        ("FREQ=MONTHLY;BYDAY=XX", "BYDAY lists days"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY is a whole number"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY is a whole number"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR is a whole number"),
        ("FREQ=DAILY;UNTIL=20260230", "does not exist"),
        ("FREQ=DAILY;UNTIL=2026", "UNTIL is a local day"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=WEEKLY", "add starts"),
        ("FREQ=DAILY;INTERVAL=2", "add starts"),
        ("FREQ=DAILY;COUNT=2", "add starts"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never hold"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", "never hold"),
        ("FREQ=DAILY;UNTIL=19990101", "never hold"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(text, why):
    filler = Filler(KINDS)
    assert filler.tree({"recurrence": text}, "when") is None
    assert why in filler.faults[0].why


def test_a_start_that_does_not_exist_is_refused():
    filler = Filler(KINDS)
    assert filler.tree({"recurrence": {"rule": "FREQ=DAILY", "starts": "2026-02-30"}}, "") is None
