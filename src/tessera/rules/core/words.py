"""The words of rules: what a mechanic wishes and says; what was given in the end; a program."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from tessera.base.text import Code, Currency, Name, OptionalCode
from tessera.ledger.core import MAIN, Expiry, Life, Pending, PointCurrency
from tessera.ledger.core.ways import Adjustments, Transfers, Ways
from tessera.members.choices.core import Choice
from tessera.members.consents.core import Consents
from tessera.members.households.core import Households
from tessera.members.joining.core import Enrolment, Terms
from tessera.members.privacy.core import Privacy
from tessera.rules.core.basket import EVERYTHING, Basket, Goods, Share
from tessera.rules.core.boards import Board
from tessera.rules.core.brand import Brand
from tessera.rules.core.budgets import Budget, Funding
from tessera.rules.core.conditions import Condition
from tessera.rules.core.coupons import Coupon
from tessera.rules.core.draws import Draw
from tessera.rules.core.facts import (
    MET,
    Facts,
    Given,
    History,
    Met,
    Missing,
    Moment,
    Need,
    Window,
)
from tessera.rules.core.partners import Partner
from tessera.rules.core.plan import Plan, compiled
from tessera.rules.core.referral import Referral
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
from tessera.rules.core.stories import Effect, EffectKind, Silent, Story, Wish, alike
from tessera.rules.core.texts import Numbers, Template, one_many, say
from tessera.rules.core.tiers import Ladder, ranks_of
from tessera.warehouse.core import EntryMode, Kind, Line

__all__ = [
    "EVERYTHING",
    "MET",
    "Basket",
    "Cap",
    "Condition",
    "Effect",
    "EffectKind",
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
    "alike",
    "one_many",
    "say",
]  # fmt: skip
Lane = Literal["price", "payment", "earning", "gift"]


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
    campaign  what it belongs to: budgets may be for a campaign
    funding   who pays for what it gives
    coupon    only where a good coupon of this kind is shown
    funder    the partner or supplier that pays for what it gives
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
    campaign: OptionalCode = ""
    funding: Funding = "margin"
    coupon: OptionalCode = ""
    funder: OptionalCode = ""

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

    def draw_of(self) -> str:
        """The draw whose tickets or prizes it gives: it gives while that is open; "" if none."""
        return ""

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
    budgets              ceilings on what is given to all together, by their codes
    costs                what a gift or coupon costs the shop, in minor units, by its code
    control              a permanent part of the members that only gets what base rules give
    offline              what a till may let a card spend while it is cut off; None: nothing
    transfers            what members may do with points besides buying; None: nothing
    adjustments          reasons and limits of what is put right by hand
    households           several members on one account; None: there are none
    approvals            what a second person decides on: publishing a program, merging members or
                         erasing one where staff ask for it, making or changing an owner, closing
                         a partner's period
    attributes           what may be known of members; `events` what may happen besides receipts
    enrolment            how people join: age, welcome, campaigns and their cost
    consents             what members are asked to agree to, on which channel, in which words
    draws                prizes that are drawn: for tickets, or at once at the till
    choices              what members choose in advance, and how often they may change it
    coupons              kinds of coupons that rules ask for or give
    tiers                ladders of levels, by their code
    boards               rankings of members in a period, and what the first places win
    privacy              how long what is held of people stays
    brand                how the shop looks on every page
    partners             coalition shops and suppliers: their stores, what points cost between us
    referral             who brings somebody new: what it is worth to both; None: nothing
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
    budgets: Annotated[dict[Code, Budget], Meta(max_length=100)] = {}
    costs: Annotated[dict[Code, Annotated[int, Meta(ge=0, le=10**12)]], Meta(max_length=5000)] = {}
    control: Control | None = None
    offline: Offline | None = None
    transfers: Transfers | None = None
    adjustments: Adjustments = Adjustments()
    households: Households | None = None
    approvals: tuple[
        Literal["publish", "merge", "erasure", "owner", "tier", "settlement"], ...
    ] = ()
    attributes: dict[Code, Attribute] = {}
    events: dict[Code, EventType] = {}
    enrolment: Enrolment = Enrolment()
    consents: Consents = Consents()
    choices: Annotated[dict[Code, Choice], Meta(max_length=50)] = {}
    draws: Annotated[dict[Code, Draw], Meta(max_length=100)] = {}
    coupons: Annotated[dict[Code, Coupon], Meta(max_length=1000)] = {}
    tiers: Annotated[dict[Code, Ladder], Meta(max_length=10)] = {}
    boards: Annotated[dict[Code, Board], Meta(max_length=50)] = {}
    privacy: Privacy = Privacy()
    brand: Brand = Brand()
    partners: Annotated[dict[Code, Partner], Meta(max_length=200)] = {}
    referral: Referral | None = None
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
    def partner_of(self) -> dict[str, str]:
        """{store: the partner that it belongs to}; the program's own are not in it."""
        return {store: code for code, each in self.partners.items() for store in each.stores}

    @cached_property
    def funders(self) -> dict[str, str]:
        """{rule: the partner that pays for what it gives}."""
        return {rule.id: rule.funder for rule in self.rules if rule.funder}

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
    def coupon_rules(self) -> dict[str, str]:
        """{rule: the kind of coupon that it asks for}."""
        return {rule.id: rule.coupon for rule in self.rules if rule.coupon in self.coupons}

    @cached_property
    def lucky(self) -> dict[str, str]:
        """{rule: its draw}, of those whose prizes are won at once."""
        return {
            need.of: rule.draw_of()
            for rule in self.rules
            for need in rule.needs()
            if isinstance(need, Moment) and need.word == "luck" and rule.draw_of() in self.draws
        }

    @cached_property
    def ranks(self) -> dict[str, dict[str, int]]:
        """{ladder: {level: its number from 0}}."""
        return ranks_of(self)

    @cached_property
    def hands_out(self) -> bool:
        """Whether some rule gives other things than points and discounts."""
        return any(rule.lane == "gift" for rule in self.rules)

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
