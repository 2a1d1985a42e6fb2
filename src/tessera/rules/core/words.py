"""The words of rules: what a mechanic wishes and says; what was given in the end; a program."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from tessera.base.text import Code, Currency, Name, OptionalCode
from tessera.ledger.core import MAIN, Expiry, Life, Pending, PointCurrency
from tessera.ledger.core.ways import Adjustments, Transfers, Ways
from tessera.members.choices.core import Choice
from tessera.members.consents.core import Consents
from tessera.members.households.core import Households
from tessera.members.joining.core import Enrolment, Terms
from tessera.members.privacy.core import Privacy
from tessera.rules.core.basket import EVERYTHING, Basket, Goods, Share
from tessera.rules.core.brand import Brand
from tessera.rules.core.conditions import Condition
from tessera.rules.core.facts import MET, Facts, Given, History, Met, Missing, Need, Window
from tessera.rules.core.plan import Plan, compiled
from tessera.rules.core.settings import (
    Attribute,
    Cap,
    Control,
    EventType,
    Group,
    Offline,
    Sample,
    Step,
)
from tessera.rules.core.shelves import Shelved
from tessera.rules.core.texts import NONE, Numbers, Phrases, Template, one_many, say
from tessera.warehouse.core import EntryMode, Kind, Line

__all__ = [
    "EVERYTHING",
    "MET",
    "Basket",
    "Cap",
    "Condition",
    "Effect",
    "Facts",
    "Given",
    "Goods",
    "History",
    "Lane",
    "Mechanic",
    "Met",
    "Missing",
    "Program",
    "Share",
    "Silent",
    "Story",
    "Window",
    "Wish",
    "one_many",
    "say",
]  # fmt: skip
Lane = Literal["price", "payment", "earning", "gift"]
EffectKind = Literal["discount", "payment", "points", "gift", "coupon"]


class Wish(Struct, frozen=True):
    """What a mechanic would like; the engine decides what becomes of it.

    amount  minor units (discount, payment), points, or pieces (gift, coupon), > 0; the sum of the
            shares where there are any
    wanted  what would have been given without the mechanic's own limit; 0: the same as amount
    points  for a payment: the points it takes
    limit   why `amount` is below `wanted`
    item    for a gift or coupon: which
    screen  for the cashier; slip: for the printed receipt, 40 characters or fewer; both with
            `numbers` to fill in
    """

    kind: EffectKind
    amount: int
    shares: tuple[Share, ...]
    screen: Template
    slip: Template
    numbers: Numbers = {}
    wanted: int = 0
    points: int = 0
    limit: Template = ""
    item: str = ""


class Effect(Struct, frozen=True, omit_defaults=True):
    """What was given. `lines` are (line from 1, share); the shares sum to `given`.

    unit     of points: in which currency; "" is the program's own
    phrases  what stands in `numbers` in English, for other languages
    In a story the texts are templates; in an answer they are sentences.
    """

    kind: EffectKind
    rule: str
    mechanic: str
    version: int
    given: int
    wanted: int
    lines: tuple[tuple[int, int], ...]
    numbers: Numbers
    screen: Template
    slip: Template
    points: int = 0
    trimmed: Template = ""
    item: str = ""
    hidden: bool = False
    unit: str = ""
    phrases: Phrases = NONE


class Silent(Struct, frozen=True, omit_defaults=True):
    """A rule that gave nothing, and what was missing."""

    rule: str
    mechanic: str
    version: int
    code: str
    lacking: int
    why: Template
    numbers: Numbers = {}
    hidden: bool = False
    phrases: Phrases = NONE


def alike(some: Sequence[Effect], others: Sequence[Effect]) -> bool:
    """Whether the same was given, in whatever words: who was told earlier was told fewer."""
    if len(some) != len(others):
        return False
    return all(
        one == two or replace(one, phrases=NONE) == replace(two, phrases=NONE)
        for one, two in zip(some, others, strict=True)
    )


class Story(Struct, frozen=True):
    """The whole decision: what was given, what was not and why, and the sums.

    points_earned  of the program's own points; `points_spent` likewise: see `earned`
    """

    effects: tuple[Effect, ...]
    silent: tuple[Silent, ...]
    gross_minor: int
    to_pay_minor: int
    points_earned: int
    points_spent: int

    def earned(self) -> dict[str, int]:
        """{currency: points earned}, of those in which there are any."""
        found = {MAIN: self.points_earned} if self.points_earned else {}
        for effect in self.effects:
            if effect.unit and effect.given:
                found[effect.unit] = found.get(effect.unit, 0) + effect.given
        return found


class Mechanic(Shelved, frozen=True, kw_only=True, tag_field="mechanic"):
    """A rule of one kind. A file in `mechanics/` holds one: schema, condition, reward, scenarios.

    id        the rule's name inside the program
    name      what people call it
    priority  higher goes first within its lane, after base rules; equal ones keep the program's
              order
    when      a condition tree that must hold before the mechanic is asked
    starts    first and `ends` last local day of the purchase
    stores    only these; `regions` likewise
    sample    only a stable part of the members; `ramp` widens it by dated steps
    group     of an exclusive group only one rule gives
    caps      trim what it gives, on a receipt or a member's period
    hidden    never shown or hinted at to members and cashiers
    stack     units that another rule of the lane has used count again; it uses none up itself
    earns     the currency of its points; left empty, the program's own
    """

    lane: ClassVar[Lane]
    base: ClassVar[bool] = False  # the control group gets it too, and multipliers multiply it
    multiplies: ClassVar[bool] = False  # of several that do, the program may count the best one
    trigger: ClassVar[Literal["receipt", "event"]] = "receipt"

    id: Code
    name: Name = ""
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    when: Condition | None = None
    starts: date | None = None
    ends: date | None = None
    stores: Annotated[tuple[Code, ...], Meta(max_length=1000)] = ()
    regions: Annotated[tuple[Code, ...], Meta(max_length=200)] = ()
    sample: Sample | None = None
    ramp: Annotated[tuple[Step, ...], Meta(max_length=50)] = ()
    group: OptionalCode = ""
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = ()
    hidden: bool = False
    stack: bool = False
    earns: OptionalCode = ""

    @abstractmethod
    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Does it hold for this basket?"""

    @abstractmethod
    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """What it would give, once it holds."""

    def gives(self) -> tuple[Template, Numbers]:
        """What it gives, beginning in lower case: "2 points for every 1.00 EUR"."""
        return self.code.replace("_", " "), {}

    def asks(self) -> tuple[Template, Numbers] | None:
        """What has to be so besides `when` and what is implied, as a condition says it."""
        return None

    def implied(self) -> Condition | None:
        """A condition that belongs to the mechanic itself; it is asked after `when`."""
        return None

    def watches(self) -> Goods | None:
        """Goods without which it gives nothing: such rules are not even asked. None: any basket."""
        of = getattr(self, "of", None)
        return of if isinstance(of, Goods) else None

    def needs(self) -> tuple[Need, ...]:
        """The facts that `check` and `reward` look up among the known ones."""
        return ()

    def misfits(self, program: Program) -> Iterable[tuple[str, str, str]]:
        """(field, why, cure) where it names what the program does not declare: see `declared`."""
        return ()


class Program(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True
):  # `dict`: the plan is made once and kept beside the fields
    """The rules and settings that decide receipts; a published version never changes.

    tolerance_minor      a receipt's total may differ from its lines by this much
    expiry_days          points live to the end of that local day after earning; None: for ever
    expiry               the other ways in which points can expire
    pending              when new points can be spent; None: at once
    currencies           points of other kinds, by their code: miles, stamps, points for a status
    hold_minutes         how long a quote keeps what it promised
    earning_excludes     kinds of lines that never earn
    excluded_categories  categories that never earn
    promoted_earn        lines that a mass promotion of the shop made cheaper earn too
    promoted_discount    ... and rules may lower them further
    multipliers          several `add` up, or the `best` one counts, or they `multiply`
    point_minor_x100     a point's worth to the member, in hundredths of a minor unit: for best-of
    groups               exclusive groups and how the one that gives is picked
    point_caps           limits on the points of all rules together; `discount_caps` likewise
    control              a permanent part of the members that only gets what base rules give
    offline              what a till may let a card spend while it is cut off; None: nothing
    transfers            what members may do with points besides buying; None: nothing
    adjustments          reasons and limits of what is put right by hand
    households           several members on one account; None: there are none
    approvals            what a second person decides on: publishing a program, merging members or
                         erasing one where staff ask for it, making or changing an owner
    attributes           what may be known of members; `events` what may happen besides receipts
    enrolment            how people join: age, welcome, campaigns and their cost
    consents             what members are asked to agree to, on which channel, in which words
    choices              what members choose in advance, and how often they may change it
    privacy              how long what is held of people stays
    brand                how the shop looks on every page
    net_debt             new points first pay back debt
    clawback_other_lots  a return may take points of other receipts before it makes debt
    refund_grace_days    life of spent points given back after their lot has expired
    refund_points        of a receipt paid with money and points, a return gives back points in
                         `proportion` to what comes back, or points `first`
    shadows_spend        members not yet registered may spend
    spends_by            entry modes in which a card's number alone may spend; None: all of them. A
                         fresh code of the member's phone always may
    unknown_cards        `batches`: only numbers issued here; `any`: every number starts a card
    """

    version: int = 0
    name: Annotated[Name, Meta(min_length=1)]
    currency: Currency
    lanes: tuple[Lane, ...] = ("price", "payment", "earning", "gift")
    tolerance_minor: Annotated[int, Meta(ge=0, le=10_000)] = 0
    expiry_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    expiry: Expiry | None = None
    pending: Pending | None = None
    currencies: Annotated[dict[Code, PointCurrency], Meta(max_length=20)] = {}
    hold_minutes: Annotated[int, Meta(ge=1, le=24 * 60)] = 15
    earning_excludes: tuple[Kind, ...] = ("gift_card", "deposit")
    excluded_categories: Annotated[tuple[OptionalCode, ...], Meta(max_length=1000)] = ()
    promoted_earn: bool = True
    promoted_discount: bool = True
    multipliers: Literal["add", "best", "multiply"] = "add"
    point_minor_x100: Annotated[int, Meta(ge=0, le=10**9)] = 100
    groups: dict[Code, Group] = {}
    point_caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = ()
    discount_caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = ()
    control: Control | None = None
    offline: Offline | None = None
    transfers: Transfers | None = None
    adjustments: Adjustments = Adjustments()
    households: Households | None = None
    approvals: tuple[Literal["publish", "merge", "erasure", "owner"], ...] = ()
    attributes: dict[Code, Attribute] = {}
    events: dict[Code, EventType] = {}
    enrolment: Enrolment = Enrolment()
    consents: Consents = Consents()
    choices: Annotated[dict[Code, Choice], Meta(max_length=50)] = {}
    privacy: Privacy = Privacy()
    brand: Brand = Brand()
    net_debt: bool = True
    clawback_other_lots: bool = True
    refund_grace_days: Annotated[int, Meta(ge=0, le=3650)] = 30
    refund_points: Literal["proportion", "first"] = "proportion"
    shadows_spend: bool = False
    spends_by: Annotated[tuple[EntryMode, ...], Meta(max_length=7)] | None = None
    unknown_cards: Literal["batches", "any"] = "batches"
    rules: tuple[Mechanic, ...]

    @cached_property
    def lives(self) -> dict[str, Life]:
        """{currency: how its points live}, the program's own first."""
        own = self.expiry or (Expiry(days=self.expiry_days) if self.expiry_days else None)
        main = Life(own, self.pending, self.net_debt, self.clawback_other_lots)
        return {MAIN: main} | {code: each.life() for code, each in self.currencies.items()}

    @cached_property
    def ways(self) -> Ways:
        """How points leave and come besides receipts."""
        return Ways(self.lives, self.currencies, self.transfers or Transfers(), self.adjustments)

    @cached_property
    def weights(self) -> dict[str, int]:
        """{what counts for a complete profile: its weight}: names, birthday, attributes."""
        asked = {name: each.weight for name, each in self.attributes.items() if each.required}
        own = [(str(name), weight) for name, weight in self.enrolment.profile.items()]
        return dict(own) | asked

    @cached_property
    def terms(self) -> Terms:
        """How people join."""
        told = {
            name: frozenset(field.values) if field.type == "choice" else None
            for name, event in self.events.items()
            if (field := event.fields.get("source")) is not None and field.type != "boolean"
        }
        return Terms(self.enrolment, self.consents, self.weights, told)

    @cached_property
    def units(self) -> tuple[str, ...]:
        """The other currencies that its rules can give, in their order."""
        given = {rule.earns for rule in self.rules}
        return tuple(code for code in self.currencies if code in given)

    @cached_property
    def awaited(self) -> frozenset[str]:
        """The events for which pending points may wait."""
        return frozenset(
            life.pending.event for life in self.lives.values()
            if life.pending is not None and life.pending.event
        )  # fmt: skip

    @cached_property
    def plan(self) -> Plan:
        """The rules made ready: what the engine runs through."""
        return compiled(self)

    @cached_property
    def _never(self) -> frozenset[str]:
        return frozenset(self.excluded_categories)

    def excluded(self, lines: Sequence[Line]) -> frozenset[int]:
        """The lines (from 0) that never earn."""
        kinds, categories = self.earning_excludes, self._never
        promoted = not self.promoted_earn
        return frozenset(
            [
                i
                for i, line in enumerate(lines)
                if (line.kind != "goods" and line.kind in kinds)
                or (categories and line.category in categories)
                or (promoted and line.promo)
            ]
        )


STORY = msgspec.json.Decoder(Story)
