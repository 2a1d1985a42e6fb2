"""Holds whose time is over, and what they had kept from expiring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tessera.base.ids import new_id
from tessera.ledger import core, db
from tessera.ledger.core import Life, Run
from tessera.ledger.flows.runs import post_all


async def release_overdue(
    conn: db.Conn, lives: Mapping[str, Life], now: datetime, most: int
) -> int:  # fmt: skip
    """Post the end of holds past their deadline; they have counted as released since then.

    lives   {currency: how its points live}
    shape   how many ended; at most `most` accounts are looked at

    What they had kept and has expired meanwhile is posted in the same transaction.
    """
    accounts = await db.overdue_holds(conn, now, most)
    if not accounts:
        return 0
    wallets = await db.wallets(await db.ask_lock(conn, sorted(accounts)))
    await db.load_lots(conn, wallets, list(wallets), [])
    await db.load_carried(conn, wallets.values(), lives.values(), now)
    run = Run(new_id(), "released", now, now, "over", finished_at=now)
    currencies = await db.currencies(conn, list(wallets))
    ended = 0
    for id_, wallet in wallets.items():
        pays = lives[currencies[id_]].net_debt if currencies[id_] in lives else True
        for hold in list(wallet.holds.values()):
            if hold.deadline <= now:
                core.let_go(wallet, run.stamp(now), hold.id, "timed_out", pays)
                ended += 1
    freed = {id_: wallet for id_, wallet in wallets.items() if wallet.ended_holds}
    posted = post_all(freed, currencies, lives, run.stamp(now))
    if posted:
        await db.save_run(conn, run.with_page(len(freed), posted))
    await db.save(conn, list(freed.values()), now)
    return ended
