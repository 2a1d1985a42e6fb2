"""The member's birthday, and days around it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.rules.core.conditions import Personal
from tessera.rules.core.facts import Person
from tessera.rules.core.texts import Numbers, Template


class Birthday(Personal, frozen=True, tag="birthday"):
    """The birthday, or so many days before or after it. 29 February: the 28th elsewhere."""

    code_missing: ClassVar[str] = "birthday"
    why: ClassVar[Template] = "only around the birthday"

    days_before: Annotated[int, Meta(ge=0, le=60)] = 0
    days_after: Annotated[int, Meta(ge=0, le=60)] = 0

    def trait(self, person: Person, on: date) -> int | None:
        """The nearest birthdays of last, this and next year."""
        if person.born_on is None:
            return None
        return int(
            any(
                -self.days_before <= (on - _in_year(person.born_on, on.year + year)).days
                <= self.days_after
                for year in (-1, 0, 1)
            )
        )  # fmt: skip

    def sentence(self) -> tuple[Template, Numbers]:
        """The day and its surroundings."""
        numbers: Numbers = {"before": self.days_before, "after": self.days_after}
        if self.days_before or self.days_after:
            return "it is from {before} days before to {after} days after the birthday", numbers
        return "it is the member's birthday", numbers


def _in_year(born_on: date, year: int) -> date:
    try:
        return born_on.replace(year=year)
    except ValueError:
        return date(year, 3, 1) - timedelta(days=1)


EXAMPLES = """
birthday: {days_before: 3}
born 1980-05-10
at 2026-05-07 10:00
-> met

birthday: {days_before: 3}
born 1980-05-10
at 2026-05-11 10:00
-> birthday 0: only around the birthday

birthday: 0
born 1980-02-29
at 2026-02-28 10:00
-> met
"""
