"""What the staff's first page says, over HTTP: what waits, how the last days went."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from tessera.access import core as access
from tessera.access import db as access_db
from tessera.access.approvals import db as approvals
from tessera.budgets import core as budgets_core
from tessera.budgets import db as budgets_db
from tessera.checkout.days import db as days_db
from tessera.checkout.days.core import Day
from tessera.doors.call import Call, Operation
from tessera.incidents import db as incidents
from tessera.ledger.reports import db as reports
from tessera.members import db as members_db
from tessera.members.joining import db as joining
from tessera.members.likeness import db as likeness
from tessera.warehouse.loads import db as loads
from tessera.warehouse.stores import db as stores_db

MOST = 1_000  # of anything that waits: beyond, it is "more than 1,000"
SPAN = 30  # days
SILENT, SOON = timedelta(days=1), timedelta(days=30)
Kind = Literal["approvals", "incidents", "quarantine", "tills", "duplicates", "expiring", "budgets"]


class PulseDay(Struct, frozen=True):
    """A business day. Figures as in `checkout.days`; joined: who became a member."""

    day: date
    receipts: int
    with_card: int
    turnover_minor: int
    card_minor: int
    earned: int
    spent: int
    joined: int


class Waiting(Struct, frozen=True):
    """So many things of a kind ask for somebody; `more`: at least so many.

    approvals   of others, for a second person; incidents: that are not over
    quarantine  receipts of files that could not be posted
    tills       that were heard of within 30 days, but not for a day
    duplicates  pairs of members who may be one person
    expiring    wallets of which something expires within 30 days
    budgets     of stores, regions or all, that are used up in their period
    """

    kind: Kind
    count: int
    more: bool


class Begun(Struct, frozen=True):
    """How far a new installation has come: stores, keys of tills, issued cards, a first receipt."""

    stores: int
    tills: int
    batches: bool
    receipts: bool


class TodayView(Struct, frozen=True):
    """What waits for whoever asks, and twice thirty days; today is the last one.

    days        for those who may see totals, else none; counted_at: when the newest was counted,
                null while none was
    """

    today: date
    currency: str
    waiting: tuple[Waiting, ...]
    days: tuple[PulseDay, ...]
    counted_at: datetime | None
    begun: Begun


@dataclass(frozen=True, slots=True)
class _Look:
    """Something that may wait: who is told of it, and how much there is (at most MOST + 1)."""

    kind: Kind
    needs: str
    count: Callable[[Call], Awaitable[int]]


async def _used_up(call: Call) -> int:
    assert call.house is not None
    today, budgets = call.house.today(call.now), call.house.shop().program.budgets
    asked = {
        code: budgets_core.period(each, today)
        for code, each in budgets.items()
        if each.by != "member"
    }
    return await budgets_db.count_used_up(call.conn, asked) if asked else 0


async def _expiring(call: Call) -> int:
    return await reports.count_expiring(call.conn, call.now, call.now + SOON, MOST + 1)


_LOOKS = (
    _Look("approvals", "approval.approve", lambda call: approvals.count_waiting(
        call.conn, call.principal.person, call.now)),
    _Look("incidents", "incident.list", lambda call: incidents.count_open(call.conn)),
    _Look("quarantine", "card.issue", lambda call: loads.count_quarantined(call.conn, MOST + 1)),
    _Look("tills", "key.list", lambda call: access_db.silent_tills(
        call.conn, call.now - SILENT, call.now)),
    _Look("duplicates", "duplicate.list", lambda call: likeness.count_likely(call.conn, MOST + 1)),
    _Look("expiring", "points.outstanding", _expiring),
    _Look("budgets", "budget.list", _used_up),
)  # fmt: skip


async def read(call: Call) -> TodayView:
    """GET /v1/today"""
    assert call.house is not None
    today = call.house.today(call.now)
    waiting = []
    for look in _LOOKS:
        if access.allowed(call.principal, look.needs, None) is None:
            found = await look.count(call)
            waiting.append(Waiting(look.kind, min(found, MOST), found > MOST))
    days: list[PulseDay] = []
    counted_at = None
    if access.allowed(call.principal, "points.outstanding", None) is None:
        days, counted_at = await _days(call, today)
    return TodayView(
        today, call.house.currency, tuple(waiting), tuple(days), counted_at, await _begun(call)
    )


async def _days(call: Call, today: date) -> tuple[list[PulseDay], datetime | None]:
    first = today - timedelta(days=2 * SPAN)
    counted, at = await days_db.days(call.conn, first, today)
    known = {each.day: each for each in counted}
    joined: dict[date, int] = {}
    for each in await joining.joiners(call.conn, first, today):
        joined[each.on] = joined.get(each.on, 0) + each.joiners
    return [
        _day(known.get(day) or Day(day), joined.get(day, 0))
        for day in (first + timedelta(days=n) for n in range(2 * SPAN + 1))
    ], at  # fmt: skip


def _day(day: Day, joined: int) -> PulseDay:
    return PulseDay(
        day.day, day.receipts, day.with_card, day.turnover_minor, day.card_minor, day.earned,
        day.spent, joined,
    )  # fmt: skip


async def _begun(call: Call) -> Begun:
    assert call.house is not None
    stores = await stores_db.all_stores(call.conn)
    return Begun(
        len(stores), await access_db.till_keys(call.conn, call.now),
        bool(await members_db.batches(call.conn)), await days_db.any_receipt(call.conn),
    )  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "today.read", "GET", "/v1/today", read, TodayView,
        "What waits for you, and how the last sixty days went",
    ),
)  # fmt: skip
