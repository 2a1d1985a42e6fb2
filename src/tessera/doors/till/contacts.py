"""Phones and addresses that are proved by a code, over HTTP: a member's own, or staff at the side.

These calls try codes, so what they refuse is counted too: they carry no Idempotency-Key. The same
call again sends a fresh code, or finds one used up.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.access.audit import flows as audit
from tessera.access.audit.core import Change, Entry
from tessera.access.codes.core import Challenge, not_proved
from tessera.base.refusal import Refusal
from tessera.base.text import Key
from tessera.doors.call import Call, Operation
from tessera.doors.noting import actor
from tessera.doors.pages import uuid_of
from tessera.doors.till.people import country_of, no_member
from tessera.doors.till.privacy import stale
from tessera.members import core
from tessera.members.joining import db, flows
from tessera.warehouse.core import Identifier

Six = Annotated[str, Meta(pattern=r"^[0-9]{6}\Z")]


class ContactNamed(Struct, frozen=True, forbid_unknown_fields=True):
    """A phone or an address, the member's already or new."""

    kind: Literal["phone", "email"]
    value: Key


class ContactCode(Struct, frozen=True, forbid_unknown_fields=True):
    """The code that came, and where it came: six digits."""

    kind: Literal["phone", "email"]
    value: Key
    code: Six


class CodeSent(Struct, frozen=True):
    """A code is on its way, if it can be. It is good until `expires_at`."""

    challenge_id: UUID
    expires_at: datetime


class ContactProved(Struct, frozen=True):
    """The contact is the member's, and proved; consents that waited for it count from now on."""

    member_id: UUID
    kind: Literal["phone", "email"]
    verified_at: datetime


def member_of(call: Call) -> UUID | None:
    """Whom a call is about: the one it names, or who makes it. None: it names nobody."""
    said = call.path.get("member_id")
    return call.principal.id if said is None else uuid_of(said)


async def note(call: Call, operation: str, change: Change) -> None:
    """Tell the log of a call that keeps no key, in its own transaction."""
    await audit.note(call.conn, Entry(call.now, actor(call), operation, change))


async def send(call: Call) -> CodeSent | Refusal:
    """POST /v1/members/{member_id}/contacts, /v1/me/contacts"""
    contact = core.fresh(call.body.kind, call.body.value, country_of(call))
    if isinstance(contact, Refusal):
        return contact
    member_id = member_of(call)
    if member_id is None:
        return no_member(call)
    refusal = await _unproved(call, contact)
    if refusal is not None:
        return refusal
    sent = await flows.send_code(
        call.conn, member_id, contact, call.now, call.address,
        asks="staff" if "member_id" in call.path else "anybody",
    )  # fmt: skip
    if isinstance(sent, Refusal):
        return sent
    operation = "contact.send" if "member_id" in call.path else "me.contact.send"
    change = Change("member", member_id, None, {"kind": contact.kind, "code": "sent"})
    await note(call, operation, change)
    return code_sent(sent)


async def _unproved(call: Call, contact: Identifier) -> Refusal | None:
    """Or a session left open gets a way in of a stranger's, and by that all the others."""
    if "member_id" in call.path or call.principal.fresh(call.now):
        return None
    held = await db.contacts(call.conn, call.principal.id)
    if any(each.identifier == contact for each in held):
        return None
    return stale("a new phone or address is added by who has proved within ten minutes")


def code_sent(challenge: Challenge) -> CodeSent:
    """As it is answered."""
    return CodeSent(challenge.id, challenge.expires_at)


async def prove(call: Call) -> ContactProved | Refusal:
    """POST /v1/members/{member_id}/contacts/{challenge_id}, /v1/me/contacts/{challenge_id}"""
    body: ContactCode = call.body
    contact = core.fresh(body.kind, body.value, country_of(call))
    if isinstance(contact, Refusal):
        return contact
    member_id, challenge_id = member_of(call), uuid_of(call.path["challenge_id"])
    if member_id is None:
        return no_member(call)
    if challenge_id is None:
        return not_proved()
    refusal = await _unproved(call, contact)
    if refusal is not None:
        return refusal
    done = await flows.prove_contact(
        call.conn, member_id, challenge_id, body.code, contact, call.now,
        "" if "member_id" in call.path else call.address,
    )  # fmt: skip
    if isinstance(done, Refusal):
        return done
    operation = "contact.prove" if "member_id" in call.path else "me.contact.prove"
    await note(call, operation, _proved(member_id, done))
    return ContactProved(member_id, body.kind, call.now)


def _proved(member_id: UUID, contact: Identifier) -> Change:
    after = {"kind": contact.kind, "value": contact.value, "verified": True}
    return Change("member", member_id, None, after, person=member_id)


_NEW = {"kind": "phone", "value": "+39 333 7654321"}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "contact.send", "POST", "/v1/members/{member_id}/contacts", send, CodeSent,
        "Send a code to a member's phone or address", body=ContactNamed, example=_NEW,
    ),
    Operation(
        "contact.prove", "POST", "/v1/members/{member_id}/contacts/{challenge_id}", prove,
        ContactProved, "Prove a member's phone or address by its code", body=ContactCode,
        example=_NEW | {"code": "123456"},
    ),
    Operation(
        "me.contact.send", "POST", "/v1/me/contacts", send, CodeSent,
        "Send a code to one's own phone or address", body=ContactNamed, example=_NEW,
    ),
    Operation(
        "me.contact.prove", "POST", "/v1/me/contacts/{challenge_id}", prove, ContactProved,
        "Prove one's own phone or address by its code", body=ContactCode,
        example=_NEW | {"code": "123456"},
    ),
)  # fmt: skip
