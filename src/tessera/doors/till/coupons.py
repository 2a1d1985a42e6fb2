"""Coupons over HTTP: orders of codes, one code looked up, a member's own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from tessera.base.refusal import Refusal
from tessera.base.text import Code, Name, Remark
from tessera.doors.call import Call, Once, Operation
from tessera.doors.language.tongue import tongue
from tessera.doors.pages import QUERY, Page, asked_page, page, uuid_of
from tessera.program.core.sentences import plain
from tessera.rewards.coupons.core.words import MAX_BATCH, Batch
from tessera.rewards.coupons.office import db, flows
from tessera.rewards.coupons.office.flows import Order
from tessera.rules.core.coupons import Coupon
from tessera.rules.core.tongues import Tongue
from tessera.rules.core.words import Program

_AT_ONCE = 10_000  # codes of an order that are made with the call; the rest by and by


class CouponKindTold(Struct, frozen=True):
    """A kind of coupon: what the program says, and what there was of it.

    code    one word for everybody; null: each coupon has its own
    gives   what the rules that ask for it give
    issued  codes of orders; given: by rules; owed: of these, used though the goods came back
    used    uses, less those given back; discount_minor and points: what they brought
    """

    kind: str
    name: str
    code: str | None
    uses: int
    most: int | None
    per_member: int | None
    starts: date | None
    ends: date | None
    days: int | None
    personal: bool
    gives: list[str]
    issued: int
    given: int
    owed: int
    used: int
    discount_minor: int
    points: int


class CouponKinds(Struct, frozen=True):
    """The kinds of the program that runs now, in its order, and those that there were."""

    currency: str
    kinds: list[CouponKindTold]


class OrderCoupons(Struct, frozen=True, forbid_unknown_fields=True):
    """So many codes of a kind. They count on these local days; left out, as the kind says."""

    kind: Code
    count: Annotated[int, Meta(ge=1, le=MAX_BATCH)]
    label: Name = ""
    starts: date | None = None
    ends: date | None = None


class CouponBatch(Struct, frozen=True):
    """An order. `made` of `count` codes are there; `exported` were handed out, each once."""

    batch_id: UUID
    kind: str
    label: str
    count: int
    made: int
    exported: int
    uses: int
    starts: date | None
    ends: date | None
    ordered_at: datetime
    ordered_by: str
    revoked_at: datetime | None
    revoked_by: str | None
    reason: str | None


class RevokeCoupons(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the codes are called back."""

    reason: Remark


class ExportCoupons(Struct, frozen=True, forbid_unknown_fields=True):
    """The next codes; with `again` those that were sent last, within an hour."""

    again: bool = False


class CouponCodes(Struct, frozen=True):
    """Codes of an order, up to 50,000. A replay of the call has none: they are sent once.

    left  how many are still to be handed out
    """

    batch_id: UUID
    codes: list[str]
    left: int


async def kinds(call: Call) -> CouponKinds:
    """GET /v1/coupon-kinds"""
    program = program_of(call)
    figures = await db.figures(call.conn)
    told = [
        _kind(kind, coupon, figures.get(kind, {}), _gives(call, program, kind, staff=True))
        for kind, coupon in program.coupons.items()
    ]
    gone = [
        _kind(kind, Coupon(name=kind), said, [])
        for kind, said in sorted(figures.items()) if kind not in program.coupons
    ]  # fmt: skip
    return CouponKinds(program.currency, told + gone)


def _kind(kind: str, coupon: Coupon, said: dict[str, int], gives: list[str]) -> CouponKindTold:
    return CouponKindTold(
        kind, coupon.name, coupon.code, coupon.uses, coupon.most, coupon.per_member,
        coupon.starts, coupon.ends, coupon.days, coupon.personal, gives, said.get("issued", 0),
        said.get("given", 0), said.get("owed", 0), said.get("used", 0), said.get("minor", 0),
        said.get("points", 0),
    )  # fmt: skip


def _gives(call: Call, program: Program, kind: str, *, staff: bool) -> list[str]:
    """What the rules of a kind give, in the caller's language."""
    return told_of(program, kind, tongue(call.language), staff=staff)


def told_of(program: Program, kind: str, to: Tongue, *, staff: bool) -> list[str]:
    """What the rules of a kind give; hidden ones only to staff."""
    return [
        plain(replace(rule, coupon=""), program.currency, to)
        for rule in program.rules
        if rule.coupon == kind and (staff or not rule.hidden)
    ]


async def order(call: Call) -> CouponBatch | Refusal:
    """POST /v1/coupon-batches"""
    body: OrderCoupons = call.body
    wanted = Order(body.kind, body.count, body.label, body.starts, body.ends)
    kinds = dict(program_of(call).coupons)
    made = await flows.order(call.conn, wanted, kinds, call.principal.name, call.now)
    if isinstance(made, Refusal):
        return made
    if made.count <= _AT_ONCE:
        await flows.make(call.conn, made.id)
    said = {"kind": made.kind, "count": made.count, "label": made.label}
    call.changed("coupon_batch", made.id, None, said)
    told = await db.batch(call.conn, made.id)
    assert told is not None, "it was made just now"
    return _batch(told)


async def batches(call: Call) -> Page[CouponBatch] | Refusal:
    """GET /v1/coupon-batches"""
    asked = asked_page(call.query)
    if isinstance(asked, Refusal):
        return asked
    last, limit = asked
    rows = await db.batches(call.conn, last, limit + 1)
    return page(rows, limit, lambda batch: str(batch.id), _batch)


async def read(call: Call) -> CouponBatch | Refusal:
    """GET /v1/coupon-batches/{batch_id}"""
    batch_id = uuid_of(call.path["batch_id"])
    found = None if batch_id is None else await db.batch(call.conn, batch_id)
    return _no_batch(call) if found is None or found.given else _batch(found)


async def revoke(call: Call) -> CouponBatch | Refusal:
    """POST /v1/coupon-batches/{batch_id}/revoke: codes that a quote keeps stay good for it."""
    batch_id, reason = uuid_of(call.path["batch_id"]), call.body.reason
    if batch_id is None:
        return _no_batch(call)
    done = await flows.revoke(call.conn, batch_id, call.principal.name, reason, call.now)
    if isinstance(done, Refusal):
        return done
    told, new = done
    if new:
        call.changed(
            "coupon_batch", batch_id, {"revoked": False}, {"revoked": True}, reason=reason
        )  # fmt: skip
    return _batch(told)


async def export(call: Call) -> Once | Refusal:
    """POST /v1/coupon-batches/{batch_id}/export"""
    batch_id, body = uuid_of(call.path["batch_id"]), call.body
    if batch_id is None:
        return _no_batch(call)
    done = await flows.hand_out(call.conn, batch_id, call.now, again=body.again)
    if isinstance(done, Refusal):
        return done
    told, spelled = done
    said = {"exported": told.exported, "again": body.again}
    call.changed("coupon_batch", batch_id, None, said)
    left = told.count - told.exported
    return Once(CouponCodes(batch_id, list(spelled), left), CouponCodes(batch_id, [], left))


def program_of(call: Call) -> Program:
    """The one that runs now."""
    assert call.house is not None, "the door is a house's"
    return call.house.shop().program


def _batch(batch: Batch) -> CouponBatch:
    return CouponBatch(
        batch.id, batch.kind, batch.label, batch.count, batch.made, batch.exported, batch.uses,
        batch.starts, batch.ends, batch.made_at, batch.made_by, batch.revoked_at,
        batch.revoked_by, batch.reason,
    )  # fmt: skip


def _no_batch(call: Call) -> Refusal:
    return Refusal(
        "batch_unknown", "batch_id", f"there is no batch {call.path['batch_id'][:40]}",
        "look it up in the list of batches",
    )  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "coupon.kinds", "GET", "/v1/coupon-kinds", kinds, CouponKinds,
        "CouponKinds of coupons, and what came of them",
    ),
    Operation(
        "coupon.order", "POST", "/v1/coupon-batches", order, CouponBatch, "Order coupon codes",
        kind="writes", body=OrderCoupons, status=201,
        example={"kind": "TENTH", "count": 500, "label": "Leaflet of May", "ends": "2099-05-31"},
    ),
    Operation(
        "coupon.batches", "GET", "/v1/coupon-batches", batches, Page[CouponBatch],
        "List orders of coupon codes", query=QUERY,
    ),
    Operation(
        "coupon.batch", "GET", "/v1/coupon-batches/{batch_id}", read, CouponBatch,
        "Read an order of coupon codes",
    ),
    Operation(
        "coupon.revoke", "POST", "/v1/coupon-batches/{batch_id}/revoke", revoke, CouponBatch,
        "Call back the codes of an order", kind="writes", body=RevokeCoupons,
        example={"reason": "printed with the wrong date"},
    ),
    Operation(
        "coupon.export", "POST", "/v1/coupon-batches/{batch_id}/export", export, CouponCodes,
        "Take the codes of an order, each once", kind="writes", body=ExportCoupons, example={},
    ),
)  # fmt: skip
