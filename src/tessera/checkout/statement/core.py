"""An account's points and moves as they are told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.checkout.core.words import Balance
from tessera.ledger import core as ledger
from tessera.ledger.core import Bucket, Lot, Wallet

SOON = timedelta(days=30)
MOST_LOTS = 200
OWN = ("pending", "active", "debt")  # buckets of an account; the others are the program's
Kind = Literal[
    "sale", "return", "event", "transfer", "gift", "donation", "exchange", "adjustment",
    "extension", "claim", "claim_back", "referral", "prize", "joining", "run",
]  # fmt: skip

# What a move means to the member: (from, to) -> words. What is not here has its bucket's words.
_WORDS: dict[tuple[str, str], str] = {
    ("pending", "active"): "can be spent", ("active", "debt"): "paid back what was owed",
    ("spent", "active"): "given back", ("spent", "debt"): "given back",
    ("sent", "active"): "received", ("sent", "pending"): "received, on the way",
    ("issued", "pending"): "earned, on the way", ("expired", "active"): "kept after expiry",
    ("exchanged", "active"): "received in exchange", ("adjusted", "active"): "put in by hand",
    ("active", "adjusted"): "taken out by hand", ("debt", "adjusted"): "taken out by hand, owed",
    ("carried_over", "active"): "carried over", ("debt", "carried_over"): "carried over, owed",
    ("carried_over", "pending"): "carried over, on the way",
    ("joined", "active"): "joined from another account",
    ("joined", "pending"): "joined from another account, on the way",
    ("debt", "joined"): "joined from another account, owed",
    ("joined", "debt"): "joined to another account, owed",
    ("expired", "spent"): "spent before it expired",
    ("debt", "spent"): "spent, owed", ("debt", "reversed"): "taken back, owed",
}  # fmt: skip
_TO = {"spent": "spent", "reversed": "taken back", "expired": "expired", "sent": "sent",
       "donated": "donated", "exchanged": "exchanged", "active": "earned",
       "joined": "joined to another account"}  # fmt: skip


class LotTold(Struct, frozen=True, omit_defaults=True):
    """Points earned together. `held` of what remains is kept by open holds."""

    lot_id: UUID
    earned_at: datetime
    points: int
    remaining: int
    expires_at: datetime | None
    held: int = 0
    pending: bool = False
    active_from: datetime | None = None
    waits_for: str = ""


class HoldTold(Struct, frozen=True):
    """Points kept for a checkout until the deadline."""

    hold_id: UUID
    points: int
    deadline: datetime


class WalletTold(Struct, frozen=True, omit_defaults=True):
    """Points of one currency.

    expiring  of those that can be spent, points that expire within 30 days
    lots      what is left, the first to expire first, at most 200; `more` is how many others
    """

    currency: str
    balance: Balance
    expiring: int
    lots: list[LotTold]
    holds: list[HoldTold]
    more: int = 0


class MoveTold(Struct, frozen=True, omit_defaults=True):
    """A move in words.

    change        of the balance: below zero when points leave
    operation_id  the receipt, event, operation or run that it belongs to; `of` says which
    number        of a receipt or event, at `store`
    other         the account on the other side of a transfer
    """

    seq: int
    happened_at: datetime
    posted_at: datetime
    what: str
    points: int
    change: int
    operation_id: UUID
    of: Kind
    lot_id: UUID | None = None
    store: str = ""
    number: str = ""
    cause: str = ""
    reason: str = ""
    other: UUID | None = None


def words(source: Bucket, target: Bucket) -> str:
    """What a move means to the member."""
    return _WORDS.get((source, target)) or _TO.get(target) or f"{source} to {target}"


def change(source: Bucket, target: Bucket, points: int) -> int:
    """By how much the balance changes: pending + active - debt."""
    return points * ((target in OWN) - (source in OWN))


def wallet_told(wallet: Wallet, currency: str, balance: Balance, now: datetime) -> WalletTold:
    """A wallet with its lots; expired ones that nobody has posted yet are left out."""
    pins = ledger.pinned(wallet, now)
    open_ = sorted(
        (lot for lot in wallet.lots.values() if lot.remaining and lot.live(now)), key=Lot.order
    )
    soon = sum(
        lot.remaining
        for lot in open_
        if lot.expires_at is not None and lot.expires_at <= now + SOON and lot.ripe(now)
    )
    holds = [
        HoldTold(hold.id, hold.points, hold.deadline)
        for hold in wallet.holds.values()
        if hold.deadline > now
    ]
    return WalletTold(
        currency, balance, soon, _lots(open_[:MOST_LOTS], pins, now), holds,
        max(0, len(open_) - MOST_LOTS),
    )  # fmt: skip


def _lots(lots: Sequence[Lot], pins: dict[UUID, int], now: datetime) -> list[LotTold]:
    return [
        LotTold(
            lot.id, lot.earned_at, lot.points, lot.remaining, lot.expires_at, pins.get(lot.id, 0),
            not lot.ripe(now), None if lot.ripe(now) else lot.activates_at,
            "" if lot.ripe(now) else lot.waits_for,
        )
        for lot in lots
    ]  # fmt: skip
