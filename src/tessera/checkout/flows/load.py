"""Lock what an operation changes, then load what its decision needs. Most need little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from tessera.base.clock import MAX_SKEW
from tessera.checkout import db
from tessera.checkout.core.case import Sold
from tessera.checkout.core.words import Cancel, Event, Quote
from tessera.checkout.flows.items import Batch, Item
from tessera.checkout.flows.kin import add_kin, know_limits
from tessera.checkout.flows.waiting import know_events
from tessera.checkout.history import flows as history
from tessera.checkout.offline import flows as offline
from tessera.ledger import core as ledger
from tessera.ledger import db as ledger_db
from tessera.ledger.core import Move, Wallet, wallet_id
from tessera.ledger.lapsing import db as lapsing_db
from tessera.program import flows as program_flows
from tessera.program.core import Reader
from tessera.rules.core.words import Program
from tessera.warehouse.core import Receipt


async def lock(conn: db.Conn, batch: Batch, reader: Reader) -> None:
    """Wallets in the order of ids, then sales in theirs; every flow that posts does the same."""
    items = batch.open()
    for item in items:
        if item.sold is not None:  # what its program gave says what has to be locked
            version = item.sold.row.program_version
            item.sold.program = await _program(conn, batch, reader, version)
        if item.version is not None:  # it may decide: what it gives has to be locked, and known
            item.promised = await _program(conn, batch, reader, item.version)
    accounts = sorted(
        {item.account_id for item in items if item.account_id is not None}
        | {account for item in items for account in item.way}
    )
    others = await _open_others(conn, items)
    found: dict[UUID, Wallet] = {}
    if accounts:
        ids = sorted({*accounts, *others}) if others else accounts
        through = {a: b for item in items for a, b in pairwise(item.way)}
        found, new = await ledger_db.lock(conn, ids, through)
        batch.newcomers.update(new)
    for item in items:
        if item.account_id is not None and item.case is not None:
            item.case.wallet = found[item.account_id]
            for unit in _units(item):
                item.case.others[unit] = found[wallet_id(item.account_id, unit)]
    sales = [item.sold.row.id for item in items if item.sold is not None]
    if sales:
        await db.ask_lock_sales(conn, sales)


def _units(item: Item) -> tuple[str, ...]:
    """The other currencies in which the operation may give or take points."""
    if item.case is None or isinstance(item.job.ask, Quote | Cancel):
        return ()
    return item.sold.program.units if item.sold is not None else item.case.program.units


async def _open_others(conn: db.Conn, items: Sequence[Item]) -> list[UUID]:
    """The wallets of other currencies, begun where they are met for the first time."""
    wanted = {
        wallet_id(item.account_id, unit): (item.account_id, unit)
        for item in items
        if item.account_id is not None
        for unit in _units(item)
    }
    if not wanted:
        return []
    known = await ledger_db.wallets(await ledger_db.ask_read(conn, list(wanted)))
    new = [(id_, *of) for id_, of in sorted(wanted.items()) if id_ not in known]
    if new:
        await ledger_db.open_wallets(conn, new)
    return list(wanted)


async def load(conn: db.Conn, batch: Batch, reader: Reader) -> None:
    """Promises, earlier returns, lots and holds, history, for those that need them."""
    items = batch.open()
    quotes = [item.quote for item in items if item.quote is not None]
    promises = await db.promises(conn, quotes) if quotes else {}
    for promise in promises.values():
        promise.program = await _program(conn, batch, reader, promise.program_version)
    sold = [item.sold for item in items if item.sold is not None]
    if sold:
        await _load_returns(conn, sold)
    rich = [wallet for item in items for wallet in _to_fill(item, batch.now)]
    moves: dict[UUID, list[Move]] = {}
    if rich:
        outcomes = [each for sale in sold for each in (sale.row.id, *sale.returns)]
        by_id = {wallet.account_id: wallet for wallet in rich}
        moves = await ledger_db.load_lots(conn, by_id, list(by_id), outcomes)
        programs = {p.version: p for item in items if item.case is not None for p in item.programs}
        lives = [life for each in programs.values() for life in each.lives.values()]
        await ledger_db.load_carried(conn, rich, lives, batch.now + MAX_SKEW)
        await add_kin(conn, items, moves)
    for item in items:
        if item.quote is not None and item.case is not None:
            item.case.promise = promises.get(item.quote)
        if item.sold is not None and item.account_id is not None:
            mine = {item.sold.row.id, *item.sold.returns}
            item.sold.spent = ledger.still_spent(moves.get(item.account_id, ()), mine)
            for wallet in item.case.wallets() if item.case is not None else ():
                gone = ledger.expired_of(wallet, moves.get(wallet.account_id, ()), mine)
                item.sold.gone[wallet.account_id] = gone
    shared = [
        (item.case, item.receipt)
        for item in items
        if item.case is not None and item.case.wallet is not None and item.case.wallet.has_kin
        and item.receipt is not None
    ]  # fmt: skip
    if shared:
        await know_limits(conn, shared)
    await _know_expired(conn, items)
    await _show_allowances(conn, batch)
    await know_events(conn, batch)
    await _know_history(conn, batch)


async def _know_expired(conn: db.Conn, items: Sequence[Item]) -> None:
    """Of accounts whose points an allowance has let go: what has expired there since."""
    late = {
        item.case.wallet.account_id: item.case.wallet
        for item in items
        if item.case is not None and item.case.wallet is not None
        and (told := item.receipt) is not None and told.offline and told.spend is not None
        and told.allowance is not None
    }  # fmt: skip
    if late:
        await lapsing_db.load_expired(conn, list(late.values()))


async def _show_allowances(conn: db.Conn, batch: Batch) -> None:
    """The allowances that offline receipts name; the accounts are locked by now."""
    named = [
        (item.case, token)
        for item in batch.open()
        if isinstance(item.job.ask, Receipt) and item.case is not None and item.job.ask.offline
        and item.job.ask.spend is not None and (token := item.job.ask.allowance) is not None
    ]  # fmt: skip
    if named:
        found = await offline.shown(conn, [token for _, token in named])
        for case, token in named:
            case.shown = found[token]


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
    for item in batch.open():
        if item.case is None or item.case.wallet is None or item.promised is None:
            continue
        if item.promised in item.programs[1:] and (day := item.day) is not None:
            asked = replace(item.case, program=item.promised)  # what its promise counts, too
            await history.know(conn, [(asked, day)], batch.now.date(), marking=True)
            item.case.known = asked.known


def _to_fill(item: Item, now: datetime) -> list[Wallet]:
    """The wallets whose lots this operation needs to know."""
    case, ask = item.case, item.job.ask
    if case is None or case.wallet is None:
        return []
    if isinstance(ask, Event) and ask.type in case.program.awaited:
        return case.wallets()
    if isinstance(ask, Event) or (
        isinstance(ask, Receipt) and ask.spend is None and ask.quote is None
    ):
        at = max(now, ask.happened_at)
        return [wallet for wallet in case.wallets() if wallet.needs_lots(at)]
    return case.wallets()


async def _program(conn: db.Conn, batch: Batch, reader: Reader, version: int) -> Program:
    """A version as it was published, read once per batch."""
    if version not in batch.programs:
        batch.programs[version] = await program_flows.frozen(conn, reader, version)
    return batch.programs[version]


async def _load_returns(conn: db.Conn, sold: Sequence[Sold]) -> None:
    returns = await db.returns_of(conn, [sale.row.id for sale in sold])
    for sale in sold:
        for return_id, state in returns.get(sale.row.id, ()):
            sale.returns.append(return_id)
            # Not the one posted last: two writers' clocks, or one that waited for the lock, may
            # tell another order. Every return leaves fewer units than the one before.
            if sum(state.kept) < sum(sale.kept):
                sale.last = state
