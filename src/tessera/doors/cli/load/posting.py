"""Receipts go to the writer here, one call each, repeated while it is busy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.access import core as access
from tessera.access.core import Principal
from tessera.base.refusal import Refusal
from tessera.doors.writer import Job, Reply
from tessera.warehouse.core import Receipt, Return

FIRST = 256  # sales, a batch of the writer, after which a load goes on or stops
PAUSE_S, LONGEST_PAUSE_S, PATIENCE_S = 0.05, 1.0, 120.0
AGAIN = {"busy", "key_in_flight", "try_again"}
# What may be wrong with every receipt of a file alike.
ALL_ALIKE = {"currency_other", "not_allowed", "other_store", "not_signed_in"}


class Submits(Protocol):
    """The writer, as far as it is needed here."""

    async def submit(self, job: Job) -> Reply: ...


class Stopped(Exception):
    """The load cannot go on; what was done is kept and the same command continues."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.why)
        self.refusal = refusal


class Alike:
    """Watches the first sales of a file: refused all alike, the load is wrong and not they."""

    def __init__(self) -> None:
        self._refused: list[tuple[int, Refusal]] = []
        self._decided = False

    def saw(self, reply: Booked | Refusal, row: int) -> None:
        """What became of the next sale; `row`: where it stands. Errors: Stopped."""
        if self._decided:
            return
        before = self._refused[0][1].code if self._refused else ""
        if (
            isinstance(reply, Booked)
            or reply.code not in ALL_ALIKE
            or before not in ("", reply.code)
        ):
            self._decided = True
            return
        self._refused.append((row, reply))
        if len(self._refused) >= FIRST:
            self.ended()

    def ended(self) -> None:
        """No sale comes any more, or enough have come. Errors: Stopped."""
        if self._refused and not self._decided:
            row, said = self._refused[0]
            why = (
                f"row {row}: {said.why}; so it is with all of the first {len(self._refused)} sales"
            )
            raise Stopped(Refusal(said.code, said.field, why, said.cure))


class Booked(Struct, frozen=True):
    """The writer said yes. `known`: it had said so before this load began."""

    known: bool


class _Answer(Struct):
    id: UUID


class _Problem(Struct):
    code: str
    field: str = ""
    why: str = ""
    cure: str = ""


class Post:
    """Posts for one load.

    since  when the load began: an answer with an older id was given before it
    now    the clock
    """

    def __init__(
        self, writer: Submits, principal: Principal, since: datetime, now: Callable[[], datetime]
    ) -> None:
        self._writer, self._principal, self._now = writer, principal, now
        self._since_ms = int(since.timestamp() * 1000)
        self._booked_at = now()

    async def __call__(self, ask: Receipt | Return) -> Booked | Refusal:
        """What the writer says in the end.

        errors  Stopped when nothing could be posted for two minutes
        """
        job, pause_s, began = self._job(ask), PAUSE_S, self._now()
        while True:
            reply = await self._writer.submit(job)
            if reply.status < 300:
                self._booked_at = self._now()
                return Booked(made_ms(msgspec.json.decode(reply.body, type=_Answer).id)
                              < self._since_ms)  # fmt: skip
            said = msgspec.json.decode(reply.body, type=_Problem)
            refusal = Refusal(said.code, said.field, said.why, said.cure)
            if said.code == "receipt_known":  # another key posted it: a till, or another load
                return Booked(True)
            if said.code not in AGAIN:
                return refusal
            if (self._now() - began).total_seconds() > PATIENCE_S:
                if self._booked_at < began:  # it is not about this one: nothing goes through
                    raise Stopped(refusal)
                return refusal
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def all(self, asks: Sequence[Return]) -> list[Booked | Refusal]:
        """Several parts of one return, one after the other."""
        return [await self(ask) for ask in asks]

    def _job(self, ask: Receipt | Return) -> Job:
        operation = "receipt.confirm" if isinstance(ask, Receipt) else "receipt.return"
        prints = access.fingerprint(access.body_fields(ask))
        return Job(self._principal, operation, key_of(ask), ask, prints, self._now())


def key_of(ask: Receipt | Return) -> str:
    """The natural identity as one word: the Idempotency-Key of an imported receipt."""
    assert ask.business_date is not None, "a receipt from a file has its date"
    return "/".join((ask.store, ask.till, ask.business_date.isoformat(), ask.shift, ask.number))


def made_ms(id_: UUID) -> int:
    """When an id was made: milliseconds since 1970, the first 48 bits of a UUIDv7."""
    return id_.int >> 80
