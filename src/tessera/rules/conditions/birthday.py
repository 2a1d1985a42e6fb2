"""The member's birthday, and days around it."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from tessera.rules.core.conditions import Personal
from tessera.rules.core.days import Around, around, around_numbers
from tessera.rules.core.facts import Person
from tessera.rules.core.texts import Numbers, Template


class Birthday(Personal, frozen=True, tag="birthday"):
    """The birthday, or so many days before or after it. 29 February: the 28th elsewhere."""

    code_missing: ClassVar[str] = "birthday"
    why: ClassVar[Template] = "only around the birthday"

    days_before: Around = 0
    days_after: Around = 0

    def trait(self, person: Person, on: date) -> int | None:
        """The birthdays of last, this and next year."""
        if person.born_on is None:
            return None
        return int(around(person.born_on, on, self.days_before, self.days_after))

    def sentence(self) -> tuple[Template, Numbers]:
        """The day and its surroundings."""
        return SAID[self.days_before > 0, self.days_after > 0], around_numbers(
            self.days_before, self.days_after
        )


SAID = {
    (False, False): "it is the member's birthday",
    (True, False): "it is {before} or fewer days until the member's birthday",
    (False, True): "it is {after} or fewer days since the member's birthday",
    (True, True): "it is {before} or fewer days until the member's birthday,"
    " or {after} or fewer since",
}
EXAMPLES = """
birthday: {days_before: 3}
born 1980-05-10
at 2026-05-07 10:00
-> met

birthday: {days_before: 3}
born 1980-05-10
at 2026-05-11 10:00
-> birthday 0: only around the birthday

birthday: {days_after: 7}
born 1980-12-28
at 2026-01-03 10:00
-> met

birthday: 0
born 1980-02-29
at 2026-02-28 10:00
-> met
"""
