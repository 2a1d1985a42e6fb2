"""Sends a shop's events through the real writer: many at once, one member's in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC

import msgspec
from msgspec import Struct

from tessera.access import core as access
from tessera.access.core import Principal
from tessera.checkout.core import Balance, Job
from tessera.doors.cli.demo.shop import Event
from tessera.doors.writer import Reply, Writer
from tessera.warehouse.core import Receipt, ReceiptKey, Return, Spend

LEAST = 100  # points, the fewest that the demo's rule `pay` takes, and its step at the till
_IN_FLIGHT = 512  # events begun, those included that wait for an earlier one of their member
_TRIES, _PAUSE_S = 100, 0.2  # while the writer says that it is busy

Progress = Callable[[str, int, int], None]


class DemoBroken(Exception):
    """The demo cannot be built: something was refused that never should be."""


class _Seen(Struct):
    """The part of an answer that the next visit needs."""

    balance: Balance | None = None


_SEEN = msgspec.json.Decoder(_Seen)


class Feed:
    """What is on its way, and the balances that members were told last."""

    def __init__(
        self, writer: Writer, principals: Mapping[str, Principal], progress: Progress, total: int
    ) -> None:
        self.writer, self.principals, self.progress, self.total = (
            writer, principals, progress, total,
        )  # fmt: skip
        self.gate = asyncio.Semaphore(_IN_FLIGHT)
        self.last: dict[str, asyncio.Task[None]] = {}
        self.threads: dict[ReceiptKey, str] = {}
        self.balances: dict[str, int] = {}
        self.done = 0

    async def run(self, events: Iterable[Event]) -> None:
        """Submit every sale and return, in time order; registrations are there already.

        errors  DemoBroken names the receipt and what was answered
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for event in events:
                    if not isinstance(event, Receipt | Return):
                        continue
                    await self.gate.acquire()
                    thread = self._thread(event)
                    before = self.last.get(thread)
                    self.last[thread] = tasks.create_task(self._one(event, thread, before))
        except ExceptionGroup as group:
            raise group.exceptions[0] from None

    def _thread(self, event: Receipt | Return) -> str:
        """What has to happen in order: a member's receipts, or one sale and its returns."""
        if isinstance(event, Return):
            return self.threads[event.sale]
        day = event.business_date
        assert day is not None, "every receipt here says its day"
        key = ReceiptKey(event.store, event.till, day, event.shift, event.number)
        return self.threads.setdefault(key, event.card or _name(event))

    async def _one(
        self, event: Receipt | Return, thread: str, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await before
        if isinstance(event, Receipt) and event.spend is not None:
            event = affordable(event, self.balances.get(thread, 0))
        reply = await self._submit(event, "")
        if reply.status >= 400 and isinstance(event, Receipt) and event.spend is not None:
            # Points may have expired since the last receipt: then this one is paid in money.
            event = msgspec.structs.replace(event, spend=None)
            reply = await self._submit(event, " money")
        if reply.status not in (200, 201):
            raise DemoBroken(f"{_name(event)}: {reply.status} {reply.body.decode()[:400]}")
        told = _SEEN.decode(reply.body).balance
        self.balances[thread] = told.available if told else 0
        if self.last.get(thread) is asyncio.current_task():
            del self.last[thread]  # nobody follows: let the finished task go
        self.gate.release()
        if isinstance(event, Receipt):
            self.done += 1
            if self.done % 100 == 0 or self.done == self.total:
                self.progress("receipts", self.done, self.total)

    async def _submit(self, event: Receipt | Return, mark: str) -> Reply:
        """One call, repeated while the writer is busy. Its key makes a second build harmless."""
        job = Job(
            self.principals[event.store],
            "receipt.confirm" if isinstance(event, Receipt) else "receipt.return",
            f"demo {_name(event)}{mark}", event, access.fingerprint(access.body_fields(event)),
            event.happened_at.astimezone(UTC),
        )  # fmt: skip
        for _ in range(_TRIES):
            reply = await self.writer.submit(job)
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


def _name(event: Receipt | Return) -> str:
    return f"{event.store}/{event.till}/{event.business_date}/{event.number}"
