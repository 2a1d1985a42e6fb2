"""Identifiers taken off members over HTTP: by staff for a reason, or a member's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.doors.pages import uuid_of
from tessera.doors.till.people import no_member, said_by, terms_of
from tessera.doors.till.privacy import Why, stale
from tessera.members.removing import core, flows
from tessera.members.removing.core import Asking, Taken

_OWN = "taken off by the member"


class IdentifierRemoved(Struct, frozen=True):
    """It names this member no more: nobody signs in by it, and another member may have it."""

    member_id: UUID
    identifier_id: UUID


async def remove(call: Call) -> IdentifierRemoved | Refusal:
    """POST /v1/members/{member_id}/identifiers/{identifier_id}/remove"""
    member_id = uuid_of(call.path["member_id"])
    return no_member(call) if member_id is None else await _remove(call, member_id, own=False)


async def remove_mine(call: Call) -> IdentifierRemoved | Refusal:
    """POST /v1/me/identifiers/{identifier_id}/remove"""
    if not call.principal.fresh(call.now):
        return stale("a phone or an address is taken off by who has proved within ten minutes")
    return await _remove(call, call.principal.id, own=True)


async def _remove(call: Call, member_id: UUID, *, own: bool) -> IdentifierRemoved | Refusal:
    identifier_id = uuid_of(call.path["identifier_id"])
    if identifier_id is None:
        return core.unknown()
    asking = Asking(said_by(call), terms_of(call).consents, own)
    done = await flows.take_off(call.conn, member_id, identifier_id, asking, call.now)
    if isinstance(done, Refusal):
        return done
    call.changed(
        "member", done.member_id, _named(done), None, person=done.member_id,
        reason=_OWN if own else call.body.reason,
    )  # fmt: skip
    call.forget = True  # the session that asks may have ended
    return IdentifierRemoved(done.member_id, identifier_id)


def _named(done: Taken) -> dict[str, Any]:
    return {"kind": done.identifier.kind, "value": done.identifier.value}


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "identifier.remove", "POST", "/v1/members/{member_id}/identifiers/{identifier_id}/remove",
        remove, IdentifierRemoved, "Take a phone, an e-mail or an id off a member", kind="writes",
        body=Why, example={"reason": "mistyped at the till"},
    ),
    Operation(
        "me.identifier.remove", "POST", "/v1/me/identifiers/{identifier_id}/remove", remove_mine,
        IdentifierRemoved, "Take one's own phone or e-mail off", kind="writes",
    ),
)  # fmt: skip
