"""Days that come every year, and time that has passed since a day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta

Around = Annotated[int, Meta(ge=0, le=60, description="days")]


def in_year(day: date, year: int) -> date:
    """The same day of another year; 29 February is the 28th where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def month_day(text: str) -> date:
    """A `MonthDay` as a day of a leap year.

    errors  ValueError if the month has no such day
    """
    try:
        return date.fromisoformat(f"2000-{text}")
    except ValueError:
        raise ValueError(f"there is no day {text}") from None


def around(day: date, on: date, before: int, after: int) -> bool:
    """Whether `on` lies so many days around the day as it comes every year; not before it began."""
    return any(nearby(day, on, before, after))


def around_numbers(before: int, after: int) -> dict[str, int | str]:
    """The days before and after, where there are any: what a sentence says of them."""
    return {name: days for name, days in (("before", before), ("after", after)) if days}


def nearby(day: date, on: date, before: int, after: int) -> list[date]:
    """The yearly returns of a day that have `on` among the days before and after them."""
    years = [on.year + step for step in (-1, 0, 1) if on.year + step >= day.year]
    found = [in_year(day, year) for year in years]
    return [each for each in found if -before <= (on - each).days <= after]


def whole_months(since: date, on: date) -> int:
    """Months that are complete, negative before `since`; 31 January + 1 is the last of February."""
    months = (on.year - since.year) * 12 + on.month - since.month
    last = monthrange(on.year, on.month)[1]
    return months - (on.day < min(since.day, last))


def whole_years(since: date, on: date) -> int:
    """Years that are complete: an age; who was born on 29 February grows older on the 28th."""
    return whole_months(since, on) // 12


def last_of_month(on: date) -> date:
    """The last day of the month that `on` is in."""
    return on.replace(day=monthrange(on.year, on.month)[1])


def days_of(first: date, last: date) -> list[date]:
    """Every day from the first to the last."""
    return [first + timedelta(days=step) for step in range((last - first).days + 1)]
