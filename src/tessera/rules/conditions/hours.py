"""The store's local time of day."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template

_DAY = 24 * 60
Span = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\Z",
        description="from-until: 10:00-12:30",
    ),
]


class Hours(Condition, frozen=True, tag="hours"):
    """It is within one of these spans: `10:00-12:30` begins with 10:00 and ends before 12:30.

    `22:00-02:00` goes over midnight: it is the end of one day and the beginning of every next one.
    """

    spans: Annotated[tuple[Span, ...], Meta(min_length=1, max_length=24)]

    def __post_init__(self) -> None:
        for span in self.spans:
            begins, ends = _minutes(span)
            if begins == ends:
                raise ValueError("a span begins where it ends; the whole day is 00:00-24:00")

    def reading(self) -> Reading:
        """A look at a table of the day's minutes."""
        open_at = bytearray(_DAY)
        for span in self.spans:
            begins, ends = _minutes(span)
            for minute in range(begins, ends if begins < ends else ends + _DAY):
                open_at[minute % _DAY] = 1
        missing = Missing("hours", 0, "only at {spans}", self._numbers())

        def hours(basket: Basket, facts: Facts) -> Met | Missing:
            at = facts.at
            return MET if at is not None and open_at[at.hour * 60 + at.minute] else missing

        return hours

    def sentence(self) -> tuple[Template, Numbers]:
        """The spans, as they were listed."""
        return "the time is {spans}", self._numbers()

    def _numbers(self) -> Numbers:
        return {"spans": listed(self.spans)}


def _minutes(span: str) -> tuple[int, int]:
    """Minutes from midnight: of the first minute, and after the last."""
    begins, ends = span.split("-")
    return int(begins[:2]) * 60 + int(begins[3:]), int(ends[:2]) * 60 + int(ends[3:])


EXAMPLES = """
hours: [10:00-12:30, 22:00-02:00]
at 2026-02-07 01:59
-> met

hours: [10:00-12:30, 22:00-02:00]
at 2026-02-07 12:29
-> met

hours: 10:00-12:30
at 2026-02-07 12:30
-> hours 0: only at 10:00-12:30
"""
