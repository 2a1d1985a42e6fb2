"""One operation while it is decided, and what can be said of it before any rule is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from tessera.base.clock import MAX_SKEW, local
from tessera.base.refusal import Refusal
from tessera.checkout.core.words import Answer, EventRow, Kept, Meant, Row
from tessera.checkout.history.core.contents import Change
from tessera.checkout.offline.core import Shown
from tessera.ledger import core as ledger
from tessera.ledger.core import Stamp, Wallet
from tessera.members.core import Owner
from tessera.rules.core.tongues import ENGLISH, Tongue
from tessera.rules.core.words import Facts, Program, Story
from tessera.warehouse.core import Line, Receipt, ReceiptKey, Return, Store, faults

_TOO_EARLY, _HOUR = timedelta(hours=24), timedelta(hours=1)
_CLOCKS = 2000  # a till at the counter whose clock says an earlier year has lost its time
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Promise:
    """What a quote promised and whether it can still be had; `program` is the one that did.

    facts  what it knew; None for promises of releases that did not keep it
    """

    id: UUID
    account_id: UUID | None
    fingerprint: bytes
    program_version: int
    deadline: datetime
    story: Story
    ended: str | None
    store: str
    facts: Facts | None = None
    program: Program | None = None


@dataclass(slots=True)
class Case:
    """One operation while it is decided; the flow has loaded what its kind needs.

    now          when it is posted; received_at: when the door took it in
    known        what the program needs to know of the member: {key of a need: value}
    card         the label of the card's batch
    fresh        the member's phone showed its code just now
    others       the account's wallets of other currencies that the operation may change
    meant        of an event for which points may wait: what each of its words is about
    heard        of a receipt: the currencies whose event has come before it
    shown        the allowance that came with an offline receipt, or why there is none
    tongue       the language in which it is answered
    limit        (points spent today, points to spend on a day) of who shares an account and has
                 a limit; None: no limit
    ids          fresh ids for lots, drawn by the flow
    """

    outcome_id: UUID
    program: Program
    store: Store
    now: datetime
    ids: Iterator[UUID]
    received_at: datetime
    owner: Owner | None = None
    wallet: Wallet | None = None
    promise: Promise | None = None
    known: dict[str, int] = field(default_factory=dict)
    card: str = ""
    fresh: bool = False
    shown: Shown = field(default_factory=Shown)
    others: dict[str, Wallet] = field(default_factory=dict)
    meant: dict[str, Meant] = field(default_factory=dict)
    heard: frozenset[str] = frozenset()
    limit: tuple[int, int] | None = None
    tongue: Tongue = ENGLISH

    def stamp(self, happened_at: datetime) -> Stamp:
        """On every move. A till's clock that is fast does not make points ripe or free sooner."""
        return Stamp(self.outcome_id, min(happened_at, self.now + MAX_SKEW), self.now)

    def wallet_in(self, unit: str) -> Wallet | None:
        """The account's points of a currency; None without an account."""
        return self.others[unit] if unit and self.wallet is not None else self.wallet

    def wallets(self) -> list[Wallet]:
        """All that it may change."""
        return [] if self.wallet is None else [self.wallet, *self.others.values()]


@dataclass(slots=True)
class Sold:
    """A sale as it stands now: its lines and story, and what earlier returns left of it.

    gone   {wallet: points that it earned, which have expired}
    above  the accounts to which its own was joined since, the last one has its points
    """

    row: Row
    lines: tuple[Line, ...]
    first: Kept
    last: Kept
    program: Program
    returns: list[UUID] = field(default_factory=list)
    spent: list[ledger.Taken] = field(default_factory=list)
    gone: dict[UUID, int] = field(default_factory=dict)
    above: tuple[UUID, ...] = ()

    @property
    def kept(self) -> tuple[int, ...]:
        """Units of each line that are still sold."""
        return self.last.kept or tuple(line.quantity for line in self.lines)


@dataclass(slots=True)
class Decision:
    """What comes of an operation besides the changes inside the wallet.

    story    what was given; of a return: what its sale gives now, and `before` it did
    history  what becomes of the account's days
    allowed  (allowance, points that this receipt took under it)
    """

    answer: Answer
    story: Story | None = None
    before: Story | None = None
    row: Row | None = None
    promise: Promise | None = None
    event: EventRow | None = None
    history: Sequence[Change] = ()
    allowed: tuple[UUID, int] | None = None


def key_of(ask: Receipt | Return, store: Store) -> ReceiptKey:
    """What makes this receipt unique; its business date is the store's local date if not said."""
    day = ask.business_date or local(ask.happened_at, store.time_zone).date()
    return ReceiptKey(ask.store, ask.till, day, ask.shift, ask.number)


def timing_fault(happened_at: datetime, now: datetime, since: int = 1970) -> Refusal | None:
    """A receipt may be years late; it may not come from tomorrow, nor from before a year."""
    ahead = happened_at - now
    if happened_at.year < since:
        why = f"the year {happened_at.year} cannot be, today is {now:%Y-%m-%d}"
    elif ahead > _TOO_EARLY:
        hours = -(-ahead // _HOUR)
        why = f"{hours} hours ahead of the server, at most {_TOO_EARLY // _HOUR}"
    else:
        return None
    cure = "set the till's clock and send the time of the purchase"
    return Refusal("time_impossible", "happened_at", why, cure)


def fault_of(case: Case, receipt: Receipt) -> Refusal | None:
    """What is wrong with a receipt before anybody looks at whose it is."""
    program = case.program
    fault = faults(receipt, program.currency, program.tolerance_minor)
    kept = receipt.offline or receipt.entry_mode == "import"
    return fault or timing_fault(receipt.happened_at, case.now, 1970 if kept else _CLOCKS)


def promise_print(receipt: Receipt, account_id: UUID | None) -> bytes:
    """Two baskets are the same for a quote if lines, total, points, coupons and account are."""
    said = (receipt.lines, receipt.total_minor, receipt.spend, account_id)
    return _encode((*said, receipt.coupons) if receipt.coupons else said)


def facts_of(case: Case, receipt: Receipt) -> Facts:
    """What the program may know about whoever stands at the till."""
    owner, wallet, store = case.owner, case.wallet, case.store
    if owner is None or wallet is None:
        return Facts(member=False)
    return Facts(
        member=True,
        may_spend=may_own(case) and may_here(case, receipt),
        available=ledger.available(wallet, case.stamp(receipt.happened_at).happened_at, case.now),
        spend=receipt.spend.points if receipt.spend else None,
        at=local(receipt.happened_at, store.time_zone).replace(tzinfo=None), store=store.id,
        region=store.region, channel=receipt.channel, till=receipt.till,
        payments=tuple([(paid.method, paid.minor) for paid in receipt.payments]),
        who=owner.member_id.hex, known=case.known, favourites=owner.favourites, card=case.card,
    )  # fmt: skip


def may_own(case: Case) -> bool:
    """Whether whoever it is may spend at all."""
    return case.owner is not None and (case.owner.registered or case.program.shadows_spend)


def may_here(case: Case, receipt: Receipt) -> bool:
    """Whether what was shown is enough to spend: a fresh code is, a number where it says so."""
    by = case.program.spends_by
    return by is None or case.fresh or receipt.entry_mode in by


def kept_facts(facts: Facts, now: Facts | None = None) -> Facts:
    """The facts as they are stored: what the row says is left out.

    now  as it is when the receipt is posted, where `facts` are those of a quote
    """
    now = now or facts
    return msgspec.structs.replace(
        facts, who="", at=None if facts.at == now.at else facts.at,
        store="" if facts.store == now.store else facts.store,
        till="" if facts.till == now.till else facts.till,
    )  # fmt: skip


def facts_again(row: Row, facts: Facts) -> Facts:
    """Stored facts with what their row says."""
    who = row.member_id.hex if row.member_id else ""
    return msgspec.structs.replace(
        facts, at=facts.at or row.local_at, store=facts.store or row.store_id,
        till=facts.till or row.till, who=who,
    )  # fmt: skip
