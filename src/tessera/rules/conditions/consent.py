"""What the member has agreed to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from tessera.base.text import Code
from tessera.members.consents.core import Channel
from tessera.rules.core.conditions import Personal
from tessera.rules.core.facts import Person
from tessera.rules.core.texts import Numbers, Template, phrase

if TYPE_CHECKING:
    from tessera.rules.core.words import Program


class Consent(Personal, frozen=True, tag="consent"):
    """The member agrees to a purpose: on this channel, or on any if none is named.

    A consent that waits for its double opt-in, or was withdrawn, does not hold.
    """

    code_missing: ClassVar[str] = "consent"
    why: ClassVar[Template] = "this depends on what the member has agreed to"

    purpose: Code
    channel: Channel | None = None

    def trait(self, person: Person, on: date) -> int | None:
        """Agreed as asked."""
        if self.channel is not None:
            return int(f"{self.purpose}/{self.channel}" in person.agreed)
        return int(any(each.startswith(f"{self.purpose}/") for each in person.agreed))

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """What the program does not declare."""
        declared = program.consents.purposes.get(self.purpose)
        if declared is None:
            why = f"there is no purpose {self.purpose}"
            yield "purpose", why, "declare it under `consents.purposes`"
        elif self.channel is not None and self.channel not in declared.channels:
            why = f"{self.purpose} is not asked for {self.channel}"
            yield "channel", why, f"write one of {', '.join(declared.channels)}"

    def sentence(self) -> tuple[Template, Numbers]:
        """The purpose, and the channel where there is one."""
        if self.channel is None:
            return "the member agrees to {purpose}", {"purpose": self.purpose}
        return SAID, {"purpose": self.purpose, "channel": phrase(self.channel)}


SAID = "the member agrees to {purpose} by {channel}"
EXAMPLES = """
consent: news
agrees news/email
-> met

consent: {purpose: news, channel: sms}
agrees news/email
-> consent 0: this depends on what the member has agreed to

consent: profiling
-> consent 0: this depends on what the member has agreed to
"""
