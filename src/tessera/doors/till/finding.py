"""Members looked up by anything that is typed, and listed in several orders, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, get_args
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.pages import MAX_PAGE, cursor
from tessera.base.refusal import Refusal
from tessera.checkout.finding import db as receipts_db
from tessera.checkout.finding import flows
from tessera.doors.call import Call, Operation
from tessera.doors.pages import QUERY, Page, asked_page, page
from tessera.doors.till.membership import MemberView, viewer
from tessera.doors.till.people import country_of
from tessera.members import db as members_db
from tessera.members.finding import core, db
from tessera.members.finding.core import By

Order = Literal["first", "newest", "joined", "unregistered", "blocked", "lately"]
_COUNTED: dict[str, db.Order] = {order: order for order in get_args(db.Order)}
_WALKS = 4  # stretches of receipts that a page of `lately` may look at


class SearchMembers(Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to look for: a card, phone, e-mail address, external id, receipt number, name.

    text    names by their beginnings, accents and case aside; everything else in full
    cursor  `next` of the page before; left out, the list begins
    """

    text: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
    cursor: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 20


class FoundMember(Struct, frozen=True):
    """A member who may be meant, and what fits: for a receipt, which."""

    by: By
    member: MemberView
    receipt_id: UUID | None


class FoundMembers(Struct, frozen=True):
    """Who may be meant: what names one member first, then receipts, then names in their order."""

    items: list[FoundMember]
    next: str | None


class ListedMembers(Page[MemberView], frozen=True):
    """A part of a list. `next` is the cursor of what follows, null at the end.

    about  how many the list holds, on its first page; counted if `exact`, else estimated; null in
           orders that nobody counts
    """

    about: int | None = None
    exact: bool = False


async def search(call: Call) -> FoundMembers | Refusal:
    """POST /v1/members/search"""
    body: SearchMembers = call.body
    bare = call.principal.sight == "pseudonym"
    what = core.meant(body.text, country_of(call), bare=bare)
    found = await flows.search(call.conn, what, body.cursor, body.limit)
    if isinstance(found, Refusal):
        return found
    known = await members_db.some_members(call.conn, [each.member_id for each in found.items])
    view = viewer(call)
    items = [
        FoundMember(each.by, view(known[each.member_id]), each.receipt_id)
        for each in found.items
        if each.member_id in known
    ]
    return FoundMembers(items, found.next)


async def list_members(call: Call) -> ListedMembers | Refusal:
    """GET /v1/members"""
    order, asked = call.query.get("order", "first"), asked_page(call.query)
    if order not in get_args(Order):
        return Refusal("query_invalid", "order", "there is no such order",
                       f"send one of {', '.join(get_args(Order))}")  # fmt: skip
    if isinstance(asked, Refusal):
        return asked
    last, limit = asked
    if order == "first":
        rows = await members_db.list_members(call.conn, last, limit + 1)
        told: Page[MemberView] = page(rows, limit, lambda row: str(row.id), viewer(call))
        return ListedMembers(told.items, told.next)
    if order == "lately":
        seen, more = await receipts_db.lately(call.conn, last, limit, _WALKS)
        shown = await _shown(call, [member for _, member in seen])
        return ListedMembers(shown, None if more is None else cursor(str(more)))
    return await _listed(call, _COUNTED[order], last, limit)


async def _listed(
    call: Call, order: db.Order, last: UUID | None, limit: int
) -> ListedMembers:  # fmt: skip
    ids = await db.listed(call.conn, order, last, limit + 1)
    about, exact = (None, False) if last else await db.about(call.conn, order)
    more = cursor(str(ids[limit - 1])) if len(ids) > limit else None
    return ListedMembers(await _shown(call, ids[:limit]), more, about, exact)


async def _shown(call: Call, ids: Sequence[UUID]) -> list[MemberView]:
    """These members in their order; who is there twice, once."""
    known = await members_db.some_members(call.conn, ids)
    view = viewer(call)
    once = dict.fromkeys(known[id_].id for id_ in ids if id_ in known)
    there = {each.id: each for each in known.values()}
    return [view(there[id_]) for id_ in once]


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "member.search",
        "POST",
        "/v1/members/search",
        search,
        FoundMembers,
        "Look a member up by anything",
        body=SearchMembers,
        example={"text": "anna ros"},
    ),
)
LISTS: tuple[Operation, ...] = (
    Operation(
        "member.list", "GET", "/v1/members", list_members, ListedMembers, "List members",
        query={
            **QUERY,
            "order": "first (the first seen first, unless said otherwise), newest, joined (who "
            "registered last first), unregistered (cards that nobody registered), blocked (who "
            "has a blocked card), lately (whose receipt came last first; a page may be short)",
        },
    ),
)  # fmt: skip
