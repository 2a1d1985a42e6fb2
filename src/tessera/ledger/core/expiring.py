"""Points whose time is over, what a season carries over, and activity that keeps points alive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from tessera.base.money import split
from tessera.ledger.core.posting import open_lot, take
from tessera.ledger.core.spending import pinned
from tessera.ledger.core.words import Lot, Stamp, Wallet

# (when, points that expire then, those that did before, of these carried over) -> (points carried
# over, when those expire)
Carry = Callable[[datetime, int, int, int], tuple[int, datetime | None]]


def nothing(
    expired_at: datetime, points: int, gone: int, before: int
) -> tuple[int, datetime | None]:  # fmt: skip
    """No season: nothing is carried over."""
    return 0, None


def expire(
    wallet: Wallet, stamp: Stamp, at: datetime, new_id: Callable[[], UUID], carry: Carry = nothing
) -> tuple[int, int]:
    """Post what has expired by that instant. What an open hold pins waits for the hold's end.

    shape  (points that expired, points of them carried over to new lots); repeated, late or after
           a crash: the same in the end

    Where a season carries over, all of it waits for the hold's end: its share is of the whole.
    What is carried stays its receipt's own, for a return to take back; what was pending is not.
    """
    pins = pinned(wallet, stamp.posted_at)
    gone = carried = 0
    seen: datetime | None = None
    # One instant after the other: what a season carries over may have expired with the next one.
    while (instant := _next(wallet, at, seen)) is not None:
        seen, then = instant, replace(stamp, happened_at=instant)
        lots = [x for x in sorted(wallet.lots.values(), key=Lot.order) if x.expires_at == instant]
        free = [(lot, lot.remaining - pins.get(lot.id, 0)) for lot in lots]
        ripe = [(lot, part) for lot, part in free if part > 0 and not lot.pending]
        kept, until = carry(instant, sum(part for _, part in ripe), *_before(wallet, instant))
        if kept and any(lot.id in pins for lot in lots):
            continue
        for lot, part in free:
            if part > 0:
                gone += part
                take(wallet, then, lot, part, "expired")
        if kept:
            carried += kept
            for outcome, points in _shares(ripe, kept).items():
                new = Lot(new_id(), outcome, instant, until, points, points)
                open_lot(wallet, then, new, "expired")
    return gone, carried


def _shares(ripe: list[tuple[Lot, int]], kept: int) -> dict[UUID, int]:
    """{operation that earned them: points carried over}, each in proportion."""
    sums: dict[UUID, int] = {}
    for lot, part in ripe:
        sums[lot.outcome_id] = sums.get(lot.outcome_id, 0) + part
    parts = split(kept, list(sums.values()))
    return {outcome: part for outcome, part in zip(sums, parts, strict=True) if part}


def _before(wallet: Wallet, instant: datetime) -> tuple[int, int]:
    """(points that expired at an instant before, of these carried over), whatever became of them.

    A late receipt is of the same season as those that came in time.
    """
    gone, kept = wallet.carried.get(instant, (0, 0))
    for move in wallet.moves:
        if move.happened_at == instant:
            gone += move.points * ((move.source, move.target) == ("active", "expired"))
            kept += move.points * ((move.source, move.target) == ("expired", "active"))
    return gone, kept


def _next(wallet: Wallet, at: datetime, seen: datetime | None) -> datetime | None:
    """The next instant by `at` at which something expires."""
    over = [x.expires_at for x in wallet.lots.values() if x.remaining and x.expires_at is not None]
    return min((x for x in over if x <= at and (seen is None or x > seen)), default=None)


def stay_alive(wallet: Wallet, until: datetime) -> None:
    """Something happened: rolling points live until then, if that is later than before.

    What had expired before must have been posted (`expire`): activity wakes nothing up.
    """
    if wallet.rolls_until is not None and wallet.rolls_until >= until:
        return
    wallet.rolls_until, wallet.widened = until, True
    for lot in wallet.lots.values():
        if lot.rolls:
            lot.expires_at = until


def extend(wallet: Wallet, lot: Lot, until: datetime | None) -> None:
    """A lot lives longer. Errors: AssertionError if it would live shorter, or is empty."""
    assert lot.remaining and not lot.rolls, "there is something to extend"
    assert until is None or (lot.expires_at is not None and until > lot.expires_at)
    lot.expires_at = until
    wallet.changed_lots.add(lot.id)
    wallet.widened = True
