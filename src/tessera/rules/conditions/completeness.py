"""How much of the profile is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from tessera.rules.core.conditions import Personal
from tessera.rules.core.facts import Person
from tessera.rules.core.texts import Numbers, Template

if TYPE_CHECKING:
    from tessera.rules.core.words import Program


class Completeness(Personal, frozen=True, tag="completeness"):
    """So many per cent of the profile are known, by the weights that the program gives."""

    code_missing: ClassVar[str] = "profile_incomplete"
    why: ClassVar[Template] = "more has to be known for this"

    at_least: Annotated[int, Meta(ge=1, le=100, description="per cent")] = 100

    def trait(self, person: Person, on: date) -> int | None:
        """As much as asked; None where nothing counts."""
        return None if person.complete is None else int(person.complete >= self.at_least)

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """A program in which nothing counts."""
        if not program.weights:
            yield (
                "", "nothing counts for a complete profile",
                "add `enrolment.profile`, or `required: true` to an attribute",
            )  # fmt: skip

    def sentence(self) -> tuple[Template, Numbers]:
        """How much."""
        return "{percent} % or more of the member's profile is known", {"percent": self.at_least}


EXAMPLES = """
completeness: 80
complete 85
-> met

completeness: 80
complete 60
-> profile_incomplete 0: more has to be known for this

completeness: 100
-> profile_incomplete 0: more has to be known for this
"""
