"""Pairs of members who may be one, as the queue holds them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.members.likeness.core.forms import Looks, looks
from tessera.members.likeness.core.scoring import Evidence, Likeness
from tessera.warehouse.core import Identifier

Verdict = Literal["same", "different"]


class Person(Struct, frozen=True):
    """What is known of a member who has registered: mask before showing."""

    id: UUID
    given_name: str
    family_name: str
    born_on: date | None
    attributes: dict[str, object]
    identifiers: tuple[Identifier, ...]

    def looks(self) -> Looks:
        """The person in comparable form."""
        return looks(
            self.given_name, self.family_name, self.born_on, self.identifiers, self.attributes
        )


class Near(Struct, frozen=True):
    """A member who looks like somebody who is about to register."""

    person: Person
    likeness: Likeness


class Found(Struct, frozen=True):
    """A pair that a search found; `one` before `other`. Units: weight in tenths of a bit."""

    id: UUID
    one: UUID
    other: UUID
    group_id: UUID | None
    weight: int
    evidence: tuple[Evidence, ...]


class Likely(Struct, frozen=True):
    """A pair of the queue, with its verdict once there is one."""

    id: UUID
    one: UUID
    other: UUID
    group_id: UUID | None
    weight: int
    evidence: tuple[Evidence, ...]
    found_at: datetime
    verdict: Verdict | None = None
    judged_at: datetime | None = None
    reason: str = ""
