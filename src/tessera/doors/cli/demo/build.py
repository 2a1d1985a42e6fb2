"""Builds the demo through the real writer; interrupted, the next start goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from tessera.access import db as keys
from tessera.access import flows as access_flows
from tessera.access.core import ApiKey, Principal
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.days import flows as days_flows
from tessera.checkout.proof.db import PROOF
from tessera.doors.call import Conn
from tessera.doors.cli.demo import bottega, people, shelf
from tessera.doors.cli.demo.chain import stores
from tessera.doors.cli.demo.feed import DemoBroken, Feed, Progress
from tessera.doors.cli.demo.members import LABELS, Crowd, Label, Member, card_counts, member
from tessera.doors.cli.demo.shop import Happening, Number, expected, shop
from tessera.doors.house import House
from tessera.doors.runs import history
from tessera.members import db as members_db
from tessera.members import flows as members_flows
from tessera.members.core import CardBatch, card_number, next_serial
from tessera.program.core import Reader
from tessera.rules.core.settings import draw
from tessera.warehouse import flows as warehouse_flows
from tessera.warehouse.core import Identifier, Store
from tessera.warehouse.stores import db as stores_db

DAYS = 730
PREFIX = "29"  # GS1 keeps 20 to 29 for numbers inside a shop
SPARE = 1_000  # cards that nobody has yet, to try registering with
_NOTE = "demo"  # with this word begins the note of the program's version; the rest is the plan
_BUILDER = "demo builder "  # the build's own keys; they are revoked once it is complete
_KEY_LIFE = timedelta(days=30)  # every start issues fresh keys: old ones are not kept readable
_REGULARS = 400  # members looked at to find one worth showing

Say = Callable[[str], None]


class Plan(Struct, frozen=True):
    """Which demo: the same plan makes the same shop. `end` is its last day."""

    end: date
    seed: int = 1
    members: int = 2_000
    days: int = DAYS


class DemoSummary(Struct, frozen=True):
    """What stands. A later start finds it complete: `built` is False, the keys are fresh.

    card      of a registered member with a long history who never asks to spend a point;
              email: where that member's codes to sign in go
    spare     a card that was issued and that nobody has
    till_keys {store: token}
    receipts  sales and returns; `events` besides
    """

    plan: Plan
    card: str
    email: str
    spare: str
    till_keys: dict[str, str]
    admin_key: str
    receipts: int
    events: int
    built: bool
    elapsed_s: int


async def build_demo(
    house: House, plan: Plan, progress: Progress, say: Say = lambda _: None
) -> DemoSummary:
    """Build the demo, or finish what an earlier start began, or find it complete.

    plan      of a first start; a demo already begun keeps its own
    progress  called with (what, done, of how many)
    say       told what was prepared, line by line
    errors    DemoBroken says what was answered, or that another shop lives in this database
    """
    began = time.monotonic()
    async with house.desk.connection() as conn:
        standing = await _begun(conn)
        if standing is None:
            await _prepare(conn, house.reader, plan, say)
        plan = standing or plan
        numbers = Cards(await members_db.batches(conn))
        builders = [key for key in await _keys(conn) if key.name.startswith(_BUILDER)]
    await house.refresh()
    crowd = crowd_of(plan)
    building = any(key.revoked_at is None for key in builders)
    if building:
        hopes = (crowd.founders * 9 // 10, expected(crowd))
        async with house.upkeep.connection() as conn, history(conn, house.lives) as past:
            feed = Feed(house, _principals(builders), progress, hopes, past)
            await feed.run(shop(crowd, numbers.number))
    async with house.desk.connection() as conn:
        card, mail = await _regular(conn, house, crowd, numbers.number)
        spare = await _spare(conn, numbers)
        if building:  # what was counted while days came in is old
            now = datetime.now(UTC)
            await days_flows.count_anew(conn, house.today(now), now)
            await shelf.furnish(conn, now)
        till_keys, admin_key = await _finish(conn, builders, stores(plan.members))
        posted = await PROOF.counts(conn)
    return DemoSummary(
        plan, card, mail, spare, till_keys, admin_key, posted["receipts"], posted["events"],
        building, round(time.monotonic() - began),
    )  # fmt: skip


def crowd_of(plan: Plan) -> Crowd:
    """The members of a plan."""
    first = plan.end - timedelta(days=plan.days - 1)
    return Crowd(plan.seed, plan.members, first, plan.days, len(stores(plan.members)))


def planned_cards(plan: Plan, now: datetime) -> list[CardBatch]:
    """The batches that a fresh database issues for a plan, one after the other."""
    found: list[CardBatch] = []
    for label, count in card_counts(plan.members).items():
        more = SPARE if label == "classic" else 1  # a batch has one card at least
        first = next_serial(PREFIX, count + more, found)
        assert isinstance(first, int), "nine million fit the prefix"
        found.append(CardBatch(new_id(), label, PREFIX, first, count + more, now))
    return found


def story(plan: Plan) -> Iterator[Happening]:
    """The whole story of a plan, with the numbers that a fresh database gives its cards."""
    cards = Cards(planned_cards(plan, datetime(plan.end.year, 1, 1, tzinfo=UTC)))
    return shop(crowd_of(plan), cards.number)


class Cards:
    """The numbers of the demo's cards, by kind."""

    def __init__(self, batches: Iterable[CardBatch]) -> None:
        self.batches = {batch.label: batch for batch in batches if batch.label in LABELS}

    def number(self, label: Label, serial: int) -> str:
        """The number of a card by its kind and its place among them, from 0."""
        batch = self.batches[label]
        assert serial < batch.count, f"there are {batch.count} cards of {label}"
        return card_number(batch.prefix, batch.first + serial)

    def spare(self) -> Iterator[str]:
        """The numbers that no member of the story has, the last one first."""
        batch = self.batches["classic"]
        for more in range(1, SPARE + 1):
            yield self.number("classic", batch.count - more)


async def _begun(conn: Conn) -> Plan | None:
    """The plan of a demo that was begun here."""
    note = await bottega.noted(conn, _NOTE)
    if note is not None:
        return msgspec.json.decode(note.removeprefix(_NOTE), type=Plan)
    if await stores_db.all_stores(conn):
        raise DemoBroken(
            "another shop lives in this database: `tessera serve` serves it; for the demo name an"
            " empty one, as in  TESSERA_DATA_DIR=~/tessera-demo tessera demo"
        )
    return None


async def _prepare(conn: Conn, reader: Reader, plan: Plan, say: Say) -> None:
    """Stores, program, cards and the build's keys: all of it, or nothing."""
    now = datetime.now(UTC)
    for store in stores(plan.members):
        _good(await warehouse_flows.put_store(conn, store))
        await access_flows.issue_key(conn, _BUILDER + store.id, "till", store.id, None, None, now)
    note = f"{_NOTE} {msgspec.json.encode(plan).decode()}"
    told = await bottega.publish(conn, reader, now, note)
    for batch in planned_cards(plan, now):
        _good(
            await members_flows.issue_cards(conn, batch.id, PREFIX, batch.count, batch.label, now)
        )
    for line in told:
        say(line)


async def _regular(conn: Conn, house: House, crowd: Crowd, number: Number) -> tuple[str, str]:
    """(card, address) of somebody worth looking at: known, keeps points, comes often, still does.

    errors  DemoBroken if nobody with a card ever came
    """
    some = [member(crowd, index) for index in range(min(crowd.members, _REGULARS))]
    program = house.shop().program
    for one in sorted(some, key=lambda each: _worth_seeing(each, crowd)):
        card = number(one.label, one.serial)
        found = await members_db.find(conn, Identifier("card", card))
        if found is None:
            continue
        who, control = found.owner.member_id.hex, program.control
        if control is None or draw(control.salt, who) >= control.percent * 100:
            return card, people.email(one.name.given, one.name.family, one.who + 1)
    raise DemoBroken("nobody with a card ever came to this shop")


async def _spare(conn: Conn, cards: Cards) -> str:
    """A card that nobody has yet; the last one where all are taken."""
    for card in cards.spare():
        if await members_db.find(conn, Identifier("card", card)) is None:
            break
    return card


def _worth_seeing(one: Member, crowd: Crowd) -> tuple[bool, bool, bool, float]:
    gone = one.until < crowd.days
    return (one.registers != 0, one.spends, gone, one.gap_d)


async def _keys(conn: Conn) -> list[ApiKey]:
    found = page = await keys.list_keys(conn, None, 200)
    while len(page) == 200:
        page = await keys.list_keys(conn, page[-1].id, 200)
        found = found + page
    return found


def _principals(builders: Iterable[ApiKey]) -> dict[str, Principal]:
    return {
        key.store: Principal(key.id, "key", key.name, key.role, key.stores, key.rate_per_s)
        for key in builders
        if key.store is not None
    }


async def _finish(
    conn: Conn, builders: Iterable[ApiKey], all_stores: Sequence[Store]
) -> tuple[dict[str, str], str]:
    """Revoke the build's keys (that marks it complete) and issue fresh ones to try."""
    now = datetime.now(UTC)
    ends = now + _KEY_LIFE
    for key in builders:
        await keys.revoke_key(conn, key.id, now)
    tills = {}
    for store in all_stores[:3]:
        _, tills[store.id] = await access_flows.issue_key(
            conn, f"demo till of {store.id}", "till", store.id, None, ends, now
        )
    _, admin = await access_flows.issue_key(conn, "demo admin", "owner", None, None, ends, now)
    return tills, admin


def _good(outcome: Any) -> None:
    if isinstance(outcome, Refusal):
        raise DemoBroken(f"{outcome.code} {outcome.field}: {outcome.why}; {outcome.cure}")
