"""Stores and receipts as data: the words every other room speaks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from tessera.base.money import half_up
from tessera.base.refusal import Refusal
from tessera.base.text import MAX_MINOR, Code, Count, Currency, Name, OptionalCode, Points, Price

MAX_LINES = 2_000
MAX_DAYS_OFF = 31  # between a purchase and the business date of its shift
Unit = Literal["piece", "g", "ml"]
Kind = Literal["goods", "delivery", "gift_card", "deposit"]
EntryMode = Literal["scan", "swipe", "tap", "typed", "app", "online", "import"]
Channel = Literal["store", "online", "app", "phone"]
PER = {"piece": 1, "g": 1000, "ml": 1000}  # how many units the price is for


class Store(Struct, frozen=True, forbid_unknown_fields=True):
    """A place that sells. Its time zone decides what "today" is on its receipts."""

    id: Code
    name: Annotated[Name, Meta(min_length=1)]
    time_zone: Annotated[str, Meta(min_length=1, max_length=64, examples=["Europe/Rome"])]
    region: OptionalCode = ""


Token = Annotated[str, Meta(min_length=1, max_length=800, pattern=r"^[!-~]+\Z")]


CouponText = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[ -~]+\Z")]


class Line(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One line of a receipt, as the till prints it.

    quantity    pieces, grams or millilitres, by `unit`
    unit_minor  price of one piece, of 1,000 g or of 1,000 ml, in minor units
    total_minor what the line costs before Tessera; left out, it is computed
    promo       the shop's own mass promotion that has already made this line cheaper
    cost_minor  what the shop pays for a piece, for 1,000 g or 1,000 ml, taxes as in the price
    """

    sku: Code
    quantity: Count
    unit_minor: Price
    unit: Unit = "piece"
    total_minor: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    name: Name = ""
    category: OptionalCode = ""
    kind: Kind = "goods"
    brand: OptionalCode = ""
    promo: OptionalCode = ""
    cost_minor: Annotated[int, Meta(ge=0, le=10**12)] | None = None

    def total(self) -> int:
        """The line in minor units: as the till says, else quantity times price, halves up."""
        if self.total_minor is not None:
            return self.total_minor
        if self.unit == "piece":
            return self.quantity * self.unit_minor
        return half_up(self.quantity * self.unit_minor, PER[self.unit])


class Identifier(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the many ways to name a member."""

    kind: Literal["card", "phone", "email", "external"]
    value: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[ -~]+\Z")]


class ReceiptKey(Struct, frozen=True, forbid_unknown_fields=True):
    """What makes a receipt unique for ever."""

    store: Code
    till: Code
    business_date: date
    shift: OptionalCode
    number: Code


class Spend(Struct, frozen=True, forbid_unknown_fields=True):
    """Points the member wants to pay with."""

    points: Points


class Payment(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A part of the receipt that was paid in one way: `cash`, `card`, `member_card`, ..."""

    method: Code
    minor: Price


class Receipt(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A receipt as the till tells it. `happened_at` carries an offset.

    offline    it was made while the till was cut off: it is never refused for its spending
    allowance  the token under which its points were spent then
    coupons    codes as they were typed or scanned
    """

    store: Code
    till: Code
    number: Code
    happened_at: Annotated[datetime, Meta(tz=True)]
    currency: Currency
    lines: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=MAX_LINES)]
    total_minor: Annotated[int, Meta(ge=0, le=10**12)]
    shift: OptionalCode = ""
    business_date: date | None = None
    card: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+\Z")] | None = None
    identifier: Identifier | None = None
    cashier_id: OptionalCode = ""
    entry_mode: EntryMode = "scan"
    card_scan_offset: Annotated[int, Meta(ge=0, le=MAX_LINES)] | None = None
    spend: Spend | None = None
    quote: UUID | None = None
    channel: Channel = "store"
    payments: Annotated[tuple[Payment, ...], Meta(max_length=20)] = ()
    offline: bool = False
    allowance: Token | None = None
    coupons: Annotated[tuple[CouponText, ...], Meta(max_length=10)] = ()

    def whose(self) -> Identifier | None:
        """The member named on this receipt; `card` is the short form."""
        return Identifier("card", self.card) if self.card is not None else self.identifier


class ReturnLine(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """So many units of one line of the sale come back. `line` counts from 1."""

    line: Annotated[int, Meta(ge=1, le=MAX_LINES)]
    quantity: Count


class Return(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Goods that come back. `lines` left out means everything that is left; none is refused."""

    sale: ReceiptKey
    store: Code
    till: Code
    number: Code
    happened_at: Annotated[datetime, Meta(tz=True)]
    lines: Annotated[tuple[ReturnLine, ...], Meta(max_length=MAX_LINES)] | UnsetType = UNSET
    shift: OptionalCode = ""
    business_date: date | None = None
    cashier_id: OptionalCode = ""
    reason: Name = ""

    def named(self) -> tuple[ReturnLine, ...]:
        """The lines it names; none: everything that is left."""
        return self.lines or ()


def lines_fault(body: Receipt | Return) -> Refusal | None:
    """A return of no lines: who filters them and keeps none does not mean all that is left."""
    if not isinstance(body, Return) or body.lines != ():
        return None
    return Refusal(
        "lines_empty", "lines", "a return of no lines brings nothing back",
        "name the lines that come back, or leave `lines` out for all that is left",
    )  # fmt: skip


def day_fault(happened_at: datetime, business_date: date | None) -> Refusal | None:
    """A moment that not every clock can show, or a business date that is of another one.

    why  years 1 and 9999 have no local time everywhere; a night shift ends a day later, not a year
    """
    if not 1970 <= happened_at.year < 9999:
        return Refusal(
            "time_impossible", "happened_at", f"the year {happened_at.year} cannot be",
            "set the till's clock and send the time of the purchase",
        )  # fmt: skip
    if business_date is None or abs((business_date - happened_at.date()).days) <= MAX_DAYS_OFF:
        return None
    return Refusal(
        "date_impossible", "business_date",
        f"{business_date} is over {MAX_DAYS_OFF} days from the purchase on {happened_at.date()}",
        "send the day the till's shift belongs to, or leave it out",
    )  # fmt: skip


def faults(receipt: Receipt, currency: str, tolerance_minor: int) -> Refusal | None:
    """The first thing that does not add up, in the order of the receipt's lines.

    units   minor units; lines may differ from quantity x price by rounding of weighed goods only
    """
    if receipt.currency != currency:
        return Refusal(
            "currency_other", "currency",
            f"{receipt.currency} sent, this program runs in {currency}",
            f"send amounts in {currency}",
        )  # fmt: skip
    if receipt.card is not None and receipt.identifier is not None:
        return Refusal(
            "member_named_twice", "identifier", "both `card` and `identifier` are given", "send one"
        )
    total = 0
    for index, line in enumerate(receipt.lines):
        said, per, makes = line.total_minor, PER[line.unit], line.total()
        if said is not None:
            off = abs(said * per - line.quantity * line.unit_minor)
            if off > (0 if per == 1 else per):
                computed = half_up(line.quantity * line.unit_minor, per)
                return Refusal(
                    "line_total_differs", f"lines[{index}].total_minor",
                    f"{said} sent, {line.quantity} {line.unit} x {line.unit_minor} make {computed}",
                    "send the line's total before Tessera's discounts, or leave it out",
                )  # fmt: skip
        total += makes
        if makes > MAX_MINOR or total > MAX_MINOR:
            return _too_large(index, makes, total)
    return _total_fault(receipt.total_minor, total, tolerance_minor)


def _too_large(index: int, makes: int, total: int) -> Refusal:
    why = f"this line makes {makes}" if makes > MAX_MINOR else f"with this line it is {total}"
    return Refusal(
        "amount_too_large", f"lines[{index}]", f"{why}, a receipt has at most {MAX_MINOR}",
        "check quantity and price, both in the smallest units",
    )  # fmt: skip


def _total_fault(said: int, total: int, tolerance_minor: int) -> Refusal | None:
    if abs(said - total) <= tolerance_minor:
        return None
    return Refusal(
        "total_differs", "total_minor",
        f"{said} sent, the lines make {total}: off by {said - total}, tolerance {tolerance_minor}",
        "send the sum of the lines before Tessera's discounts",
    )  # fmt: skip


def lines_as_data(lines: tuple[Line, ...]) -> bytes:
    """The lines as one value, for keeping."""
    return msgspec.json.encode(lines)


def lines_from_data(data: bytes) -> tuple[Line, ...]:
    """What `lines_as_data` kept."""
    return msgspec.json.decode(data, type=tuple[Line, ...])
