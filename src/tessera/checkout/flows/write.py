"""Every room writes its part of a batch, set by set. Refused and waiting ones leave no trace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from tessera.access import core as access
from tessera.access import db as access_db
from tessera.access.core import Principal
from tessera.base.refusal import Refusal
from tessera.checkout import db
from tessera.checkout.core.words import Job
from tessera.checkout.events import db as events_db
from tessera.checkout.flows.items import Batch, Done, Item, Later
from tessera.checkout.history import flows as history
from tessera.checkout.offline import db as offline_db
from tessera.ledger import db as ledger_db
from tessera.warehouse.core import Receipt, Return

_ENCODER = msgspec.json.Encoder()


async def write(conn: db.Conn, batch: Batch) -> None:
    """Moves and balances, receipts, events, promises, history, waiting returns, answers."""
    done = [item for item in batch.items if isinstance(item.outcome, Done)]
    wallets = [w for item in done if item.case is not None for w in item.case.wallets()]
    changed = [wallet for wallet in wallets if wallet.changed()]
    if changed:
        await ledger_db.save(conn, changed, batch.now)
        for wallet in changed:
            for move in wallet.moves:
                batch.points[move.source, move.target] += move.points
    decisions = [item.decision for item in done if item.decision is not None]
    rows = [decision.row for decision in decisions if decision.row is not None]
    if rows:
        await db.add_receipts(conn, rows)
    events = [decision.event for decision in decisions if decision.event is not None]
    if events:
        await events_db.add_events(conn, events)
    promises = [decision.promise for decision in decisions if decision.promise is not None]
    if promises:
        given = [promise for promise in promises if promise.ended is None]
        await db.save_promises(conn, given, [p for p in promises if p.ended is not None])
    allowed = [decision.allowed for decision in decisions if decision.allowed is not None]
    if allowed:
        await offline_db.use(conn, allowed)
    changes = [change for decision in decisions for change in decision.history]
    await history.write(conn, changes, batch.now.date())
    await _write_answers(conn, batch)
    await _write_parked(conn, batch, done)


async def _write_answers(conn: db.Conn, batch: Batch) -> None:
    """The bytes of what was done; the keys of what was not are free again."""
    day = access.answer_day(batch.now)
    answers = []
    undone = []
    for item in batch.items:
        if item.job.parked is not None:
            continue
        if isinstance(item.outcome, Done):
            answers.append((day, item.outcome_id, item.outcome.status, item.outcome.body))
        elif isinstance(item.outcome, Later) or (
            isinstance(item.outcome, Refusal) and item.outcome.code != "key_reused"
        ):
            undone.append((item.job.principal.id, item.job.key))
    if answers:
        await access_db.save_answers(conn, answers)
    if undone:
        await access_db.unclaim(conn, undone)


async def _write_parked(conn: db.Conn, batch: Batch, done: Sequence[Item]) -> None:
    """Park what came too early, close what waited, and find what waits for this batch's sales."""
    early = [item for item in done if isinstance(item.job.ask, Return) and item.sold is None]
    if early:
        rows = {item.outcome_id: (item.job.ask.sale, parked_body(item.job)) for item in early}  # type: ignore[union-attr]
        await db.park(conn, rows, batch.now)
    waited = [item for item in batch.items if item.job.parked is not None]
    closed = [
        (item.outcome_id, _refused(item))
        for item in waited
        if isinstance(item.outcome, Done | Refusal)
    ]
    if closed:
        await db.settle_parked(conn, closed, batch.now)
    sales = [
        item.key for item in done if item.key is not None and isinstance(item.job.ask, Receipt)
    ]
    if sales:
        batch.waking = await db.ask_parked(conn, sales)


def _refused(item: Item) -> str | None:
    refusal = item.outcome
    return f"{refusal.code}: {refusal.why}" if isinstance(refusal, Refusal) else None


class Parker(msgspec.Struct, frozen=True):
    """Who left a return waiting, in words that the release before reads too.

    role   `admin` of whoever brings strangers in; nothing else of the role is asked for later
    store  the one store, where there is one
    """

    id: UUID
    name: str
    role: str
    store: str | None
    rate_per_s: int


_PARKED = msgspec.json.Decoder(tuple[Parker, str, str, Return])


def parked_body(job: Job) -> bytes:
    """A return that waits, and who sent it."""
    by = job.principal
    role = "admin" if by.brings_in else by.role
    parker = Parker(by.id, by.name, role, by.store, by.rate_per_s)
    return _ENCODER.encode((parker, job.operation, job.key, job.ask))


def return_of(body: bytes) -> Return:
    """The waiting return itself."""
    return _PARKED.decode(body)[3]


def unpark(outcome_id: UUID, body: bytes, now: datetime) -> Job:
    """The job that settles a waiting return."""
    by, operation, key, back = _PARKED.decode(body)
    role = access.role_named(by.role)
    stores = None if role == "owner" else (by.store,) if by.store is not None else ()
    principal = Principal(by.id, "key", by.name, role, stores, by.rate_per_s)
    return Job(principal, operation, key, back, b"", now, outcome_id)
