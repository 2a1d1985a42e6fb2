"""Members and their cards over HTTP. Personal data is masked; answers of writes hold ids only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Key, Name
from tessera.doors.call import Call, Operation
from tessera.doors.pages import QUERY, Page, asked_page, page, uuid_of
from tessera.members import core, db, flows
from tessera.warehouse.core import Identifier

# A name is what people are called, not a template or a tag.
PersonName = Annotated[
    str,
    Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f<>{}\u202a-\u202e\u2066-\u2069]*\Z"),
]
# What the program declares decides; here only its size.
AttributeValue = bool | Annotated[int, Meta(ge=-(10**15), le=10**15)] | Name
Favourites = Annotated[tuple[Code, ...], Meta(max_length=core.MAX_FAVOURITES)]


class NamedBy(Struct, frozen=True, forbid_unknown_fields=True):
    """A way to name a member.

    kind   card, phone (with country code: +39 333 1234567), email, external (an id of yours)
    value  phones lose their spaces and brackets, addresses their capitals
    """

    kind: Literal["card", "phone", "email", "external"]
    value: Key


class RegisterMember(Struct, frozen=True, forbid_unknown_fields=True):
    """A person joins. One identifier is enough; a card that earned before keeps what it earned.

    language    of texts for this member
    attributes  what the program declares under `attributes`, by name; a date as year-month-day
    favourites  codes of articles and categories chosen in advance
    """

    identifiers: Annotated[tuple[NamedBy, ...], Meta(min_length=1, max_length=10)]
    given_name: PersonName = ""
    family_name: PersonName = ""
    born_on: date | None = None
    language: core.Language = "en"
    attributes: Annotated[dict[Code, AttributeValue], Meta(max_length=200)] = {}
    favourites: Favourites = ()


class ChangeMember(Struct, frozen=True, forbid_unknown_fields=True):
    """Something becomes known of a member. What is left out stays.

    attributes  by name, put beside those that are known; null takes one away
    favourites  take the place of those chosen before
    """

    attributes: Annotated[dict[Code, AttributeValue | None], Meta(max_length=200)] = {}
    favourites: Favourites | None = None


class RegisteredMember(Struct, frozen=True):
    """The member is registered. `history` is true when a card's earlier points came along."""

    member_id: UUID
    account_id: UUID
    history: bool


class MemberIdentifier(Struct, frozen=True):
    """One identifier of a member; phones and addresses are masked."""

    kind: Literal["card", "phone", "email", "external"]
    value: str
    status: core.Status
    since: datetime


class MemberView(Struct, frozen=True):
    """A member as staff may see them: "Anna R.". Not registered means: the shadow of a card."""

    member_id: UUID
    account_id: UUID
    name: str
    language: core.Language
    first_seen_at: datetime
    registered_at: datetime | None
    identifiers: list[MemberIdentifier]
    attributes: dict[str, core.Value]
    favourites: list[str]


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
        identifier = core.normal(named.kind, named.value)
        if isinstance(identifier, Refusal):
            return _at(identifier, f"identifiers[{index}].value")
        found.append(identifier)
    refusal = _attributes_fault(call, body.attributes)
    if refusal is not None:
        return refusal
    new = core.NewMember(
        tuple(found), body.given_name, body.family_name, body.born_on, body.language,
        body.attributes, tuple(dict.fromkeys(body.favourites)),
    )  # fmt: skip
    done = await flows.register(call.conn, new, call.now, new_id(), new_id())
    if isinstance(done, Refusal):
        return done
    return RegisteredMember(done.member_id, done.account_id, done.shadow)


async def read_member(call: Call) -> MemberView | Refusal:
    """GET /v1/members/{member_id}"""
    member_id = uuid_of(call.path["member_id"])
    member = None if member_id is None else await db.read_member(call.conn, member_id)
    return _no_member(call) if member is None else _view(member)


async def change_member(call: Call) -> MemberChanged | Refusal:
    """PATCH /v1/members/{member_id}"""
    body: ChangeMember = call.body
    refusal = _attributes_fault(call, body.attributes)
    if refusal is not None:
        return refusal
    member_id = uuid_of(call.path["member_id"])
    if member_id is None:
        return _no_member(call)
    chosen = body.favourites
    change = core.Change(body.attributes, None if chosen is None else tuple(dict.fromkeys(chosen)))
    done = await flows.change_member(call.conn, member_id, change)
    return done if isinstance(done, Refusal) else MemberChanged(done.id, done.account_id)


def _attributes_fault(call: Call, said: Mapping[str, core.Value | None]) -> Refusal | None:
    """The first that the program does not declare, or not so. To forget one is always fine."""
    known = {name: value for name, value in said.items() if value is not None}
    if not known:
        return None
    assert call.house is not None
    declared = call.house.shop().program.attributes
    for name, value in known.items():
        attribute = declared.get(name)
        if attribute is None:
            return Refusal(
                "attribute_unknown", f"attributes.{name}",
                f"the program declares no attribute {name}",
                "declare it in the program's `attributes`, or leave it out",
            )  # fmt: skip
        why = attribute.fault(value)
        if why:
            return Refusal(
                "attribute_invalid", f"attributes.{name}", why[:500],
                "send what the program declares under this name",
            )  # fmt: skip
    return None


async def list_members(call: Call) -> Page[MemberView] | Refusal:
    """GET /v1/members"""
    asked = asked_page(call.query)
    if isinstance(asked, Refusal):
        return asked
    last, limit = asked
    rows = await db.list_members(call.conn, last, limit + 1)
    return page(rows, limit, lambda member: str(member.id), _view)


async def add_identifier(call: Call) -> IdentifierAdded | Refusal:
    """POST /v1/members/{member_id}/identifiers"""
    member_id = uuid_of(call.path["member_id"])
    identifier = core.normal(call.body.kind, call.body.value)
    if isinstance(identifier, Refusal):
        return identifier
    if member_id is None:
        return _no_member(call)
    owner = await flows.add_identifier(call.conn, member_id, identifier, call.now)
    if isinstance(owner, Refusal):
        return owner
    return IdentifierAdded(owner.member_id, owner.account_id, owner.status)


def _view(member: core.Member) -> MemberView:
    held = [
        MemberIdentifier(
            each.identifier.kind, core.masked(each.identifier), each.status, each.since
        )
        for each in member.identifiers
    ]
    name = core.masked_name(member.given_name, member.family_name)
    return MemberView(
        member.id, member.account_id, name, member.language, member.seen_at, member.registered_at,
        held, member.attributes, member.favourites,
    )  # fmt: skip


def _at(refusal: Refusal, field: str) -> Refusal:
    return Refusal(refusal.code, field, refusal.why, refusal.cure)


def _no_member(call: Call) -> Refusal:
    why = f"there is no member {call.path['member_id'][:40]}"
    return Refusal("member_unknown", "member_id", why, "look the member up")


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
        "member.list", "GET", "/v1/members", list_members, Page[MemberView],
        "List members, the first seen first", query=QUERY,
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
