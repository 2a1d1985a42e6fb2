"""How long the member has been one."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.rules.core.conditions import Personal
from tessera.rules.core.days import whole_months
from tessera.rules.core.facts import Person
from tessera.rules.core.phrases import by_bounds
from tessera.rules.core.texts import Numbers, Template


class Tenure(Personal, frozen=True, tag="tenure"):
    """So many whole days, months or years have passed since the member joined."""

    code_missing: ClassVar[str] = "tenure"
    why: ClassVar[Template] = "this depends on how long the member has been one"

    at_least: Annotated[int, Meta(ge=0, le=36_500)] = 0
    at_most: Annotated[int, Meta(ge=0, le=36_500)] | None = None
    unit: Literal["days", "months", "years"] = "days"

    def __post_init__(self) -> None:
        if not self.at_least and self.at_most is None:
            raise ValueError("a tenure has at_least, at_most or both")
        if self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is above at_most: no tenure is both")

    def trait(self, person: Person, on: date) -> int | None:
        """The time since joining lies between the bounds."""
        since = person.joined_on
        if since is None or since > on:
            return None
        if self.unit == "days":
            passed = (on - since).days
        else:
            passed = whole_months(since, on) // (12 if self.unit == "years" else 1)
        return int(self.at_least <= passed and (self.at_most is None or passed <= self.at_most))

    def sentence(self) -> tuple[Template, Numbers]:
        """The bounds."""
        numbers: dict[str, int | str] = {}
        if self.at_least:
            numbers["least"] = self.at_least
        if self.at_most is not None:
            numbers["most"] = self.at_most
        return by_bounds(self.at_least or None, self.at_most, SAID[self.unit]), numbers


SAID = {
    "days": (
        "the member joined {least} to {most} days ago",
        "the member joined {least} or more days ago",
        "the member joined {most} or fewer days ago",
    ),
    "months": (
        "the member joined {least} to {most} months ago",
        "the member joined {least} or more months ago",
        "the member joined {most} or fewer months ago",
    ),
    "years": (
        "the member joined {least} to {most} years ago",
        "the member joined {least} or more years ago",
        "the member joined {most} or fewer years ago",
    ),
}
EXAMPLES = """
tenure: {at_least: 3, unit: years}
joined 2023-02-07
at 2026-02-07 10:00
-> met

tenure: {at_least: 3, unit: years}
joined 2023-02-08
at 2026-02-07 10:00
-> tenure 0: this depends on how long the member has been one

tenure: {at_most: 30}
joined 2026-01-20
at 2026-02-07 10:00
-> met
"""
