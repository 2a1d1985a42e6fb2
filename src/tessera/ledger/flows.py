"""What happens to points without a receipt: holds whose time is over."""

from __future__ import annotations

from datetime import datetime

from tessera.ledger import core, db


async def release_overdue(conn: db.Conn, now: datetime, most: int) -> int:
    """Post the end of holds past their deadline; they have counted as released since then.

    shape   how many ended; at most `most` accounts are looked at
    """
    accounts = await db.overdue_holds(conn, now, most)
    if not accounts:
        return 0
    wallets = await db.wallets(await db.ask_lock(conn, sorted(accounts)))
    await db.load_lots(conn, wallets, list(wallets), [])
    ended = 0
    for wallet in wallets.values():
        for hold in list(wallet.holds.values()):
            if hold.deadline <= now:
                core.end_hold(wallet, hold.id, "timed_out")
                ended += 1
    await db.save(conn, [wallet for wallet in wallets.values() if wallet.ended_holds], now)
    return ended
