"""The member's age in whole years."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from tessera.rules.core.conditions import Personal
from tessera.rules.core.days import whole_years
from tessera.rules.core.facts import Person
from tessera.rules.core.phrases import by_bounds
from tessera.rules.core.texts import Numbers, Template


class Age(Personal, frozen=True, tag="age"):
    """The member is so many years old on the day of the purchase; unknown is not young."""

    at_least: Annotated[int, Meta(ge=0, le=150)] | None = None
    at_most: Annotated[int, Meta(ge=0, le=150)] | None = None

    def __post_init__(self) -> None:
        if self.at_least is None and self.at_most is None:
            raise ValueError("an age has at_least, at_most or both")
        if None not in (self.at_least, self.at_most) and self._low() > self._high():
            raise ValueError("at_least is above at_most: nobody is of that age")

    def trait(self, person: Person, on: date) -> int | None:
        """The age lies between the bounds."""
        if person.born_on is None or person.born_on > on:
            return None
        return int(self._low() <= whole_years(person.born_on, on) <= self._high())

    def sentence(self) -> tuple[Template, Numbers]:
        """The bounds."""
        numbers = {"least": self.at_least, "most": self.at_most}
        told: Numbers = {name: years for name, years in numbers.items() if years is not None}
        return by_bounds(self.at_least, self.at_most, SAID), told

    def _low(self) -> int:
        return self.at_least or 0

    def _high(self) -> int:
        return 10_000 if self.at_most is None else self.at_most


SAID = (
    "the member is {least} to {most} years old",
    "the member is {least} years old or older",
    "the member is {most} years old or younger",
)
EXAMPLES = """
age: 60
born 1966-02-07
at 2026-02-07 10:00
-> met

age: {at_least: 18, at_most: 25}
born 2000-02-08
at 2026-02-07 10:00
-> met

age: 60
born 1966-02-08
at 2026-02-07 10:00
-> audience 0: this is for other members

age: {at_most: 12}
-> audience 0: this is for other members
"""
