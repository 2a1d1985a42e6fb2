"""The member's language."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta

from tessera.rules.core.conditions import Personal
from tessera.rules.core.facts import Person
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template

Tag = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z",
        description="BCP 47: de, or de-CH",
    ),
]


class Language(Personal, frozen=True, tag="language"):
    """The member's language is one of these; `de` is also de-AT and de-CH, but not the reverse."""

    languages: Annotated[tuple[Tag, ...], Meta(min_length=1, max_length=50)]

    def trait(self, person: Person, on: date) -> int | None:
        """Basic filtering of RFC 4647: the whole tag, or its beginning up to a hyphen."""
        if not person.language:
            return None
        mine = person.language.lower()
        wanted = [tag.lower() for tag in self.languages]
        return int(any(mine == tag or mine.startswith(f"{tag}-") for tag in wanted))

    def sentence(self) -> tuple[Template, Numbers]:
        """The languages."""
        return "the member's language is {languages}", {"languages": listed(self.languages)}


EXAMPLES = """
language: [de, fr]
speaks de-CH
-> met

language: [de, fr]
speaks it
-> audience 0: this is for other members

language: de-CH
speaks de
-> audience 0: this is for other members
"""
