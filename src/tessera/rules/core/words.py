"""The words of rules: what a mechanic sees, wishes and says; what was given in the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from tessera.base.text import Code, Currency, Name, OptionalCode
from tessera.warehouse.core import Kind, Line

Lane = Literal["price", "payment", "earning"]
EffectKind = Literal["discount", "payment", "points"]


class Met(Struct, frozen=True, gc=False):
    """The condition holds: so many times, because of these lines (from 0)."""

    times: int = 1
    lines: tuple[int, ...] = ()


class Missing(Struct, frozen=True):
    """The condition does not hold yet, and how much of what would make it hold.

    code     stable word for machines
    lacking  in the unit that `why` names; 0 where no amount would help
    why      one sentence for people
    """

    code: str
    lacking: int
    why: str


class Share(Struct, frozen=True, gc=False):
    """What one line (from 0) gets of a wish, and how many of its units that uses up."""

    line: int
    amount: int
    units: int = 0


class Wish(Struct, frozen=True):
    """What a mechanic would like; the engine decides what becomes of it.

    amount  minor units (discount, payment) or points, > 0; the sum of the shares
    wanted  what would have been given without the mechanic's own cap; 0: the same as amount
    points  for a payment: the points it takes
    limit   why `amount` is below `wanted`
    screen  for the cashier; slip: for the printed receipt, 40 characters or fewer
    """

    kind: EffectKind
    amount: int
    shares: tuple[Share, ...]
    screen: str
    slip: str
    numbers: dict[str, int] = {}
    wanted: int = 0
    points: int = 0
    limit: str = ""


class Effect(Struct, frozen=True, omit_defaults=True):
    """What was given. `lines` are (line from 1, share); the shares sum to `given`."""

    kind: EffectKind
    rule: str
    mechanic: str
    version: int
    given: int
    wanted: int
    lines: tuple[tuple[int, int], ...]
    numbers: dict[str, int]
    screen: str
    slip: str
    points: int = 0
    trimmed: str = ""


class Silent(Struct, frozen=True):
    """A rule that gave nothing, and what was missing."""

    rule: str
    mechanic: str
    version: int
    code: str
    lacking: int
    why: str


class Story(Struct, frozen=True):
    """The whole decision: what was given, what was not and why, and the sums."""

    effects: tuple[Effect, ...]
    silent: tuple[Silent, ...]
    gross_minor: int
    to_pay_minor: int
    points_earned: int
    points_spent: int


class Facts(Struct, frozen=True):
    """What the program may know besides the receipt; kept with the decision.

    available  points that could be spent when it was decided
    spend      points the member asks to pay with, None if not asked
    """

    member: bool
    may_spend: bool = False
    available: int = 0
    spend: int | None = None


class Basket:
    """The receipt while it is being decided, as columns over its lines.

    quantity, total  as sold (or as kept, after a return)
    left             minor units of each line still to be paid
    free             units of each line not yet used up in this lane
    by_points        minor units of each line paid with points
    """

    __slots__ = ("by_points", "currency", "excluded", "free", "left", "lines", "quantity", "total")

    def __init__(self, lines: Sequence[Line], kept: Sequence[int] | None, program: Program) -> None:
        self.lines = lines
        if kept is None:
            self.quantity = [line.quantity for line in lines]
            self.total = [line.total() for line in lines]
        else:
            self.quantity = list(kept)
            self.total = [
                (2 * line.total() * units + line.quantity) // (2 * line.quantity)
                for line, units in zip(lines, kept, strict=True)
            ]
        self.left = self.total.copy()
        self.free = self.quantity.copy()
        self.by_points: list[int] | None = None
        self.currency = program.currency
        self.excluded = program.excluded(lines)

    def earning_base(self) -> list[int]:
        """Minor units of each line that earn: what is paid in money, exclusions at zero."""
        base = self.left
        if self.by_points is not None:
            base = [left - points for left, points in zip(base, self.by_points, strict=True)]
        if self.excluded:
            base = [0 if i in self.excluded else minor for i, minor in enumerate(base)]
        return base

    def payable(self) -> list[int]:
        """Minor units of each line that points may still pay: gift cards and deposits are money."""
        taken = self.by_points or [0] * len(self.lines)
        return [
            0 if line.kind in ("gift_card", "deposit") else left - gone
            for line, left, gone in zip(self.lines, self.left, taken, strict=True)
        ]


class Mechanic(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="mechanic"):
    """A rule of one kind. A file in `mechanics/` holds one: schema, condition, reward, scenarios.

    id        the rule's name inside the program
    priority  higher goes first within its lane; equal ones keep the program's order
    """

    lane: ClassVar[Lane]

    id: Code
    priority: Annotated[int, Meta(ge=-1000, le=1000)] = 0

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Does it hold for this basket?"""
        raise NotImplementedError

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """What it would give, once it holds."""
        raise NotImplementedError

    @property
    def code(self) -> str:
        """The mechanic's public code: its file's name."""
        return str(self.__struct_config__.tag)


class Program(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules and settings that decide receipts; a published version never changes.

    tolerance_minor      a receipt's total may differ from its lines by this much
    expiry_days          points live to the end of that local day after earning; None: for ever
    hold_minutes         how long a quote keeps what it promised
    earning_excludes     kinds of lines that never earn
    excluded_categories  categories that never earn
    net_debt             new points first pay back debt
    clawback_other_lots  a return may take points of other receipts before it makes debt
    refund_grace_days    life of spent points given back after their lot has expired
    shadows_spend        members not yet registered may spend
    unknown_cards        `batches`: only numbers issued here; `any`: every number starts a card
    """

    version: int = 0
    name: Annotated[Name, Meta(min_length=1)]
    currency: Currency
    lanes: tuple[Lane, ...] = ("price", "payment", "earning")
    tolerance_minor: Annotated[int, Meta(ge=0, le=10_000)] = 0
    expiry_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    hold_minutes: Annotated[int, Meta(ge=1, le=24 * 60)] = 15
    earning_excludes: tuple[Kind, ...] = ("gift_card", "deposit")
    excluded_categories: tuple[OptionalCode, ...] = ()
    net_debt: bool = True
    clawback_other_lots: bool = True
    refund_grace_days: Annotated[int, Meta(ge=0, le=3650)] = 30
    shadows_spend: bool = False
    unknown_cards: Literal["batches", "any"] = "batches"
    rules: tuple[Mechanic, ...]

    def excluded(self, lines: Sequence[Line]) -> frozenset[int]:
        """The lines (from 0) that never earn."""
        kinds, categories = self.earning_excludes, self.excluded_categories
        return frozenset(
            i
            for i, line in enumerate(lines)
            if (line.kind != "goods" and line.kind in kinds)
            or (categories and line.category in categories)
        )


STORY = msgspec.json.Decoder(Story)
