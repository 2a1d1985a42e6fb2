"""What two members are together, and what each is again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tessera.members.core import MAX_FAVOURITES, Value

Keep = Literal["newer", "member", "other"]
Side = Literal["member", "other"]
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

    identifiers  (kind, value) of what moved away
    merged       of the one who stayed: what both were together
    passkeys     ids of the devices that moved away
    """

    portrait: Portrait
    identifiers: tuple[tuple[str, str], ...] = ()
    merged: Portrait | None = None
    passkeys: tuple[UUID, ...] = ()


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
    """The one who stayed, without the other: as before, but for what was changed since."""
    changed = {
        name: getattr(now, name)
        for name in Portrait.__struct_fields__
        if getattr(now, name) != getattr(merged, name)
    }
    return replace(was, **changed)


def going_back(
    moved: tuple[tuple[str, str], ...], held: Mapping[tuple[str, str], str]
) -> list[tuple[str, str]]:
    """The identifiers that go back: those that had come, and cards that took their place since.

    held  {(kind, value): why it has its status} of what the one who stayed has now
    """
    found: list[tuple[str, str]] = []
    asked = list(moved)
    while asked:
        each = asked.pop()
        if each not in held or each in found:
            continue
        found.append(each)
        if held[each].startswith("by "):
            asked.append(("card", held[each].removeprefix("by ")))
    return sorted(found)


class Standing(Struct, frozen=True):
    """A member while it is decided on: its account, and what stands in the way."""

    id: UUID
    account_id: UUID
    merged_into: UUID | None
    erased: bool
    household_id: UUID | None
    portrait: Portrait
