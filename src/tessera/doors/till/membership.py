"""Members and their cards over HTTP. Personal data is masked; answers of writes hold ids only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.ids import new_id
from tessera.base.pages import after
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Key, Name
from tessera.doors.call import Call, Operation
from tessera.doors.pages import (
    QUERY,
    Page,
    asked_limit,
    asked_page,
    page,
    unknown_cursor,
    uuid_of,
)
from tessera.members import core, db, flows
from tessera.warehouse.core import Identifier

# A name is what people are called, not a template or a tag.
PersonName = Annotated[
    str,
    Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f<>{}\u202a-\u202e\u2066-\u2069]*\Z"),
]
CardNumber = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+\Z")]
Prefix = Annotated[str, Meta(pattern=r"^[0-9]{2,11}\Z")]


class NamedBy(Struct, frozen=True, forbid_unknown_fields=True):
    """A way to name a member.

    kind   card, phone (with country code: +39 333 1234567), email, external (an id of yours)
    value  phones lose their spaces and brackets, addresses their capitals
    """

    kind: Literal["card", "phone", "email", "external"]
    value: Key


class RegisterMember(Struct, frozen=True, forbid_unknown_fields=True):
    """A person joins. One identifier is enough; a card that earned before keeps what it earned.

    language  of texts for this member
    """

    identifiers: Annotated[tuple[NamedBy, ...], Meta(min_length=1, max_length=10)]
    given_name: PersonName = ""
    family_name: PersonName = ""
    born_on: date | None = None
    language: core.Language = "en"


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


class IdentifierAdded(Struct, frozen=True):
    """The identifier names this member from now on."""

    member_id: UUID
    account_id: UUID
    status: core.Status


class IssueCards(Struct, frozen=True, forbid_unknown_fields=True):
    """A run of fresh EAN-13 numbers: prefix, serial, check digit.

    prefix  2 to 11 digits; 20 to 29 are meant for use inside a shop
    count   how many numbers; they cost one row, so order all you print
    """

    prefix: Prefix
    count: Annotated[int, Meta(ge=1, le=core.MAX_ISSUE)]
    label: Name = ""


class CardBatch(Struct, frozen=True):
    """A run of issued numbers, from `first_number` to `last_number`."""

    batch_id: UUID
    label: str
    prefix: str
    count: int
    first_number: str
    last_number: str
    issued_at: datetime


class BlockCard(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the card is blocked: lost, stolen, misused."""

    reason: Code


class ReplaceCard(Struct, frozen=True, forbid_unknown_fields=True):
    """The number of the card that takes the place: an issued one that nobody used."""

    new: CardNumber


class CardState(Struct, frozen=True):
    """A card, whose it is, and whether it works."""

    number: str
    member_id: UUID
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
    new = core.NewMember(
        tuple(found), body.given_name, body.family_name, body.born_on, body.language
    )
    done = await flows.register(call.conn, new, call.now, new_id(), new_id())
    if isinstance(done, Refusal):
        return done
    return RegisteredMember(done.member_id, done.account_id, done.shadow)


async def read_member(call: Call) -> MemberView | Refusal:
    """GET /v1/members/{member_id}"""
    member_id = uuid_of(call.path["member_id"])
    member = None if member_id is None else await db.read_member(call.conn, member_id)
    return _no_member(call) if member is None else _view(member)


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


# Cards -----------------------------------------------------------------------------------------


async def issue_cards(call: Call) -> CardBatch | Refusal:
    """POST /v1/card-batches"""
    body: IssueCards = call.body
    batch = await flows.issue_cards(
        call.conn, new_id(), body.prefix, body.count, body.label, call.now
    )
    return batch if isinstance(batch, Refusal) else _batch(batch)


async def list_batches(call: Call) -> Page[CardBatch] | Refusal:
    """GET /v1/card-batches"""
    asked = asked_page(call.query)
    if isinstance(asked, Refusal):
        return asked
    last, limit = asked
    rows = await db.list_batches(call.conn, last, limit + 1)
    return page(rows, limit, lambda batch: str(batch.id), _batch)


async def list_numbers(call: Call) -> Page[str] | Refusal:
    """GET /v1/card-batches/{batch_id}/numbers: the cursor is how many were read."""
    limit = asked_limit(call.query)
    read = after(call.query["cursor"], 1) if "cursor" in call.query else ("0",)
    if isinstance(limit, Refusal):
        return limit
    if isinstance(read, Refusal):
        return read
    if not (read[0].isascii() and read[0].isdecimal() and len(read[0]) <= 8):
        return unknown_cursor()
    batch_id = uuid_of(call.path["batch_id"])
    batch = None if batch_id is None else await db.read_batch(call.conn, batch_id)
    if batch is None:
        return Refusal(
            "batch_unknown", "batch_id", f"there is no batch {call.path['batch_id'][:40]}",
            "look it up in the list of batches",
        )  # fmt: skip
    start = int(read[0])
    numbers = list(enumerate(core.numbers(batch, start, limit + 1), start + 1))
    return page(numbers, limit, lambda row: str(row[0]), lambda row: row[1])


async def block_card(call: Call) -> CardState | Refusal:
    """POST /v1/cards/{number}/block"""
    number = call.path["number"]
    member = await flows.block_card(call.conn, number, call.body.reason)
    return member if isinstance(member, Refusal) else CardState(number, member, "blocked")


async def unblock_card(call: Call) -> CardState | Refusal:
    """POST /v1/cards/{number}/unblock"""
    number = call.path["number"]
    member = await flows.unblock_card(call.conn, number)
    return member if isinstance(member, Refusal) else CardState(number, member, "active")


async def replace_card(call: Call) -> CardState | Refusal:
    """POST /v1/cards/{number}/replace"""
    new = call.body.new
    member = await flows.replace_card(call.conn, call.path["number"], new, call.now)
    return member if isinstance(member, Refusal) else CardState(new, member, "active")


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
        held,
    )  # fmt: skip


def _batch(batch: core.CardBatch) -> CardBatch:
    first = core.card_number(batch.prefix, batch.first)
    last = core.card_number(batch.prefix, batch.first + batch.count - 1)
    return CardBatch(batch.id, batch.label, batch.prefix, batch.count, first, last, batch.issued_at)


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
        "member.identifier", "POST", "/v1/members/{member_id}/identifiers", add_identifier,
        IdentifierAdded, "Give a member one more identifier", kind="writes", body=NamedBy,
        example={"kind": "external", "value": "crm-10042"},
    ),
    Operation(
        "card.issue", "POST", "/v1/card-batches", issue_cards, CardBatch,
        "Issue a batch of card numbers", kind="writes", body=IssueCards, status=201,
        example={"prefix": "2900", "count": 5000, "label": "Spring print"},
    ),
    Operation(
        "card.batches", "GET", "/v1/card-batches", list_batches, Page[CardBatch],
        "List batches of card numbers", query=QUERY,
    ),
    Operation(
        "card.numbers", "GET", "/v1/card-batches/{batch_id}/numbers", list_numbers, Page[str],
        "List the numbers of a batch", query=QUERY,
    ),
    Operation(
        "card.block", "POST", "/v1/cards/{number}/block", block_card, CardState, "Block a card",
        kind="writes", body=BlockCard, example={"reason": "lost"},
    ),
    Operation(
        "card.unblock", "POST", "/v1/cards/{number}/unblock", unblock_card, CardState,
        "Let a blocked card work again", kind="writes",
    ),
    Operation(
        "card.replace", "POST", "/v1/cards/{number}/replace", replace_card, CardState,
        "Put a new card in the place of one", kind="writes", body=ReplaceCard,
        example={"new": core.card_number("2900", 1)},
    ),
)  # fmt: skip
