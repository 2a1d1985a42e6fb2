"""How many points there are, over HTTP, for administration."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.ledger.core import EPOCH
from tessera.ledger.reports import db
from tessera.ledger.reports.core import Outstanding


class OutstandingView(Struct, frozen=True):
    """All points that were posted up to an instant, by currency; "" is the program's own.

    since  the period of `change` begins after it
    """

    at: datetime
    since: datetime
    currencies: tuple[Outstanding, ...]


async def outstanding(call: Call) -> OutstandingView | Refusal:
    """GET /v1/points/outstanding"""
    at = instant(call.query.get("at"), "at", call.now, call.now)
    since = instant(call.query.get("since"), "since", EPOCH, call.now)
    if isinstance(at, Refusal):
        return at
    if isinstance(since, Refusal):
        return since
    if since > at:
        return Refusal("query_invalid", "since", "the period begins after it ends",
                       "name a `since` that is not later than `at`")  # fmt: skip
    found = await db.outstanding_at(call.conn, at, since)
    wanted = call.query.get("currency")
    mine = tuple(each for each in found if wanted is None or each.currency == wanted)
    return OutstandingView(at, since, mine)


def instant(word: str | None, field: str, default: datetime, now: datetime) -> datetime | Refusal:
    """An instant of the address, with its offset and not later than now."""
    if word is None:
        return default
    try:
        # A plus in an address is read as a blank.
        at = datetime.fromisoformat(word.replace(" ", "+"))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1970 <= at.year < 9999:
        return Refusal("query_invalid", field, f"{word[:40]!r} is no instant",
                       "write it as 2026-01-01T00:00:00Z")  # fmt: skip
    if at > now:
        return Refusal("query_invalid", field, "this instant is still to come",
                       "name one that has passed")  # fmt: skip
    return at


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "points.outstanding", "GET", "/v1/points/outstanding", outstanding, OutstandingView,
        "All points at any past instant, and how a period changed them",
        query={
            "at": "the instant, as 2026-01-01T00:00:00Z; now unless said otherwise",
            "since": "the period of `change` begins after it; the beginning unless said otherwise",
            "currency": "only this one; all unless said otherwise",
        },
    ),
)  # fmt: skip
