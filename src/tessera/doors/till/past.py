"""Everything that happened to a member, in one list, over HTTP."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec.structs import replace

from tessera.access.core import allowed
from tessera.base.past import Happened
from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.doors.pages import QUERY, Page, asked_limit, uuid_of
from tessera.doors.till.people import no_member
from tessera.identity.past import flows
from tessera.members import core
from tessera.warehouse.core import Identifier

Kind = Literal["card", "phone", "email", "external"]


async def timeline(call: Call) -> Page[Happened] | Refusal:
    """GET /v1/members/{member_id}/timeline"""
    limit, member_id = asked_limit(call.query), uuid_of(call.path["member_id"])
    if isinstance(limit, Refusal):
        return limit
    if member_id is None:
        return no_member(call)
    watches = allowed(call.principal, "member.sights", None) is None
    found = await flows.past(
        call.conn, member_id, call.query.get("cursor"), limit, call.now, watches=watches
    )
    if isinstance(found, Refusal):
        return found
    return Page([_masked(call, each) for each in found.items], found.next)


def _masked(call: Call, told: Happened) -> Happened:
    """Phones and addresses as this caller may see them."""
    for kind in get_args(Kind):
        if told.kind == "identifier" and told.what == kind:
            hide = core.veiled if call.principal.sight == "pseudonym" else core.masked
            return replace(told, number=hide(Identifier(kind, told.number)))
    return told


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "member.timeline", "GET", "/v1/members/{member_id}/timeline", timeline, Page[Happened],
        "Everything that happened to a member, newest first", query=QUERY,
    ),
)  # fmt: skip
