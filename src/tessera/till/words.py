"""What a till says to its server, and what it gets to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Json = dict[str, Any]
State = Literal["open", "queued", "done", "told", "refused", "void", "dropped"]


@dataclass(frozen=True)
class How:
    """The manner of a till; the defaults suit a shop.

    currency            of all amounts
    timeout_s           until an answer, or the line counts as lost
    tries, patience_s   how often a call is made, and how long a customer waits for it in all
    failures            in a row, after which the line is cut and calls are not even tried
    rest_s, rest_most_s until the cut line is tried again: doubling, from the first to the second
    together            receipts that are sent in one call later; together_s: until its answer
    ca_file             certificates to trust instead of the system's
    keep_days           how long what was done stays in the book
    """

    currency: str = "EUR"
    timeout_s: float = 4.0
    tries: int = 2
    patience_s: float = 8.0
    failures: int = 3
    rest_s: float = 2.0
    rest_most_s: float = 60.0
    together: int = 200
    together_s: float = 60.0
    ca_file: str | None = None
    keep_days: int = 35


@dataclass(frozen=True)
class Line:
    """One line of a receipt. `more` has other fields of the API: unit, category, kind, ..."""

    sku: str
    quantity: int
    unit_minor: int
    name: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def total_minor(self) -> int:
        """As the server counts it: quantity x price, of weighed goods per 1,000, halves up."""
        said = self.more.get("total_minor")
        if said is not None:
            return int(said)
        whole = self.quantity * self.unit_minor
        return whole if self.more.get("unit", "piece") == "piece" else (whole + 500) // 1000

    def payable_minor(self) -> int:
        """What of it points may pay: gift cards and deposits are money."""
        kind = self.more.get("kind", "goods")
        return 0 if kind in ("gift_card", "deposit") else self.total_minor()

    def as_json(self) -> Json:
        """The line as the API has it."""
        said: Json = {"sku": self.sku, "quantity": self.quantity, "unit_minor": self.unit_minor}
        return said | ({"name": self.name} if self.name else {}) | dict(self.more)


@dataclass(frozen=True)
class Sale:
    """What a customer buys.

    spend        points the customer wants to pay with
    quote        the id of a held quote
    number       of the receipt, if the till's program counts them; else they are counted here
    happened_at  now, if left out; with an offset
    more         other fields of the API: cashier_id, entry_mode, shift, payments, ...
    """

    lines: Sequence[Line]
    card: str | None = None
    spend: int = 0
    quote: str | None = None
    number: str | None = None
    happened_at: datetime | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def total_minor(self) -> int:
        """The sum of the lines."""
        return sum(line.total_minor() for line in self.lines)

    def payable_minor(self) -> int:
        """What of it points may pay."""
        return sum(line.payable_minor() for line in self.lines)


@dataclass(frozen=True)
class Member:
    """Who stands at the till.

    online     the server answered; else only `may_spend` is known
    available  points that can be spent while the line is there
    may_spend  points that can be spent while it is cut
    """

    card: str
    online: bool
    may_spend: int
    name: str = ""
    registered: bool = False
    available: int = 0


@dataclass(frozen=True)
class Outcome:
    """What became of a sale, a return or a cancelled quote.

    state         done: posted; queued: it is kept and will be sent; refused: nothing was posted,
                  `code` and `why` say so; void: the line was cut, and without `spend` it can be
                  sold: the points are given back if they were taken
    points_spent  of a sale; off_minor: what they are worth, to take off its price
    answer        the server's, where there is one: `slip`, `screen`, `to_pay_minor`, ...
    """

    state: Literal["done", "queued", "refused", "void"]
    number: str
    points_spent: int = 0
    off_minor: int = 0
    answer: Json | None = None
    code: str = ""
    why: str = ""


@dataclass(frozen=True)
class Entry:
    """Something in the till's book.

    kind   sale or return; body: as it is sent; code, why: of its refusal
    spent  points that it spends under an allowance
    """

    id: int
    kind: Literal["sale", "return"]
    number: str
    key: str
    card: str
    body: Json
    state: State
    spent: int
    code: str = ""
    why: str = ""
    answer: Json | None = None


@dataclass(frozen=True)
class Report:
    """What a sending did.

    done, refused  receipts that were posted, and that were turned away for good (`Till.refused`)
    left           that are still to be sent
    trouble        why the sending stopped before the end: "" if it did not
    """

    done: int
    refused: int
    left: int
    trouble: str = ""


class Refused(Exception):
    """The server turned a question away. `code` is stable, `why` has this case's numbers."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code, self.why = code, why
