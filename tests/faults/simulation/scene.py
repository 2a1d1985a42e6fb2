"""Who and what a life is about: programs, people, and how calls are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from support.directory import READER
from support.shop import PAY, TWO_PERCENT
from tessera.checkout.core.words import Answer, Ask, Quote
from tessera.ledger.core import wallet_id
from tessera.members.core import Owner, card_number
from tessera.rules.core.words import Program
from tessera.warehouse.core import Receipt, Return

MILES = {"id": "miles", "mechanic": "base_rate", "points": 1, "per_minor": 100, "earns": "miles"}
RULES = [TWO_PERCENT, MILES, PAY]
DELIVERED = {"delivered": {"fields": {"receipt": {"type": "text"}}}}
SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "expiring": {"expiry_days": 30, "refund_grace_days": 10},
    "strict": {"expiry_days": 12, "net_debt": False, "clawback_other_lots": False,
               "refund_grace_days": 0},
    "waiting": {"pending": {"days": 5}, "expiry": {"days": 20, "since": "activation"}},
    "delivered": {"pending": {"event": "delivered"}, "events": DELIVERED, "expiry_days": 40},
    "either": {"pending": {"event": "delivered", "days": 6}, "events": DELIVERED,
               "net_debt": False},
    "rolling": {"expiry": {"inactive_days": 15}},
    "months": {"expiry": {"period": "month", "periods": 1}},
    "season": {"expiry": {"seasons": [
        {"opens": "2026-01-01", "closes": "2026-03-25", "spend_until": "2026-04-05",
         "carry_percent": 50},
        {"opens": "2026-03-26", "closes": "2026-12-31", "spend_until": "2027-01-31"}]}},
}  # fmt: skip
ENDING = {"expiring", "strict", "waiting", "delivered", "rolling", "months"}  # no points for ever
BEGINNINGS = (datetime(2026, 3, 20, tzinfo=UTC), datetime(2028, 2, 20, tzinfo=UTC),
              datetime(2026, 10, 18, tzinfo=UTC), datetime(2026, 12, 20, tzinfo=UTC))  # fmt: skip


def programs() -> dict[str, Program]:
    """The programs that lives are led under; the reader takes every one of them."""
    found = {}
    for name, more in SETTINGS.items():
        body = {"name": name, "currency": "EUR", "unknown_cards": "any", "hold_minutes": 1440,
                "currencies": {"miles": {}}, "rules": RULES, **more}  # fmt: skip
        program, faults = READER.examine(body, 1)
        assert program is not None, faults
        found[name] = program
    return found


PROGRAMS = programs()


@dataclass(frozen=True)
class Person:
    """Somebody with a card."""

    card: str
    owner: Owner

    @property
    def account(self) -> UUID:
        return self.owner.account_id

    @property
    def miles(self) -> UUID:
        return wallet_id(self.account, "miles")


def somebody(chance: Random, n: int) -> Person:
    """The holder of the n-th card; not everybody has registered."""
    member, account = (UUID(int=chance.getrandbits(128)) for _ in range(2))
    return Person(card_number("29", n), Owner(member, account, "active", chance.random() < 0.8))


@dataclass
class Promised:
    """A quote that keeps points, not yet confirmed or given up."""

    id: UUID
    basket: Receipt
    person: Person
    deadline: datetime


def in_short(ask: Ask) -> str:
    """A call on one line of the script."""
    if isinstance(ask, Quote):
        return f"quote {in_short(ask.basket)}"
    if isinstance(ask, Receipt):
        lines = ", ".join(f"{line.quantity} x {line.unit_minor}" for line in ask.lines)
        lines += f" spends {ask.spend.points}" if ask.spend else ""
        lines += f" quote {ask.quote}" if ask.quote else ""
        return f"receipt {ask.number} {ask.card} at {ask.happened_at:%m-%d %H:%M} {lines}"
    if isinstance(ask, Return):
        lines = ", ".join(f"{line.quantity} of {line.line}" for line in ask.named()) or "all"
        return f"return {ask.number} of {ask.sale.number} at {ask.happened_at:%m-%d %H:%M} {lines}"
    return str(ask)


def shortly(body: bytes) -> str:
    """An answer on one line of the script."""
    told = msgspec.json.decode(body, type=Answer)
    there = told.balance
    return (f"{told.kind} {told.id} earned {told.points_earned} spent {told.points_spent}"
            f" {there and (there.available, there.held, there.pending, there.debt)}")  # fmt: skip


def left(kept: list[int], back: Return) -> list[int] | None:
    """Units that stay; None if more would come back than is there."""
    if not back.lines:
        return [0] * len(kept) if any(kept) else None
    after = list(kept)
    for line in back.lines:
        after[line.line - 1] -= line.quantity
    return after if min(after) >= 0 else None
