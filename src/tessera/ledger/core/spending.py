"""What can be spent, and spending it: free lots, holds, what offline tills have let go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.ledger.core.lapsing import lapsed
from tessera.ledger.core.posting import post, take
from tessera.ledger.core.ripening import ripen
from tessera.ledger.core.words import Bucket, Ending, Hold, Lot, Stamp, Wallet


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
        if lot.remaining and lot.live(happened_at) and lot.ripe(happened_at)
    ]
    return [(lot, points) for lot, points in free if points > 0]


def available(wallet: Wallet, happened_at: datetime, now: datetime) -> int:
    """Points that could be spent: ripe, not expired, not held. Lots must be loaded if needed."""
    if not wallet.loaded:
        # Nothing had expired, ripened or was held (`needs_lots`) but what this very operation
        # opened: an old receipt's lot may have expired on arrival.
        stale = sum(
            lot.remaining
            for lot in wallet.lots.values()
            if not lot.pending and not lot.live(happened_at)
        )
        return wallet.active - stale
    return sum(points for _, points in free_lots(wallet, happened_at, now))


def held(wallet: Wallet, now: datetime) -> int:
    """Points kept by open holds."""
    return sum(pinned(wallet, now).values())


def waiting(wallet: Wallet, now: datetime) -> int:
    """Points that cannot be spent yet."""
    if not wallet.loaded:
        return wallet.pending
    return sum(lot.remaining for lot in wallet.lots.values() if not lot.ripe(now) and lot.live(now))


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


def spend(wallet: Wallet, stamp: Stamp, points: int, target: Bucket = "spent") -> Refusal | None:
    """Spend from free lots, soonest to expire first. A refusal has moved nothing.

    target  what for: `spent` on goods, or `sent`, `donated`, `exchanged`, `adjusted`
    """
    picked = pick(free_lots(wallet, stamp.happened_at, stamp.posted_at), points)
    if isinstance(picked, int):
        return points_short(points, picked)
    _take_all(wallet, stamp, picked, target)
    return None


def spend_owing(wallet: Wallet, stamp: Stamp, points: int, covered: int = 0) -> int:
    """Spend what a till that was cut off has let go: lots first, then it is owed.

    covered  so many of them may be points that have expired since: late or in time, the same is
             left
    shape    the points that are owed now, for which there was no lot
    """
    for lot, room in lapsed(wallet, stamp.happened_at) if covered else ():
        part = min(room, points, covered)
        if part:
            post(wallet, stamp, "expired", "spent", part, lot)
            points, covered = points - part, covered - part
    free = free_lots(wallet, stamp.happened_at, stamp.posted_at)
    there = min(points, sum(room for _, room in free))
    if there:
        picked = pick(free, there)
        assert not isinstance(picked, int), "no more is asked than there is"
        _take_all(wallet, stamp, picked, "spent")
    if points > there:
        post(wallet, stamp, "debt", "spent", points - there, None)
    return points - there


def _take_all(
    wallet: Wallet, stamp: Stamp, picked: Iterable[tuple[Lot, int]], target: Bucket
) -> None:
    for lot, part in picked:
        if lot.pending:
            ripen(wallet, stamp, lot)
        take(wallet, stamp, lot, part, target)


def place_hold(wallet: Wallet, stamp: Stamp, points: int, deadline: datetime) -> Refusal | None:
    """Pin free points for one checkout; the hold's id is the operation's."""
    picked = pick(free_lots(wallet, stamp.happened_at, stamp.posted_at), points)
    if isinstance(picked, int):
        return points_short(points, picked)
    for lot, _ in picked:
        if lot.pending:
            ripen(wallet, stamp, lot)
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
        take(wallet, stamp, lot, part, "spent")
    return None
