"""The ledger in our database. `ask_` functions send and do not wait: they run in a pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, AsyncCursor

from tessera.base.columns import Bigints, Bytes, Integers, Texts, Times, Uuids
from tessera.base.sql import statements
from tessera.base.wire import put
from tessera.ledger.core import Hold, Lot, Move, Wallet

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
Rows = AsyncCursor[tuple[Any, ...]]


async def open_accounts(conn: Conn, accounts: Sequence[UUID]) -> None:
    """Begin the accounts that do not exist yet."""
    await conn.execute(SQL["open_accounts"], (list(accounts),))


async def ask_lock(conn: Conn, accounts: Sequence[UUID]) -> Rows:
    """Lock the accounts in the order of their ids; read with `wallets`."""
    return await conn.execute(SQL["lock_accounts"], (Uuids(accounts),), binary=True)


async def ask_read(conn: Conn, accounts: Sequence[UUID]) -> Rows:
    """Read the accounts without a lock; read with `wallets`."""
    return await conn.execute(SQL["read_accounts"], (Uuids(accounts),), binary=True)


async def wallets(rows: Rows) -> dict[UUID, Wallet]:
    """{account: its wallet}, lots not loaded; accounts that never began are left out."""
    return {row[0]: Wallet(*row) for row in await rows.fetchall()}


async def load_lots(
    conn: Conn, found: dict[UUID, Wallet], accounts: Sequence[UUID], outcomes: Sequence[UUID]
) -> dict[UUID, list[Move]]:
    """Fill these wallets with their open lots and holds, and those of earlier operations.

    accounts  must be locked by now: these statements see what the lock waited for
    outcomes  sales and their returns; the result holds their moves by account
    """
    ids = list(accounts)
    moves: dict[UUID, list[Move]] = {}
    lots = [await conn.execute(SQL["open_lots"], (ids,))]
    holds = await conn.execute(SQL["open_holds"], (ids,))
    if outcomes:
        lots.append(await conn.execute(SQL["lots_of_outcomes"], (ids, list(outcomes))))
        old = await conn.execute(SQL["moves_of_outcomes"], (ids, list(outcomes)))
        for account_id, *rest in await old.fetchall():
            moves.setdefault(account_id, []).append(Move(*rest))
    for account_id in ids:
        found[account_id].loaded = True
    for rows in lots:
        for account_id, *rest in await rows.fetchall():
            found[account_id].lots[rest[0]] = Lot(*rest)
    for account_id, hold_id, placed_at, deadline, lot_id, points in await holds.fetchall():
        mine = found[account_id].holds
        hold = mine.setdefault(hold_id, Hold(hold_id, placed_at, deadline, {}))
        hold.pins[lot_id] = points
    return moves


async def save(conn: Conn, changed: Sequence[Wallet], now: datetime) -> None:
    """Write what has changed in these wallets: one statement per table, whatever their number."""
    await _save_accounts(conn, changed)
    await _add_moves(conn, [(w.account_id, move) for w in changed for move in w.moves])
    opened = [(w.account_id, lot) for w in changed for lot in w.new_lots]
    if opened:
        await _add_lots(conn, opened)
    new = {lot.id for _, lot in opened}
    touched = [
        (w.account_id, lot_id, w.lots[lot_id].remaining)
        for w in changed
        for lot_id in w.changed_lots
        if lot_id not in new
    ]
    if touched:
        await conn.execute(
            SQL["save_lots"], [list(column) for column in zip(*touched, strict=True)]
        )
    await _save_holds(conn, changed, now)


async def _add_lots(conn: Conn, opened: Sequence[tuple[UUID, Lot]]) -> None:
    await put(
        conn,
        SQL["add_lots"],
        (
            Uuids([account_id for account_id, _ in opened]), Uuids([lot.id for _, lot in opened]),
            Uuids([lot.outcome_id for _, lot in opened]),
            Times([lot.earned_at for _, lot in opened]),
            Times([lot.expires_at for _, lot in opened]),
            Bigints([lot.points for _, lot in opened]),
            Bigints([lot.remaining for _, lot in opened]),
        ),
    )  # fmt: skip


async def _save_accounts(conn: Conn, changed: Sequence[Wallet]) -> None:
    await put(
        conn,
        SQL["save_accounts"],
        (
            Uuids([w.account_id for w in changed]), Bigints([w.seq for w in changed]),
            Bytes([w.head for w in changed]), Bigints([w.active for w in changed]),
            Bigints([w.debt for w in changed]), Integers([w.open_holds for w in changed]),
            Times([w.soonest_expiry for w in changed]),
        ),
    )  # fmt: skip


async def _add_moves(conn: Conn, moves: Sequence[tuple[UUID, Move]]) -> None:
    if not moves:
        return
    await put(
        conn,
        SQL["add_moves"],
        (
            Uuids([account_id for account_id, _ in moves]), Bigints([m.seq for _, m in moves]),
            Uuids([m.outcome_id for _, m in moves]), Texts([m.source for _, m in moves]),
            Texts([m.target for _, m in moves]), Bigints([m.points for _, m in moves]),
            Uuids([m.lot_id for _, m in moves]), Times([m.happened_at for _, m in moves]),
            Times([m.posted_at for _, m in moves]), Bytes([m.hash for _, m in moves]),
        ),
    )  # fmt: skip


async def _save_holds(conn: Conn, changed: Sequence[Wallet], now: datetime) -> None:
    placed = [(w.account_id, hold) for w in changed for hold in w.new_holds]
    if placed:
        await conn.execute(SQL["add_holds"], [list(column) for column in zip(*[
            (a, hold.id, hold.points, hold.placed_at, hold.deadline) for a, hold in placed
        ], strict=True)])  # fmt: skip
        await conn.execute(SQL["add_pins"], [list(column) for column in zip(*[
            (a, hold.id, lot_id, points)
            for a, hold in placed
            for lot_id, points in hold.pins.items()
        ], strict=True)])  # fmt: skip
    ended = [(w.account_id, i, now, how) for w in changed for i, how in w.ended_holds.items()]
    if ended:
        await conn.execute(SQL["end_holds"], [list(column) for column in zip(*ended, strict=True)])


async def overdue_holds(conn: Conn, now: datetime, most: int) -> list[UUID]:
    """Accounts with holds past their deadline."""
    rows = await conn.execute(SQL["overdue_holds"], (now, most))
    return [row[0] for row in await rows.fetchall()]
