"""Points move; they are never made or lost. Decided here, on values; written elsewhere.

A move takes points from one bucket to another, so every operation balances by construction.
Buckets of the account: `active` (sum of its lots) and `debt` (below zero while points are owed).
Buckets of the program: `issued`, `spent`, `reversed`, `expired`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal

Bucket = Literal["active", "debt", "issued", "spent", "reversed", "expired"]
Ending = Literal["captured", "released", "timed_out"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR = datetime(9999, 12, 31, tzinfo=UTC)
_US = timedelta(microseconds=1)


class Move(Struct, frozen=True):
    """Points going from one bucket to another; `seq` and `hash` chain an account's moves."""

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
    """Points earned together, which expire together. 0 <= remaining <= points."""

    id: UUID
    outcome_id: UUID
    earned_at: datetime
    expires_at: datetime | None
    points: int
    remaining: int

    def order(self) -> tuple[datetime, datetime, UUID]:
        """Spending takes the lot that expires first, then the oldest."""
        return (self.expires_at or FAR, self.earned_at, self.id)

    def live(self, at: datetime) -> bool:
        """Not expired at that instant."""
        return self.expires_at is None or self.expires_at > at


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
    """An account while it is locked: its state, and what has changed since.

    lots, holds  loaded only where an operation needs them (`loaded`)
    """

    account_id: UUID
    seq: int = 0
    head: bytes = b""
    active: int = 0
    debt: int = 0
    open_holds: int = 0
    soonest_expiry: datetime | None = None
    loaded: bool = False
    lots: dict[UUID, Lot] = field(default_factory=dict)
    holds: dict[UUID, Hold] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    new_lots: list[Lot] = field(default_factory=list)
    changed_lots: set[UUID] = field(default_factory=set)
    new_holds: list[Hold] = field(default_factory=list)
    ended_holds: dict[UUID, Ending] = field(default_factory=dict)

    def needs_lots(self, now: datetime) -> bool:
        """Whether `available` cannot be told from the account's row alone."""
        expired = self.soonest_expiry is not None and self.soonest_expiry <= now
        return expired or self.open_holds > 0


def chain(head: bytes, account_id: UUID, move: Move) -> bytes:
    """The hash of a move: SHA-256 over the previous hash and every field of the move."""
    words = (
        account_id.hex, str(move.seq), move.outcome_id.hex, move.source, move.target,
        str(move.points), move.lot_id.hex if move.lot_id else "-",
        str((move.happened_at - EPOCH) // _US), str((move.posted_at - EPOCH) // _US),
    )  # fmt: skip
    return hashlib.sha256(head + "|".join(words).encode()).digest()


def _post(
    wallet: Wallet, stamp: Stamp, source: Bucket, target: Bucket, points: int, lot: Lot | None
) -> None:
    assert points > 0, "a move moves something"
    draft = Move(
        wallet.seq + 1, stamp.outcome_id, source, target, points, lot.id if lot else None,
        stamp.happened_at, stamp.posted_at, b"",
    )  # fmt: skip
    wallet.head = chain(wallet.head, wallet.account_id, draft)
    wallet.seq += 1
    wallet.moves.append(
        Move(
            draft.seq, draft.outcome_id, source, target, points, draft.lot_id,
            draft.happened_at, draft.posted_at, wallet.head,
        )
    )  # fmt: skip
    wallet.active += points * ((target == "active") - (source == "active"))
    wallet.debt += points * ((source == "debt") - (target == "debt"))


def _take(wallet: Wallet, stamp: Stamp, lot: Lot, points: int, target: Bucket) -> None:
    """Points leave a lot. A lot opened in this very operation is written once, as it ends up."""
    lot.remaining -= points
    assert lot.remaining >= 0, "a lot does not go below zero"
    wallet.changed_lots.add(lot.id)
    _post(wallet, stamp, "active", target, points, lot)


def _put(wallet: Wallet, stamp: Stamp, lot: Lot, points: int, source: Bucket) -> None:
    lot.remaining += points
    assert lot.remaining <= lot.points, "a lot never holds more than it was opened with"
    wallet.changed_lots.add(lot.id)
    _notice(wallet, lot)
    _post(wallet, stamp, source, "active", points, lot)


def _notice(wallet: Wallet, lot: Lot) -> None:
    if lot.expires_at is not None and (
        wallet.soonest_expiry is None or lot.expires_at < wallet.soonest_expiry
    ):
        wallet.soonest_expiry = lot.expires_at


def earn(
    wallet: Wallet, stamp: Stamp, lot_id: UUID, points: int, expires_at: datetime | None,
    net_debt: bool,
) -> None:  # fmt: skip
    """Open a lot with earned points; a debt is paid from it first, if the program says so."""
    assert points > 0, "a lot holds something"
    lot = Lot(lot_id, stamp.outcome_id, stamp.happened_at, expires_at, points, points)
    wallet.lots[lot.id] = lot
    wallet.new_lots.append(lot)
    _notice(wallet, lot)
    _post(wallet, stamp, "issued", "active", points, lot)
    owed = min(wallet.debt, points) if net_debt else 0
    if owed:
        _take(wallet, stamp, lot, owed, "debt")


def pinned(wallet: Wallet, at: datetime) -> dict[UUID, int]:
    """{lot: points} kept by holds whose deadline has not passed."""
    pins: dict[UUID, int] = {}
    for hold in wallet.holds.values():
        if hold.id not in wallet.ended_holds and hold.deadline > at:
            for lot_id, points in hold.pins.items():
                pins[lot_id] = pins.get(lot_id, 0) + points
    return pins


def free_lots(wallet: Wallet, happened_at: datetime, now: datetime) -> list[tuple[Lot, int]]:
    """Lots that may be spent, soonest to expire first, each with its free points."""
    pins = pinned(wallet, now)
    free = [
        (lot, lot.remaining - pins.get(lot.id, 0))
        for lot in sorted(wallet.lots.values(), key=Lot.order)
        if lot.remaining and lot.live(happened_at)
    ]
    return [(lot, points) for lot, points in free if points > 0]


def available(wallet: Wallet, happened_at: datetime, now: datetime) -> int:
    """Points that could be spent: active, not expired, not held. Lots must be loaded if needed."""
    if not wallet.loaded:
        # Nothing had expired and nothing was held (`needs_lots`) but what this very operation
        # opened: an old receipt's lot may have expired on arrival.
        stale = sum(lot.remaining for lot in wallet.lots.values() if not lot.live(happened_at))
        return wallet.active - stale
    return sum(points for _, points in free_lots(wallet, happened_at, now))


def held(wallet: Wallet, now: datetime) -> int:
    """Points kept by open holds."""
    return sum(pinned(wallet, now).values())


def pick(free: Iterable[tuple[Lot, int]], points: int) -> list[tuple[Lot, int]] | int:
    """Which lots give `points`, in order; or how many there are, if too few."""
    picked, left = [], points
    for lot, room in free:
        part = min(room, left)
        picked.append((lot, part))
        left -= part
        if not left:
            return picked
    return points - left


def points_short(asked: int, there: int) -> Refusal:
    """The refusal of a spending that the account cannot bear."""
    cure = f"ask for {there} points or fewer" if there else "confirm without spending points"
    return Refusal("points_short", "spend.points", f"{asked} points asked, {there} available", cure)


def spend(wallet: Wallet, stamp: Stamp, points: int) -> Refusal | None:
    """Spend from free lots, soonest to expire first. A refusal has moved nothing."""
    picked = pick(free_lots(wallet, stamp.happened_at, stamp.posted_at), points)
    if isinstance(picked, int):
        return points_short(points, picked)
    for lot, part in picked:
        _take(wallet, stamp, lot, part, "spent")
    return None


def place_hold(wallet: Wallet, stamp: Stamp, points: int, deadline: datetime) -> Refusal | None:
    """Pin free points for one checkout; the hold's id is the operation's."""
    picked = pick(free_lots(wallet, stamp.happened_at, stamp.posted_at), points)
    if isinstance(picked, int):
        return points_short(points, picked)
    pins = {lot.id: part for lot, part in picked}
    hold = Hold(stamp.outcome_id, stamp.posted_at, deadline, pins)
    wallet.holds[hold.id] = hold
    wallet.new_holds.append(hold)
    wallet.open_holds += 1
    return None


def end_hold(wallet: Wallet, hold_id: UUID, ending: Ending) -> None:
    """A hold ends in exactly one way; ending it again changes nothing."""
    if hold_id in wallet.holds and hold_id not in wallet.ended_holds:
        wallet.ended_holds[hold_id] = ending
        wallet.open_holds -= 1


def capture(wallet: Wallet, stamp: Stamp, hold_id: UUID, points: int) -> Refusal | None:
    """Spend what a hold keeps, from the very lots it pinned; `points` at most what it keeps.

    A part that is not captured is free again: the hold ends.
    """
    hold = wallet.holds[hold_id]
    room = [(wallet.lots[lot_id], kept) for lot_id, kept in hold.pins.items()]
    picked = pick(room, points)
    if isinstance(picked, int):
        return points_short(points, picked)
    end_hold(wallet, hold_id, "captured")
    for lot, part in picked:
        _take(wallet, stamp, lot, part, "spent")
    return None


def take_back(
    wallet: Wallet, stamp: Stamp, outcomes: Set[UUID], points: int, other_lots: bool
) -> None:
    """Take earned points back: the receipt's own lots, then others if allowed, then debt.

    outcomes  the sale and its returns: lots opened by these are the receipt's own

    Pinned parts are left alone: a clawback never breaks a hold.
    """
    pins, left = pinned(wallet, stamp.posted_at), points
    lots = sorted(
        wallet.lots.values(), key=lambda lot: (lot.outcome_id not in outcomes, lot.order())
    )
    for lot in lots:
        own = lot.outcome_id in outcomes
        if not own and not (other_lots and lot.live(stamp.posted_at)):
            continue
        part = min(lot.remaining - pins.get(lot.id, 0), left)
        if part > 0:
            _take(wallet, stamp, lot, part, "reversed")
            left -= part
    if left:
        _post(wallet, stamp, "debt", "reversed", left, None)


def give_back(
    wallet: Wallet, stamp: Stamp, taken: Iterable[tuple[UUID, int]], points: int,
    grace: tuple[UUID, datetime] | None,
) -> None:  # fmt: skip
    """Spent points go back to the lots they came from, last taken first.

    taken  (lot, points of it still spent) in the order in which they were taken
    grace  id and expiry of a lot for what came from lots that have expired since; None: no grace
    """
    left, late = points, 0
    for lot_id, spent in reversed(list(taken)):
        part = min(spent, left)
        if not part:
            continue
        left -= part
        lot = wallet.lots[lot_id]
        _put(wallet, stamp, lot, part, "spent")
        if not lot.live(stamp.posted_at):
            _take(wallet, stamp, lot, part, "expired")
            late += part
    assert left == 0, "no more comes back than was spent"
    if late and grace:
        lot = Lot(grace[0], stamp.outcome_id, stamp.happened_at, grace[1], late, late)
        wallet.lots[lot.id] = lot
        wallet.new_lots.append(lot)
        _notice(wallet, lot)
        _post(wallet, stamp, "expired", "active", late, lot)


def still_spent(moves: Iterable[Move], outcomes: Set[UUID]) -> list[tuple[UUID, int]]:
    """(lot, points) that a sale spent and that have not come back to their lot since.

    outcomes  the sale and its returns: only their moves count
    """
    spent: dict[UUID, int] = {}
    for move in moves:
        if move.outcome_id not in outcomes or move.lot_id is None:
            continue
        if move.target == "spent":
            spent[move.lot_id] = spent.get(move.lot_id, 0) + move.points
        elif move.source == "spent":
            spent[move.lot_id] = spent.get(move.lot_id, 0) - move.points
    return [(lot_id, points) for lot_id, points in spent.items() if points]


def net_debt(wallet: Wallet, stamp: Stamp) -> None:
    """Pay back what is owed from free points, soonest to expire first."""
    if not wallet.debt:
        return
    for lot, room in free_lots(wallet, stamp.posted_at, stamp.posted_at):
        part = min(room, wallet.debt)
        if part:
            _take(wallet, stamp, lot, part, "debt")
