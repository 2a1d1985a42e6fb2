"""Lock what an operation changes, then load what its decision needs. Most need little."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tessera.checkout import db
from tessera.checkout.core.case import Sold
from tessera.checkout.core.words import Event
from tessera.checkout.flows.items import Batch, Item
from tessera.checkout.history import flows as history
from tessera.ledger import core as ledger
from tessera.ledger import db as ledger_db
from tessera.ledger.core import Move, Wallet
from tessera.program import flows as program_flows
from tessera.program.core import Reader
from tessera.rules.core.words import Program
from tessera.warehouse.core import Receipt


async def lock(conn: db.Conn, batch: Batch) -> None:
    """Accounts in the order of ids, then sales in theirs; every flow that posts does the same."""
    items = batch.open()
    accounts = sorted({item.account_id for item in items if item.account_id is not None})
    found: dict[UUID, Wallet] = {}
    if accounts:
        found = await ledger_db.wallets(await ledger_db.ask_lock(conn, accounts))
        new = [account for account in accounts if account not in found]
        if new:
            await ledger_db.open_accounts(conn, new)
            batch.newcomers.update(new)
            found |= await ledger_db.wallets(await ledger_db.ask_lock(conn, new))
    for item in items:
        if item.account_id is not None and item.case is not None:
            item.case.wallet = found[item.account_id]
    sales = [item.sold.row.id for item in items if item.sold is not None]
    if sales:
        await db.ask_lock_sales(conn, sales)


async def load(conn: db.Conn, batch: Batch, reader: Reader) -> None:
    """Promises, earlier returns, lots and holds, history, for those that need them."""
    items = batch.open()
    quotes = [item.quote for item in items if item.quote is not None]
    promises = await db.promises(conn, quotes) if quotes else {}
    for promise in promises.values():
        promise.program = await _program(conn, batch, reader, promise.program_version)
    sold = [item.sold for item in items if item.sold is not None]
    if sold:
        await _load_returns(conn, batch, reader, sold)
    rich = [wallet for item in items if (wallet := _to_fill(item, batch.now)) is not None]
    moves: dict[UUID, list[Move]] = {}
    if rich:
        outcomes = [each for sale in sold for each in (sale.row.id, *sale.returns)]
        by_id = {wallet.account_id: wallet for wallet in rich}
        moves = await ledger_db.load_lots(conn, by_id, list(by_id), outcomes)
    for item in items:
        if item.quote is not None and item.case is not None:
            item.case.promise = promises.get(item.quote)
        if item.sold is not None and item.account_id is not None:
            mine = {item.sold.row.id, *item.sold.returns}
            item.sold.spent = ledger.still_spent(moves.get(item.account_id, ()), mine)
    await _know_history(conn, batch)


async def _know_history(conn: db.Conn, batch: Batch) -> None:
    """What the programs of this batch need to know of its accounts, which are locked by now."""
    cases = [
        (item.case, day)
        for item in batch.open()
        if item.case is not None and item.case.wallet is not None
        and item.case.program.plan.needs and (day := item.day) is not None
    ]  # fmt: skip
    if cases:
        await history.know(conn, cases, batch.now.date(), marking=True)


def _to_fill(item: Item, now: datetime) -> Wallet | None:
    """The wallet whose lots this operation needs to know."""
    wallet = item.case.wallet if item.case else None
    if wallet is None or item.account_id is None:
        return None
    ask = item.job.ask
    if isinstance(ask, Event) or (
        isinstance(ask, Receipt) and ask.spend is None and ask.quote is None
    ):
        return wallet if wallet.needs_lots(max(now, ask.happened_at)) else None
    return wallet


async def _program(conn: db.Conn, batch: Batch, reader: Reader, version: int) -> Program:
    """A version as it was published, read once per batch."""
    if version not in batch.programs:
        batch.programs[version] = await program_flows.frozen(conn, reader, version)
    return batch.programs[version]


async def _load_returns(conn: db.Conn, batch: Batch, reader: Reader, sold: Sequence[Sold]) -> None:
    returns = await db.returns_of(conn, [sale.row.id for sale in sold])
    for sale in sold:
        sale.program = await _program(conn, batch, reader, sale.row.program_version)
        for return_id, state in returns.get(sale.row.id, ()):
            sale.returns.append(return_id)
            # Not the one posted last: two writers' clocks, or one that waited for the lock, may
            # tell another order. Every return leaves fewer units than the one before.
            if sum(state.kept) < sum(sale.kept):
                sale.last = state
