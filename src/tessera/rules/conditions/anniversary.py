"""The day the member joined, as it returns every year."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.rules.core.conditions import Personal
from tessera.rules.core.days import Around, around_numbers, nearby
from tessera.rules.core.facts import Person
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template

Year = Annotated[int, Meta(ge=1, le=150)]


class Anniversary(Personal, frozen=True, tag="anniversary"):
    """The anniversary of joining, or so many days before or after it.

    years  only the third, sixth, ...; every one if left empty
    """

    code_missing: ClassVar[str] = "anniversary"
    why: ClassVar[Template] = "only around the anniversary of joining"

    years: Annotated[tuple[Year, ...], Meta(max_length=100)] = ()
    days_before: Around = 0
    days_after: Around = 0

    def trait(self, person: Person, on: date) -> int | None:
        """The anniversaries around the day, of which the joining itself is none."""
        since = person.joined_on
        if since is None:
            return None
        passed = [each.year - since.year
                  for each in nearby(since, on, self.days_before, self.days_after)]  # fmt: skip
        return int(any(n > 0 and (not self.years or n in self.years) for n in passed))

    def sentence(self) -> tuple[Template, Numbers]:
        """The years, the day and its surroundings."""
        numbers = around_numbers(self.days_before, self.days_after)
        if self.years:
            numbers["years"] = listed(self.years)
        texts = SAID_YEARS if self.years else SAID
        return texts[self.days_before > 0, self.days_after > 0], numbers


SAID = {
    (False, False): "it is an anniversary of joining",
    (True, False): "it is {before} or fewer days until an anniversary of joining",
    (False, True): "it is {after} or fewer days since an anniversary of joining",
    (True, True): "it is {before} or fewer days until an anniversary of joining,"
    " or {after} or fewer since",
}
SAID_YEARS = {
    (False, False): "the member joined {years} years ago to the day",
    (True, False): "it is {before} or fewer days until {years} years after the member joined",
    (False, True): "it is {after} or fewer days since {years} years after the member joined",
    (True, True): "it is {before} or fewer days until {years} years after the member joined,"
    " or {after} or fewer since",
}
EXAMPLES = """
anniversary: {}
joined 2023-02-07
at 2026-02-07 10:00
-> met

anniversary: [3, 6, 9]
joined 2023-02-07
at 2026-02-07 10:00
-> met

anniversary: {years: [3, 6, 9], days_after: 7}
joined 2024-02-07
at 2026-02-07 10:00
-> anniversary 0: only around the anniversary of joining
"""
