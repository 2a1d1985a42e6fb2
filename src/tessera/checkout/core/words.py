"""What is asked at the checkout, what is answered, what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.access.core import Principal
from tessera.base.text import Code, Key, Name, OptionalCode
from tessera.members.core import Labels
from tessera.program.core.timeline import Timeline
from tessera.rewards.coupons.core.words import CouponTold
from tessera.rules.core.facts import Value
from tessera.rules.core.telling import EffectTold, SilentTold
from tessera.rules.core.tongues import ENGLISH, Tongue
from tessera.rules.core.words import Facts, Program, Story
from tessera.warehouse.core import Identifier, Receipt, Return, Store


class Quote(Struct, frozen=True, forbid_unknown_fields=True):
    """What would this basket bring? With `hold` the promise is kept for a while."""

    basket: Receipt
    hold: bool = False


class Cancel(Struct, frozen=True):
    """The customer walked away: a quote's promise is given up."""

    quote: UUID


class Meant(Struct, frozen=True):
    """The receipt (or event) that an event is about: its number, the operations that are of it."""

    number: str
    outcomes: frozenset[UUID]


class EventKey(Struct, frozen=True):
    """What makes an event unique for ever: who tells it, and its number there."""

    source: str
    number: str


class Event(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something a member did that is no purchase: a survey answered, a review, a check-in.

    type    one that the program declares under `events`; `data` its fields
    id      the sender's own name for it: with `source`, unique for ever
    source  who tells it, where several systems count their events from 1
    store   where it was; a till's own if left out. Without one, `happened_at` says what day it was
    """

    type: Code
    id: Key
    happened_at: Annotated[datetime, Meta(tz=True)]
    source: OptionalCode = ""
    card: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+\Z")] | None = None
    identifier: Identifier | None = None
    store: Code | None = None
    data: Annotated[
        dict[Code, bool | Annotated[int, Meta(ge=-(10**15), le=10**15)] | Name],
        Meta(max_length=100),
    ] = {}

    def whose(self) -> Identifier | None:
        """The member it is of; `card` is the short form."""
        return Identifier("card", self.card) if self.card is not None else self.identifier

    def key(self) -> EventKey:
        """What makes it unique."""
        return EventKey(self.source, self.id)


Ask = Receipt | Return | Quote | Cancel | Event


class Job(Struct, frozen=True):
    """One writing call of the checkout: who makes it, under which key, and when it came in.

    parked  the outcome under which a return was parked; it has its key and its answer already
    tongue  the language in which it is answered
    address  the caller's IP, "" where it is not known
    """

    principal: Principal
    operation: str
    key: str
    ask: Ask
    fingerprint: bytes
    received_at: datetime
    parked: UUID | None = None
    tongue: Tongue = ENGLISH
    address: str = ""


class Shop(Struct, frozen=True):
    """What every receipt is decided against: the programs and the stores.

    program   the one that decides what happens now
    versions  which one decides what happened when; None: there has been no other
    labels    of the batches of cards that were issued here
    seeds     {draw: its seed}, of those that are not over
    brought   whether members were brought by others, under whatever program
    """

    program: Program
    stores: dict[str, Store]
    versions: Timeline | None = None
    labels: Labels = Labels()
    seeds: Mapping[str, bytes] = {}
    brought: bool = False

    def program_at(self, happened_at: datetime) -> Program:
        """The program for something that happened then; an older one is read when needed."""
        return self.program if self.versions is None else self.versions.at(happened_at)


class Balance(Struct, frozen=True, gc=False, omit_defaults=True):
    """Points of an account. active = available + held; balance = pending + active - debt.

    available  can be spent now (what has expired is not counted)
    pending    cannot be spent yet; left out is 0
    """

    available: int
    held: int
    debt: int
    balance: int
    pending: int = 0


class LinePrice(Struct, frozen=True, gc=False, omit_defaults=True):
    """One line after Tessera. to_pay_minor = total - discount - paid with points; left out is 0."""

    line: int
    total_minor: int
    to_pay_minor: int
    discount_minor: int = 0
    by_points_minor: int = 0
    points: int = 0


class Difference(Struct, frozen=True, omit_defaults=True):
    """Where a confirm came out otherwise than its quote promised, or than an offline till gave.

    why  fewer points were taken than the till let the member spend, because
    """

    rule: str
    what: str
    quoted: int
    given: int
    why: str = ""


class Could(Struct, frozen=True):
    """What the member could pay with points on this basket."""

    points: int
    minor: int


class TakeBack(Struct, frozen=True):
    """Something given for goods that came back: a gift to ask for; the rest is void by itself."""

    kind: Literal["gift", "coupon", "ticket", "badge", "privilege"]
    item: str
    count: int


class TierTold(Struct, frozen=True):
    """A level that an operation has changed.

    title, name  what people call the ladder and the level; before: the level until now ("" none)
    until        the day of its next review; up: it is a higher one
    """

    ladder: str
    title: str
    level: str
    name: str
    before: str
    until: date | None
    up: bool


class Answer(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The till's answer: to an event, to a cancelled quote, to a return that waits.

    to_pay_minor  money the customer owes for the goods kept; the caller moves it
    refund_minor  for a return: money to give back now; take_back: what has to come back for it
    screen, slip  lines for the cashier's screen and for the printed receipt
    currencies    where the account stands in the other currencies that this was about
    tiers         levels that it has changed
    coupons       what became of each that was shown, given or taken back
    retold        made anew from the stored effects: the bytes are kept for 35 days only
    """

    id: UUID
    kind: Literal["quote", "sale", "return", "parked", "cancelled", "event"]
    number: str = ""
    currency: str = ""
    program_version: int = 0
    gross_minor: int = 0
    to_pay_minor: int = 0
    refund_minor: int = 0
    points_earned: int = 0
    points_spent: int = 0
    balance: Balance | None = None
    currencies: dict[str, Balance] = {}
    tiers: tuple[TierTold, ...] = ()
    lines: tuple[LinePrice, ...] = ()
    effects: tuple[EffectTold, ...] = ()
    silent: tuple[SilentTold, ...] = ()
    differences: tuple[Difference, ...] = ()
    take_back: tuple[TakeBack, ...] = ()
    coupons: tuple[CouponTold, ...] = ()
    could_spend: Could | None = None
    held_until: datetime | None = None
    screen: tuple[str, ...] = ()
    slip: tuple[str, ...] = ()
    retold: bool = False


class Priced(Answer, frozen=True, omit_defaults=True, kw_only=True):
    """The answer to a quote or a confirmed receipt: money and points are said, be they 0."""

    gross_minor: int
    to_pay_minor: int
    points_earned: int
    points_spent: int


class GivenBack(Priced, frozen=True, omit_defaults=True, kw_only=True):
    """The answer to a return that is settled."""

    refund_minor: int


class Kept(Struct, frozen=True, omit_defaults=True):
    """What is stored with a receipt besides its lines: the decision and what it knew.

    facts time, place and member are left out: the row says them
    kept  for a return: units of each of the sale's lines that stay sold after it
    counted  scopes of the history it is in because its program asks for them
    """

    story: Story
    facts: Facts
    kept: tuple[int, ...] = ()
    counted: tuple[str, ...] = ()
    refund_minor: int = 0
    take_back: tuple[TakeBack, ...] = ()


class Row(Struct, frozen=True, kw_only=True):
    """A row of checkout.receipt."""

    id: UUID
    kind: str
    store_id: str
    till: str
    business_date: date
    shift: str
    number: str
    account_id: UUID | None
    member_id: UUID | None
    sale_id: UUID | None
    happened_at: datetime
    local_at: datetime
    posted_at: datetime
    skewed: bool
    cashier_id: str
    entry_mode: str
    card_scan_offset: int | None
    gross_minor: int
    to_pay_minor: int
    points_earned: int
    points_spent: int
    program_version: int
    lines: bytes
    story: bytes


class EventRow(Struct, frozen=True, kw_only=True):
    """A row of checkout.event; `store_id` is "" where no store was named."""

    id: UUID
    source: str
    number: str
    type: str
    store_id: str
    account_id: UUID
    member_id: UUID
    happened_at: datetime
    local_at: datetime
    posted_at: datetime
    points_earned: int
    program_version: int
    story: bytes


class Page(Struct, frozen=True):
    """A page of receipts; `next` is the cursor of the following page, if there is one."""

    items: tuple[Told, ...]
    next: str | None = None


class Told(Struct, frozen=True, kw_only=True):
    """A receipt as it is told afterwards: what it was and why it gave what it gave.

    sale       for a return: the number of the receipt whose goods came back
    take_back  for a return: gifts and coupons that lost their reason with it
    lines      of a sale: what was sold; of a return: what came back
    """

    id: UUID
    kind: str
    store: str
    till: str
    business_date: date
    shift: str
    number: str
    happened_at: datetime
    local_at: datetime
    posted_at: datetime
    currency: str
    gross_minor: int
    to_pay_minor: int
    points_earned: int
    points_spent: int
    program_version: int
    effects: tuple[EffectTold, ...]
    silent: tuple[SilentTold, ...]
    lines: tuple[LineTold, ...]
    sale: str = ""
    take_back: tuple[TakeBack, ...] = ()


class EventTold(Struct, frozen=True, kw_only=True):
    """An event as it is told afterwards: what it was and why it gave what it gave.

    number  the sender's own name for it, unique with `source`
    store   "" where none was named
    data    its fields without free text, which is not kept
    """

    id: UUID
    source: str
    number: str
    type: str
    store: str
    happened_at: datetime
    local_at: datetime
    posted_at: datetime
    points_earned: int
    program_version: int
    data: dict[str, Value]
    effects: tuple[EffectTold, ...]
    silent: tuple[SilentTold, ...]


class EventPage(Struct, frozen=True):
    """A page of events; `next` is the cursor of the following page, if there is one."""

    items: tuple[EventTold, ...]
    next: str | None = None


class LineTold(Struct, frozen=True):
    """A line in the history of a receipt."""

    sku: str
    name: str
    quantity: int
    unit: str
    total_minor: int
