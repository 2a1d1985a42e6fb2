"""Local dates: of one year, or every year."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.days import month_day
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.phrases import day_words, listed
from tessera.rules.core.texts import Numbers, Template, phrase

_FULL = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_YEARLY = r"(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
Span = Annotated[
    str,
    Meta(
        pattern=rf"^({_FULL}(\.\.({_FULL})?)?|\.\.{_FULL}|{_YEARLY}(\.\.{_YEARLY})?)\Z",
        description="2026-03-08, 2026-02-01..2026-12-31, 2026-02-01.., 03-08, 12-24..01-06",
    ),
]


class Dates(Condition, frozen=True, tag="dates"):
    """It is one of these days: `first..last`, both included, or one day.

    With a year (2026-02-01..2026-12-31) it is that once, and one end may be left open. Without
    (02-01..12-31) it is every year, and 12-24..01-06 goes on into the next one.
    """

    spans: Annotated[tuple[Span, ...], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        for span in self.spans:
            first, last = _ends(span)
            for end in (first, last):
                _checked(end)
            if len(first) == len(last) == 10 and first > last:
                raise ValueError("a span of dates ends before it begins")

    def reading(self) -> Reading:
        """The days as text compare like the days themselves."""
        ends = [_ends(span) for span in self.spans]
        once = [each for each in ends if len(each[0] or each[1]) == 10]
        yearly = [each for each in ends if each not in once]
        missing = Missing("dates", 0, "only when the date is {dates}", self._numbers())

        def dates(basket: Basket, facts: Facts) -> Met | Missing:
            if facts.at is None:
                return missing
            on = facts.at.date().isoformat()
            day = on[5:]
            for first, last in once:
                if first <= on and (not last or on <= last):
                    return MET
            for first, last in yearly:
                if first <= day <= last or (first > last and (day >= first or day <= last)):
                    return MET
            return missing

        return dates

    def sentence(self) -> tuple[Template, Numbers]:
        """The spans, as they were listed."""
        return "the date is {dates}", self._numbers()

    def _numbers(self) -> Numbers:
        return {"dates": listed([_told(*_ends(span)) for span in self.spans])}


def _ends(span: str) -> tuple[str, str]:
    """The first and last day; "" where it is open."""
    first, dots, last = span.partition("..")
    return first, last if dots else first


def _told(first: str, last: str) -> str:
    if first == last:
        return day_words(first)
    if not first or not last:
        one = phrase("{day} or later", day=day_words(first)) if first else ""
        return one or phrase("{day} or earlier", day=day_words(last))
    return phrase("{first} to {last}", first=day_words(first), last=day_words(last))


def _checked(day: str) -> None:
    """Raises ValueError if there is no such day."""
    if len(day) == 5:
        month_day(day)
    elif day:
        try:
            date.fromisoformat(day)
        except ValueError:
            raise ValueError(f"there is no day {day}") from None


EXAMPLES = """
dates: 12-24..01-06
at 2026-01-05 10:00
-> met

dates: [03-08, 2026-12-24..2026-12-26]
at 2026-12-26 23:59
-> met

dates: [03-08, 2026-12-24..2026-12-26]
at 2027-12-26 10:00
-> dates 0: only when the date is 8 March or 24 December 2026 to 26 December 2026

dates: 2026-02-01..
at 2026-01-31 10:00
-> dates 0: only when the date is 1 February 2026 or later
"""
