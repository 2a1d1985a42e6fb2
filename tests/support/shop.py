"""A shop of one counter over a test's database: everything goes through the public writer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET
from psycopg import AsyncConnection

from tessera.access import core as access
from tessera.access.core import Principal
from tessera.base.clock import local
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout import db as checkout_db
from tessera.checkout.core import Answer, Balance, Cancel, Event, Job, Quote
from tessera.checkout.core.case import key_of
from tessera.checkout.core.words import Ask
from tessera.checkout.flows.proof import Report, prove_all
from tessera.checkout.flows.reading import account_balance
from tessera.doors import runs
from tessera.doors.house import House, Plan
from tessera.doors.problems import Problem, Reply
from tessera.identity import flows as identity_flows
from tessera.ledger import flows as ledger_flows
from tessera.ledger.core import Run
from tessera.members import core as members
from tessera.members import db as members_db
from tessera.members import flows as members_flows
from tessera.members.core import NewMember
from tessera.program import flows as program_flows
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.warehouse.core import Identifier, Line, Receipt, ReceiptKey, Return, ReturnLine, Spend
from tessera.warehouse.core import Store as Place
from tessera.warehouse.stores import db as stores_db

PLACE = Place("S1", "Corner", "Europe/Rome")
TILL = Principal(UUID(int=7), "key", "till 1", "till", ("S1",), 1000)
OPERATIONS: dict[type, str] = {
    Receipt: "receipt.confirm", Return: "receipt.return", Quote: "quote", Cancel: "quote.cancel",
    Event: "event.post",
}  # fmt: skip
TWO_PERCENT = {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100}
PAY = {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1}
THIRD_LATTE = {"id": "third", "mechanic": "every_nth_free", "product": "LATTE", "n": 3}
_serials = count(1)


def program(*rules: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """A program as data; the starter's rules if none are given."""
    return {
        "name": "Test", "currency": "EUR", "unknown_cards": "any",
        "rules": list(rules or (TWO_PERCENT, PAY)), **settings,
    }  # fmt: skip


def fresh_card() -> str:
    """A card that no test has used."""
    return members.card_number("29", next(_serials))


def line(
    sku: str, quantity: int, unit_minor: int, unit: str = "piece", kind: str = "goods"
) -> Line:
    return Line(sku, quantity, unit_minor, unit, kind=kind)  # type: ignore[arg-type]


def sale(
    card: str | None, *lines: Line, spend: int | None = None, quote: UUID | None = None,
    at: datetime | None = None, number: str | None = None,
) -> Receipt:  # fmt: skip
    """A receipt of these lines, with a number of its own unless it is said."""
    return Receipt(
        store="S1", till="1", number=number or f"{next(_serials)}", currency="EUR", lines=lines,
        happened_at=at or datetime.now(UTC), total_minor=sum(each.total() for each in lines),
        card=card, spend=Spend(spend) if spend is not None else None, quote=quote,
    )  # fmt: skip


def goods_back(
    of: Receipt, *lines: tuple[int, int], at: datetime | None = None, number: str | None = None
) -> Return:
    """Units of lines (from 1) come back; without any, everything that is left."""
    named = tuple(ReturnLine(*each) for each in lines)
    return Return(
        sale=identity(of), store="S1", till="1", number=number or f"{next(_serials)}",
        happened_at=at or datetime.now(UTC), lines=named or UNSET,
    )  # fmt: skip


def identity(of: Receipt) -> ReceiptKey:
    """What makes the receipt unique: its day is that of the shop."""
    return key_of(of, PLACE)


def today() -> date:
    """The day that it is in the shop."""
    return local(datetime.now(UTC), PLACE.time_zone).date()


@dataclass(frozen=True, slots=True)
class Said:
    """What the till got."""

    reply: Reply

    @property
    def status(self) -> int:
        return self.reply.status

    @property
    def answer(self) -> Answer:
        assert self.status < 300, self.reply.body
        return msgspec.json.decode(self.reply.body, type=Answer)

    @property
    def problem(self) -> Problem:
        assert self.status >= 400, self.reply.body
        return msgspec.json.decode(self.reply.body, type=Problem)

    @property
    def balance(self) -> int:
        """Points after the operation."""
        told = self.answer.balance
        assert told is not None, "nobody's receipt has no balance"
        return told.balance


@dataclass(slots=True)
class Shop:
    """A running house and a connection for looking."""

    house: House
    eye: AsyncConnection[tuple[Any, ...]]
    accounts: dict[str, UUID] = field(default_factory=dict)

    async def send(self, ask: Ask, key: str | None = None) -> Said:
        """One writing call; a key of its own unless it is said."""
        prints = access.fingerprint(access.body_fields(ask))
        name = key or f"k{new_id()}"
        job = Job(TILL, OPERATIONS[type(ask)], name, ask, prints, datetime.now(UTC))
        return Said(await self.house.writer.submit(job))

    async def register(self, card: str) -> None:
        """Somebody becomes a member with this card."""
        async with self.house.pool.connection() as conn:
            if not await members_db.batches(conn):
                await members_flows.issue_cards(
                    conn, new_id(), "29", 1_000_000, "test", datetime.now(UTC)
                )
            new = NewMember((Identifier("card", card),), "Anna", "Rossi")
            done = await members_flows.register(conn, new, datetime.now(UTC), new_id(), new_id())
            assert not isinstance(done, Refusal), done

    async def member(self, *buys: int) -> str:
        """A registered member's card that has bought for so many minor units."""
        card = fresh_card()
        await self.register(card)
        for minor in buys:
            said = await self.send(sale(card, line("SOUP", 1, minor)))
            assert said.status == 201, said
        return card

    async def account(self, card: str) -> UUID | None:
        """Whose points the card's are: for ever the same."""
        if card in self.accounts:
            return self.accounts[card]
        async with self.house.pool.connection() as conn:
            found = await members_db.find(conn, Identifier("card", card))
        if found is None:
            return None
        return self.accounts.setdefault(card, found.owner.account_id)

    async def merge(self, card: str, other: str) -> UUID | Refusal:
        """Whoever has the other card is the same person as who has this one: the merge's id."""
        async with self.house.pool.connection() as conn:
            into, gone = [
                await members_db.find(conn, Identifier("card", each)) for each in (card, other)
            ]
            assert into is not None and gone is not None, "both cards are somebody's"
            made = await identity_flows.merge(
                conn, self.asks(), into.owner.member_id, gone.owner.member_id
            )
            if isinstance(made, Refusal):
                await conn.rollback()
                return made
        self.accounts.clear()
        return made.merge.id

    async def unmerge(self, merge_id: UUID) -> Refusal | None:
        """They were two after all."""
        async with self.house.pool.connection() as conn:
            made = await identity_flows.undo(conn, self.asks(), merge_id)
            if isinstance(made, Refusal):
                await conn.rollback()
                return made
        self.accounts.clear()
        return None

    def asks(self) -> identity_flows.Ask:
        """What the office asks, as of now."""
        now = datetime.now(UTC)
        tiers = self.house.shop().program.tiers
        lives = self.house.lives(now)
        return identity_flows.Ask(
            new_id(), UUID(int=8), now, "test", lives, tiers, self.house.today(now)
        )

    async def balance(self, card: str) -> Balance:
        """What `identify` says."""
        account = await self.account(card)
        assert account is not None, "the card is somebody's"
        async with self.house.pool.connection() as conn:
            return await account_balance(conn, account, datetime.now(UTC))

    async def woken(self) -> None:
        """Wait until no return waits for a sale that is there."""
        for _ in range(500):
            async with self.house.pool.connection() as conn:
                if not await checkout_db.parked_ready(conn):
                    return
            await asyncio.sleep(0.01)
        raise AssertionError("a waiting return was not woken by its sale")

    async def run(self, at: datetime | None = None) -> list[Run]:
        """What is due as of an instant is posted, as the house does every minute.

        at  also one that is still to come: the run is told that it is then
        """
        when = at or datetime.now(UTC)
        async with self.house.upkeep.connection() as conn, runs.turn(conn) as mine:
            assert mine, "nobody else runs here"
            return await runs.run_due(
                conn, self.house.lives, when, clock=lambda: max(when, datetime.now(UTC)), rest=0
            )

    async def sweep(self, at: datetime) -> int:
        """Holds that are over by an instant end, as the house sees to every two seconds."""
        async with self.house.upkeep.connection() as conn:
            return await ledger_flows.release_overdue(conn, self.house.lives(at), at, 100)

    async def overdue(self, deadline: datetime) -> None:
        """Time passes: every open promise and its hold ended at `deadline`, or before."""
        moved = (deadline,)
        await self.eye.execute(
            "UPDATE ledger.hold SET deadline = least(deadline, %s) WHERE ended_at IS NULL", moved
        )
        await self.eye.execute(
            "UPDATE checkout.quote SET deadline = least(deadline, %s) WHERE ended IS NULL", moved
        )
        await self.eye.commit()

    async def proof(self, *, chain: bool = False) -> Report:
        """What `tessera prove` finds."""
        try:
            return await prove_all(self.eye, chain=chain)
        finally:
            await self.eye.rollback()

    async def assert_proved(self) -> None:
        report = await self.proof(chain=True)
        assert report.differences == []

    async def publish(self, body: dict[str, Any]) -> None:
        """Another program from now on."""
        async with self.house.pool.connection() as conn:
            made = await program_flows.publish(
                conn, self.house.reader, body, datetime.now(UTC), None
            )
            assert not isinstance(made, Refusal), made
        await self.house.refresh()


@asynccontextmanager
async def opened(dsn: str, body: dict[str, Any] | None = None) -> AsyncIterator[Shop]:
    """A shop over this database, decided by the program; without one, by what is there."""
    house = await House(Plan(dsn, "EUR", Reader(mechanics.shelf(), conditions.shelf()))).open()
    try:
        async with await AsyncConnection.connect(dsn) as eye:
            shop = Shop(house, eye)
            async with house.pool.connection() as conn:
                await stores_db.put_store(conn, PLACE)
            if body is None:
                await house.refresh()
            else:
                await shop.publish(body)
            yield shop
    finally:
        await house.close()
