"""Allowances, and how far an offline receipt's points are taken. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.base.clock import MAX_SKEW
from tessera.base.refusal import Refusal
from tessera.rules.core.settings import Offline
from tessera.warehouse.core import Receipt

# A receipt may be sent so long after its allowance has ended; later it covers nothing, and its
# till is no longer counted.
UPLOAD = timedelta(days=3)


class Allowance(Struct, frozen=True, kw_only=True):
    """What one till may let one account spend while it is cut off: a row.

    points, used  the whole, and what receipts have taken of it; used <= points. Of one that is
                  closed: those of the one in its place, which stands for all before it
    step          so many points pay `worth_minor`, at most `max_percent` of what points may pay
    closed_at     from then on another allowance is in its place
    counts_on     the one in its place, whose points are taken; None: this one
    """

    id: UUID
    account_id: UUID
    store: str
    till: str
    points: int
    used: int
    step: int
    worth_minor: int
    max_percent: int
    issued_at: datetime
    valid_until: datetime
    closed_at: datetime | None = None
    counts_on: UUID | None = None

    @property
    def left(self) -> int:
        """Points that receipts may still take."""
        return self.points - self.used


class Terms(Struct, frozen=True, kw_only=True):
    """What is signed: the allowance as its holder may know it. It names no person and no account.

    card  what the till scanned, as it was sent
    """

    id: UUID
    card: str
    store: str
    till: str
    points: int
    step: int
    worth_minor: int
    max_percent: int
    issued_at: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """What came with an offline receipt: the allowance its token is of, or why there is none."""

    allowance: Allowance | None = None
    why: str = "no allowance was sent"


@dataclass(frozen=True, slots=True)
class Cover:
    """How far an offline receipt's points are taken.

    most     points the rules may take; 0: none
    covered  of them, those that are taken even where they are not there
    why      the allowance does not cover all that was asked, because
    """

    most: int
    covered: int
    why: str = ""


def opened(setting: Offline, available: int, row: Allowance) -> Allowance:
    """The row with what this program allows: a share of what is there, up to a fixed most."""
    share = max(available, 0) * setting.share_percent // 100
    return msgspec.structs.replace(
        row, points=min(setting.points, share), step=setting.step,
        worth_minor=setting.worth_minor, max_percent=setting.max_percent,
        valid_until=row.issued_at + timedelta(days=setting.days),
    )  # fmt: skip


def too_many(setting: Offline, others: int, free_at: datetime | None) -> Refusal | None:
    """Why no other till gets an allowance for this account; None if one does.

    others   other tills that may still spend under one; free_at: when the first of them may not
    """
    if others < setting.tills:
        return None
    when = f"after {free_at:%Y-%m-%dT%H:%M:%SZ}" if free_at is not None else "later"
    return Refusal(
        "tills_full", "till", f"{others} other tills have an allowance for this member",
        f"sell without `spend` while cut off, or ask {when}",
    )  # fmt: skip


def terms(of: Allowance, card: str) -> Terms:
    """What of an allowance is told and signed."""
    return Terms(
        id=of.id, card=card, store=of.store, till=of.till, points=of.points, step=of.step,
        worth_minor=of.worth_minor, max_percent=of.max_percent, issued_at=of.issued_at,
        valid_until=of.valid_until,
    )  # fmt: skip


def fault(of: Allowance, account_id: UUID, receipt: Receipt, now: datetime) -> str:
    """Why an allowance is not for this receipt, which arrives now; "" if it is."""
    happened_at = receipt.happened_at
    if of.account_id != account_id:
        return "the allowance is another member's"
    if of.store != receipt.store:
        return f"the allowance is of store {of.store}"
    if of.till != receipt.till:
        return f"the allowance is of till {of.till}"
    if happened_at < of.issued_at - MAX_SKEW:  # a till's clock may be slow
        return f"the allowance was given at {of.issued_at:%Y-%m-%dT%H:%M:%SZ}, after this receipt"
    if happened_at > of.valid_until:
        return f"the allowance ended at {of.valid_until:%Y-%m-%dT%H:%M:%SZ}"
    if now > of.valid_until + UPLOAD:
        return f"the receipt came more than {UPLOAD.days} days after the allowance had ended"
    if of.closed_at is not None and happened_at > of.closed_at:
        return "another allowance was given in its place before this receipt"
    return ""


def cover(asked: int, there: int, shown: Shown, why_not: str) -> Cover:
    """How many of the points an offline receipt says were spent are taken.

    asked    what the till let the member spend
    there    what could be spent now
    why_not  `fault` of the allowance shown; "" if it is good
    law      asked >= most >= covered; most > there only as far as the allowance covers it
    """
    allowance = shown.allowance
    why = shown.why if allowance is None else why_not
    covered = 0 if allowance is None or why_not else min(asked, allowance.left)
    if covered < asked and not why:
        assert allowance is not None
        why = f"the allowance had {allowance.left} points left"
    return Cover(max(covered, min(asked, there)), covered, why)
