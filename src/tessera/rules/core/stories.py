"""What a mechanic wishes, what was given in the end, what was missing: a decision's own words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from tessera.ledger.core import MAIN
from tessera.rules.core.basket import Share
from tessera.rules.core.texts import NONE, Numbers, Phrases, Template

EffectKind = Literal[
    "discount", "payment", "points", "gift", "coupon", "ticket", "badge", "privilege", "donation"
]


class Wish(Struct, frozen=True):
    """What a mechanic would like; the engine decides what becomes of it.

    amount  minor units (discount, payment, donation), points, or pieces (the rest), > 0; the sum of
            the shares where there are any
    wanted  what would have been given without the mechanic's own limit; 0: the same as amount
    points  for a payment: the points it takes
    limit   why `amount` is below `wanted`
    item    for a gift or coupon: which; of a ticket the draw, of a donation the cause
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
