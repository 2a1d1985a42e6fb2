"""A period is closed, something is adjusted, a statement is read."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tessera.base.refusal import Refusal
from tessera.partners import core, db
from tessera.partners.core import Adjustment, Period, Statement, Sums
from tessera.rules.core.partners import Partner


class Ask(Struct, frozen=True):
    """Who settles something, when, under which id; approval_id: a second person has approved it."""

    id: UUID
    principal_id: UUID
    now: datetime
    approval_id: UUID | None = None


class Told(Struct, frozen=True):
    """A period of a partner: its statement, or what it comes to so far."""

    period: Period
    sums: Sums
    statement: Statement | None


async def close(
    conn: db.Conn, ask: Ask, code: str, partner: Partner, word: str
) -> Statement | Refusal:
    """A period that is over becomes a statement, with all that no other one holds.

    errors  period_invalid, period_open, period_closed; also of a period before a closed one
    """
    await db.lock_partner(conn, code)
    period = core.named(partner, word)
    if isinstance(period, Refusal):
        return period
    before = await db.closed(conn, code)
    names = {each.period for each in before} | {
        period.name for each in before if each.ends_at >= period.ends_at
    }
    fault = core.closing_fault(period, names, ask.now)
    if fault is not None:
        return fault
    sums = await db.state(conn, code, ask.id, period.ends_at)
    due, closing = sums.due()
    made = Statement(
        ask.id, code, period.name, period.ends_at, sums, due, closing, ask.now, ask.approval_id
    )
    await db.add_statement(conn, made, ask.principal_id)
    return made


async def adjust(conn: db.Conn, ask: Ask, code: str, minor: int, reason: str) -> Adjustment:
    """Something was agreed besides; it goes into the statement of the period in which it is."""
    await db.lock_partner(conn, code)
    made = Adjustment(ask.id, minor, reason, ask.now)
    await db.add_adjustment(conn, code, made, ask.principal_id, ask.approval_id)
    return made


async def told(
    conn: db.Conn, code: str, partner: Partner, word: str | None, now: datetime
) -> Told | Refusal:
    """A period: closed, or as it stands. None: the one that is now. Errors: period_invalid."""
    period = core.period_of(partner, now) if word is None else core.named(partner, word)
    if isinstance(period, Refusal):
        return period
    statements = await db.closed(conn, code)
    for each in statements:
        if each.period == period.name:
            return Told(period, each.sums, each)
    sums = await db.open_sums(conn, code, period.ends_at)
    latest = max((each.ends_at for each in statements), default=None)
    if latest is not None and period.ends_at <= latest:
        # It was over before the newest statement was made: all of it is there.
        sums = replace(
            sums,
            postings=0,
            points={},
            adjusted_minor=0,
            adjustments=(),
            opening_x100=0,
            pieces=(),
        )
    return Told(period, sums, None)
