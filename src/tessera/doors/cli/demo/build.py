"""Builds the demo through the real writer; interrupted, the next start goes on where it was."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import msgspec
from msgspec import Struct

from tessera.access import db as keys
from tessera.access import flows as access_flows
from tessera.access.core import ApiKey, Principal
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors.call import Conn
from tessera.doors.cli.demo.feed import DemoBroken, Feed, Progress
from tessera.doors.cli.demo.shop import CURRENCY, DAYS, STORES, Event, Registered, shop
from tessera.doors.house import House
from tessera.members import core as members
from tessera.members import db as members_db
from tessera.members import flows as members_flows
from tessera.members.core import CardBatch, NewMember
from tessera.program import flows as program_flows
from tessera.program.core import Reader
from tessera.warehouse import flows as warehouse_flows
from tessera.warehouse.core import Identifier, Receipt, Return
from tessera.warehouse.stores import db as stores_db

PREFIX = "29"  # GS1 keeps 20 to 29 for numbers inside a shop
PROGRAM: dict[str, Any] = {
    "name": "Bottega Tessera",
    "currency": CURRENCY,
    "expiry_days": 1095,
    "rules": [
        {"id": "cornetto", "mechanic": "every_nth_free", "product": "CORNETTO", "n": 6},
        {
            "id": "pay", "mechanic": "pay_with_points",
            "points": 1, "worth_minor": 1, "max_percent": 50, "min_points": 100,
        },
        {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
    ],
}  # fmt: skip
_LABEL = "demo "  # the label of the demo's card batch tells which plan was begun
_BUILDER = "demo builder "  # the build's own keys; they are revoked once it is complete
_KEY_LIFE = timedelta(days=30)  # every start issues fresh keys: old ones are not kept readable


class Plan(Struct, frozen=True):
    """Which demo: the same plan makes the same shop. `end` is its last day."""

    end: date
    seed: int = 7
    members: int = 2_000
    receipts: int = 60_000
    days: int = DAYS


class DemoSummary(Struct, frozen=True):
    """What stands. A later start finds it complete: `built` is False, the keys are fresh.

    card       of a registered member with a long history who has never asked to spend a point
    till_keys  {store: token}
    """

    plan: Plan
    card: str
    till_keys: dict[str, str]
    admin_key: str
    registered: int
    receipts: int
    returns: int
    built: bool
    elapsed_s: int


async def build_demo(house: House, plan: Plan, progress: Progress) -> DemoSummary:
    """Build the demo, or finish what an earlier start began, or find it complete.

    plan      of a first start; a demo already begun keeps its own
    progress  called with (what, done, of how many)
    errors    DemoBroken says what was answered, or that another shop lives in this database
    """
    began = time.monotonic()
    async with house.pool.connection() as conn:
        batch = await _begun(conn)
        if batch is None:
            batch = await _prepare(conn, house.reader, plan, progress)
        plan = _plan(batch)
        builders = [key for key in await _keys(conn) if key.name.startswith(_BUILDER)]
    await house.refresh()
    tally = _Tally()
    events = tally.counted(_events(plan, batch))
    building = any(key.revoked_at is None for key in builders)
    if building:
        await Feed(house.writer, _principals(builders), progress, plan.receipts).run(events)
    else:
        tally.exhaust(events)
    async with house.pool.connection() as conn:
        till_keys, admin_key = await _finish(conn, builders)
    return DemoSummary(
        plan, tally.card(), till_keys, admin_key, tally.registered, tally.receipts, tally.returns,
        building, round(time.monotonic() - began),
    )  # fmt: skip


async def _begun(conn: Conn) -> CardBatch | None:
    """The card batch of a demo that was begun here."""
    for batch in await members_db.batches(conn):
        if batch.label.startswith(_LABEL + "{"):
            return batch
    if await stores_db.all_stores(conn):
        raise DemoBroken(
            "another shop lives in this database; name an empty one, or an empty TESSERA_DATA_DIR"
        )
    return None


async def _prepare(conn: Conn, reader: Reader, plan: Plan, progress: Progress) -> CardBatch:
    """Stores, program, cards, the build's keys and the members: all of it, or nothing."""
    now = datetime.now(UTC)
    for store in STORES:
        _good(await warehouse_flows.put_store(conn, store))
        await access_flows.issue_key(conn, _BUILDER + store.id, "till", store.id, None, None, now)
    _good(await program_flows.publish(conn, reader, PROGRAM, now, None))
    label = _LABEL + msgspec.json.encode(plan).decode()
    batch = await members_flows.issue_cards(conn, new_id(), PREFIX, plan.members, label, now)
    if isinstance(batch, Refusal):
        raise DemoBroken(str(batch))
    joining = [event for event in _events(plan, batch) if isinstance(event, Registered)]
    for done, event in enumerate(joining, 1):
        _good(await members_flows.register(conn, _person(event), event.at, new_id(), new_id()))
        if done % 50 == 0 or done == len(joining):
            progress("members", done, len(joining))
    return batch


def _person(event: Registered) -> NewMember:
    names = (Identifier("card", event.card), Identifier("email", event.email))
    return NewMember(names, event.given_name, event.family_name, event.born_on, "it")


async def _keys(conn: Conn) -> list[ApiKey]:
    found = page = await keys.list_keys(conn, None, 200)
    while len(page) == 200:
        page = await keys.list_keys(conn, page[-1].id, 200)
        found = found + page
    return found


def _principals(builders: Iterable[ApiKey]) -> dict[str, Principal]:
    return {
        key.store: Principal(key.id, key.name, key.role, key.store, key.rate_per_s)
        for key in builders
        if key.store is not None
    }


async def _finish(conn: Conn, builders: Iterable[ApiKey]) -> tuple[dict[str, str], str]:
    """Revoke the build's keys (that marks it complete) and issue fresh ones to try."""
    now = datetime.now(UTC)
    ends = now + _KEY_LIFE
    for key in builders:
        await keys.revoke_key(conn, key.id, now)
    tills = {}
    for store in STORES:
        _, tills[store.id] = await access_flows.issue_key(
            conn, f"demo till of {store.id}", "till", store.id, None, ends, now
        )
    _, admin = await access_flows.issue_key(conn, "demo admin", "admin", None, None, ends, now)
    return tills, admin


def _plan(batch: CardBatch) -> Plan:
    return msgspec.json.decode(batch.label.removeprefix(_LABEL), type=Plan)


def _events(plan: Plan, batch: CardBatch) -> Iterator[Event]:
    cards = members.numbers(batch, 0, batch.count)
    return shop(Random(plan.seed), plan.end, cards, plan.receipts, plan.days)


def _good(outcome: Any) -> None:
    if isinstance(outcome, Refusal):
        raise DemoBroken(f"{outcome.code} {outcome.field}: {outcome.why}; {outcome.cure}")


class _Tally:
    """Counts what goes by, and finds a member worth looking at."""

    def __init__(self) -> None:
        self.registered = self.receipts = self.returns = 0
        self.visits: Counter[str] = Counter()
        self.known: set[str] = set()
        self.spenders: set[str] = set()

    def counted(self, events: Iterable[Event]) -> Iterator[Event]:
        """The same events, looked at in passing."""
        for event in events:
            if isinstance(event, Registered):
                self.registered += 1
                self.known.add(event.card)
            elif isinstance(event, Return):
                self.returns += 1
            else:
                self._sale(event)
            yield event

    def exhaust(self, events: Iterable[Event]) -> None:
        """Let all of them go by."""
        for _ in events:
            pass

    def _sale(self, sale: Receipt) -> None:
        self.receipts += 1
        if sale.card is not None:
            self.visits[sale.card] += 1
            if sale.spend is not None:
                self.spenders.add(sale.card)

    def card(self) -> str:
        """The registered card with most receipts, of those that keep their points."""
        for wanted in (self.known - self.spenders, self.known, set(self.visits)):
            if found := wanted & set(self.visits):
                return max(found, key=lambda card: (self.visits[card], card))
        raise DemoBroken("nobody with a card ever came to this shop")
