"""Whether the card belongs to a registered member."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from tessera.rules.core.conditions import Personal
from tessera.rules.core.facts import Person
from tessera.rules.core.texts import Numbers, Template


class Registered(Personal, frozen=True, tag="registered"):
    """The card belongs to a registered member; `registered: false`: to nobody known yet."""

    code_missing: ClassVar[str] = "registration"
    why: ClassVar[Template] = "this depends on whether the card is registered"

    registered: bool = True

    def trait(self, person: Person, on: date) -> int | None:
        """Registered as asked."""
        return int(person.registered == self.registered)

    def sentence(self) -> tuple[Template, Numbers]:
        """The one or the other."""
        if self.registered:
            return "the card is registered", {}
        return "the card is not registered yet", {}


EXAMPLES = """
registered: true
-> met

registered: true
unregistered
-> registration 0: this depends on whether the card is registered

registered: false
unregistered
-> met
"""
