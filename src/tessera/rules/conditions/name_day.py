"""The member's name day, and days around it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, field

from tessera.base.text import OptionalCode
from tessera.rules.core.conditions import Personal
from tessera.rules.core.days import Around, around, around_numbers, month_day
from tessera.rules.core.facts import Person
from tessera.rules.core.phrases import day_words, listed
from tessera.rules.core.texts import Numbers, Template, phrase

if TYPE_CHECKING:
    from tessera.rules.core.words import Program

_DAY = r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
GivenName = Annotated[str, Meta(min_length=1, max_length=100)]
Days = Annotated[
    str,
    Meta(
        pattern=rf"^{_DAY}( {_DAY}){{0,19}}\Z",
        description="07-26, or several: 06-24 12-27",
    ),
]


class NameDay(Personal, frozen=True, tag="name_day"):
    """The name day, or so many days before or after it. Capitals do not matter.

    names      {Anna: 07-26, Giovanni: 06-24 12-27}: the days of given names; of a double name
               that is not listed the first part counts
    attribute  a member's attribute that says the day itself, as a date or 07-26; it goes first
    """

    code_missing: ClassVar[str] = "name_day"
    why: ClassVar[Template] = "only around the name day"

    names: Annotated[dict[GivenName, Days], Meta(max_length=5_000)] = field(default_factory=dict)
    attribute: OptionalCode = ""
    days_before: Around = 0
    days_after: Around = 0

    def __post_init__(self) -> None:
        if not self.names and not self.attribute:
            raise ValueError("there are no names and no attribute: nobody has a name day")
        for days in self.names.values():
            for day in days.split():
                month_day(day)

    def trait(self, person: Person, on: date) -> int | None:
        """One of the days of the name is near."""
        days = self._days(person)
        if not days:
            return None
        near = [around(month_day(day), on, self.days_before, self.days_after) for day in days]
        return int(any(near))

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """What the program does not declare."""
        if self.attribute and self.attribute not in program.attributes:
            why = f"there is no attribute {self.attribute}"
            yield "attribute", why, "declare it under `attributes`"

    def sentence(self) -> tuple[Template, Numbers]:
        """The names and the surroundings of the day."""
        numbers = around_numbers(self.days_before, self.days_after)
        said = SAID[self.days_before > 0, self.days_after > 0]
        return said, {**numbers, "days": self._told()}

    def _told(self) -> str:
        said = [
            phrase("{name} {days}", name=name,
                   days=listed([day_words(day) for day in days.split()], "and"))
            for name, days in sorted(self.names.items())
        ]  # fmt: skip
        first = [phrase("as {attribute} says", attribute=self.attribute)] if self.attribute else []
        return listed([*first, *said])

    def _days(self, person: Person) -> list[str]:
        told = person.attributes.get(self.attribute) if self.attribute else None
        if isinstance(told, str) and _is_day(told[-5:]):
            return [told[-5:]]
        known = {name.casefold(): days for name, days in self.names.items()}
        name = person.given_name.casefold()
        first = name.replace("-", " ").partition(" ")[0]
        return (known.get(name) or known.get(first) or "").split()


def _is_day(text: str) -> bool:
    try:
        month_day(text)
    except ValueError:
        return False
    return True


SAID = {
    (False, False): "it is the member's name day ({days})",
    (True, False): "it is {before} or fewer days until the member's name day ({days})",
    (False, True): "it is {after} or fewer days since the member's name day ({days})",
    (True, True): "it is {before} or fewer days until the member's name day ({days}),"
    " or {after} or fewer since",
}
EXAMPLES = """
name_day: {names: {Anna: 07-26, Giovanni: 06-24 12-27}}
named Anna Maria
at 2026-07-26 10:00
-> met

name_day: {names: {Anna: 07-26, Giovanni: 06-24 12-27}, days_after: 3}
named GIOVANNI
at 2026-12-30 10:00
-> met

name_day: {names: {Anna: 07-26}}
named Anna
at 2026-07-27 10:00
-> name_day 0: only around the name day

name_day: {attribute: name_day}
is name_day=1990-07-26
at 2026-07-26 10:00
-> met
"""
