"""Recurrence rules of iCalendar, asked day by day: python-dateutil expands one month or year.

A rule is never walked from its beginning: of the month or year that is asked about all times are
expanded at once, and whether it is the turn of that month, week or day (INTERVAL) is counted. So a
day in 2090 costs what one in 2026 does, and a rule that never comes true ends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice

from dateutil.rrule import rrulestr

from tessera.rules.core.days import days_of
from tessera.rules.core.phrases import MONTHS, WEEKDAYS, day_words, listed, place_words
from tessera.rules.core.texts import Template, one_many, phrase

MAX_COUNT, MAX_INTERVAL, HORIZON_MONTHS = 366, 1000, 480
EARLIEST = datetime.fromisoformat("2000-01-01")  # local, as all times here
_MIDNIGHT = EARLIEST.time()
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SHARED = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYDAY", "BYHOUR", "BYMINUTE", "WKST"}
_ALLOWED = {
    "DAILY": _SHARED | {"BYMONTHDAY"},
    "WEEKLY": _SHARED,
    "MONTHLY": _SHARED | {"BYMONTHDAY", "BYSETPOS"},
    "YEARLY": _SHARED | {"BYMONTHDAY", "BYSETPOS", "BYYEARDAY", "BYWEEKNO", "BYEASTER"},
}
_BOUNDS = {
    "INTERVAL": (1, MAX_INTERVAL), "COUNT": (1, MAX_COUNT), "BYMONTH": (1, 12),
    "BYMONTHDAY": (-31, 31), "BYSETPOS": (-366, 366), "BYYEARDAY": (-366, 366),
    "BYWEEKNO": (-53, 53), "BYEASTER": (-200, 200), "BYHOUR": (0, 23), "BYMINUTE": (0, 59),
}  # fmt: skip
_ONE_NUMBER = {"INTERVAL", "COUNT"}
_DAY_NAMES = {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYEASTER"}
_DAY_MINUTES = 24 * 60


class Recurring:
    """A rule with its beginning and the length of each time.

    parts    of the RRULE: {"FREQ": "MONTHLY", "BYDAY": "1SA"}
    starts   DTSTART, local
    minutes  how long each time lasts
    errors   ValueError says what is wrong with the rule, in words of people
    """

    def __init__(self, parts: Mapping[str, str], starts: datetime, minutes: int) -> None:
        _check(parts)
        self.parts, self.starts, self.minutes = dict(parts), starts, minutes
        self.freq, self.interval = parts["FREQ"], int(parts.get("INTERVAL", "1"))
        self.until = _until(parts.get("UNTIL", ""))
        self._yearly = self.freq == "YEARLY"
        self._week = _DAYS.index(parts.get("WKST", "MO"))
        months = parts.get("BYMONTH", "")
        self._months = {int(month) for month in months.split(",")} if months else set(range(1, 13))
        self._rule = rrulestr(self._expanding(), dtstart=EARLIEST)
        self.spans = lru_cache(maxsize=400)(self._spans)
        self._times = lru_cache(maxsize=100)(self._expand)
        if "COUNT" in parts:
            counted = list(islice(self._from_start(), int(parts["COUNT"])))
            self.until = counted[-1] if counted else starts
            self._times.cache_clear()  # they had no end yet

    @property
    def leans_on_start(self) -> bool:
        """Whether the day it begins says which days are meant."""
        named = self.freq == "DAILY" or bool(_DAY_NAMES & self.parts.keys())
        return not named or self.interval > 1 or "COUNT" in self.parts

    def never(self) -> bool:
        """Whether forty years from its beginning have no time of it."""
        return next(self._from_start(), None) is None

    def _spans(self, on: date) -> tuple[tuple[int, int], ...]:
        """The minutes from midnight, [from, until), of a day that are within the rule."""
        midnight = datetime.combine(on, _MIDNIGHT)
        before = min(-(-self.minutes // _DAY_MINUTES), (on - date.min).days)
        found = []
        for period in dict.fromkeys(
            self._period(day) for day in days_of(on - timedelta(days=before), on)
        ):
            for begun in self._times(period):
                begins = int((begun - midnight).total_seconds()) // 60
                if begins < _DAY_MINUTES and begins + self.minutes > 0:
                    found.append((max(begins, 0), min(begins + self.minutes, _DAY_MINUTES)))
        return tuple(found)

    def _period(self, day: date) -> date:
        """The first day of what is expanded at once."""
        return day.replace(month=1, day=1) if self._yearly else day.replace(day=1)

    def _expand(self, period: date) -> tuple[datetime, ...]:
        """All times of a month or year that it is the turn of, in their order."""
        if not self._yearly and period.month not in self._months:
            return ()
        return tuple(
            [
                begun
                for begun in self._rule.replace(dtstart=datetime.combine(period, _MIDNIGHT))
                if begun >= self.starts
                and (self.until is None or begun <= self.until)
                and self._turn(begun.date())
            ]
        )

    def _turn(self, day: date) -> bool:
        """Whether INTERVAL does not leave this day out."""
        first = self.starts.date()
        if self.freq == "YEARLY":
            passed = day.year - first.year
        elif self.freq == "MONTHLY":
            passed = (day.year - first.year) * 12 + day.month - first.month
        elif self.freq == "WEEKLY":
            monday = first.toordinal() - (first.weekday() - self._week) % 7
            passed = (day.toordinal() - monday) // 7
        else:
            passed = day.toordinal() - first.toordinal()
        return passed % self.interval == 0

    def _from_start(self) -> Iterator[datetime]:
        """Its times in their order, for forty years or 480 turns, whichever are more."""
        first = self._period(self.starts.date())
        step = (12 if self._yearly else 1) * (self.interval if self.freq[0] in "YM" else 1)
        for turn in range(HORIZON_MONTHS // (12 if self._yearly else 1)):
            year, month = divmod(first.year * 12 + first.month - 1 + turn * step, 12)
            if year > 9998:
                return
            yield from self._times(date(year, month + 1, 1))

    def _expanding(self) -> str:
        """The rule that expands one month or year and ends: days and weeks become months."""
        keep = {name: value for name, value in self.parts.items() if name.startswith("BY")}
        keep.setdefault("BYHOUR", str(self.starts.hour))
        keep.setdefault("BYMINUTE", str(self.starts.minute))
        if not _DAY_NAMES & keep.keys():
            if self.freq == "DAILY":
                keep["BYMONTHDAY"] = ",".join(str(day) for day in range(1, 32))
            elif self.freq == "WEEKLY":
                keep["BYDAY"] = _DAYS[self.starts.weekday()]
            else:
                keep["BYMONTHDAY"] = str(self.starts.day)
                if self._yearly:
                    keep.setdefault("BYMONTH", str(self.starts.month))
        head = f"FREQ={'YEARLY' if self._yearly else 'MONTHLY'};WKST={_DAYS[self._week]}"
        rest = "".join(f";{name}={value}" for name, value in keep.items())
        return f"{head};INTERVAL={10_000 if self._yearly else 120_000}{rest}"

    def words(self) -> str:
        """The rule for people: "every 2 weeks on Monday or Friday at 18:00 for 480 minutes"."""
        said: str = phrase(EVERY[self.freq], count=self.interval)
        for name, text in WORDS.items():
            if name in self.parts:
                values = [_value(name, value) for value in self.parts[name].split(",")]
                said = phrase(text, when=said, values=listed(values))
        clock = bool(self.starts.hour or self.starts.minute)
        if "BYHOUR" in self.parts or "BYMINUTE" in self.parts or clock:
            said = phrase("{when} at {times}", when=said, times=self._clock())
        if self.minutes != _DAY_MINUTES:
            said = phrase("{when} for {long}", when=said, long=_long(self.minutes))
        for ending, filling in self._ends():
            said = phrase(ending, when=said, **filling)
        return said

    def _ends(self) -> Iterator[tuple[Template, dict[str, int | str]]]:
        if self.starts != EARLIEST:
            day = day_words(self.starts.date().isoformat())
            yield FROM, {"weekday": phrase(WEEKDAYS[self.starts.weekday()]), "day": day}
        if "COUNT" in self.parts:
            yield TIMES, {"count": int(self.parts["COUNT"])}
        elif self.until is not None:
            yield "{when}, until {day}", {"day": day_words(self.until.date().isoformat())}

    def _clock(self) -> str:
        hours = self.parts.get("BYHOUR", str(self.starts.hour)).split(",")
        minutes = self.parts.get("BYMINUTE", str(self.starts.minute)).split(",")
        return listed([f"{int(h):02d}:{int(m):02d}" for h in hours for m in minutes])


EVERY = {
    "DAILY": one_many("every day", "every {count} days"),
    "WEEKLY": one_many("every week", "every {count} weeks"),
    "MONTHLY": one_many("every month", "every {count} months"),
    "YEARLY": one_many("every year", "every {count} years"),
}
WORDS = {
    "BYMONTH": "{when} in {values}", "BYWEEKNO": "{when} in week {values}",
    "BYYEARDAY": "{when} on the {values} day of the year",
    "BYMONTHDAY": "{when} on the {values} day of the month", "BYDAY": "{when} on {values}",
    "BYEASTER": "{when} on {values}", "BYSETPOS": "{when} and of these the {values}",
}  # fmt: skip
FROM = "{when}, from {weekday}, {day} on"
TIMES = one_many("{when}, {count} times in all", "{when}, {count} times in all")
EASTER = {-2: "Good Friday", 0: "Easter Sunday", 1: "Easter Monday"}
FROM_EASTER = {
    True: one_many("the day 1 days before Easter", "the day {count} days before Easter"),
    False: one_many("the day 1 days after Easter", "the day {count} days after Easter"),
}
LONG = {
    "day": (_DAY_MINUTES, one_many("1 day", "{count} days")),
    "hour": (60, one_many("1 hour", "{count} hours")),
    "minute": (1, one_many("1 minute", "{count} minutes")),
}
THE = {day: f"the {{n_th}} {day}" for day in WEEKDAYS}
THE_LAST = {day: f"the last {day}" for day in WEEKDAYS}
THE_NTH_LAST = {day: f"the {{n_th}} last {day}" for day in WEEKDAYS}


def _value(name: str, value: str) -> str:
    if name == "BYMONTH":
        return phrase(MONTHS[int(value) - 1])
    if name == "BYDAY":
        return _day(WEEKDAYS[_DAYS.index(value[-2:])], int(value[:-2] or 0))
    if name == "BYEASTER":
        days = int(value)
        if days in EASTER:
            return phrase(EASTER[days])
        return phrase(FROM_EASTER[days < 0], count=abs(days))
    return value if name == "BYWEEKNO" else place_words(int(value))


def _day(day: str, place: int) -> str:
    """Monday, the 1st Monday, the last Monday, the 2nd last Monday."""
    if not place:
        return phrase(day)
    if place == -1:
        return phrase(THE_LAST[day])
    return phrase((THE if place > 0 else THE_NTH_LAST)[day], n=abs(place))


def _long(minutes: int) -> str:
    """480 -> 8 hours"""
    size, text = next(each for each in LONG.values() if minutes % each[0] == 0)
    return phrase(text, count=minutes // size)


def _check(parts: Mapping[str, str]) -> None:
    """Raises ValueError with the first thing that is wrong."""
    freq = parts.get("FREQ", "")
    if freq not in _ALLOWED:
        raise ValueError("FREQ is DAILY, WEEKLY, MONTHLY or YEARLY; parts of days are minutes")
    for name, value in parts.items():
        if name not in _ALLOWED[freq]:
            raise ValueError(f"{name} does not go with FREQ={freq}")
        if name in _BOUNDS:
            _check_numbers(name, value)
        elif name == "BYDAY":
            _check_days(freq, value)
        elif name == "WKST" and value not in _DAYS:
            raise ValueError(f"WKST is one of {', '.join(_DAYS)}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("COUNT and UNTIL both say when it ends: keep one")


def _check_numbers(name: str, value: str) -> None:
    low, high = _BOUNDS[name]
    for number in value.split(","):
        whole = re.fullmatch(r"[+-]?[0-9]{1,4}", number)
        if not whole or not low <= int(number) <= high or (low < 0 and number.strip("+-0") == ""
                                                           and name != "BYEASTER"):  # fmt: skip
            raise ValueError(f"{name} is a whole number from {low} to {high}, not {number}")
    if name in _ONE_NUMBER and "," in value:
        raise ValueError(f"{name} is one number")


def _check_days(freq: str, value: str) -> None:
    for day in value.split(","):
        found = re.fullmatch(r"([+-]?[1-9][0-9]?)?(MO|TU|WE|TH|FR|SA|SU)", day)
        if not found or abs(int(found[1] or 1)) > 53:
            raise ValueError(f"BYDAY lists days like MO, 1SA or -1FR, not {day}")
        if found[1] and freq not in ("MONTHLY", "YEARLY"):
            raise ValueError(f"{day} has a number: that goes with FREQ=MONTHLY or YEARLY")


def _until(value: str) -> datetime | None:
    """The last moment at which a time may begin; a day counts whole."""
    if not value:
        return None
    if not re.fullmatch(r"[0-9]{8}(T[0-9]{6})?", value):
        raise ValueError("UNTIL is a local day or time: 20261231 or 20261231T180000")
    try:
        return datetime.fromisoformat(value if len(value) > 8 else f"{value}T235959")
    except ValueError:
        raise ValueError("UNTIL is a day that does not exist") from None
