"""Who may do what in a household, and what a program says about households. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.refusal import Refusal

Role = Literal["head", "member", "child"]
Guest = Literal["member", "child"]
PointsPerDay = Annotated[int, Meta(ge=0, le=10**12)]


class Households(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a program says about households.

    most_members      with the head
    brings_points     who joins brings the points of the own account along
    leaving           `takes`: who leaves has again what is left of them; `stays`: they stay
    child_per_day     points that a child may spend on a day, unless the head says otherwise
    members_invite    every member may invite, not the head alone; a child never may
    invitation_days   an invitation is open so long
    time_zone         where a day begins (IANA name)
    """

    most_members: Annotated[int, Meta(ge=2, le=50)] = 6
    brings_points: bool = True
    leaving: Literal["takes", "stays"] = "takes"
    child_per_day: PointsPerDay = 0
    members_invite: bool = False
    invitation_days: Annotated[int, Meta(ge=1, le=90)] = 7
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)] = "UTC"


class Inhabitant(Struct, frozen=True):
    """A member in a household.

    most_per_day    points to spend on a day; None: all
    own_account_id  what the member comes back to
    joining_id      how the points came along; None: they did not
    """

    household_id: UUID
    member_id: UUID
    role: Role
    most_per_day: int | None
    own_account_id: UUID
    joining_id: UUID | None
    joined_at: datetime


class Invitation(Struct, frozen=True):
    """An invitation; `ending` says what became of it."""

    id: UUID
    household_id: UUID
    member_id: UUID
    role: Guest
    most_per_day: int | None
    invited_by: UUID
    invited_at: datetime
    expires_at: datetime
    ending: str | None = None


class Household(Struct, frozen=True):
    """A household as it is, its members by the time they joined, and who is invited."""

    id: UUID
    account_id: UUID
    founded_at: datetime
    ended_at: datetime | None
    members: tuple[Inhabitant, ...] = ()
    invited: tuple[Invitation, ...] = ()

    def of(self, member_id: UUID) -> Inhabitant | None:
        """This member, if in it."""
        return next((each for each in self.members if each.member_id == member_id), None)


def not_offered() -> Refusal:
    """The refusal where a program has no households."""
    return Refusal("households_not_offered", "", "this program has no households",
                   "publish a program that says so under `households`")  # fmt: skip


def may_invite(household: Household, by: UUID | None, said: Households) -> Refusal | None:
    """Whether somebody may invite, and somebody fits in. `by` is None for the office."""
    who = None if by is None else household.of(by)
    if by is not None and (
        who is None or who.role == "child" or (who.role == "member" and not said.members_invite)
    ):
        return _no_right("invite")
    if len(household.members) + len(household.invited) >= said.most_members:
        why = f"{len(household.members)} are in it and {len(household.invited)} invited"
        return Refusal("household_full", "", f"{why}, at most {said.most_members}",
                       "let somebody leave, or withdraw an invitation")  # fmt: skip
    return None


def may_rule(household: Household, by: UUID | None) -> Refusal | None:
    """Whether somebody may change roles and limits, and let others go. None: the office."""
    who = None if by is None else household.of(by)
    return None if by is None or (who is not None and who.role == "head") else _no_right("do this")


def may_leave(household: Household, who: Inhabitant) -> Refusal | None:
    """Whether a member may go: the head goes last."""
    if who.role == "head" and len(household.members) > 1:
        return Refusal("head_stays", "member_id", "the head goes last",
                       "make another member the head first")  # fmt: skip
    return None


def limit_of(role: Role, said: Households, asked: int | None) -> int | None:
    """Points that a member may spend on a day; None: all."""
    return said.child_per_day if role == "child" and asked is None else asked


def until(now: datetime, said: Households) -> datetime:
    """Until when an invitation is open."""
    return now + timedelta(days=said.invitation_days)


def too_much(asked: int, spent: int, most: int) -> Refusal:
    """The refusal at the till of points beyond a member's own limit of the day."""
    left = max(0, most - spent)
    cure = f"ask for {left} points or fewer" if left else "confirm without spending points"
    return Refusal(
        "household_limit", "spend.points",
        f"{asked} points asked, {spent} of the {most} a day that this member may spend are used",
        cure,
    )  # fmt: skip


def _no_right(what: str) -> Refusal:
    return Refusal("household_role", "", f"this member may not {what} here", "ask the head")
