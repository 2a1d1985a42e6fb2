"""The store's local day of the month: the first, the fifteenth, the last."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.days import last_of_month
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.phrases import listed, place_words
from tessera.rules.core.texts import Numbers, Template

Day = Annotated[int, Meta(ge=-31, le=31, description="from 1; -1 is the last, -2 the one before")]


class DayOfMonth(Condition, frozen=True, tag="day_of_month"):
    """It is one of these days of the month; -1 is the last, as in iCalendar's BYMONTHDAY."""

    days: Annotated[tuple[Day, ...], Meta(min_length=1, max_length=31)]

    def __post_init__(self) -> None:
        if 0 in self.days:
            raise ValueError("days begin with 1, and -1 is the last of the month: there is no 0")

    def reading(self) -> Reading:
        """A look at the calendar of the purchase."""
        days = frozenset(self.days)
        backwards = min(days) < 0
        missing = Missing("day_of_month", 0, "only on the {days} of the month", self._numbers())

        def day_of_month(basket: Basket, facts: Facts) -> Met | Missing:
            if facts.at is None:
                return missing
            day = facts.at.day
            if day in days:
                return MET
            if backwards and day - last_of_month(facts.at.date()).day - 1 in days:
                return MET
            return missing

        return day_of_month

    def sentence(self) -> tuple[Template, Numbers]:
        """The days, in their order."""
        return "it is the {days} of the month", self._numbers()

    def _numbers(self) -> Numbers:
        return {"days": listed([place_words(day) for day in self.days])}


EXAMPLES = """
day_of_month: [1, 15]
at 2026-02-15 10:00
-> met

day_of_month: -1
at 2026-02-28 10:00
-> met

day_of_month: -1
at 2024-02-28 10:00
-> day_of_month 0: only on the last of the month
"""
