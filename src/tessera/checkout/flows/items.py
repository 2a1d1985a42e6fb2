"""A batch while it is settled, and what can become of an operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from tessera.access.core import Replay
from tessera.base.clock import local
from tessera.base.refusal import Refusal
from tessera.base.wire import Rows
from tessera.checkout.core.case import Case, Decision, Sold
from tessera.checkout.core.event import local_at
from tessera.checkout.core.words import Cancel, Event, Job, Quote, Shop
from tessera.rules.core.words import Program
from tessera.warehouse.core import Identifier, Receipt, ReceiptKey


@dataclass(frozen=True, slots=True)
class Later:
    """It waits for the next batch: another operation of its account is in this one."""


@dataclass(frozen=True, slots=True)
class Done:
    """Decided now: status and the very bytes that are kept for its replays."""

    status: int
    body: bytes


Outcome = Done | Replay | Refusal | Later


@dataclass(frozen=True, slots=True)
class Tried:
    """What earlier tries of a batch have found.

    through  {account: the one it was joined to}, of those that were found to be gone
    passed   others drew meanwhile on what parts had not locked: now they lock it from the start
    """

    through: Mapping[UUID, UUID] = field(default_factory=dict)
    passed: bool = False


FIRST = Tried()


class Alone(Exception):
    """A newcomer is refused in a batch with others: settled alone, nothing of it is written."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a batch, in its order. `void`: nothing of it is to be kept, roll back.

    waking  the waiting returns that its sales wake: asked for, to be read after the commit with
            `checkout.db.parked`, so that the batch does not wait for that answer
    points  that were moved, by (from, to)
    """

    outcomes: list[Outcome]
    waking: Rows | None
    points: Mapping[tuple[str, str], int]
    void: bool = False


@dataclass(slots=True)
class Item:
    """A job on its way through the batch.

    key         its own identity, for sales and returns
    coded       the member whose phone's code was scanned; `who` is that code then
    account_id  the account to lock; None for anonymous receipts and for who is not yet anybody
    way         where it was joined to another since: from the account it is about up to that one
    promised    the program of the quote that it names, as it was published
    version     of that program
    """

    job: Job
    outcome_id: UUID
    case: Case | None = None
    key: ReceiptKey | None = None
    who: Identifier | None = None
    coded: UUID | None = None
    account_id: UUID | None = None
    way: tuple[UUID, ...] = ()
    sold: Sold | None = None
    promised: Program | None = None
    version: int | None = None
    decision: Decision | None = None
    outcome: Outcome | None = None
    _day: date | None = None

    @property
    def receipt(self) -> Receipt | None:
        """The basket it is about, if it is about one."""
        ask = self.job.ask
        return ask.basket if isinstance(ask, Quote) else ask if isinstance(ask, Receipt) else None

    @property
    def day(self) -> date | None:
        """The local day of the purchase or event that is to be decided."""
        if self._day is None:  # asked by every part
            ask, receipt = self.job.ask, self.receipt
            assert self.case is not None, "resolved items have a case"
            if isinstance(ask, Event):
                self._day = local_at(self.case, ask).date()
            elif receipt is not None:
                self._day = local(receipt.happened_at, self.case.store.time_zone).date()
        return self._day

    @property
    def program(self) -> Program:
        """The one that decides it, of a return its sale's: before that, as far as is known."""
        assert self.case is not None, "resolved items have a case"
        return self.sold.program if self.sold is not None else self.case.program

    @property
    def programs(self) -> tuple[Program, ...]:
        """All that may decide it: a promise that is kept brings its own."""
        own = self.program
        if self.promised is None or self.promised.version == own.version:
            return (own,)
        return (own, self.promised)

    @property
    def quote(self) -> UUID | None:
        """The promise it names."""
        ask = self.job.ask
        if isinstance(ask, Cancel):
            return ask.quote
        return ask.quote if isinstance(ask, Receipt) else None


@dataclass(slots=True)
class Batch:
    """All that is known about one batch.

    through, passed  as of `Tried`
    """

    shop: Shop
    now: datetime
    items: list[Item]
    programs: dict[int, Program]
    through: Mapping[UUID, UUID] = field(default_factory=dict)
    passed: bool = False
    waking: Rows | None = None
    newcomers: set[UUID] = field(default_factory=set)
    points: Counter[tuple[str, str]] = field(default_factory=Counter)

    def open(self) -> list[Item]:
        """Those that have no outcome yet."""
        return [item for item in self.items if item.outcome is None]
