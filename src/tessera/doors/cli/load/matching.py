"""Goods that come back find the sales they are from. Pure: sold units come in, a plan leaves.

A return takes units of the same article from the member's earlier sales: first those of the same
price, then the others, each time the latest first. It takes all it needs or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from tessera.doors.cli.load.reading import Back, BackLine, Fault
from tessera.warehouse.core import ReceiptKey, Return, ReturnLine

MAX_NUMBER = 32  # as base.text.Code


class Offer(Struct):
    """A line of a sale of which `left` units have not come back. `line` counts from 1."""

    sale: ReceiptKey
    happened_at: datetime
    line: int
    sku: str
    unit: str
    unit_minor: int
    left: int


class Matched(Struct, frozen=True):
    """One return of the file as the returns that will be posted, one for each sale."""

    back: Back
    returns: tuple[Return, ...]


class Unmatched(Struct, frozen=True):
    """A return whose goods were not all sold, with the reason for each line."""

    back: Back
    faults: tuple[Fault, ...]


def match(
    backs: Iterable[Back], offers: Iterable[Offer], exact: bool = False
) -> list[Matched | Unmatched]:
    """Every return of one member with its sales, in order of time and number.

    offers  what was sold to that member; their `left` goes down by what is taken
    exact   only the same price at the same store: for returns of nobody
    """
    shelf: dict[tuple[str, str], list[Offer]] = {}
    for offer in offers:
        shelf.setdefault((offer.sku, offer.unit), []).append(offer)
    ordered = sorted(backs, key=lambda back: (back.happened_at, back.number))
    return [_match(back, shelf, exact) for back in ordered]


def _match(
    back: Back, shelf: dict[tuple[str, str], list[Offer]], exact: bool
) -> Matched | Unmatched:
    taken: list[tuple[Offer, int]] = []
    faults: list[Fault] = []
    for line in back.lines:
        earlier = _earlier(back, line, shelf.get((line.sku, line.unit), ()), exact)
        short = _take(line.quantity, earlier, taken)
        if short:
            faults.append(_short(line, short, bool(earlier), exact))
    returns = _returns(back, taken)
    if not faults and len(returns[-1].number) > MAX_NUMBER:
        why = f"{returns[-1].number} is longer than {MAX_NUMBER} letters"
        faults.append(Fault(back.lines[0].row, "word_unfit", "number", why))
    if faults:
        for offer, units in taken:
            offer.left += units
        return Unmatched(back, tuple(faults))
    return Matched(back, returns)


def _earlier(back: Back, line: BackLine, offers: Sequence[Offer], exact: bool) -> list[Offer]:
    """What was sold before, the best match first; ties end in the sale's number and line."""
    found = [
        offer
        for offer in offers
        if offer.happened_at <= back.happened_at
        and not (exact and (offer.unit_minor, offer.sale.store) != (line.unit_minor, back.store))
    ]
    found.sort(key=lambda offer: (offer.sale.number, offer.unit_minor, offer.line))
    found.sort(key=lambda offer: offer.happened_at, reverse=True)  # sorts are stable
    found.sort(key=lambda offer: offer.unit_minor != line.unit_minor)
    return found


def _take(units: int, offers: Sequence[Offer], taken: list[tuple[Offer, int]]) -> int:
    """Take units from the offers in their order; how many are lacking in the end."""
    for offer in offers:
        if units and (part := min(units, offer.left)):
            offer.left -= part
            units -= part
            taken.append((offer, part))
    return units


def _short(line: BackLine, short: int, sold: bool, exact: bool) -> Fault:
    if not sold:
        where = "at this price in this store" if exact else "to this member"
        why = f"{line.quantity} {line.unit} of {line.sku} come back, none was sold {where} earlier"
        return Fault(line.row, "no_earlier_sale", "", why)
    why = f"{line.quantity} {line.unit} of {line.sku} come back, {line.quantity - short} are left"
    return Fault(line.row, "more_than_sold", "", f"{why} of what was sold earlier")


def _returns(back: Back, taken: Sequence[tuple[Offer, int]]) -> tuple[Return, ...]:
    """One return for each sale, the earliest sale first."""
    sales: dict[tuple[datetime, str, ReceiptKey], dict[int, int]] = {}
    for offer, units in taken:
        lines = sales.setdefault((offer.happened_at, offer.sale.number, offer.sale), {})
        lines[offer.line] = lines.get(offer.line, 0) + units
    ordered = sorted(sales, key=lambda sale: (*sale[:2], sale[2].store, sale[2].till))
    return tuple(
        Return(
            sale=sale[2],
            store=back.store,
            till=back.till,
            number=back.number if len(sales) == 1 else f"{back.number}/{part}",
            happened_at=back.happened_at,
            lines=tuple(ReturnLine(*line) for line in sorted(sales[sale].items())),
            business_date=back.business_date,
        )
        for part, sale in enumerate(ordered, 1)
    )
