"""One batch of operations in one transaction: claim, resolve, lock, load, decide, write.

The door owns begin and commit, and sends all of this down one pipeline. What depends on a lock is
read by separate, later statements: a lock and a read in one statement see different snapshots.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout import db
from tessera.checkout.core.back import decide_return
from tessera.checkout.core.case import Case, Decision
from tessera.checkout.core.event import decide_event
from tessera.checkout.core.sale import decide_cancel, decide_quote, decide_sale
from tessera.checkout.core.words import Answer, Event, Job, Quote, Shop
from tessera.checkout.flows.items import (
    FIRST,
    Alone,
    Batch,
    Done,
    Item,
    Later,
    Outcome,
    Settled,
    Tried,
)
from tessera.checkout.flows.load import load, lock
from tessera.checkout.flows.parts import Part, parts_of
from tessera.checkout.flows.people import ask_people, know_people
from tessera.checkout.flows.resolve import resolve
from tessera.checkout.flows.write import write
from tessera.program.core import Reader
from tessera.warehouse.core import Receipt, Return

__all__ = ["Done", "Later", "Outcome", "Settled", "Tried", "settle_batch"]
_ANSWER = msgspec.json.Encoder()


async def settle_batch(
    conn: db.Conn, reader: Reader, shop: Shop, jobs: Sequence[Job], now: datetime,
    tried: Tried = FIRST,
) -> Settled:  # fmt: skip
    """Settle these operations, each exactly once, all or none of them.

    tried    what the tries before have found
    shape    at most one job per (principal, key); outcomes in the order of `jobs`
    errors   what the driver raises; the caller rolls back and tries a smaller batch. Joined: the
             caller rolls back, finds out where these accounts are, and does it again. `PASSED` of
             budgets, with the commit at the latest: likewise, as `tried`
    """
    items = [Item(job, job.parked or new_id()) for job in jobs]
    programs = {shop.program.version: shop.program}
    batch = Batch(shop, now, items, programs, tried.through, tried.passed)
    await resolve(conn, batch)
    asked = await ask_people(conn, batch)  # no lock of ours guards them: it need not wait for any
    await lock(conn, batch, reader)
    parts = parts_of(batch)
    for part in parts:
        await part.lock(conn)
    await load(conn, batch, reader)
    for part in parts:
        await part.know(conn)
    await know_people(batch, asked)
    for item in batch.open():
        _decide(item, parts)
    void = _refuses_a_newcomer(batch)
    if not void:
        await write(conn, batch)
        for part in parts:
            await part.write(conn)
        for part in parts:
            await part.draw(conn)
    outcomes: list[Outcome] = []
    for item in items:
        assert item.outcome is not None, "every job has an outcome"
        outcomes.append(item.outcome)
    return Settled(outcomes, batch.waking, batch.points, void)


def _refuses_a_newcomer(batch: Batch) -> bool:
    """Somebody was met in this batch and then refused: a refusal leaves no trace of them.

    errors  Alone when the batch has others too; they are settled without this one
    """
    refused = [
        item
        for item in batch.items
        if item.account_id in batch.newcomers and isinstance(item.outcome, Refusal)
    ]
    if refused and len(batch.items) > 1:
        raise Alone
    return bool(refused)


def _decide(item: Item, parts: Sequence[Part]) -> None:
    """The pure part. A refusal leaves no trace: its wallet is forgotten."""
    case, ask = item.case, item.job.ask
    assert case is not None, "resolved items have a case"
    if isinstance(ask, Return) and item.sold is None:
        answer = Answer(id=item.outcome_id, kind="parked", number=ask.number)
        item.outcome = Done(202, _ANSWER.encode(answer))
        return
    for part in parts:
        part.tell(item)
    decided = _decided(item, case)
    if isinstance(decided, Refusal):
        item.outcome = decided
        return
    item.decision = decided
    fault = next((fault for part in parts if (fault := part.fault(item)) is not None), None)
    if fault is not None:
        item.outcome, item.decision = fault, None
        return
    for part in parts:
        part.take(item)
    status = 201 if isinstance(ask, Receipt | Return | Event) else 200
    item.outcome = Done(status, _ANSWER.encode(item.decision.answer))


def _decided(item: Item, case: Case) -> Decision | Refusal:
    ask = item.job.ask
    if isinstance(ask, Receipt):
        return decide_sale(case, ask)
    if isinstance(ask, Quote):
        return decide_quote(case, ask)
    if isinstance(ask, Return):
        assert item.sold is not None, "a return without its sale is parked"
        return decide_return(case, ask, item.sold)
    if isinstance(ask, Event):
        return decide_event(case, ask)
    return decide_cancel(case)
