"""So many points per receipt, line or unit: "50 points per bottle"."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.base.money import split
from tessera.rules.core.earning import NO_GOODS, earning_on, points_wish
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


class FixedPoints(Mechanic, frozen=True, tag="fixed_points"):
    """`points` for a receipt with such goods, for each line of them, or for each unit.

    Lines count that are paid in money, in part at least. A weighed line is one unit.
    """

    lane: ClassVar[Lane] = "earning"

    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    per: Literal["receipt", "line", "unit"] = "receipt"
    of: Annotated[Goods, Meta(description="the goods that earn")] = EVERYTHING

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        whole, part = GIVES[self.per]
        return told_of(self.of, whole, part, count=self.points)

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Such goods are there and paid for."""
        lines, base = earning_on(basket, self.of)
        if not lines:
            return NO_GOODS
        paid = tuple([i for i, minor in zip(lines, base, strict=True) if minor])
        if not paid:
            return _NOT_PAID
        return Met(1 if self.per == "receipt" else sum(self._times(basket, paid)), paid)

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The points, on the lines they are for; those of a receipt by what the lines cost."""
        if self.per == "receipt":
            base = basket.earning_base()
            weights = split(self.points, [base[i] for i in met.lines])
        else:
            weights = [n * self.points for n in self._times(basket, met.lines)]
        numbers = {"points": self.points, "times": met.times}
        told = TOLD if met.times == 1 else TOLD_TIMES
        return points_wish(sum(weights), met.lines, weights, told, numbers)

    def _times(self, basket: Basket, lines: tuple[int, ...]) -> list[int]:
        if self.per == "line":
            return [1] * len(lines)
        return [basket.quantity[i] if basket.lines[i].unit == "piece" else 1 for i in lines]


_NOT_PAID = Missing("nothing_paid", 0, "nothing of these goods is paid in money")
TOLD = one_many("+{count} point", "+{count} points")
TOLD_TIMES = one_many("+{count} point: {times} x {points}", "+{count} points: {times} x {points}")
GIVES = {
    "receipt": (
        one_many("{count} point", "{count} points"),
        one_many("{count} point for {goods}", "{count} points for {goods}"),
    ),
    "line": (
        one_many("{count} point for every line", "{count} points for every line"),
        one_many(
            "{count} point for every line of {goods}", "{count} points for every line of {goods}"
        ),
    ),
    "unit": (
        one_many("{count} point for every unit", "{count} points for every unit"),
        one_many(
            "{count} point for every unit of {goods}", "{count} points for every unit of {goods}"
        ),
    ),
}  # fmt: skip
SCENARIOS = """
rule fixed_points points=50 per=unit of={skus: [PROSECCO]}
buy  PROSECCO 3 x 8.90, CAKE 1 x 4.00
----
PROSECCO 3 x 8.90   26.70
CAKE 1 x 4.00        4.00
to pay              30.70
points                150

rule fixed_points points=50 per=unit of={skus: [PROSECCO]}
buy  CAKE 1 x 4.00
----
CAKE 1 x 4.00        4.00
to pay               4.00
points                  0
missing no_goods        0

rule fixed_points points=20 per=line of={categories: [fresh]}
buy  HAM 0.320 kg x 11.90 [fresh], MILK 6 x 1.20 [fresh], CAKE 1 x 4.00
----
HAM 0.320 kg x 11.90 3.81
MILK 6 x 1.20        7.20
CAKE 1 x 4.00        4.00
to pay              15.01
points                 40

rule fixed_points points=10
buy  LATTE 3 x 2.50, CAKE 1 x 4.00
----
LATTE 3 x 2.50       7.50
CAKE 1 x 4.00        4.00
to pay              11.50
points                 10

# The bottles that come back take their points along.
rule fixed_points points=50 per=unit
buy  PROSECCO 3 x 8.90
keep 1
----
PROSECCO 1 x 8.90    8.90
to pay               8.90
points                 50
refund              17.80
points taken back     100

rule fixed_points points=10
buy  DEPOSIT 1 x 0.25 deposit
----
DEPOSIT 1 x 0.25     0.25
to pay               0.25
points                  0
missing nothing_paid    0
"""
