"""Whether the member has told what the program would like to know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Personal, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing, Person
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template, one_many

if TYPE_CHECKING:
    from tessera.rules.core.words import Program

_OWN = ("given_name", "born_on", "language")


class ProfileComplete(Personal, frozen=True, tag="profile_complete"):
    """All of these are known of the member, whatever they are.

    attributes  names of declared attributes, or given_name, born_on and language of the person
    """

    code_missing: ClassVar[str] = "profile_incomplete"
    why: ClassVar[Template] = one_many(
        "1 more answer makes the profile complete", "{count} more answers make the profile complete"
    )

    attributes: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=100)]

    def reading(self) -> Reading:
        """A trait below 0 says how many are missing."""
        key, count = self.trait_key(), len(set(self.attributes))
        unknown = Missing(self.code_missing, count, self.why, {"count": count})

        def profile_complete(basket: Basket, facts: Facts) -> Met | Missing:
            found = facts.known.get(key)
            if found is None or found == 0:
                return unknown
            if found > 0:
                return MET
            return Missing(self.code_missing, -found, self.why, {"count": -found})

        return profile_complete

    def trait(self, person: Person, on: date) -> int | None:
        """1 if nothing is missing, else minus the number of what is."""
        missing = sum([not _is_known(person, name) for name in set(self.attributes)])
        return -missing or 1

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """What the program does not declare."""
        for name in self.attributes:
            if name not in program.attributes and name not in _OWN:
                yield "attributes", f"there is no attribute {name}", "declare it under `attributes`"

    def sentence(self) -> tuple[Template, Numbers]:
        """What must be known."""
        return "the member has told {attributes}", {"attributes": listed(self.attributes, "and")}


def _is_known(person: Person, name: str) -> bool:
    return name in person.attributes or (name in _OWN and bool(getattr(person, name)))


EXAMPLES = """
profile_complete: [born_on, children, gender]
born 1980-05-10
is children=0 gender=f
-> met

profile_complete: [born_on, children, gender]
is children=0
-> profile_incomplete 2: 2 more answers make the profile complete
"""
