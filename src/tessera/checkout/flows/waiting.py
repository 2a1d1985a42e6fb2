"""What points wait for: which receipt an event is about, and whether it came before its receipt.

Only for programs whose points wait for an event; the accounts are locked by now.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from tessera.checkout import db
from tessera.checkout.core.case import Case
from tessera.checkout.core.living import heard_of, named_in, waiting_for
from tessera.checkout.core.words import Event
from tessera.checkout.events import db as events_db
from tessera.checkout.flows.items import Batch, Item
from tessera.checkout.flows.kin import accounts_of
from tessera.rules.core.words import Program
from tessera.warehouse.core import Receipt

_CLOCKS = timedelta(hours=24)  # so much the clock of a till may be fast (`timing_fault`)


async def know_events(conn: db.Conn, batch: Batch) -> None:
    """What the events of this batch mean, and what has come before its receipts."""
    told, receipts = [], []
    for item in batch.open():
        case, ask = item.case, item.job.ask
        if case is None or case.wallet is None:
            continue
        if isinstance(ask, Event):
            if ask.type in case.program.awaited:
                told.append((case, ask))
        elif (isinstance(ask, Receipt) or item.sold is not None) and _program(item).awaited:
            receipts.append((case, item))
    if told:
        await _mean(conn, told)
    if receipts:
        await _hear(conn, receipts)


def _program(item: Item) -> Program:
    assert item.case is not None, "open items have a case"
    return item.sold.program if item.sold is not None else item.case.program


async def _mean(conn: db.Conn, told: list[tuple[Case, Event]]) -> None:
    whose = await accounts_of(conn, [case for case, _ in told])
    asked = [
        (account, named_in(event.data, pending), event.store or "")
        for case, event in told
        for _, _, pending in waiting_for(case.program, event.type)
        for account in whose[_account(case)]
    ]
    found = await events_db.meant(conn, asked)
    for case, _ in told:
        mine = whose[_account(case)]
        case.meant = {word: each for (of, word), each in found.items() if of in mine}


async def _hear(conn: db.Conn, receipts: list[tuple[Case, Item]]) -> None:
    whose = await accounts_of(conn, [case for case, _ in receipts])
    asked, names = [], []
    for n, (case, item) in enumerate(receipts):
        ask = item.job.ask
        if item.sold is not None:
            row = item.sold.row
            store, since = row.store_id, row.happened_at - _CLOCKS
            names.append({row.number, str(row.id)})
        else:
            assert isinstance(ask, Receipt), "a receipt or a return of one"
            store, since = ask.store, ask.happened_at - _CLOCKS
            names.append({ask.number})
        asked += [(n, (account, store, since)) for account in whose[_account(case)]]
    kinds = {kind for _, item in receipts for kind in _program(item).awaited}
    heard = await events_db.heard(conn, [each for _, each in asked], kinds)
    for n, ((case, item), mine) in enumerate(zip(receipts, names, strict=True)):
        events = [e for (of, _), found in zip(asked, heard, strict=True) if of == n for e in found]
        read = [(kind, db.KEPT.decode(story).facts.data) for kind, story in events]
        case.heard = heard_of(_program(item), read, mine)


def _account(case: Case) -> UUID:
    assert case.wallet is not None, "it is somebody's"
    return case.wallet.account_id
