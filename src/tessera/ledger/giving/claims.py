"""Points pay for a reward, and come back when the reward was not had after all."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.ledger import core
from tessera.ledger import db as ledger_db
from tessera.ledger.core import Back, Wallet, giving, wallet_id
from tessera.ledger.giving import db
from tessera.ledger.giving.db import Row
from tessera.ledger.giving.flows import Ask, currency_fault, keep, locked, row_of
from tessera.ledger.joining import db as joining_db
from tessera.ledger.joining import flows as joining


async def pay(
    conn: db.Conn, ask: Ask, account: UUID, currency: str, points: int
) -> Row | Refusal:  # fmt: skip
    """Points are spent on a reward. Who owes keeps as much as is owed.

    errors  points_short, currency_unknown, currency_stays
    """
    refusal = currency_fault(ask.ways, currency, "currency", ("status",))
    if refusal is not None:
        return refusal
    (wallet,) = await locked(conn, [(account, currency)])
    giving.wake(wallet, ask.stamp, ask.ways.lives[currency])
    gone = giving.leave(wallet, ask.stamp, points, "spent")
    if isinstance(gone, Refusal):
        return gone
    return await keep(conn, row_of(ask, "claim", account, currency, points), [wallet])


async def pay_back(conn: db.Conn, ask: Ask, paid: Row, grace_days: int) -> Row:
    """All that `pay` took goes back to the lots that it came from, wherever these are now.

    paid        once: whoever calls has locked what says that it was not paid back before
    grace_days  how long points live whose lot has expired since; 0: they are gone
    """
    account = await joining_db.current(conn, paid.account_id)
    currency = paid.currency
    (wallet,) = await locked(conn, [(account, currency)])
    taken = await _taken(conn, wallet, paid, account)
    life = ask.ways.lives.get(currency, core.Life())
    giving.wake(wallet, ask.stamp, life)
    grace = ask.now + timedelta(days=grace_days) if grace_days else None
    fresh = life.terms(ask.now, ask.ways.transfers.time_zone)
    core.give_back(wallet, ask.stamp, taken, paid.points, Back(grace, fresh, life.net_debt), new_id)
    if life.net_debt:
        core.net_debt(wallet, ask.stamp)
    made = replace(
        row_of(ask, "claim_back", account, currency, 0), to_account_id=account,
        to_currency=currency, to_points=paid.points,
    )  # fmt: skip
    return await keep(conn, made, [wallet])


async def _taken(conn: db.Conn, wallet: Wallet, paid: Row, account: UUID) -> list[core.Taken]:
    """What the operation took, lot by lot, with these lots in the wallet."""
    outcomes = [paid.id]
    moves = await ledger_db.load_lots(
        conn, {wallet.account_id: wallet}, [wallet.account_id], outcomes
    )
    if wallet.has_kin:
        clan = (await joining_db.kin(conn, [account])).get(account, [])
        others = [wallet_id(each, paid.currency) for each in clan]
        if others:
            await joining.gather(conn, wallet, others, outcomes, moves)
    return core.still_spent(moves.get(wallet.account_id, []), set(outcomes))
