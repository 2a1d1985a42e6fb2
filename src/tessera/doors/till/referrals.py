"""Bringing a friend, over HTTP: one's own code, what became of it, and the office's list."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.doors.pages import QUERY, Page, asked_page, page, uuid_of
from tessera.doors.till.cabinet import gone
from tessera.members import db as members_db
from tessera.members.privacy import db as people_db
from tessera.referrals import core, db, flows
from tessera.referrals.core import Line, State
from tessera.rules.core.referral import Referral

_SHOWN = 100  # friends that the cabinet lists


class Friend(Struct, frozen=True):
    """Somebody whom I have brought. Who it is I know myself.

    purchases  that count so far; points: that I got
    ready_at   when I get them, if nothing comes back until then
    """

    brought_at: datetime
    state: State
    purchases: int
    points: int
    ready_at: datetime | None


class MyReferral(Struct, frozen=True):
    """What bringing a friend is worth, my code, and what became of it.

    terms  None: nobody is brought at the moment
    code   None: not asked for yet (POST makes it)
    """

    terms: Referral | None
    code: str | None
    friends: list[Friend]


Trimmed = Literal["", "most_reached", "budget_used_up"]
_TRIMMED: tuple[Trimmed, ...] = get_args(Trimmed)


class ReferralView(Struct, frozen=True, kw_only=True):
    """Who was brought by whom, and how it stands.

    refused   why nothing is ever paid: same_member, same_household, same_contact, looks_same,
              known, ring, again, erased; "" otherwise
    due_at    when it is paid, if nothing comes back until then
    trimmed   most_reached: who brings was paid often enough in the period; budget_used_up: a
              budget left no more
    """

    referral_id: UUID
    referrer_id: UUID
    referee_id: UUID
    brought_at: datetime
    state: State
    refused: str
    purchases: int
    purchases_needed: int
    due_at: datetime | None
    referrer_points: int
    referee_points: int
    trimmed: Trimmed


async def mine(call: Call) -> MyReferral | Refusal:
    """GET /v1/me/referral"""
    ids = await people_db.numbers(call.conn, call.principal.id)
    terms = _terms(call)
    code = await db.code_of(call.conn, ids) if terms is not None else None
    lines = await db.lines(call.conn, ids, None, _SHOWN)
    friends = [_friend(each, call.now) for each in lines if each.brought.referrer_id in ids]
    return MyReferral(terms, code, friends)


def _friend(line: Line, now: datetime) -> Friend:
    """A refusal is the office's matter: to the member the friend just has not bought enough."""
    state = line.state(now)
    shown: State = "open" if state == "refused" else state
    points = line.paid.referrer_points if line.paid is not None else 0
    ready = line.brought.due_at if shown == "due" else None
    return Friend(line.brought.brought_at, shown, line.counted, points, ready)


async def make(call: Call) -> MyReferral | Refusal:
    """POST /v1/me/referral"""
    if _terms(call) is None:
        return Refusal(
            "referral_not_offered", "", "nobody is brought here at the moment",
            "look at the offers",
        )  # fmt: skip
    member = await members_db.read_member(call.conn, call.principal.id)
    if member is None or member.erased_at is not None:
        return gone()
    await flows.own_code(call.conn, member, call.now)
    return await mine(call)


async def referrals(call: Call) -> Page[ReferralView] | Refusal:
    """GET /v1/referrals"""
    asked = asked_page(call.query)
    if isinstance(asked, Refusal):
        return asked
    before, limit = asked
    ids, word = None, call.query.get("member")
    if word is not None:
        member_id = uuid_of(word)
        ids = [] if member_id is None else await people_db.numbers(call.conn, member_id)
    rows = await db.lines(call.conn, ids, before, limit + 1)
    return page(rows, limit, lambda row: str(row.brought.id), lambda row: _view(row, call.now))


def _view(line: Line, now: datetime) -> ReferralView:
    one, paid = line.brought, line.paid
    return ReferralView(
        referral_id=one.id, referrer_id=one.referrer_id, referee_id=one.referee_id,
        brought_at=one.brought_at, state=line.state(now), refused=one.refused,
        purchases=line.counted, purchases_needed=one.purchases, due_at=one.due_at,
        referrer_points=paid.referrer_points if paid is not None else one.referrer_points,
        referee_points=paid.referee_points if paid is not None else one.referee_points,
        trimmed=next((each for each in _TRIMMED if paid is not None and each == paid.trimmed), ""),
    )  # fmt: skip


# Joining -----------------------------------------------------------------------------------------


async def code_fault(call: Call, code: str) -> Refusal | None:
    """What is wrong with the code of a friend. Errors: referral_unknown."""
    if not code or _terms(call) is None:
        return None
    known = await db.whose(call.conn, code)
    return core.unknown_code() if known is None else None


async def note_brought(call: Call, code: str, member_id: UUID, *, new: bool) -> None:
    """Whoever has just joined was brought with this code; `new`: had no history here."""
    terms = _terms(call)
    if code and terms is not None:
        await flows.brought(call.conn, code, member_id, terms, call.now, new=new)


def _terms(call: Call) -> Referral | None:
    return None if call.house is None else call.house.shop().program.referral


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "me.referral", "GET", "/v1/me/referral", mine, MyReferral,
        "What bringing a friend is worth, my code, and what became of it",
    ),
    Operation(
        "me.referral.make", "POST", "/v1/me/referral", make, MyReferral,
        "Get a code for bringing friends", kind="writes",
    ),
    Operation(
        "referral.list", "GET", "/v1/referrals", referrals, Page[ReferralView],
        "Who was brought by whom, the newest first",
        query={"member": "only of this member, on either side"} | QUERY,
    ),
)  # fmt: skip
