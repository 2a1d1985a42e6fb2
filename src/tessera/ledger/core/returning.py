"""Taking back what was earned, giving back what was spent, paying back what is owed."""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime
from uuid import UUID

from tessera.ledger.core.posting import open_lot, post, put, take
from tessera.ledger.core.spending import free_lots, pinned
from tessera.ledger.core.words import Lot, Move, Stamp, Wallet

Taken = tuple[UUID | None, int]  # (lot, points of it still spent); None: they were owed


def take_back(
    wallet: Wallet, stamp: Stamp, outcomes: Set[UUID], points: int, other_lots: bool,
    gone: int = 0,
) -> None:  # fmt: skip
    """Take earned points back: the receipt's own pending points, its lots, others if allowed.

    What is left then becomes debt.

    outcomes  the sale and its returns: lots opened by these are the receipt's own
    gone      of its own points so many have expired (`expired_of`): these are not taken again,
              whether somebody has posted that they expired or not

    Pinned parts are left alone: a clawback never breaks a hold. Others' pending points are too.
    """
    pins, left = pinned(wallet, stamp.posted_at), points

    def order(lot: Lot) -> tuple[bool, bool, bool, object]:
        own = lot.outcome_id in outcomes
        return (not own, own and lot.live(stamp.happened_at), not lot.pending, lot.order())

    if min(gone, left):
        post(wallet, stamp, "expired", "reversed", min(gone, left), None)
        left -= min(gone, left)
    for lot in sorted(wallet.lots.values(), key=order):
        own = lot.outcome_id in outcomes
        if not own and not (other_lots and lot.live(stamp.posted_at) and not lot.pending):
            continue
        part = min(lot.remaining - pins.get(lot.id, 0), left)
        if part > 0:
            take(wallet, stamp, lot, part, "reversed")
            left -= part
    if left:
        post(wallet, stamp, "debt", "reversed", left, None)


def expired_of(wallet: Wallet, moves: Iterable[Move], outcomes: Set[UUID]) -> int:
    """Points of a receipt's own lots that have expired and that no return has counted yet.

    moves     its own and those of its lots
    outcomes  the sale and its returns
    """
    own = {lot.id for lot in wallet.lots.values() if lot.outcome_id in outcomes}
    gone = 0
    for move in moves:
        if move.target == "expired" and move.lot_id in own:
            gone += move.points
        elif (move.source, move.target) == ("expired", "reversed") and move.outcome_id in outcomes:
            gone -= move.points
    return gone


def give_back(
    wallet: Wallet, stamp: Stamp, taken: Iterable[Taken], points: int,
    grace: tuple[UUID, datetime] | None, fresh: tuple[UUID, datetime | None],
) -> None:  # fmt: skip
    """Spent points go back to where they came from, last taken first.

    taken  in the order in which they were taken
    grace  id and expiry of a lot for what came from lots that have expired since; None: no grace
    fresh  id and expiry of a lot for what was owed when it was spent, and has been paid back since
    """
    left, late = points, 0
    for lot_id, spent in reversed(list(taken)):
        part = min(spent, left)
        if not part:
            continue
        left -= part
        if lot_id is None:
            _give_back_owed(wallet, stamp, part, fresh)
            continue
        lot = wallet.lots[lot_id]
        put(wallet, stamp, lot, part, "spent")
        if not lot.live(stamp.posted_at):
            take(wallet, stamp, lot, part, "expired")
            late += part
    assert left == 0, "no more comes back than was spent"
    if late and grace:
        lot = Lot(grace[0], stamp.outcome_id, stamp.happened_at, grace[1], late, late)
        open_lot(wallet, stamp, lot, "expired")


def _give_back_owed(
    wallet: Wallet, stamp: Stamp, points: int, fresh: tuple[UUID, datetime | None]
) -> None:
    """What was spent without being there lowers the debt; what of it was paid is there again."""
    owed = min(wallet.debt, points)
    if owed:
        post(wallet, stamp, "spent", "debt", owed, None)
    if points > owed:
        paid = points - owed
        lot = Lot(fresh[0], stamp.outcome_id, stamp.happened_at, fresh[1], paid, paid)
        open_lot(wallet, stamp, lot, "spent")


def still_spent(moves: Iterable[Move], outcomes: Set[UUID]) -> list[Taken]:
    """What a sale spent and what has not come back since, in the order in which it was taken.

    outcomes  the sale and its returns: only their moves count
    """
    spent: dict[UUID | None, int] = {}
    for move in moves:
        if move.outcome_id not in outcomes:
            continue
        if move.target == "spent":
            spent[move.lot_id] = spent.get(move.lot_id, 0) + move.points
        elif move.source == "spent":
            # A lot that the sale did not spend from holds what had been owed and was paid since.
            lot_id = move.lot_id if move.lot_id in spent else None
            spent[lot_id] = spent.get(lot_id, 0) - move.points
    return [(lot_id, points) for lot_id, points in spent.items() if points]


def net_debt(wallet: Wallet, stamp: Stamp) -> None:
    """Pay back what is owed from free points, soonest to expire first."""
    if not wallet.debt:
        return
    for lot, room in free_lots(wallet, stamp.posted_at, stamp.posted_at):
        part = min(room, wallet.debt)
        if part and not lot.pending:
            take(wallet, stamp, lot, part, "debt")
