"""Points that have expired since something happened that is told only now."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from tessera.ledger.core.words import Lot, Wallet


def lapsed(wallet: Wallet, since: datetime) -> list[tuple[Lot, int]]:
    """Points that could be spent at an instant and have expired since, soonest first, by lot.

    What of them was carried over, lives on or was taken back with its goods is not there any more.
    Needs what has expired in the wallet (`expired`), and the lots in which it was.
    """
    gone: dict[UUID, int] = {}
    elsewhere = 0
    for move in (*wallet.expired, *wallet.moves):
        way = move.source, move.target
        if way == ("expired", "spent") and move.lot_id is not None:
            gone[move.lot_id] = gone.get(move.lot_id, 0) - move.points
        elif move.happened_at <= since:
            continue
        elif way == ("active", "expired") and move.lot_id is not None:
            gone[move.lot_id] = gone.get(move.lot_id, 0) + move.points
        elif move.source == "expired":
            elsewhere += move.points
    found = []
    left = sum(points for points in gone.values() if points > 0) - elsewhere
    for lot in sorted([wallet.lots[id_] for id_ in gone], key=Lot.order):
        part = min(gone[lot.id], left)
        if part > 0 and (lot.activates_at is None or lot.activates_at <= since):
            found.append((lot, part))
            left -= part
    return found
