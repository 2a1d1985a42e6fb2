"""Take the keys and find out whom and what each operation is about, before anything is locked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from tessera.access import core as access
from tessera.access import db as access_db
from tessera.access.core import Claim, Replay
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.base.wire import how_many
from tessera.checkout import db
from tessera.checkout.core.case import Case, Sold, fault_of, key_of
from tessera.checkout.core.event import event_fault
from tessera.checkout.core.words import Ask, Cancel, Event, EventKey, Job, Quote, Row
from tessera.checkout.events import db as events_db
from tessera.checkout.flows.items import Batch, Item, Later
from tessera.ledger import core as ledger
from tessera.ledger.joining.db import way
from tessera.members import core as members
from tessera.members import db as members_db
from tessera.members.core import Owner
from tessera.members.showing import core as showing
from tessera.members.showing import db as showing_db
from tessera.members.showing import flows as showing_flows
from tessera.warehouse.core import (
    Identifier,
    Receipt,
    ReceiptKey,
    Return,
    Store,
    lines_from_data,
)

_NOWHERE = Store("-", "-", "UTC")


async def resolve(conn: db.Conn, batch: Batch) -> None:
    """Claims, owners, identities: asked together, in one trip, then read one by one."""
    for item in batch.items:
        _prepare(item, batch)
    items = batch.open()
    claims = [_claim(item, batch) for item in batch.items if item.job.parked is None]
    who = list(dict.fromkeys(item.who for item in items if item.who and item.coded is None))
    coded = {item.who: item.coded for item in items if item.who and item.coded}
    keys = list(dict.fromkeys(key for item in items for key in _identities(item)))
    quotes = [item.quote for item in items if item.quote is not None]
    asked_claims = await access_db.ask_claims(conn, claims) if claims else None
    asked_owners = await members_db.ask_owners(conn, who) if who else None
    asked_keys = await db.ask_identities(conn, keys) if keys else None
    events = [item.job.ask.key() for item in items if isinstance(item.job.ask, Event)]
    asked_events = await events_db.ask_known(conn, events) if events else None
    if asked_claims is not None and await how_many(asked_claims) < len(claims):
        await _judge(conn, batch, claims, await access_db.claimed(asked_claims))
    await _wake(conn, batch)
    owners = await members_db.owners(asked_owners) if asked_owners is not None else {}
    if coded:
        shown = await showing_db.owners(conn, list(set(coded.values())))
        owners |= {name: shown[member] for name, member in coded.items() if member in shown}
    known = await db.receipts(asked_keys) if asked_keys is not None else {}
    told = await events_db.known(asked_events) if asked_events is not None else {}
    of_quotes = await db.quote_accounts(conn, quotes) if quotes else {}
    for item in batch.open():
        item.outcome = _known(item, known, told)
    if any(each not in owners for each in who):
        owners |= await _meet(conn, batch, [w for w in who if w not in owners])
    for item in batch.open():
        _aim(item, owners, known, of_quotes)
        _follow(item, batch)
    _one_each(batch)


def _prepare(item: Item, batch: Batch) -> None:
    """The store, the operation's own identity, the member's name in its normal form."""
    ask = item.job.ask
    told = ask if isinstance(ask, Event) else item.receipt
    named = _store_of(ask)
    store = _NOWHERE if named is None else batch.shop.stores.get(named)
    if store is None:
        item.outcome = Refusal(
            "store_unknown", "store", "there is no such store", "create the store first"
        )
        return
    moment = told.happened_at if told is not None else batch.now
    item.case = Case(
        item.outcome_id, batch.shop.program_at(moment), store, batch.now, iter(new_id, None),
        item.job.received_at, tongue=item.job.tongue,
    )  # fmt: skip
    if isinstance(ask, Receipt | Return):
        item.key = key_of(ask, store)
    if told is None:
        return
    fault = event_fault if isinstance(told, Event) else fault_of
    item.outcome = fault(item.case, told)  # type: ignore[arg-type]  # each its own kind
    if item.outcome is None:
        _name(item, told, batch)


def _store_of(ask: Ask) -> str | None:
    """The store an operation is about, None if it is about none."""
    if isinstance(ask, Cancel):
        return None
    return ask.basket.store if isinstance(ask, Quote) else ask.store


def _name(item: Item, told: Receipt | Event, batch: Batch) -> None:
    """Whom it names, in the one spelling of it, and of which batch the card is."""
    named = told.whose()
    if named is None or item.case is None:
        return
    if named.kind == "card" and showing.is_code(named.value):
        _scan(item, told, named)
        return
    normal = members.normal(named.kind, named.value, batch.shop.program.terms.enrolment.country)
    if isinstance(normal, Refusal):
        field = "card" if told.card else "identifier.value"
        item.outcome = msgspec.structs.replace(normal, field=field)
    else:
        item.who = normal
        item.case.card = batch.shop.labels.of(normal)


def _scan(item: Item, told: Receipt | Event, named: Identifier) -> None:
    """Whose code of a phone it is; what comes late was scanned when it says that it was."""
    late = isinstance(told, Receipt) and told.offline
    at = told.happened_at if late else item.job.received_at
    found = showing_flows.scanned(named.value, at, item.job.principal.id)
    if isinstance(found, Refusal):
        item.outcome = found
        return
    assert item.case is not None, "asked before"
    item.who, item.coded, item.case.fresh = named, found.member_id, found.fresh


def _claim(item: Item, batch: Batch) -> Claim:
    job = item.job
    return Claim(
        job.principal.id, job.key, job.operation, job.fingerprint, item.outcome_id, batch.now
    )


def _identities(item: Item) -> list[ReceiptKey]:
    found = [item.key] if item.key is not None else []
    return [*found, item.job.ask.sale] if isinstance(item.job.ask, Return) else found


async def _judge(
    conn: db.Conn, batch: Batch, claims: Sequence[Claim], taken: set[tuple[UUID, str]]
) -> None:
    """Whose key was taken before gets the first call's answer, or is told what differs."""
    late = {(c.principal_id, c.key): c for c in claims if (c.principal_id, c.key) not in taken}
    known = await access_db.known(conn, list(late))
    for item in batch.items:
        claim = late.get((item.job.principal.id, item.job.key))
        if claim is not None and item.job.parked is None:
            names = access.body_names(type(item.job.ask))
            item.outcome = access.judge(known[claim.principal_id, claim.key], claim, names)


async def _wake(conn: db.Conn, batch: Batch) -> None:
    """A waiting return is settled by whoever takes its row first."""
    waiting = [item.outcome_id for item in batch.items if item.job.parked is not None]
    if not waiting:
        return
    free = await db.claim_parked(conn, waiting)
    for item in batch.items:
        if item.job.parked is not None and item.outcome_id not in free:
            item.outcome = Replay(item.outcome_id, batch.now, None, None)


async def _meet(
    conn: db.Conn, batch: Batch, strangers: Sequence[Identifier]
) -> dict[Identifier, Owner]:
    """Shadows for cards that were handed out but never seen; other strangers stay unknown.

    Who asks to spend is not met: there is nothing to spend, and a refusal leaves no trace. An
    offline receipt is not refused for that.
    """
    batches = await members_db.batches(conn)
    anyone = batch.shop.program.unknown_cards == "any"
    welcome = set()
    for item in batch.open():
        if item.who is None or item.who not in strangers:
            continue
        if not _welcome(item.job, item.who, anyone, batches):
            continue
        told = item.receipt
        if told is not None and told.spend is not None and not told.offline:
            item.outcome = ledger.points_short(told.spend.points, 0)
        else:
            welcome.add(item.who)
    new = [
        (who, new_id(), new_id()) for who in sorted(welcome, key=lambda who: (who.kind, who.value))
    ]
    met = await members_db.add_shadows(conn, new, batch.now) if new else {}
    batch.newcomers.update(owner.account_id for owner in met.values())
    return met


def _welcome(job: Job, who: Identifier, anyone: bool, batches: Sequence[members.CardBatch]) -> bool:
    """Administration brings in anybody; at a till a stranger is an issued card."""
    if job.principal.brings_in:
        return True
    return who.kind == "card" and (anyone or members.in_batch(who.value, batches))


def _known(
    item: Item, known: dict[ReceiptKey, Row], told: dict[EventKey, tuple[UUID, datetime]]
) -> Refusal | None:
    """Posted before, under another key: said before anybody is met."""
    ask = item.job.ask
    if item.key is not None and item.key in known:
        row = known[item.key]
        return Refusal(
            "receipt_known", "number",
            f"receipt {row.number} of till {row.till} was posted on {row.posted_at:%Y-%m-%d}",
            f"read it with GET /v1/receipts/{row.id}, or send the new receipt's own number",
        )  # fmt: skip
    if isinstance(ask, Event) and ask.key() in told:
        event_id, posted_at = told[ask.key()]
        of = f" of {ask.source}" if ask.source else ""
        return Refusal(
            "event_known", "id", f"event {ask.id}{of} was posted on {posted_at:%Y-%m-%d}",
            f"it is there as {event_id}: send a new event's own id",
        )  # fmt: skip
    return None


def _aim(
    item: Item, owners: dict[Identifier, Owner], known: dict[ReceiptKey, Row],
    of_quotes: dict[UUID, db.QuoteOf],
) -> None:  # fmt: skip
    """Which account and which sale the operation is about, or why it is about none."""
    ask = item.job.ask
    named = of_quotes.get(item.quote) if item.quote is not None else None
    item.version = named.version if named is not None else None
    if isinstance(ask, Return):
        _aim_return(item, known.get(ask.sale))
    elif isinstance(ask, Cancel):
        item.account_id = named.account_id if named is not None else None
        store = named.store if named is not None else ""
        if not store or access.allowed(item.job.principal, "quote.cancel", store):
            item.outcome = Refusal(
                "quote_unknown", "quote_id", "no promise was given here under this id",
                "cancel only quotes of this store that were made with `hold`",
            )  # fmt: skip
    elif item.who is not None:
        _aim_card(item, item.who, owners.get(item.who))


def _follow(item: Item, batch: Batch) -> None:
    """Old receipts and promises name an account that may have been joined to another since.

    A card never does: its member has the account by now.
    """
    if item.account_id is None or item.account_id not in batch.through or item.who is not None:
        return
    item.way = tuple(way(item.account_id, batch.through))
    item.account_id = item.way[-1]
    if item.sold is not None:
        item.sold.above = item.way[1:]


def _aim_return(item: Item, row: Row | None) -> None:
    if row is None and item.job.parked is None:
        return  # it waits for its sale
    if row is None or row.kind != "sale":
        item.outcome = Refusal(
            "not_a_sale", "sale.number", "this receipt is itself a return", "name the sale"
        )
        return
    assert item.case is not None
    first = db.KEPT.decode(row.story)
    item.account_id = row.account_id
    item.sold = Sold(row, lines_from_data(row.lines), first, first, item.case.program)


def _aim_card(item: Item, who: Identifier, owner: Owner | None) -> None:
    assert item.case is not None
    if owner is None:
        card = who.kind == "card"
        item.outcome = Refusal(
            "card_unknown" if card else "member_unknown", "card" if card else "identifier",
            f"this {who.kind} belongs to nobody",
            "use a card that was issued here, or register the member first",
        )  # fmt: skip
    elif owner.status != "active":
        item.outcome = Refusal(
            f"card_{owner.status}", "card", f"this card is {owner.status}",
            "ask for another card, or see the office",
        )  # fmt: skip
    else:
        item.case.owner, item.account_id = owner, owner.account_id


def _one_each(batch: Batch) -> None:
    """One operation per account, receipt, event and sale in a batch; others wait for the next."""
    seen: set[UUID | ReceiptKey | EventKey] = set()
    for item in batch.open():
        ask = item.job.ask
        event = ask.key() if isinstance(ask, Event) else None
        marks = {mark for mark in (item.account_id, item.quote, event, *_identities(item)) if mark}
        if marks & seen:
            item.outcome = Later()
        seen |= marks
