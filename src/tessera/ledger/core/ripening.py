"""Earning, and the day on which points can be spent; debts are paid back then."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from tessera.ledger.core.posting import open_lot, post, take
from tessera.ledger.core.words import FAR, Bucket, Lot, Stamp, Terms, Wallet


def earn(
    wallet: Wallet, stamp: Stamp, lot_id: UUID, points: int, terms: Terms,
    source: Bucket = "issued",
) -> Lot:  # fmt: skip
    """Open a lot with new points; a debt is paid from it first, if the terms say so.

    What would have been active before it is posted is not pending at all.

    source  where they come from: `issued` by a rule, or `sent`, `exchanged`, `adjusted`, `expired`
    """
    waiting = terms.waiting
    if waiting is not None and waiting.at is not None and waiting.at <= stamp.posted_at:
        waiting = None
    expires_at = wallet.rolls_until if terms.rolls else terms.expires_at
    lot = Lot(
        lot_id, stamp.outcome_id, stamp.happened_at, expires_at, points, points,
        waiting is not None, waiting.at if waiting else None, waiting.event if waiting else "",
        terms.rolls,
    )  # fmt: skip
    open_lot(wallet, stamp, lot, source)
    if terms.net_debt and not lot.pending:
        _pay_back(wallet, stamp, lot)
    return lot


def ripen(wallet: Wallet, stamp: Stamp, lot: Lot) -> Stamp:
    """A pending lot can be spent from now on, or since its time came; the stamp says which."""
    assert lot.pending and lot.remaining, "it is posted once"
    if lot.activates_at is not None and lot.activates_at < stamp.happened_at:
        stamp = replace(stamp, happened_at=lot.activates_at)
    post(wallet, stamp, "pending", "active", lot.remaining, lot)
    lot.pending = False
    wallet.changed_lots.add(lot.id)
    wallet.widened = True
    return stamp


def ripen_due(
    wallet: Wallet, stamp: Stamp, at: datetime, net_debt: bool, event: str = "",
    of: Collection[UUID] | None = None,
) -> int:  # fmt: skip
    """Post what has become active by that instant, or by an event; debts are paid from it.

    of     the operations whose points the event is about; None: all that wait for it
    shape  points that became active; repeated, late or after a crash: the same in the end

    What expires before it becomes active never does. The first to become active comes first.
    """
    found = 0
    for lot in sorted(wallet.lots.values(), key=_ripening):
        by_time = lot.ripe(at)
        told = event and lot.waits_for == event and (of is None or lot.outcome_id in of)
        if not (lot.pending and lot.remaining and (by_time or told)):
            continue
        if not lot.live(lot.activates_at if by_time and lot.activates_at else at):
            continue
        found += lot.remaining
        since = ripen(wallet, stamp, lot)
        if net_debt:
            _pay_back(wallet, since, lot)
    return found


def _ripening(lot: Lot) -> tuple[datetime, tuple[datetime, datetime, UUID]]:
    return (lot.activates_at or FAR, lot.order())


def _pay_back(wallet: Wallet, stamp: Stamp, lot: Lot) -> None:
    owed = min(wallet.debt, lot.remaining)
    if owed:
        take(wallet, stamp, lot, owed, "debt")
