"""What the machine remembers of one example: people, sales, promises and calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from support.shop import Said
from tessera.checkout.core import Cancel, Quote
from tessera.warehouse.core import Receipt, Return


@dataclass(slots=True)
class Person:
    """Somebody with a card, and the points the model says they have."""

    card: str
    registered: bool
    seen: bool
    balance: int = 0
    into: Person | None = None
    mixed: bool = False  # points went to others or came from them: only the sum of all is known

    @property
    def own(self) -> Person:
        """Who has this one's points: another one, while the two are one person."""
        return self if self.into is None else self.into.own


@dataclass(slots=True)
class Bought:
    """A sale and what the customer still keeps of it."""

    ask: Receipt
    person: Person | None
    kept: list[int]
    earned: int
    spent: int

    @property
    def paid_in_money(self) -> bool:
        return self.ask.spend is None


@dataclass(slots=True)
class Promised:
    """A quote with a hold that is still open."""

    id: UUID
    ask: Receipt
    person: Person
    points: int
    earns: int
    late: bool = False


@dataclass(slots=True)
class Model:
    """What the machine remembers of one example."""

    people: list[Person] = field(default_factory=list)
    sales: list[Bought] = field(default_factory=list)
    promises: list[Promised] = field(default_factory=list)
    calls: list[tuple[Receipt | Return | Quote | Cancel, str, Said]] = field(default_factory=list)

    def held(self, person: Person) -> int:
        return sum(p.points for p in self.promises if p.person.own is person.own and not p.late)
