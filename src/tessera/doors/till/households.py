"""Households over HTTP: for the office, and for the members themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.doors.pages import uuid_of
from tessera.doors.till.people import no_member
from tessera.doors.till.privacy import stale
from tessera.identity.households import flows
from tessera.identity.households.flows import Ask
from tessera.members import db as members_db
from tessera.members.core import masked_name
from tessera.members.households import db
from tessera.members.households.core import Guest, Household, Invitation, Role
from tessera.members.joining.flows import take_try
from tessera.warehouse.core import Identifier

# With a session left open somebody else would take them by a card of his own.
SHARED = "points are shared by who has proved within ten minutes"
PointsPerDay = Annotated[int, Meta(ge=0, le=10**12)]


class FoundHousehold(Struct, frozen=True, forbid_unknown_fields=True):
    """Who founds it, and is its head."""

    member_id: UUID


class Invite(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is invited, as what. most_per_day: points to spend on a day; left out, as programmed."""

    member_id: UUID
    role: Guest = "member"
    most_per_day: PointsPerDay | None = None


class InviteMine(Struct, frozen=True, forbid_unknown_fields=True):
    """As `Invite`; a member names another one by the card: one of the two."""

    card: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+\Z")] | None = None
    member_id: UUID | None = None
    role: Guest = "member"
    most_per_day: PointsPerDay | None = None


class AnswerInvitation(Struct, frozen=True, forbid_unknown_fields=True):
    """Yes or no."""

    accept: bool


class ChangeInhabitant(Struct, frozen=True, forbid_unknown_fields=True):
    """Another role and limit. Who becomes the head takes the head's place."""

    role: Role
    most_per_day: PointsPerDay | None = None


class InhabitantTold(Struct, frozen=True):
    """A member of a household; `name` as others may see it, "" for roles that see no names.

    most_per_day   points to spend on a day; null: all
    brought        the points came along
    """

    member_id: UUID
    name: str
    role: Role
    most_per_day: int | None
    brought: bool
    joined_at: datetime


class InvitationTold(Struct, frozen=True):
    """An open invitation."""

    invitation_id: UUID
    household_id: UUID
    member_id: UUID
    role: Guest
    most_per_day: int | None
    expires_at: datetime


class HouseholdTold(Struct, frozen=True):
    """A household: its account, who is in it, who is invited. With `ended_at` nobody is."""

    household_id: UUID
    account_id: UUID
    founded_at: datetime
    ended_at: datetime | None
    members: list[InhabitantTold]
    invitations: list[InvitationTold]


class HouseholdDone(Struct, frozen=True):
    """What changed: the household and its account, and how many are in it now."""

    household_id: UUID
    account_id: UUID
    members: int
    ended: bool


class MyHousehold(Struct, frozen=True):
    """The household that somebody is in, if any, and that one's own open invitations."""

    household: HouseholdTold | None
    invitations: list[InvitationTold]


# For the office --------------------------------------------------------------------------------


async def found(call: Call) -> HouseholdDone | Refusal:
    """POST /v1/households"""
    body: FoundHousehold = call.body
    return _done(call, "found", await flows.found(call.conn, _ask(call), body.member_id))


async def read(call: Call) -> HouseholdTold | Refusal:
    """GET /v1/households/{household_id}"""
    household_id = uuid_of(call.path["household_id"])
    there = None if household_id is None else await db.read(call.conn, household_id, call.now)
    return _no_household(call) if there is None else await _told(call, there)


async def of_member(call: Call) -> MyHousehold | Refusal:
    """GET /v1/members/{member_id}/household"""
    member_id = uuid_of(call.path["member_id"])
    member = None if member_id is None else await members_db.read_member(call.conn, member_id)
    if member is None:
        return no_member(call)
    household_id = await db.of_member(call.conn, member.id)
    there = None if household_id is None else await db.read(call.conn, household_id, call.now)
    invitations = await db.invitations_of(call.conn, member.id, call.now)
    return MyHousehold(
        None if there is None else await _told(call, there), list(map(_invitation, invitations))
    )


async def invite(call: Call) -> InvitationTold | Refusal:
    """POST /v1/households/{household_id}/invitations"""
    household_id = uuid_of(call.path["household_id"])
    return _no_household(call) if household_id is None else await _invite(call, household_id)


async def answer(call: Call) -> HouseholdDone | Refusal:
    """POST /v1/household-invitations/{invitation_id}/answer; also POST /v1/me/..."""
    body: AnswerInvitation = call.body
    invitation_id = uuid_of(call.path["invitation_id"])
    if invitation_id is None:
        return flows.no_invitation()
    if body.accept and call.principal.kind == "member" and not call.principal.fresh(call.now):
        return stale(SHARED)
    done = await flows.answer(call.conn, _ask(call), invitation_id, accept=body.accept)
    return _done(call, "accept" if body.accept else "decline", done)


async def change(call: Call) -> HouseholdDone | Refusal:
    """POST /v1/households/{household_id}/members/{member_id}"""
    body: ChangeInhabitant = call.body
    ids = uuid_of(call.path["household_id"]), uuid_of(call.path["member_id"])
    if ids[0] is None or ids[1] is None:
        return _no_household(call)
    done = await flows.change(
        call.conn, _ask(call), ids[0], ids[1], body.role, body.most_per_day
    )  # fmt: skip
    return _done(call, "change", done)


async def leave(call: Call) -> HouseholdDone | Refusal:
    """POST /v1/households/{household_id}/members/{member_id}/leave"""
    ids = uuid_of(call.path["household_id"]), uuid_of(call.path["member_id"])
    if ids[0] is None or ids[1] is None:
        return _no_household(call)
    return _done(call, "leave", await flows.leave(call.conn, _ask(call), ids[0], ids[1]))


# For members: what is one's own -----------------------------------------------------------------


async def mine(call: Call) -> MyHousehold:
    """GET /v1/me/household"""
    there = await _my_household(call)
    invitations = await db.invitations_of(call.conn, call.principal.id, call.now)
    return MyHousehold(
        None if isinstance(there, Refusal) else await _told(call, there),
        [_invitation(each) for each in invitations],
    )


async def found_mine(call: Call) -> HouseholdDone | Refusal:
    """POST /v1/me/household"""
    return _done(call, "found", await flows.found(call.conn, _ask(call), call.principal.id))


async def invite_mine(call: Call) -> InvitationTold | Refusal:
    """POST /v1/me/household/invitations"""
    if not call.principal.fresh(call.now):
        return stale(SHARED)
    there = await _my_household(call)
    if isinstance(there, Refusal):
        return there
    body: InviteMine = call.body
    if (body.card is None) == (body.member_id is None):
        return Refusal("member_not_named", "card", "one way to name a member is needed",
                       "send either `card` or `member_id`")  # fmt: skip
    member_id = body.member_id or await _behind(call, body.card or "")
    if isinstance(member_id, Refusal):
        return member_id
    call.body = Invite(member_id, body.role, body.most_per_day)
    return await _invite(call, there.id)


async def _behind(call: Call, number: str) -> UUID | Refusal:
    """The member behind a card. Tries are counted, and kept also of a call that is refused."""
    assert call.house is not None
    async with call.house.upkeep.connection() as own:
        refusal = await take_try(own, number, call.address, call.now)
    if refusal is not None:
        return refusal
    found = await members_db.find(call.conn, Identifier("card", number))
    if found is None or not found.owner.registered or found.owner.status != "active":
        return Refusal("member_unknown", "card", "no member can be invited by this card",
                       "let them show you the number on their own card")  # fmt: skip
    return found.owner.member_id


async def leave_mine(call: Call) -> HouseholdDone | Refusal:
    """POST /v1/me/household/leave"""
    there = await _my_household(call)
    if isinstance(there, Refusal):
        return there
    return _done(
        call, "leave", await flows.leave(call.conn, _ask(call), there.id, call.principal.id)
    )


async def _my_household(call: Call) -> Household | Refusal:
    household_id = await db.of_member(call.conn, call.principal.id)
    there = None if household_id is None else await db.read(call.conn, household_id, call.now)
    return there or Refusal("household_unknown", "", "you are in no household",
                            "found one, or accept an invitation")  # fmt: skip


async def _invite(call: Call, household_id: UUID) -> InvitationTold | Refusal:
    body: Invite = call.body
    done = await flows.invite(
        call.conn, _ask(call), household_id, body.member_id, body.role, body.most_per_day
    )
    if isinstance(done, Refusal):
        return done
    call.changed("household", household_id, None, {"invited": str(done.member_id)})
    return _invitation(done)


def _ask(call: Call) -> Ask:
    assert call.outcome_id is not None and call.house is not None, "a writing call"
    program, by = call.house.shop().program, call.principal
    own = by.id if by.kind == "member" else None
    return Ask(
        call.outcome_id, by.id, own, call.now, program.households, program.lives, program.tiers,
        call.house.today(call.now),
    )  # fmt: skip


def _done(call: Call, what: str, done: Household | Refusal) -> HouseholdDone | Refusal:
    """The answer, and what the log is told: ids only."""
    if isinstance(done, Refusal):
        return done
    inside = [str(each.member_id) for each in done.members]
    call.changed("household", done.id, None, {"done": what, "members": inside})
    return HouseholdDone(done.id, done.account_id, len(inside), done.ended_at is not None)


async def _told(call: Call, there: Household) -> HouseholdTold:
    inside = []
    for each in there.members:
        member = await members_db.read_member(call.conn, each.member_id)
        shown = member is not None and call.principal.sight != "pseudonym"
        name = masked_name(member.given_name, member.family_name) if shown and member else ""
        inside.append(
            InhabitantTold(
                each.member_id, name, each.role, each.most_per_day, each.joining_id is not None,
                each.joined_at,
            )
        )  # fmt: skip
    return HouseholdTold(
        there.id, there.account_id, there.founded_at, there.ended_at, inside,
        [_invitation(each) for each in there.invited],
    )  # fmt: skip


def _invitation(each: Invitation) -> InvitationTold:
    return InvitationTold(
        each.id, each.household_id, each.member_id, each.role, each.most_per_day, each.expires_at
    )


def _no_household(call: Call) -> Refusal:
    return Refusal("household_unknown", "household_id", "there is no such household",
                   "look the household up")  # fmt: skip


_INVITE: dict[str, str | Literal[0]] = {
    "member_id": "0199aa00-0000-7000-8000-000000000001", "role": "child", "most_per_day": 0
}  # fmt: skip
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "household.found", "POST", "/v1/households", found, HouseholdDone, "Found a household",
        kind="writes", body=FoundHousehold, status=201,
        example={"member_id": "0199aa00-0000-7000-8000-000000000001"},
    ),
    Operation(
        "household.read", "GET", "/v1/households/{household_id}", read, HouseholdTold,
        "Read a household",
    ),
    Operation(
        "member.household", "GET", "/v1/members/{member_id}/household", of_member, MyHousehold,
        "The household a member is in",
    ),
    Operation(
        "household.invite", "POST", "/v1/households/{household_id}/invitations", invite,
        InvitationTold, "Invite a member into a household", kind="writes", body=Invite, status=201,
        example=_INVITE,
    ),
    Operation(
        "household.answer", "POST", "/v1/household-invitations/{invitation_id}/answer", answer,
        HouseholdDone, "Note what an invited member says", kind="writes", body=AnswerInvitation,
        example={"accept": True},
    ),
    Operation(
        "household.change", "POST", "/v1/households/{household_id}/members/{member_id}", change,
        HouseholdDone, "Change a member's role and limit", kind="writes", body=ChangeInhabitant,
        example={"role": "child", "most_per_day": 200},
    ),
    Operation(
        "household.leave", "POST", "/v1/households/{household_id}/members/{member_id}/leave",
        leave, HouseholdDone, "Let a member leave a household", kind="writes",
    ),
    Operation(
        "me.household", "GET", "/v1/me/household", mine, MyHousehold,
        "My household and my invitations",
    ),
    Operation(
        "me.household.found", "POST", "/v1/me/household", found_mine, HouseholdDone,
        "Found a household of mine", kind="writes", status=201,
    ),
    Operation(
        "me.household.invite", "POST", "/v1/me/household/invitations", invite_mine, InvitationTold,
        "Invite a member into my household", kind="writes", body=InviteMine, status=201,
        example=_INVITE,
    ),
    Operation(
        "me.household.answer", "POST", "/v1/me/household-invitations/{invitation_id}/answer",
        answer, HouseholdDone, "Answer an invitation of mine", kind="writes",
        body=AnswerInvitation, example={"accept": True},
    ),
    Operation(
        "me.household.leave", "POST", "/v1/me/household/leave", leave_mine, HouseholdDone,
        "Leave my household", kind="writes",
    ),
)  # fmt: skip
