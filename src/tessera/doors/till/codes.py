"""One coupon code over HTTP, looked up or called back; and a member's own coupons."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.base.text import Remark
from tessera.doors.call import Call, Operation
from tessera.doors.language.tongue import tongue
from tessera.doors.pages import uuid_of
from tessera.doors.till.coupons import program_of, told_of
from tessera.doors.till.mine import my_tongue
from tessera.doors.till.people import no_member
from tessera.members import db as members_db
from tessera.rewards.coupons import db as coupons_db
from tessera.rewards.coupons.core import codes
from tessera.rewards.coupons.core.book import Book, Seen, Shower
from tessera.rewards.coupons.core.misses import Misses
from tessera.rewards.coupons.core.words import Row
from tessera.rewards.coupons.flows import marks_of, veiled
from tessera.rewards.coupons.office import db, flows
from tessera.rewards.coupons.office.db import Found, Own
from tessera.rules.core.coupons import Coupon
from tessera.rules.core.tongues import Tongue
from tessera.rules.core.words import Program
from tessera.warehouse.core import CouponText

Standing = Literal[
    "good", "used", "expired", "not_yet", "revoked", "not_yours", "held"
]  # the last two: of no single code here


class NameCoupon(Struct, frozen=True, forbid_unknown_fields=True):
    """A code as it is read or scanned."""

    code: CouponText


class VoidCoupon(Struct, frozen=True, forbid_unknown_fields=True):
    """A code that is to count no more, and why."""

    code: CouponText
    reason: Remark


class FoundCoupon(Struct, frozen=True):
    """What is known of a code. member_id: whose it is; owed: used, and the goods came back."""

    kind: str
    name: str
    state: Standing
    uses: int
    used: int
    starts: date | None
    ends: date | None
    batch_id: UUID
    label: str
    member_id: UUID | None
    given_at: datetime | None
    owed: bool


class OwnCoupon(Struct, frozen=True):
    """A member's own coupon.

    code   whole for the member, its last letters for staff
    gives  what it brings, in sentences; hidden rules are not told
    left   how often it still counts
    """

    code: str
    kind: str
    name: str
    state: Standing
    gives: list[str]
    left: int
    ends: date | None
    given_at: datetime


class OwnCoupons(Struct, frozen=True):
    """A member's own coupons, the newest first: up to 200."""

    items: list[OwnCoupon]


async def find(call: Call) -> FoundCoupon | Refusal:
    """POST /v1/coupons/find"""
    found = await _tried(call, call.body.code)
    return found if isinstance(found, Refusal) else _found(call, found)


async def void(call: Call) -> FoundCoupon | Refusal:
    """POST /v1/coupons/void"""
    found = await _tried(call, call.body.code)
    if isinstance(found, Refusal):
        return found
    if await db.void(call.conn, found.row.code, call.now):
        said = {"code": codes.ending(_number(call.body.code)), "kind": found.row.kind}
        call.changed("coupon", found.batch_id, None, said, reason=call.body.reason)
    again = await db.find(call.conn, found.row.code)
    assert again is not None, "codes stay"
    return _found(call, again)


def _number(text: str) -> int:
    said = codes.read(text)
    assert isinstance(said, int), "it was found"
    return said


async def _tried(call: Call, text: str) -> Found | Refusal:
    """The code, if there is one. What is wrong is counted, on a connection of its own.

    errors  coupon_mistyped, coupon_unknown, too_many_tries: then for good codes too
    """
    number = codes.read(text)
    if number is None:
        return codes.mistyped("code")
    assert call.house is not None, "the door is a house's"
    marks = marks_of(call.principal, ("", ""), None, call.address)
    if call.principal.kind != "key":  # one person, wherever: not the office's shared address
        marks = marks_of(call.principal, ("", ""), None, "")
    async with call.house.upkeep.connection() as own:
        counts = await coupons_db.misses(own, list(marks), call.now, lock=True)
        misses = Misses(counts)
        if misses.tripped(marks, call.now):
            return Refusal(
                "too_many_tries", "code", "too many codes were wrong",
                "try again in a quarter of an hour",
            )  # fmt: skip
        found = None
        if isinstance(number, int):
            found = await db.find(own, veiled([number])[0])
        if found is None:
            misses.add(marks, call.now)
            changed = {mark: misses.counts[mark] for mark in misses.changed}
            await coupons_db.save_misses(own, changed)
    return found or Refusal(
        "coupon_unknown", "code", "no coupon has this code",
        "type it again; a word for everybody is in the list of kinds",
    )  # fmt: skip


def _found(call: Call, found: Found) -> FoundCoupon:
    row = found.row
    coupon = program_of(call).coupons.get(row.kind)
    return FoundCoupon(
        row.kind, coupon.name if coupon else row.kind, _standing(call, row, coupon), row.uses,
        row.used, row.first, row.last, found.batch_id, found.label, row.member_id,
        found.given_at, row.owed,
    )  # fmt: skip


def _standing(call: Call, row: Row, coupon: Coupon | None) -> Standing:
    """How a code stands today, whoever shows it."""
    if coupon is None:
        return "revoked"
    assert call.house is not None
    book = Book()
    book.used[row.code] = row.used
    whose = frozenset() if row.member_id is None else frozenset((row.member_id,))
    by = Shower(call.house.today(call.now), row.member_id, whose)
    alone = Coupon(name=coupon.name, starts=coupon.starts, ends=coupon.ends)
    seen = book.judge(Seen("", None, row.kind, alone, row), by)
    return seen.state or "good"  # type: ignore[return-value]  # what one code can be


async def of_member(call: Call) -> OwnCoupons | Refusal:
    """GET /v1/members/{member_id}/coupons"""
    member_id = uuid_of(call.path["member_id"])
    member = None if member_id is None else await members_db.read_member(call.conn, member_id)
    if member is None:
        return no_member(call)
    return await _own(call, member.id, tongue(call.language), staff=True)


async def mine(call: Call) -> OwnCoupons | Refusal:
    """GET /v1/me/coupons"""
    return await _own(call, call.principal.id, await my_tongue(call), staff=False)


async def _own(call: Call, member_id: UUID, to: Tongue, *, staff: bool) -> OwnCoupons:
    program = program_of(call)
    own = await flows.of_member(call.conn, member_id)
    return OwnCoupons([_told(call, program, code, each, to, staff) for code, each in own])


def _told(call: Call, program: Program, code: str, own: Own, to: Tongue, staff: bool) -> OwnCoupon:
    row = own.row
    coupon = program.coupons.get(row.kind)
    ends = None if coupon is None else coupon.ends
    lasts = [day for day in (row.last, ends) if day is not None]
    return OwnCoupon(
        f"…{code[-4:]}" if staff else code, row.kind, coupon.name if coupon else row.kind,
        _standing(call, row, coupon), told_of(program, row.kind, to, staff=staff),
        max(row.uses - row.used, 0), min(lasts, default=None), own.given_at,
    )  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "coupon.find", "POST", "/v1/coupons/find", find, FoundCoupon, "Look up a coupon code",
        body=NameCoupon, example={"code": "EHJQ6-WV5E9-GJ0Z"},
    ),
    Operation(
        "coupon.void", "POST", "/v1/coupons/void", void, FoundCoupon,
        "Let a coupon code count no more", kind="writes", body=VoidCoupon,
        example={"code": "EHJQ6-WV5E9-GJ0Z", "reason": "lost with a letter"},
    ),
    Operation(
        "coupon.member", "GET", "/v1/members/{member_id}/coupons", of_member, OwnCoupons,
        "A member's own coupons",
    ),
    Operation("me.coupons", "GET", "/v1/me/coupons", mine, OwnCoupons, "My coupons"),
)  # fmt: skip
