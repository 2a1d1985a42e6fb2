"""Who brought whom, what is paid for it and what is not. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.rules.core.referral import Referral

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none is read as another
LENGTH = 13  # of a code: 63 bits of chance
USED_UP = "budget_used_up"  # why less was paid than the terms say: a budget left no more
MOST_ABOVE = 100  # links of who brought whom that are followed
Fault = Literal[
    "same_member",
    "same_household",
    "same_contact",
    "looks_same",
    "known",
    "ring",
    "again",
    "erased",
]
State = Literal["open", "due", "paid", "taken_back", "refused", "over"]


class Brought(Struct, frozen=True):
    """A referral: who brought whom, on which terms, and how it stands.

    due_at      when the last purchase that it needs can no longer be returned; None: one is lacking
    payment_id  the payment that stands; refused: why nothing is ever paid
    """

    id: UUID
    referrer_id: UUID
    referee_id: UUID
    brought_at: datetime
    referrer_points: int
    referee_points: int
    purchases: int
    least_minor: int
    return_days: int
    until: datetime
    refused: str = ""
    due_at: datetime | None = None
    payment_id: UUID | None = None

    def counts(self, gross_minor: int, to_pay_minor: int) -> bool:
        """Whether so much that was bought, and kept, is a purchase: not one for nothing."""
        return to_pay_minor > 0 and gross_minor >= max(self.least_minor, 1)

    def takes(self, happened_at: datetime) -> bool:
        """Whether a purchase of then can count; tills tell the time in whole seconds."""
        return self.brought_at.replace(microsecond=0) <= happened_at <= self.until


class Payment(Struct, frozen=True):
    """What was paid to each side, or taken back; `undoes` names the payment that it takes back.

    operations  of the ledger, by which the points came or went; None: none did
    trimmed     why less was paid than the terms say
    """

    id: UUID
    referral_id: UUID
    undoes: UUID | None
    referrer_points: int
    referee_points: int
    referrer_operation: UUID | None
    referee_operation: UUID | None
    trimmed: str
    posted_at: datetime


class Line(Struct, frozen=True):
    """A referral as it is told: how many purchases count, and what was paid."""

    brought: Brought
    counted: int
    paid: Payment | None
    taken_back: bool

    def state(self, now: datetime) -> State:
        """How it stands. over: its time is over, and not enough was bought."""
        one = self.brought
        if one.refused:
            return "refused"
        if self.paid is not None:
            return "paid"
        if one.due_at is not None:
            return "due"
        if one.until < now:
            return "over"
        return "taken_back" if self.taken_back else "open"


def begun(
    id: UUID, pair: tuple[UUID, UUID], terms: Referral, now: datetime, refused: str
) -> Brought:
    """A referral that begins now: (who brings, who is brought), on the terms of today."""
    return Brought(
        id, *pair, now, terms.referrer_points, terms.referee_points, terms.purchases,
        terms.least_minor, terms.return_days, now + timedelta(days=terms.within_days), refused,
    )  # fmt: skip


def fault_between(
    numbers: tuple[Collection[UUID], Collection[UUID]],
    accounts: tuple[Collection[UUID], Collection[UUID]],
    likely: Collection[str],
) -> Fault | None:
    """Why these are not two people who have nothing to do with each other.

    numbers   that each side goes by; accounts: that each is or ever was on
    likely    fields in which they are as only one person is
    """
    if set(numbers[0]) & set(numbers[1]):
        return "same_member"
    if set(accounts[0]) & set(accounts[1]):
        return "same_household"
    if "email" in likely or "phone" in likely:
        return "same_contact"
    return "looks_same" if likely else None


def trimmed(terms: Referral | None, points: int, paid_before: int) -> tuple[int, str]:
    """(points for who brings, why they are fewer): so often is enough in a period."""
    if terms is None or terms.most is None or paid_before < terms.most or not points:
        return points, ""
    return 0, "most_reached"


def period_start(terms: Referral | None, now: datetime) -> datetime:
    """Since when payments count towards the most (UTC)."""
    if terms is None or terms.per == "ever":
        return datetime(1970, 1, 1, tzinfo=UTC)
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first if terms.per == "month" else first.replace(month=1)


def unknown_code() -> Refusal:
    """Nobody brings others by this word."""
    return Refusal(
        "referral_unknown", "referral", "nobody brings others with this code",
        "ask your friend for it, or leave it out",
    )  # fmt: skip
