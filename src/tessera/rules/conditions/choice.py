"""What the member has answered to one of the program's choices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.conditions import Personal
from tessera.rules.core.facts import Person
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template

if TYPE_CHECKING:
    from tessera.rules.core.words import Program


class Choice(Personal, frozen=True, tag="choice"):
    """The member has chosen one of these options in advance; without options: anything at all."""

    code_missing: ClassVar[str] = "choice"
    why: ClassVar[Template] = "this depends on what the member has chosen"

    choice: Code
    options: Annotated[tuple[Code, ...], Meta(max_length=200)] = ()

    def trait(self, person: Person, on: date) -> int | None:
        """Chosen as asked; None: nothing was chosen."""
        chosen = person.chosen.get(self.choice, ())
        if not chosen:
            return None
        return int(not self.options or any(each in self.options for each in chosen))

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """What the program does not declare."""
        declared = program.choices.get(self.choice)
        if declared is None:
            yield "choice", f"there is no choice {self.choice}", "declare it under `choices`"
            return
        for option in self.options:
            if option not in declared.options:
                why = f"{option} is none of the options of {self.choice}"
                yield "options", why, f"write one of {', '.join(declared.options)}"[:500]

    def sentence(self) -> tuple[Template, Numbers]:
        """The choice, and which options."""
        if not self.options:
            return "the member has answered the choice {choice}", {"choice": self.choice}
        return SAID, {"choice": self.choice, "options": listed(list(self.options))}


SAID = "the member's choice {choice} is {options}"
EXAMPLES = """
choice: {choice: track, options: [miles, gifts]}
chose track=miles
-> met

choice: {choice: track, options: miles}
chose track=gifts
-> choice 0: this depends on what the member has chosen

choice: track
-> choice 0: this depends on what the member has chosen
"""
