"""How a wallet changes: every change is a move. What decides lies in the files beside this one."""

from __future__ import annotations

from tessera.ledger.core.words import Bucket, Lot, Move, Stamp, Wallet, chain


def post(
    wallet: Wallet, stamp: Stamp, source: Bucket, target: Bucket, points: int, lot: Lot | None
) -> None:
    """One move more, and the sums that it changes."""
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
    if "pending" in (source, target):
        wallet.pending += points * ((target == "pending") - (source == "pending"))
        wallet.widened = True


def take(wallet: Wallet, stamp: Stamp, lot: Lot, points: int, target: Bucket) -> None:
    """Points leave a lot. A lot opened in this very operation is written once, as it ends up."""
    lot.remaining -= points
    assert lot.remaining >= 0, "a lot does not go below zero"
    wallet.changed_lots.add(lot.id)
    post(wallet, stamp, "pending" if lot.pending else "active", target, points, lot)


def put(wallet: Wallet, stamp: Stamp, lot: Lot, points: int, source: Bucket) -> None:
    """Points come back to the lot that they were taken from, or go on in its like here.

    A lot that was another wallet's until now begins here when it gets its first points.
    """
    if lot.came_from is not None and not lot.remaining and lot.id not in wallet.changed_lots:
        wallet.new_lots.append(lot)
    lot.remaining += points
    assert lot.remaining <= lot.points, "a lot never holds more than it was opened with"
    wallet.changed_lots.add(lot.id)
    _notice(wallet, lot)
    post(wallet, stamp, source, "pending" if lot.pending else "active", points, lot)


def open_lot(wallet: Wallet, stamp: Stamp, lot: Lot, source: Bucket) -> None:
    """A lot begins, with all its points."""
    assert lot.points > 0, "a lot holds something"
    wallet.lots[lot.id] = lot
    wallet.new_lots.append(lot)
    _notice(wallet, lot)
    post(wallet, stamp, source, "pending" if lot.pending else "active", lot.points, lot)


def _notice(wallet: Wallet, lot: Lot) -> None:
    """The wallet's row says when somebody has to look at its lots."""
    if lot.expires_at is not None and (
        wallet.soonest_expiry is None or lot.expires_at < wallet.soonest_expiry
    ):
        wallet.soonest_expiry = lot.expires_at
    if lot.pending and lot.activates_at is not None and (
        wallet.soonest_ripe is None or lot.activates_at < wallet.soonest_ripe
    ):  # fmt: skip
        wallet.soonest_ripe, wallet.widened = lot.activates_at, True


def look_again(wallet: Wallet) -> None:
    """After a change of a wallet whose lots are all there: when somebody has to look next."""
    if not wallet.loaded:
        return
    open_ = [lot for lot in wallet.lots.values() if lot.remaining]
    wallet.soonest_expiry = min((x.expires_at for x in open_ if x.expires_at), default=None)
    ripe = min((x.activates_at for x in open_ if x.pending and x.activates_at), default=None)
    if ripe != wallet.soonest_ripe:
        wallet.soonest_ripe, wallet.widened = ripe, True
