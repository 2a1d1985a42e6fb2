"""What two members are together, and what each is again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from tessera.members.core import MAX_FAVOURITES, Value

Keep = Literal["newer", "member", "other"]
Side = Literal["member", "other"]
Name = tuple[str, str]  # kind, value
Field = Literal["given_name", "family_name", "born_on", "language", "attributes", "favourites"]


class Portrait(Struct, frozen=True):
    """A member as one is, without the identifiers. `person`: whether anybody has said who it is."""

    registered_at: datetime | None
    language: str
    favourites: tuple[str, ...] = ()
    chosen: dict[str, list[str]] = {}
    person: bool = False
    given_name: str = ""
    family_name: str = ""
    born_on: date | None = None
    attributes: dict[str, Value] = {}
    nickname: str = ""


class Sealed(Struct, frozen=True):
    """What is sealed of a member before a merge.

    identifiers  what moved away; `since`: when each had come, none where an earlier release sealed
    merged       of the one who stayed: what both were together
    passkeys     ids of the devices that moved away
    idle         (purpose, channel) of each yes that had no contact to go to
    """

    portrait: Portrait
    identifiers: tuple[Name, ...] = ()
    merged: Portrait | None = None
    passkeys: tuple[UUID, ...] = ()
    since: tuple[datetime, ...] = ()
    idle: tuple[tuple[str, str], ...] = ()


class Known(Struct, frozen=True):
    """How an identifier names a member: why it has its status, and since when it is there."""

    why: str
    since: datetime


def keeps(member: Portrait, other: Portrait, keep: Keep) -> Side:
    """Whose fields stay: of `newer`, of the one who registered last; a shadow's never do."""
    if keep != "newer":
        return keep
    if other.registered_at is None:
        return "member"
    newer = member.registered_at is None or other.registered_at > member.registered_at
    return "other" if newer else "member"


def together(
    member: Portrait, other: Portrait, keep: Side, fields: Mapping[Field, Side]
) -> Portrait:
    """Both as one: field by field the winner's, and the other's where that one says nothing.

    keep    whose fields stay; `fields` says it for single ones
    """
    sides = {"member": (member, other), "other": (other, member)}

    def said(name: Field) -> tuple[Portrait, Portrait]:
        return sides[fields.get(name, keep)]

    first, second = said("attributes")
    likes, more = said("favourites")
    favourites = dict.fromkeys((*likes.favourites, *more.favourites))
    born, also = said("born_on")
    both = [each.registered_at for each in (member, other) if each.registered_at is not None]
    return Portrait(
        registered_at=min(both, default=None), language=said("language")[0].language,
        favourites=tuple(favourites)[:MAX_FAVOURITES],
        chosen={**sides[keep][1].chosen, **sides[keep][0].chosen},
        person=member.person or other.person,
        given_name=_text(said("given_name"), "given_name"),
        family_name=_text(said("family_name"), "family_name"),
        born_on=born.born_on or also.born_on, attributes={**second.attributes, **first.attributes},
        nickname=_text(sides[keep], "nickname"),
    )  # fmt: skip


def _text(sides: tuple[Portrait, Portrait], name: str) -> str:
    first, second = sides
    return str(getattr(first, name) or getattr(second, name))


def apart(now: Portrait, merged: Portrait, was: Portrait) -> Portrait:
    """The one who stayed, without the other: as before, but for what was changed since.

    Attributes and choices are compared one by one.
    """
    names = Portrait.__struct_fields__
    return Portrait(**{
        name: _changed(*(getattr(each, name) for each in (now, merged, was))) for name in names
    })  # fmt: skip


def _changed(now: Any, merged: Any, was: Any) -> Any:
    if now == merged:
        return was
    if not isinstance(now, dict):
        return now
    kept = {key: value for key, value in was.items() if key in now or key not in merged}
    new = {key: value for key, value in now.items() if key not in merged or value != merged[key]}
    return kept | new


def going_back(
    other: Sealed, merged_at: datetime, held: Mapping[Name, Known]
) -> list[Name]:  # fmt: skip
    """The identifiers that go back: those that came and never left, and cards in their place.

    held  what names the one who stayed now
    """
    came = dict(zip(other.identifiers, other.since, strict=False))
    asked = [
        each for each in other.identifiers
        if each in held and _never_left(held[each].since, came.get(each), merged_at)
    ]  # fmt: skip
    found: list[Name] = []
    while asked:
        each = asked.pop()
        if each not in held or each in found:
            continue
        found.append(each)
        if held[each].why.startswith("by "):
            asked.append(("card", held[each].why.removeprefix("by ")))
    return sorted(found)


def _never_left(since: datetime, came: datetime | None, merged_at: datetime) -> bool:
    """Whoever had an identifier taken off and is given it again has it since then."""
    return since <= merged_at if came is None else since == came


class Standing(Struct, frozen=True):
    """A member while it is decided on: its account, and what stands in the way."""

    id: UUID
    account_id: UUID
    merged_into: UUID | None
    erased: bool
    household_id: UUID | None
    portrait: Portrait
