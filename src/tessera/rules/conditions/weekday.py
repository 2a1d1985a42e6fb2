"""The store's local day of the week."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.phrases import WEEKDAYS, listed
from tessera.rules.core.texts import Numbers, Template, phrase

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_ORDER = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Weekday(Condition, frozen=True, tag="weekday"):
    """It is one of these days where the store is."""

    days: Annotated[tuple[Day, ...], Meta(min_length=1, max_length=7)]

    def reading(self) -> Reading:
        """A look at the calendar of the purchase."""
        days = frozenset(_ORDER.index(day) for day in self.days)
        missing = Missing("weekday", 0, "only on {days}", self._numbers())

        def weekday(basket: Basket, facts: Facts) -> Met | Missing:
            return MET if facts.at is not None and facts.at.weekday() in days else missing

        return weekday

    def sentence(self) -> tuple[Template, Numbers]:
        """The days, as they were listed."""
        return "it is {days}", self._numbers()

    def _numbers(self) -> Numbers:
        return {"days": listed([phrase(WEEKDAYS[_ORDER.index(day)]) for day in self.days])}


EXAMPLES = """
weekday: [sat, sun]
at 2026-02-07 10:00
-> met

weekday: mon
at 2026-02-07 10:00
-> weekday 0: only on Monday
"""
