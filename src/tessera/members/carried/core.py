"""Arrivals: members as another program says them, and whose place they take here. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.members.core import Language, Owner, Value
from tessera.warehouse.core import Identifier

Became = Literal["new", "extended", "known"]
Outcome = Became | Refusal


class Named(Struct, frozen=True):
    """An identifier of an arrival, in normal form.

    field    where it stands in the file
    blocked  why the card does not work; "" if it does
    shared   it names an account that several people may have
    """

    identifier: Identifier
    field: str = ""
    blocked: str = ""
    shared: bool = False


class Person(Struct, frozen=True):
    """Who it is, as far as it is said."""

    given_name: str = ""
    family_name: str = ""
    born_on: date | None = None
    attributes: dict[str, Value] = {}


class Arrival(Struct, frozen=True):
    """A member of another program. `number` names the member there.

    joined_at  the beginning of the day `joined_on` where the program's days begin
    """

    number: Named
    names: tuple[Named, ...]
    person: Person
    joined_at: datetime
    joined_on: date
    language: Language = "en"

    def all_names(self) -> tuple[Named, ...]:
        """The number first."""
        return (self.number, *self.names)


class Place(Struct, frozen=True):
    """A member here: new, or one that was there. `fresh`: not registered before."""

    member_id: UUID
    account_id: UUID
    joined_at: datetime
    joined_on: date
    language: Language
    new: bool
    fresh: bool


class Settled(Struct):
    """What becomes of a batch of arrivals.

    outcomes  one for each, in their order
    places    members that are made, registered or extended, each once
    people    what is known of these afterwards
    names     identifiers they get, with the member and since when
    """

    outcomes: list[Outcome] = msgspec.field(default_factory=list)
    places: dict[UUID, Place] = msgspec.field(default_factory=dict)
    people: dict[UUID, Person] = msgspec.field(default_factory=dict)
    names: list[tuple[Named, UUID, datetime]] = msgspec.field(default_factory=list)


def settle(
    arrivals: Iterable[Arrival], owners: Mapping[Identifier, Owner],
    people: Mapping[UUID, Person], new_id: Callable[[], UUID],
) -> Settled:  # fmt: skip
    """Decide about a batch, one arrival after the other.

    owners  of all their identifiers that somebody has, held still
    people  what is known of those owners who are registered
    errors  (as outcomes) identifier_taken, household_needed, merge_needed, card_blocked,
            card_replaced, member_differs
    """
    known, who = dict(owners), dict(people)
    settled = Settled()
    for arrival in arrivals:
        owner = _whose(arrival, known, who)
        if isinstance(owner, Refusal):
            settled.outcomes.append(owner)
            continue
        before = who.get(owner.member_id) if owner is not None else None
        lacking = [each for each in arrival.all_names() if each.identifier not in known]
        after = _together(before, arrival.person) if before is not None else arrival.person
        if isinstance(after, Refusal):
            settled.outcomes.append(after)
            continue
        if before is not None and after == before and not lacking:
            settled.outcomes.append("known")
            continue
        place = _place(arrival, owner, before is None, new_id)
        settled.places.setdefault(place.member_id, place)
        settled.people[place.member_id] = who[place.member_id] = after
        mine = Owner(place.member_id, place.account_id, "active", True)
        for named in lacking:
            if named.identifier not in known:  # one row may say a card twice
                known[named.identifier] = mine
                settled.names.append((named, place.member_id, arrival.joined_at))
        for named in arrival.all_names():
            known[named.identifier] = mine
        settled.outcomes.append("new" if before is None else "extended")
    return settled


def _place(arrival: Arrival, owner: Owner | None, fresh: bool, new_id: Callable[[], UUID]) -> Place:
    said = (arrival.joined_at, arrival.joined_on, arrival.language)
    if owner is None:
        return Place(new_id(), new_id(), *said, new=True, fresh=True)
    return Place(owner.member_id, owner.account_id, *said, new=False, fresh=fresh)


def _whose(
    arrival: Arrival, owners: Mapping[Identifier, Owner], registered: Container[UUID]
) -> Owner | Refusal | None:
    """Whose place an arrival takes: its number's, a shadow's, or None for a new member."""
    found = owners.get(arrival.number.identifier)
    for named in arrival.names:
        owner = owners.get(named.identifier)
        if owner is None or (found is not None and owner.member_id == found.member_id):
            continue
        refusal = _not_free(named, owner, owner.member_id in registered)
        if refusal is not None:
            return refusal
        if found is not None:
            return Refusal(
                "merge_needed", named.field, "this one has an account of its own already",
                "leave it out and join the two members afterwards",
            )  # fmt: skip
        found = owner
    return found


def _not_free(named: Named, owner: Owner, registered: bool) -> Refusal | None:
    """Why an identifier of another owner cannot become the arrival's."""
    kind = named.identifier.kind
    if registered and named.shared:
        return Refusal(
            "household_needed", named.field, "another member of the file has this account",
            "leave the account out, load the row, and make a household of them",
        )  # fmt: skip
    if registered:
        return Refusal(
            "identifier_taken", named.field, f"a member with another number has this {kind}",
            "say whose it is: leave it out of one of the rows, or give both one number",
        )  # fmt: skip
    if owner.status != "active":
        return Refusal(
            f"card_{owner.status}", named.field, f"this {kind} was {owner.status} here",
            "leave it out, or unblock it first",
        )  # fmt: skip
    return None


def _together(before: Person, said: Person) -> Person | Refusal:
    """What is known with what is said; what differs is refused."""
    for field in ("given_name", "family_name", "born_on"):
        old, new = getattr(before, field), getattr(said, field)
        if old and new and old != new:
            return _differs(field)
    for name, value in said.attributes.items():
        if before.attributes.get(name, value) != value:
            return _differs(f"attributes.{name}")
    return Person(
        before.given_name or said.given_name, before.family_name or said.family_name,
        before.born_on or said.born_on, said.attributes | before.attributes,
    )  # fmt: skip


def _differs(field: str) -> Refusal:
    return Refusal(
        "member_differs", field, "something else is known of the member with this number",
        "change it at the member, or take it out of the row",
    )  # fmt: skip
