"""Partners over HTTP: what each owes, statement by statement. A partner's key sees its own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import asdict, astuple

from tessera.access.approvals.core import Awaiting
from tessera.base.pages import after, cursor
from tessera.base.refusal import Refusal
from tessera.base.text import MAX_MINOR, Name
from tessera.doors.call import Call, Operation
from tessera.doors.noting import second_person
from tessera.doors.pages import QUERY, Page, asked_limit, unknown_cursor, uuid_of
from tessera.partners import db, flows
from tessera.partners.core import Charge, Posting, Statement, period_of
from tessera.partners.flows import Ask, Told
from tessera.rules.core.partners import Every, Partner
from tessera.rules.core.words import Program

Word = Annotated[str, Meta(min_length=6, max_length=7, pattern=r"^\d{4}-(\d\d|Q[1-4])\Z")]


class ClosePeriod(Struct, frozen=True, forbid_unknown_fields=True):
    """A period that is over: a month as 2026-10, a quarter as 2026-Q4."""

    period: Word


class AdjustPartner(Struct, frozen=True, forbid_unknown_fields=True):
    """What was agreed besides. Above zero the partner owes it, below zero it is owed to it."""

    minor: Annotated[int, Meta(ge=-MAX_MINOR, le=MAX_MINOR)]
    reason: Annotated[Name, Meta(min_length=1)]


class PartnerView(Struct, frozen=True):
    """A partner and what it owes at the moment, in hundredths of a minor unit.

    period     the one that is open; to_close: an earlier one that is over and has no statement
    owed_x100  above zero the partner owes it, below zero it is owed to it; not closed yet
    """

    partner: str
    name: str
    stores: tuple[str, ...]
    every: Every
    period: str
    to_close: str | None
    owed_x100: int


class PartnerList(Struct, frozen=True):
    """Every partner, those too that the program has no more. Money in `currency`."""

    currency: str
    items: list[PartnerView]


class PointsView(Charge, frozen=True):
    """What a period means in one currency of points; "" is the program's own."""

    currency: str = ""


class AdjustmentView(Struct, frozen=True):
    """What was agreed besides."""

    adjustment_id: UUID
    minor: int
    reason: str
    posted_at: datetime


class PieceView(Struct, frozen=True):
    """Gifts or coupons that the partner pays for: `pieces` at `cost_minor` are `minor`."""

    item: str
    pieces: int
    cost_minor: int
    minor: int


class StatementView(Struct, frozen=True, kw_only=True):
    """A period of a partner. Amounts `_x100` are hundredths of a minor unit of `currency`.

    closed_at   None: it is open, and what is told is as of now
    owed_x100   opening + issued + funded - redeemed + adjusted; above zero the partner owes it
    due_minor   to be paid, whole minor units; closing_x100: what is left opens the next period
    """

    partner: str
    name: str
    currency: str
    period: str
    first: date
    last: date
    closed_at: datetime | None
    approval_id: UUID | None
    postings: int
    opening_x100: int
    points: list[PointsView]
    pieces: list[PieceView]
    adjustments: list[AdjustmentView]
    adjusted_minor: int
    owed_x100: int
    due_minor: int
    closing_x100: int


class StatementRow(Struct, frozen=True):
    """A closed period in the list."""

    period: str
    due_minor: int
    postings: int
    closed_at: datetime


class StatementList(Struct, frozen=True):
    """The statements of a partner, the newest first."""

    partner: str
    currency: str
    items: list[StatementRow]


class PostingView(Charge, frozen=True, kw_only=True):
    """What one sale, return or event means for the partner."""

    operation_id: UUID
    currency: str
    store: str
    posted_at: datetime


# Reading -----------------------------------------------------------------------------------------


async def partners(call: Call) -> PartnerList:
    """GET /v1/partners"""
    program = _program(call)
    known = dict(program.partners)
    for code in await db.known(call.conn):
        known.setdefault(code, Partner(name=code))
    items = []
    for code, partner in known.items():
        period = period_of(partner, call.now)
        sums = await db.open_sums(call.conn, code, period.ends_at)
        before = await db.oldest_open(call.conn, code, period.starts_at)
        items.append(
            PartnerView(
                code, partner.name, partner.stores, partner.period, period.name,
                None if before is None else period_of(partner, before).name, sums.owed_x100,
            )
        )  # fmt: skip
    return PartnerList(program.currency, items)


async def statement(call: Call) -> StatementView | Refusal:
    """GET /v1/partners/{partner}/statement"""
    found = await _partner(call)
    if isinstance(found, Refusal):
        return found
    told = await flows.told(call.conn, *found, call.query.get("period"), call.now)
    return told if isinstance(told, Refusal) else _shown(call, *found, told)


async def statements(call: Call) -> StatementList | Refusal:
    """GET /v1/partners/{partner}/statements"""
    found = await _partner(call)
    if isinstance(found, Refusal):
        return found
    rows = [
        StatementRow(each.period, each.due_minor, each.sums.postings, each.closed_at)
        for each in await db.closed(call.conn, found[0])
    ]
    return StatementList(found[0], _program(call).currency, rows)


async def postings(call: Call) -> Page[PostingView] | Refusal:
    """GET /v1/partners/{partner}/postings"""
    found, limit = await _partner(call), asked_limit(call.query)
    if isinstance(found, Refusal):
        return found
    if isinstance(limit, Refusal):
        return limit
    place = _place(call.query.get("cursor"))
    if isinstance(place, Refusal):
        return place
    told = await flows.told(call.conn, *found, call.query.get("period"), call.now)
    if isinstance(told, Refusal):
        return told
    of = told.statement.id if told.statement is not None else None
    rows = await db.postings(call.conn, found[0], of, place, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    more = None if last is None else cursor(_mark(last))
    return Page([_row(each) for each in rows[:limit]], more)


def _mark(last: Posting) -> str:
    return f"{last.posted_at.isoformat()} {last.outcome_id} {last.currency}"


def _place(word: str | None) -> tuple[datetime, UUID, str] | Refusal | None:
    """After which posting; None: from the first. Errors: cursor_unknown."""
    if word is None:
        return None
    parts = after(word, 1)
    if isinstance(parts, Refusal):
        return parts
    at, _, rest = parts[0].partition(" ")
    id_, _, currency = rest.partition(" ")
    found = uuid_of(id_)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if found is None or moment is None or moment.tzinfo is None:
        return unknown_cursor()
    return moment, found, currency


# Settling ----------------------------------------------------------------------------------------


async def close(call: Call) -> StatementView | Refusal | Awaiting:
    """POST /v1/partners/{partner}/statements"""
    body: ClosePeriod = call.body
    found = await _partner(call)
    if isinstance(found, Refusal):
        return found
    code, partner = found
    made = await flows.close(call.conn, _ask(call), code, partner, body.period)
    if isinstance(made, Refusal):
        return made
    why = f"period {made.period} of partner {code} is closed: {made.due_minor} minor units are due"
    wait = second_person(call, "settlement", why)
    if wait is not None:
        return wait
    after_ = {"period": made.period, "due_minor": made.due_minor, "postings": made.sums.postings}
    call.changed("partner", code, None, after_)
    told = await flows.told(call.conn, code, partner, made.period, call.now)
    assert isinstance(told, Told), "the period has a name"
    return _shown(call, code, partner, told)


async def adjust(call: Call) -> AdjustmentView | Refusal | Awaiting:
    """POST /v1/partners/{partner}/adjustments"""
    body: AdjustPartner = call.body
    found = await _partner(call)
    if isinstance(found, Refusal):
        return found
    if not body.minor:
        return Refusal("amount_refused", "minor", "nothing is adjusted", "send an amount")
    code, _ = found
    wait = second_person(call, "settlement", f"{body.minor} minor units for partner {code}")
    if wait is not None:
        return wait
    made = await flows.adjust(call.conn, _ask(call), code, body.minor, body.reason)
    call.changed("partner", code, None, {"adjusted_minor": body.minor, "reason": body.reason})
    return AdjustmentView(made.id, made.minor, made.reason, made.posted_at)


def _ask(call: Call) -> Ask:
    assert call.outcome_id is not None, "the call has its key"
    return Ask(call.outcome_id, call.principal.person, call.now, call.approval_id)


# Words -------------------------------------------------------------------------------------------


def _program(call: Call) -> Program:
    assert call.house is not None, "the door is a house's"
    return call.house.shop().program


async def _partner(call: Call) -> tuple[str, Partner] | Refusal:
    """The partner of the address; whoever belongs to stores sees the one that has all of them.

    errors  partner_unknown, the same for one that is another's
    """
    code, mine = call.path["partner"], call.principal.stores
    known = _program(call).partners.get(code)
    if known is None and mine is None and code in await db.known(call.conn):
        known = Partner(name=code)
    if known is None or (mine is not None and not (mine and set(mine) <= set(known.stores))):
        return Refusal(
            "partner_unknown", "partner", f"there is no partner {code[:40]}",
            "look it up in the program, under `partners`",
        )  # fmt: skip
    return code, known


def _shown(call: Call, code: str, partner: Partner, told: Told) -> StatementView:
    sums, made, period = told.sums, told.statement, told.period
    due, closing = sums.due()
    return StatementView(
        partner=code, name=partner.name, currency=_program(call).currency, period=period.name,
        first=period.first, last=period.last, closed_at=_closed_at(made),
        approval_id=None if made is None else made.approval_id, postings=sums.postings,
        opening_x100=sums.opening_x100,
        points=[
            PointsView(**asdict(charge), currency=unit) for unit, charge in sums.points.items()
        ],
        pieces=[
            PieceView(each.item, each.pieces, each.cost_minor, each.pieces * each.cost_minor)
            for each in sums.pieces
        ],
        adjustments=[
            AdjustmentView(each.id, each.minor, each.reason, each.posted_at)
            for each in sums.adjustments
        ],
        adjusted_minor=sums.adjusted_minor, owed_x100=sums.owed_x100, due_minor=due,
        closing_x100=closing,
    )  # fmt: skip


def _closed_at(made: Statement | None) -> datetime | None:
    return None if made is None else made.closed_at


def _row(of: Posting) -> PostingView:
    return PostingView(
        *astuple(of.charge), operation_id=of.outcome_id, currency=of.currency, store=of.store,
        posted_at=of.posted_at,
    )  # fmt: skip


_PERIOD = {"period": "a month as 2026-10, a quarter as 2026-Q4; the one that is now if left out"}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "partner.list", "GET", "/v1/partners", partners, PartnerList,
        "Every partner and what it owes at the moment",
    ),
    Operation(
        "partner.statement", "GET", "/v1/partners/{partner}/statement", statement, StatementView,
        "What a partner owes, or is owed, for a period", query=_PERIOD,
    ),
    Operation(
        "partner.statements", "GET", "/v1/partners/{partner}/statements", statements,
        StatementList, "The periods of a partner that are closed",
    ),
    Operation(
        "partner.postings", "GET", "/v1/partners/{partner}/postings", postings, Page[PostingView],
        "What each sale, return and event of a period means for a partner", query=_PERIOD | QUERY,
    ),
    Operation(
        "partner.close", "POST", "/v1/partners/{partner}/statements", close, StatementView,
        "Close a period of a partner that is over", kind="writes", body=ClosePeriod, status=201,
        example={"period": "2020-10"}, four_eyes=True,
    ),
    Operation(
        "partner.adjust", "POST", "/v1/partners/{partner}/adjustments", adjust, AdjustmentView,
        "Write down what was agreed with a partner besides", kind="writes", body=AdjustPartner,
        status=201, example={"minor": -5000, "reason": "leaflets of October"}, four_eyes=True,
    ),
)  # fmt: skip
