"""What has expired in wallets, for receipts that come late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from tessera.base.columns import Uuids
from tessera.base.sql import statements
from tessera.ledger.core import Lot, Move, Wallet

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def load_expired(conn: Conn, wallets: Sequence[Wallet]) -> None:
    """Fill wallets, locked and with their open lots, with what has expired in them."""
    found = {wallet.account_id: wallet for wallet in wallets}
    ids = Uuids(list(found))
    moves = await conn.execute(SQL["expired_moves"], (ids,), binary=True)
    lots = await conn.execute(SQL["expired_lots"], (ids, ids), binary=True)
    for wallet in wallets:
        wallet.expired.clear()
    for account_id, *rest in await moves.fetchall():
        found[account_id].expired.append(Move(*rest))
    for account_id, *rest in await lots.fetchall():
        lot, wallet = Lot(*rest), found[account_id]
        if lot.rolls:
            lot.expires_at = wallet.rolls_until
        wallet.lots.setdefault(lot.id, lot)
