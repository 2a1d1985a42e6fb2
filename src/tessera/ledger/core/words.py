"""The words of the ledger: moves, lots, holds, and a wallet while it is locked.

A move takes points from one bucket to another, so every operation balances by construction.
Buckets of a wallet: `pending` and `active` (together the sum of its lots) and `debt` (below zero
while points are owed). Buckets of the program: `issued`, `spent`, `reversed`, `expired`, `sent`
(on the way to another wallet), `donated`, `exchanged` (into another currency), `adjusted`,
`carried_over` (from another program), `joined` (over to the account that it is one with).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

Bucket = Literal[
    "pending", "active", "debt", "issued", "spent", "reversed", "expired", "sent", "donated",
    "exchanged", "adjusted", "carried_over", "joined",
]  # fmt: skip
Ending = Literal["captured", "released", "timed_out"]
MAIN = ""  # the program's own points; other currencies have a code
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR = datetime(9999, 12, 31, tzinfo=UTC)
_US = timedelta(microseconds=1)
_TIME_BYTES = 6  # of a UUIDv7: wallets of one account lie together


class Move(Struct, frozen=True):
    """Points going from one bucket to another; `seq` and `hash` chain a wallet's moves."""

    seq: int
    outcome_id: UUID
    source: Bucket
    target: Bucket
    points: int
    lot_id: UUID | None
    happened_at: datetime
    posted_at: datetime
    hash: bytes


@dataclass(slots=True)
class Lot:
    """Points earned together, which expire together. 0 <= remaining <= points.

    expires_at    of a lot that `rolls`: what the wallet's last activity makes of it
    pending       it cannot be spent yet
    activates_at  when it can be, whoever posts that; None: when `waits_for` happens
    waits_for     what has to happen before: see `key_of_event`
    came_from     of a lot that has no row yet: the wallet in which it is until now
    """

    id: UUID
    outcome_id: UUID
    earned_at: datetime
    expires_at: datetime | None
    points: int
    remaining: int
    pending: bool = False
    activates_at: datetime | None = None
    waits_for: str = ""
    rolls: bool = False
    came_from: UUID | None = None

    def order(self) -> tuple[datetime, datetime, UUID]:
        """Spending takes the lot that expires first, then the oldest."""
        return (self.expires_at or FAR, self.earned_at, self.id)

    def live(self, at: datetime) -> bool:
        """Not expired at that instant."""
        return self.expires_at is None or self.expires_at > at

    def ripe(self, at: datetime) -> bool:
        """It can be spent at that instant, or could if somebody had posted that it can."""
        return not self.pending or (self.activates_at is not None and self.activates_at <= at)


class Waiting(Struct, frozen=True):
    """Until when new points are pending: an instant, something that happens, or what comes first.

    at     None: only the event makes them active
    event  "": only the time does; see `key_of_event`
    """

    at: datetime | None = None
    event: str = ""


class Terms(Struct, frozen=True):
    """The life of the points of one earning.

    expires_at  None: never, or, if it `rolls`, with the wallet's activity
    waiting     None: they can be spent at once
    net_debt    what is owed is paid from them first
    """

    expires_at: datetime | None = None
    rolls: bool = False
    waiting: Waiting | None = None
    net_debt: bool = True


@dataclass(slots=True)
class Hold:
    """Points kept for one open checkout until the deadline; `pins` is {lot: points}."""

    id: UUID
    placed_at: datetime
    deadline: datetime
    pins: dict[UUID, int]

    @property
    def points(self) -> int:
        """Points kept in all."""
        return sum(self.pins.values())


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which operation posts, when it happened and when it is posted."""

    outcome_id: UUID
    happened_at: datetime
    posted_at: datetime


@dataclass(slots=True)
class Wallet:
    """An account's points of one currency while they are locked, and what has changed since.

    account_id       the wallet's own id: see `wallet_id`
    soonest_expiry   not later than the first expiry of its lots
    soonest_ripe     not later than the first activation of its pending lots
    rolls_until      when its rolling lots expire unless something happens before
    joined_to        where its points went when it was joined to another; its own id: others were
                     joined with it; None: neither ever happened
    lots, holds      loaded only where an operation needs them (`loaded`): all that is open
    widened          what only wallets with pending or rolling points have has changed
    carried          {when: (points that had expired then, of these carried over)}, written before;
                     loaded only where a season carries over
    expired          moves to and from `expired`, written before; loaded only where a till that was
                     cut off has let points go
    """

    account_id: UUID
    seq: int = 0
    head: bytes = b""
    active: int = 0
    debt: int = 0
    open_holds: int = 0
    soonest_expiry: datetime | None = None
    pending: int = 0
    soonest_ripe: datetime | None = None
    rolls_until: datetime | None = None
    joined_to: UUID | None = None
    loaded: bool = False
    widened: bool = False
    lots: dict[UUID, Lot] = field(default_factory=dict)
    holds: dict[UUID, Hold] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    new_lots: list[Lot] = field(default_factory=list)
    changed_lots: set[UUID] = field(default_factory=set)
    new_holds: list[Hold] = field(default_factory=list)
    ended_holds: dict[UUID, Ending] = field(default_factory=dict)
    carried: dict[datetime, tuple[int, int]] = field(default_factory=dict)
    expired: list[Move] = field(default_factory=list)

    def needs_lots(self, now: datetime) -> bool:
        """Whether `available` cannot be told from the wallet's row alone."""
        expired = self.soonest_expiry is not None and self.soonest_expiry <= now
        ripe = self.soonest_ripe is not None and self.soonest_ripe <= now
        return expired or ripe or self.open_holds > 0

    @property
    def gone_to(self) -> UUID | None:
        """The wallet to which this one was joined, while it is."""
        return self.joined_to if self.joined_to != self.account_id else None

    @property
    def has_kin(self) -> bool:
        """Whether others were ever joined with it: what it needs to know may lie in theirs."""
        return self.joined_to is not None

    def changed(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.moves or self.new_holds or self.ended_holds or self.widened)


def wallet_id(account_id: UUID, currency: str) -> UUID:
    """The wallet of an account in a currency: itself for the program's own points.

    Another one's id is made of both (UUIDv8), so that nobody has to look it up; it begins as the
    account's does, so that they lie side by side.
    """
    if currency == MAIN:
        return account_id
    digest = hashlib.sha256(account_id.bytes + currency.encode()).digest()
    raw = bytearray(account_id.bytes[:_TIME_BYTES] + digest[: 16 - _TIME_BYTES])
    raw[6] = raw[6] & 0x0F | 0x80
    raw[8] = raw[8] & 0x3F | 0x80
    return UUID(bytes=bytes(raw))


def key_of_event(kind: str, about: str) -> str:
    """What pending points wait for: an event of a kind that is about a receipt or an order."""
    return f"{kind}:{about}"


def chain(head: bytes, account_id: UUID, move: Move) -> bytes:
    """The hash of a move: SHA-256 over the previous hash and every field of the move."""
    words = (
        account_id.hex, str(move.seq), move.outcome_id.hex, move.source, move.target,
        str(move.points), move.lot_id.hex if move.lot_id else "-",
        str((move.happened_at - EPOCH) // _US), str((move.posted_at - EPOCH) // _US),
    )  # fmt: skip
    return hashlib.sha256(head + "|".join(words).encode()).digest()
