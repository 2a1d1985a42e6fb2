"""Members and their cards over HTTP. Personal data is masked; answers of writes hold ids only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Key, OptionalCode
from tessera.doors.call import Call, Operation
from tessera.doors.pages import uuid_of
from tessera.doors.till.claiming import began_elsewhere
from tessera.doors.till.people import (
    AttributeValue,
    Favourites,
    PersonName,
    Reference,
    attributes_fault,
    country_of,
    favourites_fault,
    no_member,
    paper_fault,
    said_by,
    terms_of,
)
from tessera.doors.till.referrals import code_fault, note_brought
from tessera.members import core, db, flows
from tessera.members.consents import flows as consents
from tessera.members.consents.core import Saying
from tessera.members.joining import core as joining_core
from tessera.members.joining import flows as joining
from tessera.members.joining.core import Origin, Person
from tessera.members.removing import flows as removing
from tessera.rules.core.words import Program
from tessera.warehouse.core import Identifier


class NamedBy(Struct, frozen=True, forbid_unknown_fields=True):
    """A way to name a member.

    kind   card, phone (with country code, or as the program's country dials), email, external (an
           id of yours)
    value  phones become +393331234567, addresses lose their capitals
    """

    kind: Literal["card", "phone", "email", "external"]
    value: Key


class RegisterMember(Struct, frozen=True, forbid_unknown_fields=True):
    """A person joins. One identifier is enough; a card that earned before keeps what it earned.

    language    of texts for this member
    attributes  what the program declares under `attributes`, by name; a date as year-month-day
    favourites  codes of articles and categories chosen in advance
    source      the joining campaign, as the program declares it under `enrolment.sources`
    consents    what the person agreed to, on a paper whose number is `proof`
    referral    the code of the member who brings this person
    """

    identifiers: Annotated[tuple[NamedBy, ...], Meta(min_length=1, max_length=10)]
    given_name: PersonName = ""
    family_name: PersonName = ""
    born_on: date | None = None
    language: core.Language = "en"
    attributes: Annotated[dict[Code, AttributeValue], Meta(max_length=200)] = {}
    favourites: Favourites = ()
    source: OptionalCode = ""
    consents: Annotated[tuple[Saying, ...], Meta(max_length=50)] = ()
    proof: Reference = ""
    referral: OptionalCode = ""


class ChangeMember(Struct, frozen=True, forbid_unknown_fields=True):
    """Something becomes known of a member. What is left out stays.

    attributes  by name, put beside those that are known; null takes one away
    favourites  take the place of those chosen before
    """

    attributes: Annotated[dict[Code, AttributeValue | None], Meta(max_length=200)] = {}
    favourites: Favourites | None = None
    given_name: PersonName | None = None
    family_name: PersonName | None = None
    born_on: date | None = None
    language: core.Language | None = None


class RegisteredMember(Struct, frozen=True):
    """The member is registered. `history` is true when a card's earlier points came along."""

    member_id: UUID
    account_id: UUID
    history: bool


class MemberIdentifier(Struct, frozen=True):
    """One identifier of a member; phones and addresses are masked, and proved since then or not.

    identifier_id  by which it is taken off this member; elsewhere it means nothing
    """

    identifier_id: UUID
    kind: Literal["card", "phone", "email", "external"]
    value: str
    status: core.Status
    since: datetime
    verified_at: datetime | None


class MemberView(Struct, frozen=True):
    """A member as staff may see them: "Anna R.". Not registered means: the shadow of a card.

    Of attributes that are texts the first sign is told: `member.reveal` tells them for a reason.

    Roles that see pseudonyms get no name, no text that people wrote, and of an identifier its end.

    complete  per cent of the profile that is known; `missing`: what is not
    """

    member_id: UUID
    account_id: UUID
    name: str
    language: core.Language
    first_seen_at: datetime
    registered_at: datetime | None
    identifiers: list[MemberIdentifier]
    attributes: dict[str, core.Value]
    favourites: list[str]
    complete: int
    missing: list[str]


class MemberChanged(Struct, frozen=True):
    """It is known from now on."""

    member_id: UUID
    account_id: UUID


class IdentifierAdded(Struct, frozen=True):
    """The identifier names this member from now on."""

    member_id: UUID
    account_id: UUID
    status: core.Status


# Members ---------------------------------------------------------------------------------------


async def register_member(call: Call) -> RegisteredMember | Refusal:
    """POST /v1/members"""
    body: RegisterMember = call.body
    found: list[Identifier] = []
    for index, named in enumerate(body.identifiers):
        identifier = core.fresh(named.kind, named.value, country_of(call))
        if isinstance(identifier, Refusal):
            return _at(identifier, f"identifiers[{index}].value")
        found.append(identifier)
    refusal = attributes_fault(call, body.attributes) or favourites_fault(call, body.favourites)
    refusal = refusal or joining.sayings_fault(body.consents, terms_of(call))
    refusal = refusal or await code_fault(call, body.referral)
    if refusal is not None:
        return refusal
    new = core.NewMember(
        tuple(found), body.given_name, body.family_name, body.born_on, body.language,
        body.attributes, tuple(dict.fromkeys(body.favourites)),
    )  # fmt: skip
    came = _origin(call, body.source)
    if isinstance(came, Refusal):
        return came
    ids = new_id(), new_id()
    done = await joining.join(call.conn, new, came, terms_of(call), call.now, ids)
    if isinstance(done, Refusal):
        return done
    elsewhere = await began_elsewhere(call, done.account_id) if done.shadow else None
    if elsewhere is not None:
        return elsewhere
    if body.consents:
        by = said_by(call, body.proof)
        refusal = paper_fault(call, body.consents, body.proof)
        said = refusal or await consents.say(
            call.conn, done.member_id, body.consents, by, terms_of(call).consents
        )
        if isinstance(said, Refusal):
            return said
    await note_brought(call, body.referral, done.member_id, new=not done.shadow)
    call.changed("member", done.member_id, None, {"way": came.way, "source": came.source})
    return RegisteredMember(done.member_id, done.account_id, done.shadow)


def _origin(call: Call, source: str) -> Origin | Refusal:
    """A till's members come by its store; `own_store` scopes say which callers are tills."""
    terms, by = terms_of(call), call.principal
    way: Literal["till", "office"] = "office" if by.stores is None else "till"
    return joining_core.origin(terms.enrolment, way, source, terms.day(call.now), by.id, by.store)


async def read_member(call: Call) -> MemberView | Refusal:
    """GET /v1/members/{member_id}"""
    member_id = uuid_of(call.path["member_id"])
    member = None if member_id is None else await db.read_member(call.conn, member_id)
    return no_member(call) if member is None else viewer(call)(member)


async def change_member(call: Call) -> MemberChanged | Refusal:
    """PATCH /v1/members/{member_id}"""
    body: ChangeMember = call.body
    refusal = attributes_fault(call, body.attributes)
    refusal = refusal or favourites_fault(call, body.favourites)
    if refusal is not None:
        return refusal
    member_id = uuid_of(call.path["member_id"])
    if member_id is None:
        return no_member(call)
    return await change_person(call, member_id, body)


async def change_person(call: Call, member_id: UUID, body: ChangeMember) -> MemberChanged | Refusal:
    """Write down what became known, and tell the log."""
    chosen = body.favourites
    change = core.Change(body.attributes, None if chosen is None else tuple(dict.fromkeys(chosen)))
    person = Person(body.given_name, body.family_name, body.born_on, body.language)
    was = await joining.change(call.conn, member_id, person, change, terms_of(call), call.now)
    if isinstance(was, Refusal):
        return was
    before, after = _difference(was, body)
    call.changed("member", was.id, before, after, person=was.id)
    return MemberChanged(was.id, was.account_id)


def _difference(was: core.Member, body: ChangeMember) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that this changes, as they were and as they are."""
    own = ("given_name", "family_name", "born_on", "language", "favourites")
    after = {name: value for name in own if (value := getattr(body, name)) is not None}
    before = {name: getattr(was, name) for name in after}
    if body.attributes:
        before["attributes"] = {name: was.attributes.get(name) for name in body.attributes}
        after["attributes"] = body.attributes
    return msgspec.to_builtins(before), msgspec.to_builtins(after)


async def add_identifier(call: Call) -> IdentifierAdded | Refusal:
    """POST /v1/members/{member_id}/identifiers"""
    member_id = uuid_of(call.path["member_id"])
    identifier = core.fresh(call.body.kind, call.body.value, country_of(call))
    if isinstance(identifier, Refusal):
        return identifier
    if member_id is None:
        return no_member(call)
    owner = await flows.add_identifier(call.conn, member_id, identifier, call.now)
    if isinstance(owner, Refusal):
        return owner
    after = {"kind": identifier.kind, "value": identifier.value}
    call.changed("member", member_id, None, after, person=member_id)
    return IdentifierAdded(owner.member_id, owner.account_id, owner.status)


def viewer(call: Call) -> Callable[[core.Member], MemberView]:
    """How members look to this caller."""
    program = None if call.house is None else call.house.shop().program
    weights = {} if program is None else program.weights
    bare = call.principal.sight == "pseudonym"
    hide = core.veiled if bare else core.masked

    def view(member: core.Member) -> MemberView:
        held = [
            MemberIdentifier(removing.id_of(member.id, each.identifier), each.identifier.kind,
                             hide(each.identifier), each.status, each.since, each.verified_at)
            for each in member.identifiers
        ]  # fmt: skip
        name = "" if bare else core.masked_name(member.given_name, member.family_name)
        known = {
            name: value if _is_code(program, name) else core.masked_text(str(value))
            for name, value in member.attributes.items() if not bare or _is_code(program, name)
        }  # fmt: skip
        complete, missing = joining_core.share_known(weights, joining_core.known_of(member))
        return MemberView(
            member.id, member.account_id, name, member.language, member.seen_at,
            member.registered_at, held, known, member.favourites, complete, missing,
        )  # fmt: skip

    return view


def _is_code(program: Program | None, name: str) -> bool:
    """Whether an attribute can hold nothing that a person wrote."""
    attribute = None if program is None else program.attributes.get(name)
    return attribute is not None and attribute.type != "text"


def _at(refusal: Refusal, field: str) -> Refusal:
    return Refusal(refusal.code, field, refusal.why, refusal.cure)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "member.register", "POST", "/v1/members", register_member, RegisteredMember,
        "Register a member", kind="writes", body=RegisterMember, status=201,
        example={
            "identifiers": [
                {"kind": "phone", "value": "+39 333 1234567"},
                {"kind": "email", "value": "anna@example.org"},
            ],
            "given_name": "Anna", "family_name": "Rossi", "born_on": "1984-02-29", "language": "it",
        },
    ),
    Operation(
        "member.read", "GET", "/v1/members/{member_id}", read_member, MemberView, "Read a member",
    ),
    Operation(
        "member.change", "PATCH", "/v1/members/{member_id}", change_member, MemberChanged,
        "Note what becomes known of a member", kind="writes", body=ChangeMember,
        example={"favourites": ["LATTE", "bakery"]},
    ),
    Operation(
        "member.identifier", "POST", "/v1/members/{member_id}/identifiers", add_identifier,
        IdentifierAdded, "Give a member one more identifier", kind="writes", body=NamedBy,
        example={"kind": "external", "value": "crm-10042"},
    ),
)  # fmt: skip
