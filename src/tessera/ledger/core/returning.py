"""Taking back what was earned, giving back what was spent, paying back what is owed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tessera.ledger.core.posting import open_lot, post, put, take
from tessera.ledger.core.spending import end_hold, free_lots, pinned
from tessera.ledger.core.words import Ending, Lot, Move, Stamp, Terms, Wallet

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
    """Points of a receipt's own that have expired, did not live on, and no return has counted.

    moves     its own and all to and from `expired`
    outcomes  the sale and its returns
    """
    own = {lot.id for lot in wallet.lots.values() if lot.outcome_id in outcomes}
    gone = 0
    for move in moves:
        if move.target == "expired" and move.lot_id in own:
            gone += move.points
        elif move.source == "expired" and (
            move.lot_id in own if move.lot_id else move.outcome_id in outcomes
        ):
            gone -= move.points
    return max(gone, 0)


class Back(Struct, frozen=True):
    """What becomes of spent points that come back, where their lot cannot take them.

    grace_until  of points whose lot has expired since; None: no grace
    fresh        the life of what was owed when it was spent, and has been paid back since
    net_debt     what is owed is paid from what would be lost
    """

    grace_until: datetime | None
    fresh: Terms
    net_debt: bool = True


def give_back(
    wallet: Wallet, stamp: Stamp, taken: Iterable[Taken], points: int, back: Back,
    new_id: Callable[[], UUID],
) -> None:  # fmt: skip
    """Spent points go back to where they came from, last taken first.

    taken  in the order in which they were taken

    A lot of grace belongs to the receipt that had earned its points, as the lot before it did.
    """
    left, late = points, dict[UUID, int]()
    for lot_id, spent in reversed(list(taken)):
        part = min(spent, left)
        if not part:
            continue
        left -= part
        if lot_id is None:
            _give_back_owed(wallet, stamp, part, back.fresh, new_id())
            continue
        lot = wallet.lots[lot_id]
        put(wallet, stamp, lot, part, "spent")
        if not lot.live(stamp.posted_at):
            lost = part - (_pay(wallet, stamp, lot, part) if back.net_debt else 0)
            if lost:
                take(wallet, stamp, lot, lost, "expired")
                late[lot.outcome_id] = late.get(lot.outcome_id, 0) + lost
    assert left == 0, "no more comes back than was spent"
    if back.grace_until is not None:
        for outcome, some in late.items():
            until = back.grace_until
            lot = Lot(new_id(), outcome, stamp.happened_at, until, some, some)
            open_lot(wallet, stamp, lot, "expired")


def _pay(wallet: Wallet, stamp: Stamp, lot: Lot, most: int) -> int:
    """Pay what is owed from a lot; how much that was."""
    owed = min(wallet.debt, most)
    if owed:
        take(wallet, stamp, lot, owed, "debt")
    return owed


def _give_back_owed(
    wallet: Wallet, stamp: Stamp, points: int, terms: Terms, lot_id: UUID
) -> None:  # fmt: skip
    """What was spent without being there lowers the debt; what of it was paid is there again.

    That lot is no receipt's own.
    """
    owed = min(wallet.debt, points)
    if owed:
        post(wallet, stamp, "spent", "debt", owed, None)
    if points > owed:
        paid, ends = points - owed, wallet.rolls_until if terms.rolls else terms.expires_at
        lot = Lot(lot_id, lot_id, stamp.happened_at, ends, paid, paid, rolls=terms.rolls)
        open_lot(wallet, stamp, lot, "spent")


def let_go(wallet: Wallet, stamp: Stamp, hold_id: UUID, ending: Ending, pays_debt: bool) -> None:
    """A hold ends without a purchase. What it had kept from a clawback pays what is owed since.

    It does so even if it has expired meanwhile: without the hold it would have been taken in time.
    """
    hold = wallet.holds.get(hold_id)
    if hold is None or hold_id in wallet.ended_holds:
        return
    end_hold(wallet, hold_id, ending)
    pins = pinned(wallet, stamp.posted_at)
    for lot_id, kept in hold.pins.items():
        lot = wallet.lots.get(lot_id)  # past its deadline somebody may have emptied it
        if lot is not None and pays_debt:
            _pay(wallet, stamp, lot, min(kept, max(lot.remaining - pins.get(lot_id, 0), 0)))


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
