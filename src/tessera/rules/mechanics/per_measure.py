"""So many points per litre, kilogram or piece: "1 point for every litre of diesel"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.rules.core.earning import NO_GOODS, earning_on, least_for_one, points_wish, rounded
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.wording import told_of
from tessera.rules.core.words import (
    EVERYTHING,
    Basket,
    Facts,
    Goods,
    Lane,
    Mechanic,
    Met,
    Missing,
    Wish,
    one_many,
)

_UNITS = {"l": ("ml", 1000), "kg": ("g", 1000), "piece": ("piece", 1)}


class PerMeasure(Mechanic, frozen=True, tag="per_measure"):
    """`points` for every `per` litres, kilograms or pieces that are paid in money.

    Only lines sold in that measure count. Discounts take nothing away; of a line that is partly
    paid with points the part counts that is paid in money, in whole grams, millilitres or pieces.

    rounding  of the whole receipt, once: `down`, or `nearest` with halves up
    """

    lane: ClassVar[Lane] = "earning"
    base: ClassVar[bool] = True

    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    measure: Literal["l", "kg", "piece"]
    per: Annotated[int, Meta(ge=1, le=10**6, description="litres, kilograms or pieces")] = 1
    rounding: Literal["down", "nearest"] = "down"
    of: Annotated[Goods, Meta(description="the goods that earn")] = EVERYTHING

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        whole, part = GIVES[self.measure]
        return told_of(self.of, whole, part, count=self.points, per=self.per)

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It holds as soon as the goods are worth one point."""
        lines, units = self._counted(basket)
        if not lines:
            return NO_GOODS
        per, bought = self.per * _UNITS[self.measure][1], sum(units)
        points = rounded(bought * self.points, per, self.rounding)
        if points:
            return Met(points)
        lacking = least_for_one(self.points, per, self.rounding) - bought
        return Missing("units_short", lacking, SHORT[self.measure], {"count": lacking})

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The points, shared over the lines by what they hold."""
        lines, units = self._counted(basket)
        numbers = {"bought": sum(units), "points": self.points, "per": self.per}
        return points_wish(met.times, lines, units, TOLD[self.measure], numbers)

    def _counted(self, basket: Basket) -> tuple[Sequence[int], list[int]]:
        """(lines, grams, millilitres or pieces of each that earn)"""
        lines, base = earning_on(basket, self.of)
        unit, sold = _UNITS[self.measure][0], basket.lines
        mine = [(i, minor) for i, minor in zip(lines, base, strict=True) if sold[i].unit == unit]
        left, quantity = basket.left, basket.quantity
        return [i for i, _ in mine], [quantity[i] * minor // (left[i] or 1) for i, minor in mine]


SHORT = {
    "l": one_many("1 ml more earns the first point", "{count} ml more earn the first point"),
    "kg": one_many("1 g more earns the first point", "{count} g more earn the first point"),
    "piece": one_many("1 more earns the first point", "{count} more earn the first point"),
}
TOLD = {
    "l": one_many("+{count} point: {points} per {per} l", "+{count} points: {points} per {per} l"),
    "kg": one_many(
        "+{count} point: {points} per {per} kg", "+{count} points: {points} per {per} kg"
    ),
    "piece": one_many(
        "+{count} point: {points} per {per} bought", "+{count} points: {points} per {per} bought"
    ),
}
GIVES = {
    "l": (
        one_many("{count} point for every {per} l", "{count} points for every {per} l"),
        one_many(
            "{count} point for every {per} l of {goods}",
            "{count} points for every {per} l of {goods}",
        ),
    ),
    "kg": (
        one_many("{count} point for every {per} kg", "{count} points for every {per} kg"),
        one_many(
            "{count} point for every {per} kg of {goods}",
            "{count} points for every {per} kg of {goods}",
        ),
    ),
    "piece": (
        one_many("{count} point for every {per} pieces", "{count} points for every {per} pieces"),
        one_many(
            "{count} point for every {per} pieces of {goods}",
            "{count} points for every {per} pieces of {goods}",
        ),
    ),
}  # fmt: skip
SCENARIOS = """
rule per_measure points=1 measure=l of={skus: [DIESEL]}
buy  DIESEL 42.370 l x 1.70, COFFEE 1 x 1.20
----
DIESEL 42.370 l x 1.70 72.03
COFFEE 1 x 1.20      1.20
to pay              73.23
points                 42

rule per_measure points=1 measure=l of={skus: [DIESEL]}
buy  DIESEL 0.400 l x 1.70
----
DIESEL 0.400 l x 1.70 0.68
to pay               0.68
points                  0
missing units_short   600

rule per_measure points=3 measure=kg rounding=nearest
buy  APPLES 0.850 kg x 2.00, PEARS 1.000 kg x 3.00
----
APPLES 0.850 kg x 2.00 1.70
PEARS 1.000 kg x 3.00 3.00
to pay               4.70
points                  6

rule per_measure points=5 measure=piece per=2
buy  BOTTLE 3 x 1.00
----
BOTTLE 3 x 1.00      3.00
to pay               3.00
points                  7

# Half of the fuel is paid with points: the other half earns.
rule pay_with_points points=1 worth_minor=1
rule per_measure points=1 measure=l
have 1700
spend 1700
buy  DIESEL 20.000 l x 1.70
----
DIESEL 20.000 l x 1.70 34.00
  pay_with_points  -17.00
to pay              17.00
points                 10
spent                1700

rule per_measure points=1 measure=l
buy  COFFEE 1 x 1.20
----
COFFEE 1 x 1.20      1.20
to pay               1.20
points                  0
missing no_goods        0
"""
