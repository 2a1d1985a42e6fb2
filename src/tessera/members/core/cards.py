"""Numbers of cards: EAN-13, issued in runs."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.warehouse.core import Identifier

DIGITS = 12  # of an EAN-13, before its check digit
MAX_ISSUE = 10_000_000  # numbers in one batch
THIRTEEN = re.compile(r"[0-9]{13}", re.ASCII)


class CardBatch(Struct, frozen=True):
    """A run of card numbers: `prefix`, serials from `first` on, `count` of them."""

    id: UUID
    label: str
    prefix: str
    first: int
    count: int
    issued_at: datetime

    def span(self) -> range:
        """Its numbers without their check digits, as integers."""
        start = int(self.prefix.ljust(DIGITS, "0")) + self.first
        return range(start, start + self.count)


def check_digit(first_twelve: str) -> str:
    """The thirteenth digit of an EAN-13.

    shape   twelve digits in, one digit out
    errors  AssertionError if they are not twelve digits
    source  GS1 General Specifications 7.9.1: weights 1, 3, 1, 3 ... from the left
    """
    assert len(first_twelve) == DIGITS and first_twelve.isdecimal(), "twelve digits"
    weighed = sum(map(int, first_twelve[::2])) + 3 * sum(map(int, first_twelve[1::2]))
    return str(-weighed % 10)


def card_number(prefix: str, serial: int) -> str:
    """The EAN-13 of a prefix and a serial. Errors: AssertionError if they do not fit 12 digits."""
    body = prefix + str(serial).rjust(DIGITS - len(prefix), "0")
    return body + check_digit(body)


def is_card_number(text: str) -> bool:
    """Whether these are thirteen digits whose last one fits."""
    return THIRTEEN.fullmatch(text) is not None and text[DIGITS] == check_digit(text[:DIGITS])


class Labels:
    """The labels of batches, ready to be asked for many cards."""

    __slots__ = ("_labels", "_starts", "_stops")

    def __init__(self, batches: Iterable[CardBatch] = ()) -> None:
        spans = sorted((b.span().start, b.span().stop, b.label) for b in batches if b.label)
        self._starts = [start for start, _, _ in spans]
        self._stops = [stop for _, stop, _ in spans]
        self._labels = [label for _, _, label in spans]

    def of(self, identifier: Identifier | None) -> str:
        """The label of the batch a card is of; "" for what is no card, or of no such batch."""
        if not self._starts or identifier is None or identifier.kind != "card":
            return ""
        number = identifier.value
        if not is_card_number(number):
            return ""
        body = int(number[:DIGITS])
        place = bisect_right(self._starts, body) - 1
        return self._labels[place] if place >= 0 and body < self._stops[place] else ""


def in_batch(number: str, batches: Iterable[CardBatch]) -> bool:
    """Whether we issued this number."""
    if not is_card_number(number):
        return False
    body = int(number[:DIGITS])
    return any(body in batch.span() for batch in batches)


def numbers(batch: CardBatch, after: int, limit: int) -> list[str]:
    """At most `limit` numbers of a batch, beginning with its `after`-th (from 0)."""
    end = min(after + limit, batch.count)
    return [card_number(batch.prefix, batch.first + n) for n in range(after, end)]


def next_serial(prefix: str, count: int, batches: Iterable[CardBatch]) -> int | Refusal:
    """The first free run of `count` serials of a prefix, after what was issued before it.

    Prefixes may begin alike (20 and 2000): their numbers are the same space.
    errors  prefix_full
    """
    size = 10 ** (DIGITS - len(prefix))
    start = free = int(prefix.ljust(DIGITS, "0"))
    for span in sorted((batch.span() for batch in batches), key=lambda span: span.start):
        if span.start >= free + count:
            break
        free = max(free, span.stop)
    if free + count <= start + size:
        return free - start
    return Refusal(
        "prefix_full", "prefix", f"{count} more numbers in a row do not fit prefix {prefix}",
        "use another prefix, a shorter one, or a smaller count",
    )  # fmt: skip
