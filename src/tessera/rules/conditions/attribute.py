"""What is known of the member: any attribute that the program declares."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.conditions import Personal
from tessera.rules.core.facts import Person, Value
from tessera.rules.core.phrases import by_bounds, value_words
from tessera.rules.core.texts import Numbers, Template

if TYPE_CHECKING:
    from tessera.rules.core.words import Program

Number = Annotated[int, Meta(ge=-(10**15), le=10**15)]
Text = Annotated[str, Meta(max_length=200)]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", description="2026-12-31")]


class Attribute(Personal, frozen=True, tag="attribute"):
    """An attribute of the member has one of these values, or lies between two bounds.

    Without values and bounds: it is known. What is not known does not hold.

    name     as the program declares it under `attributes`
    values   text, numbers, true or false, as the attribute is declared
    at_least a whole number, or a date for an attribute that is one; `at_most` likewise
    """

    name: Code
    values: Annotated[tuple[bool | Number | Text, ...], Meta(max_length=200)] = ()
    at_least: Number | Day | None = None
    at_most: Number | Day | None = None

    def __post_init__(self) -> None:
        ends = [end for end in (self.at_least, self.at_most) if end is not None]
        if self.values and ends:
            raise ValueError("an attribute has values or bounds: name one kind, join with `all`")
        if len({type(end) for end in ends}) > 1:
            raise ValueError("at_least and at_most are two numbers or two dates")

    def trait(self, person: Person, on: date) -> int | None:
        """As asked; a value of another type than the one asked for is not."""
        value = person.attributes.get(self.name)
        if value is None:
            return None
        if self.values:
            return int(any(type(each) is type(value) and each == value for each in self.values))
        return int(_within(self.at_least, value) and _within(value, self.at_most))

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """What the program does not declare."""
        declared = program.attributes.get(self.name)
        if declared is None:
            yield "name", f"there is no attribute {self.name}", "declare it under `attributes`"
            return
        for value in self.values:
            why = declared.fault(value)
            if why:
                yield "values", why, "write what the attribute can be"
        for name, end in (("at_least", self.at_least), ("at_most", self.at_most)):
            if end is None:
                continue
            if declared.type not in ("integer", "date"):
                why = f"{self.name} is {declared.type}, it has no bounds"
                yield name, why, "list `values`"
            elif declared.fault(end):
                yield name, declared.fault(end), "write what the attribute can be"

    def sentence(self) -> tuple[Template, Numbers]:
        """The attribute, and what it should be."""
        numbers: dict[str, int | str] = {"name": self.name}
        if self.values:
            numbers["values"] = value_words(self.values)
            return "the member's attribute {name} is {values}", numbers
        if self.at_least is None and self.at_most is None:
            return "the member's attribute {name} is known", numbers
        if self.at_least is not None:
            numbers["least"] = self.at_least
        if self.at_most is not None:
            numbers["most"] = self.at_most
        dates = any(isinstance(end, str) for end in (self.at_least, self.at_most))
        return by_bounds(self.at_least, self.at_most, SAID_DATES if dates else SAID), numbers


def _within(low: Value | None, high: Value | None) -> bool:
    """Whether low <= high; None is no bound, and values of two types are not compared."""
    if low is None or high is None:
        return True
    if isinstance(low, str) and isinstance(high, str):
        return low <= high  # dates of one form compare as text
    if isinstance(low, bool | str) or isinstance(high, bool | str):
        return False
    return low <= high


SAID = (
    "the member's attribute {name} is from {least} to {most}",
    "the member's attribute {name} is {least} or more",
    "the member's attribute {name} is {most} or less",
)
SAID_DATES = (
    "the member's attribute {name} is from {least} to {most}",
    "the member's attribute {name} is {least} or later",
    "the member's attribute {name} is {most} or earlier",
)
EXAMPLES = """
attribute: {name: gender, values: f}
is gender=f
-> met

attribute: {name: children, at_least: 2}
is children=1
-> audience 0: this is for other members

attribute: vegan
is vegan=false
-> met

attribute: {name: lease_until, at_most: 2026-12-31}
is lease_until=2026-09-30
-> met

attribute: {name: gender, values: [f, d]}
-> audience 0: this is for other members
"""
