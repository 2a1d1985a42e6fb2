"""Points that have expired since something happened that is told only now."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from uuid import UUID

from tessera.ledger.core.words import Lot, Move, Wallet

Lapsed = list[tuple[Lot, int]]


def lapsed(wallet: Wallet, since: datetime) -> Lapsed:
    """Points that were there at an instant and have expired since, soonest first, by lot.

    What was carried over, lives on or was taken back with its goods is not there any more. Needs
    what has expired in the wallet (`expired`), and the lots in which it was; of accounts that were
    ever joined nothing is told: what they need to know may lie in others.
    """
    if wallet.has_kin:
        return []
    moves = [each for each in (*wallet.expired, *wallet.moves)
             if "expired" in (each.source, each.target)]  # fmt: skip
    gone, elsewhere, ends = _gone(wallet, moves)
    found: Lapsed = []
    for lot in sorted([wallet.lots[id_] for id_ in gone], key=Lot.order):
        part = gone[lot.id]
        lived = min(elsewhere[lot.outcome_id], part)
        elsewhere[lot.outcome_id] -= lived
        ripe = lot.activates_at is None or lot.activates_at <= since
        if lot.earned_at <= since < ends[lot.id] and ripe and not lot.waits_for and part > lived:
            found.append((lot, part - lived))
    back = sum(move.points for move in moves if move.target == "reversed")
    return _less(found, back)


def _gone(
    wallet: Wallet, moves: list[Move]
) -> tuple[dict[UUID, int], Counter[UUID], dict[UUID, datetime]]:
    """({lot: points that expired}, {operation: of what it earned so many lived on}, {lot: end})."""
    gone, lived, ends = dict[UUID, int](), Counter[UUID](), dict[UUID, datetime]()
    for move in moves:
        if move.lot_id is None:
            continue
        lot = wallet.lots[move.lot_id]
        if move.target == "active":
            lived[lot.outcome_id] += move.points
        elif move.target == "spent":
            gone[lot.id] = gone.get(lot.id, 0) - move.points
        elif move.source == "active":
            gone[lot.id] = gone.get(lot.id, 0) + move.points
            ends[lot.id] = move.happened_at if lot.rolls else lot.expires_at or move.happened_at
    return {id_: points for id_, points in gone.items() if id_ in ends}, lived, ends


def _less(found: Lapsed, points: int) -> Lapsed:
    """Without so many, the last ones."""
    left, kept = sum(part for _, part in found) - points, Lapsed()
    for lot, part in found:
        if min(part, left) > 0:
            kept.append((lot, min(part, left)))
            left -= part
    return kept
