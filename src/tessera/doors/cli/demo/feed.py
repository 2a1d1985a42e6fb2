"""Sends what happened through the real writer: many at once, one member's in order."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.access import core as access
from tessera.access.core import Principal
from tessera.base.refusal import Refusal
from tessera.checkout.core import Balance, Event, Job
from tessera.doors.cli.demo.shop import Happening, Registered, Returned
from tessera.doors.house import House
from tessera.doors.runs import History
from tessera.doors.writer import Reply
from tessera.members import flows as members_flows
from tessera.members.core import NewMember
from tessera.members.joining import db as joining_db
from tessera.members.joining.core import Origin
from tessera.warehouse.core import Identifier, Receipt, ReceiptKey, Return, Spend

LEAST = 100  # points, the fewest that the demo's rule `pay` takes, and its step at the till
_IN_FLIGHT = 2_048  # calls begun, those included that wait for an earlier one of their member
_FORMS = 100  # registrations in one transaction, where so many follow each other
_DESKS = 2  # transactions that register at a time
_TRIES, _PAUSE_S = 100, 0.2  # while the writer says that it is busy

Progress = Callable[[str, int, int], None]


class DemoBroken(Exception):
    """The demo cannot be built: something was refused that never should be."""


class _Coupon(Struct):
    code: str
    state: str


class _Seen(Struct):
    """The part of an answer that the next visit needs."""

    balance: Balance | None = None
    coupons: tuple[_Coupon, ...] = ()


_SEEN = msgspec.json.Decoder(_Seen)
_OPERATIONS = {
    Receipt: "receipt.confirm", Return: "receipt.return", Event: "event.post"
}  # fmt: skip


class Feed:
    """What is on its way, and the balances that members were told last.

    hopes  how many register before the first day, and how many receipts there will be: about so
           many, to say how long it takes
    past   lets time pass between the days
    """

    def __init__(
        self, house: House, principals: Mapping[str, Principal], progress: Progress,
        hopes: tuple[int, int], past: History,
    ) -> None:  # fmt: skip
        self.house, self.principals, self.past = house, principals, past
        self.progress, (self.members, self.total) = progress, hopes
        self.sold = self.registered = 0
        self.gate, self.desks = asyncio.Semaphore(_IN_FLIGHT), asyncio.Semaphore(_DESKS)
        self.last: dict[str, asyncio.Task[None]] = {}
        self.forms: list[Registered] = []
        self.balances: dict[str, int] = {}
        self.coupons: dict[str, list[str]] = {}  # given and not used: one is shown at each visit

    async def run(self, happenings: Iterable[Happening]) -> None:
        """Register members, submit sales, returns and events, each member's in time order.

        errors  DemoBroken names what was sent and what was answered
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for each in happenings:
                    if isinstance(each, Registered):
                        self.forms.append(each)
                        if len(self.forms) < _FORMS:
                            continue
                    await self._register_collected(tasks)
                    if not isinstance(each, Registered):
                        await self.past.reaches(_when(each), self._all)
                        await self._begin(tasks, each)
                await self._register_collected(tasks)
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        self.progress("receipts", self.sold, self.sold)

    async def _begin(self, tasks: asyncio.TaskGroup, each: Receipt | Returned | Event) -> None:
        """Start a call; it waits for what was begun before it in its thread."""
        await self.gate.acquire()
        what, thread = _threaded(each)
        self.last[thread] = tasks.create_task(self._one(what, thread, self.last.get(thread)))

    async def _all(self) -> None:
        """Until all that was begun is posted."""
        if self.last:
            await asyncio.wait(set(self.last.values()))

    async def _register_collected(self, tasks: asyncio.TaskGroup) -> None:
        """Start the registrations that followed each other."""
        if not self.forms:
            return
        await self.gate.acquire()
        forms, self.forms = self.forms, []
        before = [self.last[form.card] for form in forms if form.card in self.last]
        task = tasks.create_task(self._register(forms, before))
        self.last.update((form.card, task) for form in forms)

    async def _register(
        self, forms: Sequence[Registered], before: Sequence[asyncio.Task[None]]
    ) -> None:
        for each in before:
            await each
        async with self.desks, self.house.desk.connection(timeout=30) as conn:
            for form in forms:
                done = await members_flows.register(
                    conn, _person(form), form.at, *_ids(form)
                )  # fmt: skip
                if not isinstance(done, Refusal):
                    came = Origin("till", form.at.date())
                    await joining_db.arrived(conn, done.member_id, came, form.at)
                elif done.code != "identifier_taken":  # an earlier try
                    raise DemoBroken(f"{form.card}: {done.code} {done.field}: {done.why}")
        for form in forms:
            self._over(form.card)
        self.gate.release()
        self.registered += len(forms)
        if len(forms) > 1:  # so many follow each other only before the first day
            last = len(forms) < _FORMS
            most = self.registered if last else max(self.members, self.registered)
            self.progress("members", self.registered, most)

    async def _one(
        self, what: Receipt | Return | Event, thread: str, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await before
        if isinstance(what, Receipt) and what.spend is not None:
            what = affordable(what, self.balances.get(thread, 0))
        if isinstance(what, Receipt) and self.coupons.get(thread):
            what = msgspec.structs.replace(what, coupons=(self.coupons[thread].pop(0),))
        reply = await self._submit(what, "")
        if reply.status >= 400 and isinstance(what, Receipt) and what.spend is not None:
            # Points may have expired since the last receipt: then this one is paid in money.
            what = msgspec.structs.replace(what, spend=None)
            reply = await self._submit(what, " money")
        if reply.status not in (200, 201):
            raise DemoBroken(f"{_name(what)}: {reply.status} {reply.body.decode()[:400]}")
        told = _SEEN.decode(reply.body)
        if told.balance is not None:
            self.balances[thread] = told.balance.available
        kept = [each.code for each in told.coupons if each.state in ("given", "unused")]
        if kept:
            self.coupons.setdefault(thread, []).extend(kept)
        self._over(thread)
        self.gate.release()
        if isinstance(what, Receipt):
            self.sold += 1
            if self.sold % 100 == 0:
                self.progress("receipts", self.sold, max(self.total, self.sold))

    def _over(self, thread: str) -> None:
        if self.last.get(thread) is asyncio.current_task():
            del self.last[thread]  # nobody follows: let the finished task go

    async def _submit(self, what: Receipt | Return | Event, mark: str) -> Reply:
        """One call, repeated while the writer is busy. Its key makes a second build harmless."""
        assert what.store is not None, "everything here says where it was"
        job = Job(
            self.principals[what.store], _OPERATIONS[type(what)], f"demo {_name(what)}{mark}",
            what, access.fingerprint(access.body_fields(what)), what.happened_at.astimezone(UTC),
        )  # fmt: skip
        for _ in range(_TRIES):
            reply = await self.house.writer.submit(job)
            if reply.status != 503:
                break
            await asyncio.sleep(_PAUSE_S)
        return reply


def affordable(receipt: Receipt, available: int) -> Receipt:
    """The receipt with what its member has: whole hundreds of points, or money alone.

    units  `available` in points, as the last answer told them
    """
    wish = receipt.spend.points if receipt.spend else 0
    points = min(wish, available // LEAST * LEAST)
    return msgspec.structs.replace(receipt, spend=Spend(points) if points >= LEAST else None)


def _when(each: Receipt | Returned | Event) -> datetime:
    return each.what.happened_at if isinstance(each, Returned) else each.happened_at


def _threaded(each: Receipt | Returned | Event) -> tuple[Receipt | Return | Event, str]:
    """What is sent, and what it has to keep its order with: a card's, or a sale's own returns."""
    if isinstance(each, Returned):
        return each.what, each.card or _named(each.what.sale)
    return each, each.card or _name(each)


def _name(what: Receipt | Return | Event) -> str:
    if isinstance(what, Event):
        return f"{what.source}/{what.id}"
    day = what.business_date
    assert day is not None, "every receipt here says its day"
    return _named(ReceiptKey(what.store, what.till, day, what.shift, what.number))


def _named(key: ReceiptKey) -> str:
    return f"{key.store}/{key.till}/{key.business_date}/{key.number}"


def _person(form: Registered) -> NewMember:
    names = (Identifier("card", form.card), Identifier("email", form.email))
    return NewMember(
        names, form.given_name, form.family_name, form.born_on, "it", form.attributes,
        form.favourites,
    )  # fmt: skip


def _ids(form: Registered) -> tuple[UUID, UUID]:
    """A member's and an account's id, the same in every build: samples draw the same members."""
    return _id(form, b"member"), _id(form, b"account")


def _id(form: Registered, what: bytes) -> UUID:
    """Of version 7, like all ids; its chance comes from the card."""
    said = hashlib.blake2b(form.card.encode(), digest_size=10, person=what).digest()
    ms, chance = int(form.at.timestamp() * 1000), int.from_bytes(said)
    low = chance & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=ms << 80 | 0x7 << 76 | (chance >> 68) << 64 | 0b10 << 62 | low)
