"""What is known of oneself, over HTTP: read it, and put right what the program lets one say."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.refusal import Refusal
from tessera.base.text import Code
from tessera.doors.call import Call, Operation
from tessera.doors.till.membership import (
    ChangeMember,
    MemberChanged,
    MemberIdentifier,
    change_person,
)
from tessera.doors.till.people import AttributeValue, PersonName, attributes_fault
from tessera.members import core, db
from tessera.members.choices import db as choices_db
from tessera.members.joining import core as joining
from tessera.members.removing import flows as removing
from tessera.rules.core.settings import Attribute


class ChangeMyself(Struct, frozen=True, forbid_unknown_fields=True):
    """What one says of oneself. What is left out stays; a birthday can be said once.

    attributes  by name, those that the program lets members set; null takes one away
    """

    given_name: PersonName | None = None
    family_name: PersonName | None = None
    born_on: date | None = None
    language: core.Language | None = None
    attributes: Annotated[dict[Code, AttributeValue | None], Meta(max_length=200)] = {}


class MyAttribute(Struct, frozen=True, omit_defaults=True):
    """What the program would like to know, or lets one see.

    mine    one may say it oneself
    values  what it may be, where it is a choice
    """

    name: str
    type: str
    values: list[str]
    mine: bool
    counts: bool
    value: core.Value | None = None


class Myself(Struct, frozen=True):
    """What is known of oneself. Phones and addresses are masked: who took a session sees no more.

    complete  per cent of the profile that is known; `missing`: what is not and one may say
    """

    member_id: UUID
    account_id: UUID
    given_name: str
    family_name: str
    born_on: date | None
    language: core.Language
    registered_at: datetime | None
    identifiers: list[MemberIdentifier]
    attributes: list[MyAttribute]
    favourites: list[str]
    chosen: dict[str, list[str]]
    complete: int
    missing: list[str]


async def read(call: Call) -> Myself | Refusal:
    """GET /v1/me"""
    member = await db.read_member(call.conn, call.principal.id)
    if member is None:
        return _gone()
    assert call.house is not None, "the door is a house's"
    program = call.house.shop().program
    attributes = [
        _attribute(name, each, member.attributes.get(name))
        for name, each in program.attributes.items() if each.member != "hidden"
    ]  # fmt: skip
    complete, missing = joining.share_known(program.weights, joining.known_of(member))
    mine = {each.name for each in attributes if each.mine} | set(program.enrolment.profile)
    held = [
        MemberIdentifier(removing.id_of(member.id, each.identifier), each.identifier.kind,
                         core.masked(each.identifier), each.status, each.since, each.verified_at)
        for each in member.identifiers
    ]  # fmt: skip
    return Myself(
        member.id, member.account_id, member.given_name, member.family_name, member.born_on,
        member.language, member.registered_at, held, attributes, member.favourites,
        await choices_db.chosen(call.conn, member.id) or {}, complete,
        [name for name in missing if name in mine],
    )  # fmt: skip


async def change(call: Call) -> MemberChanged | Refusal:
    """PATCH /v1/me"""
    body: ChangeMyself = call.body
    refusal = _hidden(call, body) or attributes_fault(call, body.attributes)
    if refusal is not None:
        return refusal
    if body.born_on is not None:
        member = await db.read_member(call.conn, call.principal.id)
        if member is not None and member.born_on not in (None, body.born_on):
            return Refusal(
                "born_on_fixed", "born_on", "the birthday is known already",
                "ask the staff to put it right",
            )  # fmt: skip
    wanted = ChangeMember(
        body.attributes, None, body.given_name, body.family_name, body.born_on, body.language
    )
    return await change_person(call, call.principal.id, wanted)


def _hidden(call: Call, body: ChangeMyself) -> Refusal | None:
    """What members do not see is as good as not declared, also to forget."""
    assert call.house is not None, "the door is a house's"
    declared = call.house.shop().program.attributes
    for name in body.attributes:
        attribute = declared.get(name)
        if attribute is None or attribute.member == "hidden":
            return Refusal(
                "attribute_unknown", f"attributes.{name}",
                f"the program declares no attribute {name}", "leave it out",
            )  # fmt: skip
    return None


def _attribute(name: str, declared: Attribute, value: core.Value | None) -> MyAttribute:
    return MyAttribute(
        name, declared.type, list(declared.values), declared.member == "sets", declared.required,
        value,
    )  # fmt: skip


def _gone() -> Refusal:
    return Refusal("member_unknown", "", "you are no longer a member", "join again")


OPERATIONS: tuple[Operation, ...] = (
    Operation("me.read", "GET", "/v1/me", read, Myself, "What is known of oneself"),
    Operation(
        "me.change", "PATCH", "/v1/me", change, MemberChanged, "Put right what is known of oneself",
        kind="writes", body=ChangeMyself, example={"given_name": "Anna"},
    ),
)  # fmt: skip
