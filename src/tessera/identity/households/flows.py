"""What happens to households: founded, joined, left; the accounts are joined and parted with them.

Members are held still before the household, the household before any account. A refusal has
written nothing once the door has rolled back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct
from psycopg.errors import SerializationFailure

from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.flows import joining
from tessera.ledger import db as ledger_db
from tessera.ledger.core import Life
from tessera.ledger.joining import db as joining_db
from tessera.members import db as members_db
from tessera.members.households import core, db
from tessera.members.households.core import (
    Guest,
    Household,
    Households,
    Inhabitant,
    Invitation,
    Role,
)
from tessera.members.merging import db as merging_db
from tessera.members.merging.core import Standing
from tessera.rules.core.tiers import Ladder


class Ask(Struct, frozen=True):
    """Who does it, when, under which id, and what the program says.

    by    the member who asks; None: the office does
    said  None: this program has no households
    ladders  who leaves has the level that is his own
    on    the day that it is in the shop; None: in UTC
    """

    id: UUID
    principal: UUID
    by: UUID | None
    now: datetime
    said: Households | None
    lives: Mapping[str, Life]
    ladders: Mapping[str, Ladder] = {}
    on: date | None = None

    def joining(self, id_: UUID | None = None) -> joining.Ask:
        """For the accounts."""
        return joining.Ask(id_ or self.id, self.principal, self.now, self.lives, self.on)


async def found(conn: db.Conn, ask: Ask, member_id: UUID) -> Household | Refusal:
    """A member founds a household and is its head.

    errors  households_not_offered, member_unknown, member_erased, not_registered, in_household,
            open_holds
    """
    if ask.said is None:
        return core.not_offered()
    who = await _free(conn, member_id)
    if isinstance(who, Refusal):
        return who
    household_id, account_id = new_id(), new_id()
    await db.found(conn, household_id, account_id, ask.now)
    await ledger_db.lock(conn, [account_id])
    await joining_db.stands(conn, [account_id])
    return await _enter(conn, ask, (household_id, account_id), who, "head", None)


async def invite(
    conn: db.Conn, ask: Ask, household_id: UUID, member_id: UUID, role: Guest, most: int | None
) -> Invitation | Refusal:
    """Somebody is asked to join. Another invitation of the same member is over.

    errors  households_not_offered, household_unknown, household_role, household_full,
            member_unknown, member_erased, not_registered, in_household
    """
    if ask.said is None:
        return core.not_offered()
    who = await _free(conn, member_id)
    there = await db.hold(conn, household_id, ask.now)
    if there is None:
        return unknown(household_id)
    refusal = core.may_invite(there, ask.by, ask.said)
    if refusal is not None:
        return refusal
    if isinstance(who, Refusal):
        return who
    new = Invitation(
        ask.id, household_id, who.id, role, core.limit_of(role, ask.said, most),
        ask.by or ask.principal, ask.now, core.until(ask.now, ask.said),
    )  # fmt: skip
    await db.invite(conn, new)
    return new


async def answer(
    conn: db.Conn, ask: Ask, invitation_id: UUID, *, accept: bool
) -> Household | Refusal:  # fmt: skip
    """Who was invited says yes or no; with `by` only that member may.

    errors  households_not_offered, invitation_unknown (also: somebody else's, over, answered),
            household_full, in_household, open_holds
    """
    asked = await db.invitation(conn, invitation_id)
    if asked is None or (ask.by is not None and asked.member_id != ask.by):
        return no_invitation()
    await members_db.lock_members(conn, [asked.member_id])
    there = await db.hold(conn, asked.household_id, ask.now)
    if there is None or invitation_id not in {each.id for each in there.invited}:
        return no_invitation()
    await db.answer(conn, invitation_id, "accepted" if accept else "declined", ask.now)
    if not accept:
        return await _read(conn, there.id, ask.now)
    if ask.said is None:
        return core.not_offered()
    if len(there.members) >= ask.said.most_members:
        return Refusal("household_full", "", "everybody's place is taken", "let somebody leave")
    who = await _free(conn, asked.member_id)
    if isinstance(who, Refusal):
        return who
    place = there.id, there.account_id
    return await _enter(conn, ask, place, who, asked.role, asked.most_per_day)


async def leave(
    conn: db.Conn, ask: Ask, household_id: UUID, member_id: UUID
) -> Household | Refusal:  # fmt: skip
    """A member goes, or is let go by the head, with what is left of the points that came along.

    The last one takes all that the household has.

    errors  household_unknown, household_role, head_stays, open_holds
    """
    await members_db.lock_members(conn, [member_id])
    there = await db.hold(conn, household_id, ask.now)
    who = None if there is None else there.of(member_id)
    if there is None or who is None:
        return unknown(household_id)
    refusal = None if ask.by == member_id else core.may_rule(there, ask.by)
    refusal = refusal or core.may_leave(there, who)
    if refusal is not None:
        return refusal
    last = len(there.members) == 1
    parted = None
    if who.joining_id is not None:
        keep = not last and ask.said is not None and ask.said.leaving == "stays"
        done = await joining.part(conn, ask.joining(), who.joining_id, ask.ladders, keep=keep)
        if isinstance(done, Refusal):
            return done
        parted = ask.id
    await db.leave(conn, who, parted, ask.now)
    if last:
        rest = ask.joining(new_id())
        moved = await joining.join(conn, rest, there.account_id, who.own_account_id)
        if isinstance(moved, Refusal):
            return moved
        await db.end(conn, there.id, ask.now)
    return await _read(conn, there.id, ask.now)


async def change(
    conn: db.Conn, ask: Ask, household_id: UUID, member_id: UUID, role: Role, most: int | None
) -> Household | Refusal:
    """A member gets another role or limit; who becomes the head takes the head's place.

    errors  household_unknown, household_role, head_stays
    """
    there = await db.hold(conn, household_id, ask.now)
    who = None if there is None else there.of(member_id)
    if there is None or who is None:
        return unknown(household_id)
    refusal = core.may_rule(there, ask.by)
    if refusal is not None:
        return refusal
    if who.role == "head" and role != "head":
        return Refusal("head_stays", "role", "a household has a head",
                       "make another member the head: that one takes the place")  # fmt: skip
    if role == "head" and who.role != "head":
        before = next(each for each in there.members if each.role == "head")
        await db.change(conn, before, "member", None)
    said = ask.said or Households()
    limit = None if role == "head" else core.limit_of(role, said, most)
    await db.change(conn, who, role, limit)
    return await _read(conn, there.id, ask.now)


async def _enter(
    conn: db.Conn, ask: Ask, place: tuple[UUID, UUID], who: Standing, role: Role,
    most: int | None,
) -> Household | Refusal:  # fmt: skip
    """A member comes in; `place`: the household and its account."""
    assert ask.said is not None, "the program has households"
    household_id, account_id = place
    joined = None
    if ask.said.brings_points:
        done = await joining.join(conn, ask.joining(), who.account_id, account_id)
        if isinstance(done, Refusal):
            return done
        joined = ask.id
    new = Inhabitant(household_id, who.id, role, most, who.account_id, joined, ask.now)
    await db.enter(conn, account_id, new)
    return await _read(conn, household_id, ask.now)


async def _free(conn: db.Conn, member_id: UUID) -> Standing | Refusal:
    """A member who may join a household, held still, by today's id."""
    leads = await merging_db.resolve_ids(conn, [member_id])
    if member_id not in leads:
        return Refusal("member_unknown", "member_id", f"there is no member {member_id}",
                       "look the member up")  # fmt: skip
    await members_db.lock_members(conn, [leads[member_id]])
    who = (await merging_db.standings(conn, [leads[member_id]]))[leads[member_id]]
    if who.merged_into is not None:
        raise SerializationFailure("the member was merged by somebody else meanwhile")
    if who.erased:
        return Refusal("member_erased", "member_id", "this member was erased", "name another")
    if who.portrait.registered_at is None:
        return Refusal("not_registered", "member_id", "only registered members share an account",
                       "register the member first")  # fmt: skip
    if who.household_id is not None:
        return Refusal("in_household", "member_id", "this member is in a household already",
                       "let the member leave it first")  # fmt: skip
    return who


async def _read(conn: db.Conn, household_id: UUID, now: datetime) -> Household:
    there = await db.read(conn, household_id, now)
    assert there is not None, "it is there"
    return there


def unknown(household_id: UUID) -> Refusal:
    """The refusal of a household, or of a member of it, that is not there."""
    return Refusal(
        "household_unknown", "household_id", f"there is no household {household_id} with this",
        "look the household up",
    )  # fmt: skip


def no_invitation() -> Refusal:
    """The refusal of an invitation that is not there, over, or somebody else's."""
    return Refusal(
        "invitation_unknown", "invitation_id", "there is no open invitation of this id here",
        "ask to be invited again",
    )  # fmt: skip
