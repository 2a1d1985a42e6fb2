"""Runs of time: what has become active and what has expired, posted page by page.

A page is one transaction of the caller's: moves, wallets and the run's own row. After a crash the
run goes on behind its last page; what a page would post twice is not due any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from tessera.base.ids import new_id
from tessera.ledger import db
from tessera.ledger.core import EPOCH, Life, Posted, Run, Stamp, Wallet, look_again, post_due

_ANY = Life()  # of a currency that the program does not have any more


async def begin_run(conn: db.Conn, at: datetime, now: datetime) -> Run:
    """The run that was begun and not finished, with the instant that it had; else a new one.

    at  as of when; not later than now
    """
    assert at <= now, "nothing is posted before its time"
    return await db.open_run(conn) or Run(new_id(), "due", at, now)


async def post_page(
    conn: db.Conn, run: Run, lives: Mapping[str, Life], now: datetime, most: int
) -> Run:
    """Post what is due in the next wallets, at most `most` of them; `finished_at` says the end.

    lives  {currency: how its points live} as of the run's instant

    A run that finds nothing at all is not written down.
    """
    due = await db.due_page(conn, run, most)
    if not due:
        if run.phase == "ripe":
            return replace(run, phase="over", after=EPOCH, after_id=UUID(int=0))
        run = replace(run, finished_at=now)
        if run.wallets:
            await db.save_run(conn, run)
        return run
    wallets = await db.wallets(await db.ask_lock(conn, sorted(each.id for each in due)))
    late = [id_ for id_, wallet in wallets.items() if wallet.needs_lots(run.at)]
    await db.load_lots(conn, wallets, late, [])
    await db.load_carried(conn, [wallets[id_] for id_ in late], lives.values(), run.at)
    found = {id_: wallets[id_] for id_ in late}
    currencies = {each.id: each.currency for each in due}
    posted = post_all(found, currencies, lives, run.stamp(now))
    moved = sum(1 for wallet in found.values() if wallet.moves)
    run = replace(run, after=due[-1].due, after_id=due[-1].id).with_page(moved, posted)
    changed = [wallet for wallet in found.values() if wallet.moves or _looks_later(wallet)]
    if changed:
        await db.save(conn, changed, now)
    if run.wallets:
        await db.save_run(conn, run)
    return run


def _looks_later(wallet: Wallet) -> bool:
    """Whether its row told a time that is not true any more: points that roll live on."""
    told = wallet.soonest_expiry, wallet.soonest_ripe
    look_again(wallet)
    return told != (wallet.soonest_expiry, wallet.soonest_ripe)


def post_all(
    wallets: Mapping[UUID, Wallet], currencies: Mapping[UUID, str], lives: Mapping[str, Life],
    stamp: Stamp,
) -> Posted:  # fmt: skip
    """Post what is due in these wallets, whose lots are loaded."""
    posted = Posted()
    for id_, wallet in wallets.items():
        posted += post_due(wallet, stamp, lives.get(currencies[id_], _ANY), new_id)
    return posted
