"""Tiers over HTTP: where members stand, what comes next, levels set by hand, privileges."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from tessera.access.approvals.core import Awaiting
from tessera.base.pages import after, cursor
from tessera.base.refusal import Refusal
from tessera.base.text import Code, OptionalCode
from tessera.checkout.levels import flows as levels
from tessera.checkout.levels.flows import Progress
from tessera.doors.call import Call, Operation
from tessera.doors.noting import second_person
from tessera.doors.pages import QUERY, Page, asked_limit, unknown_cursor
from tessera.doors.till.contacts import member_of
from tessera.doors.till.people import no_member
from tessera.members import db as members_db
from tessera.rules.core.tiers import Ladder, window_end
from tessera.rules.core.words import Program
from tessera.tiers import core, db, flows
from tessera.tiers.core import Why

Reason = Annotated[str, Meta(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
_NEWEST = 2**62


class SetLevel(Struct, frozen=True, forbid_unknown_fields=True):
    """A member's level from today on, up to the review on `until`; and why."""

    ladder: Code
    level: Code
    until: date
    reason: Reason


class UsePrivilege(Struct, frozen=True, forbid_unknown_fields=True):
    """The member uses what the level brings. `store`: where, if it is in one."""

    ladder: Code
    privilege: Code
    store: OptionalCode = ""


class PrivilegeTold(Struct, frozen=True):
    """What a level brings.

    uses, used  how often in a term, null: as often as wanted; how often it was in this one
    until       the last day on which it can be used; null: as long as the level is held
    """

    privilege: str
    name: str
    uses: int | None
    used: int
    until: date | None


class NextLevel(Struct, frozen=True):
    """The level above. `lacking`: so much more; `by`: the last day on which it counts, if any."""

    level: str
    name: str
    reach: int
    lacking: int
    by: date | None


class LevelTold(Struct, frozen=True):
    """A level of a ladder."""

    level: str
    name: str
    reach: int
    keep: int
    benefits: list[str]


class TierView(Struct, frozen=True):
    """Where a member stands on a ladder.

    level     null: on none; `since` is null where everybody stands
    counts    points, minor units or receipts; amount: so many so far in the window
    until     the day of the next review; keeps: with so much the level is kept there
    ahead     the level that this review would come to if nothing more was bought
    next      null on the highest level
    """

    ladder: str
    name: str
    counts: str
    unit: str
    window: str
    level: str | None
    level_name: str
    since: date | None
    until: date | None
    grace_days: int
    keeps: int | None
    ahead: str | None
    ahead_name: str
    amount: int
    next: NextLevel | None
    benefits: list[PrivilegeTold]
    levels: list[LevelTold]


class TiersView(Struct, frozen=True):
    """Every ladder of the program."""

    items: list[TierView]


class TierChange(Struct, frozen=True):
    """A level that changed: on which day, why, by what reason where a hand did it; "" is none."""

    ladder: str
    before: str
    level: str
    day: date
    why: Why
    reason: str
    at: datetime


class LevelSet(Struct, frozen=True):
    """It holds from now on."""

    member_id: UUID
    ladder: str
    before: str | None
    level: str
    until: date | None


class PrivilegeUsed(Struct, frozen=True):
    """It was used, so often in this term."""

    member_id: UUID
    privilege: str
    used: int


async def read(call: Call) -> TiersView | Refusal:
    """GET /v1/members/{member_id}/tiers, /v1/me/tiers"""
    account = await _account(call)
    if isinstance(account, Refusal):
        return account
    ladders, today = program_of(call).tiers, today_of(call)
    found = await levels.progress(call.conn, ladders, account, today)
    return TiersView([_view(each, today) for each in found])


def _view(found: Progress, today: date) -> TierView:
    ladder, standing, rank = found.ladder, found.standing, found.rank
    benefits = []
    for each in ladder.levels[rank].benefits if rank >= 0 else ():
        last = core.open_days(each, standing) if standing is not None else None
        used = found.uses.get(each.code, 0)
        benefits.append(PrivilegeTold(each.code, each.name or each.code, each.uses, used, last))
    until = standing.until if standing is not None else None
    level = ladder.levels[rank] if rank >= 0 else None
    return TierView(
        found.code, ladder.name or found.code, ladder.counts, ladder.unit, ladder.window,
        level.code if level else None, name_of(ladder, rank),
        standing.since if standing is not None else None, until, ladder.grace_days,
        level.stay if level and until else None, ladder.code(found.ahead) or None,
        name_of(ladder, found.ahead), found.amount, _next(found, today), benefits,
        levels_told(ladder),
    )  # fmt: skip


def _next(found: Progress, today: date) -> NextLevel | None:
    ladder, above = found.ladder, found.rank + 1
    if above >= len(ladder.levels):
        return None
    level, last = ladder.levels[above], window_end(ladder.window, today)
    calendar = ladder.window.startswith(("this", "since"))
    lacking = max(level.reach - found.amount, 0)
    return NextLevel(
        level.code, level.name or level.code, level.reach, lacking, last if calendar else None
    )


def name_of(ladder: Ladder, rank: int) -> str:
    """What people call a level; "" is none."""
    return "" if rank < 0 else ladder.levels[rank].name or ladder.levels[rank].code


def levels_told(ladder: Ladder) -> list[LevelTold]:
    """The levels of a ladder, from low to high."""
    return [
        LevelTold(
            each.code, each.name or each.code, each.reach, each.stay,
            [one.name or one.code for one in each.benefits],
        )
        for each in ladder.levels
    ]  # fmt: skip


async def changes(call: Call) -> Page[TierChange] | Refusal:
    """GET /v1/members/{member_id}/tiers/history"""
    limit = asked_limit(call.query)
    if isinstance(limit, Refusal):
        return limit
    before = _NEWEST
    if "cursor" in call.query:
        last = after(call.query["cursor"], 1)
        if isinstance(last, Refusal):
            return last
        if not last[0].isascii() or not last[0].isdecimal() or len(last[0]) > 18:
            return unknown_cursor()
        before = int(last[0])
    account = await _account(call)
    if isinstance(account, Refusal):
        return account
    rows = await db.history(call.conn, account, before, limit + 1)
    told = [
        TierChange(each.ladder, each.source, each.target, each.day, each.why, each.reason, each.at)
        for each in rows[:limit]
    ]
    return Page(told, cursor(str(rows[limit - 1].id)) if len(rows) > limit else None)


async def match(call: Call) -> LevelSet | Awaiting | Refusal:
    """POST /v1/members/{member_id}/tiers"""
    body: SetLevel = call.body
    asking = await _asking(call)
    if isinstance(asking, Refusal):
        return asking
    ladder = program_of(call).tiers.get(body.ladder)
    to = flows.Setting(body.level, body.until, body.reason)
    done = await flows.match(call.conn, asking, body.ladder, ladder, to)
    if isinstance(done, Refusal):
        return done
    waits = second_person(call, "tier", "a level would be set by hand")
    if waits is not None:
        return waits
    was, now = done
    before = None if was is None else {"level": was.level, "until": _said(was.until)}
    after_ = {"ladder": body.ladder, "level": now.level, "until": _said(now.until)}
    call.changed("tier", asking.member, before, after_, reason=body.reason)
    return LevelSet(
        asking.member, body.ladder, was.level if was is not None else None, now.level, now.until
    )


def _said(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


async def use(call: Call) -> PrivilegeUsed | Refusal:
    """POST /v1/members/{member_id}/privileges"""
    body: UsePrivilege = call.body
    asking = await _asking(call)
    if isinstance(asking, Refusal):
        return asking
    ladder = program_of(call).tiers.get(body.ladder)
    used = await levels.use(call.conn, asking, body.ladder, ladder, body.privilege, body.store)
    if isinstance(used, Refusal):
        return used
    after_ = {"ladder": body.ladder, "privilege": body.privilege, "used": used}
    call.changed("privilege", asking.member, None, after_)
    return PrivilegeUsed(asking.member, body.privilege, used)


async def _account(call: Call) -> UUID | Refusal:
    """The account of the member that the call is about."""
    member_id = member_of(call)
    member = None if member_id is None else await members_db.read_member(call.conn, member_id)
    return no_member(call) if member is None else member.account_id


async def _asking(call: Call) -> flows.Asking | Refusal:
    member_id = member_of(call)
    member = None if member_id is None else await members_db.read_member(call.conn, member_id)
    if member is None:
        return no_member(call)
    assert call.outcome_id is not None, "the call has its key"
    return flows.Asking(
        call.outcome_id, call.principal.id, member.account_id, member.id, call.now, today_of(call)
    )


def today_of(call: Call) -> date:
    """The business day that it is."""
    assert call.house is not None, "the door is a house's"
    return call.house.today(call.now)


def program_of(call: Call) -> Program:
    """The program that decides now."""
    assert call.house is not None, "the door is a house's"
    return call.house.shop().program


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "tier.read", "GET", "/v1/members/{member_id}/tiers", read, TiersView,
        "Where a member stands on each ladder, and what comes next",
    ),
    Operation(
        "tier.history", "GET", "/v1/members/{member_id}/tiers/history", changes, Page[TierChange],
        "How a member's levels changed, newest first", query=QUERY,
    ),
    Operation(
        "tier.set", "POST", "/v1/members/{member_id}/tiers", match, LevelSet,
        "Set a member's level for a term: match a status, put a mistake right", kind="writes",
        body=SetLevel, status=201, four_eyes=True,
        example={"ladder": "status", "level": "silver", "until": "2098-12-31",
                 "reason": "holds gold with another airline"},
    ),
    Operation(
        "tier.use", "POST", "/v1/members/{member_id}/privileges", use, PrivilegeUsed,
        "Use a privilege of a member's level", kind="writes", body=UsePrivilege, status=201,
        example={"ladder": "status", "privilege": "help"},
    ),
    Operation(
        "me.tiers", "GET", "/v1/me/tiers", read, TiersView,
        "Where one stands on each ladder, and what comes next",
    ),
)  # fmt: skip
