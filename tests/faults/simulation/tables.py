"""Tables in memory, and one batch of calls settled over them as `checkout.flows` does it.

What is decided is decided by the house's own pure functions. What is here stands for SQL: rows are
copied out, changed, and written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from tessera.access import core as access
from tessera.access.core import Claim, Known, Replay
from tessera.base.refusal import Refusal
from tessera.checkout.core.case import Promise, Sold
from tessera.checkout.core.words import Event, EventKey, Job, Kept, Row, Shop
from tessera.checkout.db import KEPT, QuoteOf
from tessera.checkout.flows import _decide, _refuses_a_newcomer
from tessera.checkout.flows.items import Alone, Batch, Done, Item, Later, Outcome
from tessera.checkout.flows.load import _to_fill, _units
from tessera.checkout.flows.resolve import _aim, _known, _one_each, _prepare
from tessera.ledger import core as ledger
from tessera.ledger.core import Hold, Life, Lot, Move, Stamp, Wallet, wallet_id
from tessera.members.core import Owner
from tessera.rules.core.words import Program
from tessera.warehouse.core import Identifier, ReceiptKey, Return

Bytes = tuple[int, bytes]  # status and body of an answer


@dataclass
class Tables:
    """What is committed. `accounts` holds a wallet's own columns, in the order of `Wallet`."""

    accounts: dict[UUID, tuple[Any, ...]] = field(default_factory=dict)
    lots: dict[UUID, dict[UUID, Lot]] = field(default_factory=dict)
    holds: dict[UUID, dict[UUID, Hold]] = field(default_factory=dict)
    endings: dict[UUID, str] = field(default_factory=dict)
    moves: dict[UUID, list[Move]] = field(default_factory=dict)
    receipts: dict[ReceiptKey, Row] = field(default_factory=dict)
    returns: dict[UUID, list[tuple[UUID, Kept]]] = field(default_factory=dict)
    events: dict[EventKey, tuple[UUID, datetime]] = field(default_factory=dict)
    promises: dict[UUID, Promise] = field(default_factory=dict)
    parked: dict[UUID, tuple[ReceiptKey, Job]] = field(default_factory=dict)
    keys: dict[str, Known] = field(default_factory=dict)

    def wallet(self, id_: UUID) -> Wallet:
        """The locked row; of who never had points, an empty one."""
        return Wallet(id_, *self.accounts.get(id_, ()))

    def fill(self, wallet: Wallet, outcomes: Sequence[UUID] = ()) -> None:
        """Its open lots and holds, and the lots of these operations."""
        id_, wallet.loaded = wallet.account_id, True
        mine = {m.lot_id for m in self.moves.get(id_, ()) if m.outcome_id in outcomes}
        for lot in self.lots.get(id_, {}).values():
            if lot.remaining or lot.id in mine or lot.outcome_id in outcomes:
                lot = wallet.lots[lot.id] = copy(lot)
                if lot.rolls:
                    lot.expires_at = wallet.rolls_until
        for hold in self.holds.get(id_, {}).values():
            if hold.id not in self.endings:
                wallet.holds[hold.id] = hold

    def save(self, wallet: Wallet) -> None:
        """What `ledger.db.save` writes: of plain wallets, only what plain wallets have."""
        ledger.look_again(wallet)
        id_, w = wallet.account_id, wallet
        wide = (w.pending, w.soonest_ripe, w.rolls_until)
        if not w.widened:
            wide = self.accounts.get(id_, (*[None] * 6, 0, None, None))[6:]
        self.accounts[id_] = (
            w.seq, w.head, w.active, w.debt, w.open_holds, w.soonest_expiry, *wide
        )  # fmt: skip
        moves, lots = self.moves.setdefault(id_, []), self.lots.setdefault(id_, {})
        assert [m.seq for m in w.moves] == list(range(len(moves) + 1, w.seq + 1)), "key of a move"
        moves += w.moves
        new = {lot.id for lot in w.new_lots}
        assert not new & lots.keys(), "key of a lot"
        lots.update({lot.id: copy(lot) for lot in w.new_lots})
        for lot_id in w.changed_lots - new:
            now, row = w.lots[lot_id], lots[lot_id]
            row.remaining = now.remaining
            if w.widened:
                row.pending, row.expires_at = now.pending, None if now.rolls else now.expires_at
        self.holds.setdefault(id_, {}).update({hold.id: hold for hold in w.new_holds})
        assert not self.endings.keys() & w.ended_holds.keys(), "a hold ends once"
        self.endings.update(w.ended_holds)


@dataclass
class Counter:
    """A house without a database: the shop's settings and its tables."""

    shop: Shop
    owners: dict[Identifier, Owner]
    ids: Iterator[UUID]
    tables: Tables = field(default_factory=Tables)

    @property
    def programs(self) -> dict[int, Program]:
        return {self.shop.program.version: self.shop.program}

    def settle(self, jobs: Sequence[Job], now: datetime, *, dies: bool = False) -> list[Outcome]:
        """One batch in one transaction.

        dies  the process ends between decision and commit: nothing of it is there
        """
        try:
            batch = self._batch(jobs, now)
        except Alone:
            return [outcome for job in jobs for outcome in self.settle([job], now, dies=dies)]
        if not dies and not _refuses_a_newcomer(batch):
            self._write(batch)
        return [item.outcome for item in batch.items if item.outcome is not None]

    def _batch(self, jobs: Sequence[Job], now: datetime) -> Batch:
        items = [Item(job, job.parked or next(self.ids)) for job in jobs]
        batch = Batch(self.shop, now, items, self.programs)
        for item in items:
            _prepare(item, batch)
            if item.case is not None:
                item.case.ids = self.ids
        self._claim(batch)
        quotes = {
            p.id: QuoteOf(p.account_id, p.store, p.program_version)
            for p in self.tables.promises.values()
        }
        for item in batch.open():
            item.outcome = _known(item, self.tables.receipts, self.tables.events)
        for item in batch.open():
            _aim(item, self.owners, self.tables.receipts, quotes)
        _one_each(batch)
        self._load(batch)
        for item in batch.open():
            _decide(item, ())
        _refuses_a_newcomer(batch)
        return batch

    def _claim(self, batch: Batch) -> None:
        for item in batch.items:
            job = item.job
            if job.parked is not None:
                if job.parked not in self.tables.parked:
                    item.outcome = Replay(job.parked, batch.now, None, None)
            elif job.key in self.tables.keys:
                claim = Claim(job.principal.id, job.key, job.operation, job.fingerprint,
                              item.outcome_id, batch.now)  # fmt: skip
                names = access.body_names(type(job.ask))
                item.outcome = access.judge(self.tables.keys[job.key], claim, names)

    def _load(self, batch: Batch) -> None:
        for item in batch.open():
            case, account = item.case, item.account_id
            assert case is not None
            if item.sold is not None:
                item.sold.program = self.programs[item.sold.row.program_version]
                self._what_came_back(item.sold)
            if account is not None:
                if account not in self.tables.accounts:
                    batch.newcomers.add(account)
                case.wallet = self.tables.wallet(account)
                for unit in _units(item):
                    case.others[unit] = self.tables.wallet(wallet_id(account, unit))
            mine = [item.sold.row.id, *item.sold.returns] if item.sold else []
            for wallet in _to_fill(item, batch.now):
                self.tables.fill(wallet, mine)
            if item.sold is not None and account is not None:
                moves = self.tables.moves.get(account, ())
                item.sold.spent = ledger.still_spent(moves, set(mine))
                for wallet in case.wallets():
                    moves = self.tables.moves.get(wallet.account_id, ())
                    gone = ledger.expired_of(wallet, moves, set(mine))
                    item.sold.gone[wallet.account_id] = gone
            if item.quote in self.tables.promises:
                case.promise = copy(self.tables.promises[item.quote])
                case.promise.program = self.programs[case.promise.program_version]

    def _what_came_back(self, sold: Sold) -> None:
        for return_id, state in self.tables.returns.get(sold.row.id, ()):
            sold.returns.append(return_id)
            if sum(state.kept) < sum(sold.kept):
                sold.last = state

    def _write(self, batch: Batch) -> None:
        tables = self.tables
        for item in batch.items:
            outcome, job, case = item.outcome, item.job, item.case
            if isinstance(outcome, Done) and case is not None:
                for wallet in case.wallets():
                    if wallet.changed() or wallet.account_id not in tables.accounts:
                        tables.save(wallet)
                self._write_decision(item)
                if job.parked is None:
                    tables.keys[job.key] = Known(
                        job.operation, job.fingerprint, item.outcome_id, batch.now, outcome.status,
                        outcome.body,
                    )  # fmt: skip
                if isinstance(job.ask, Return) and item.sold is None:
                    waiting = replace(job, parked=item.outcome_id)
                    tables.parked[item.outcome_id] = (job.ask.sale, waiting)
            if job.parked is not None and isinstance(outcome, Done | Refusal):
                del tables.parked[job.parked]

    def _write_decision(self, item: Item) -> None:
        decided, tables = item.decision, self.tables
        if decided is None:
            return
        if decided.row is not None:
            assert item.key is not None and item.key not in tables.receipts, "key of a receipt"
            tables.receipts[item.key] = decided.row
            if item.sold is not None:
                state = KEPT.decode(decided.row.story)
                tables.returns.setdefault(item.sold.row.id, []).append((decided.row.id, state))
        if decided.event is not None and isinstance(item.job.ask, Event):
            tables.events[item.job.ask.key()] = (decided.event.id, decided.event.posted_at)
        if decided.promise is not None:
            tables.promises[decided.promise.id] = decided.promise

    def awake(self) -> list[Job]:
        """The returns whose sale is there by now."""
        return [job for sale, job in self.tables.parked.values() if sale in self.tables.receipts]

    def post(self, id_: UUID, life: Life, now: datetime, *, freed: Sequence[UUID] = ()) -> None:
        """Activation and expiry of a wallet, as runs of time and the sweeper of holds post them.

        freed  holds of it that are over
        """
        wallet = self.tables.wallet(id_)
        self.tables.fill(wallet)
        stamp = Stamp(next(self.ids), now, now)
        for hold in freed:
            ledger.let_go(wallet, stamp, hold, "timed_out", life.net_debt)
        ledger.post_due(wallet, stamp, life, self.ids.__next__)
        if wallet.changed():
            self.tables.save(wallet)

    def overdue(self, id_: UUID, now: datetime) -> list[UUID]:
        """Holds that are past their deadline."""
        mine = self.tables.holds.get(id_, {}).values()
        return [h.id for h in mine if h.deadline <= now and h.id not in self.tables.endings]


def said(outcome: Outcome) -> Bytes | str:
    """What the till gets: bytes, or why not."""
    if isinstance(outcome, Done | Replay):
        assert outcome.status is not None and outcome.body is not None
        return outcome.status, outcome.body
    return "later" if isinstance(outcome, Later) else outcome.code
