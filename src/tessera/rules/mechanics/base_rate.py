"""So many points for money spent: "2 points for every 1.00". The base of most programs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.rules.core.earning import (
    NO_GOODS,
    SHORT,
    earning_on,
    least_for_one,
    points_wish,
    rounded,
)
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


class BaseRate(Mechanic, frozen=True, tag="base_rate"):
    """`points` for every `per_minor` of what is paid in money, parts of a step counted.

    rounding  of the whole receipt, once: `down`, or `nearest` with halves up
    of        only these goods: one rule for a category and one for all others make a rate per
              category; without the second one it comes on top
    """

    lane: ClassVar[Lane] = "earning"
    base: ClassVar[bool] = True

    points: Annotated[int, Meta(ge=1, le=1_000_000, description="points for one step")]
    per_minor: Annotated[int, Meta(ge=1, le=10**9, description="the step, in minor units")]
    rounding: Literal["down", "nearest"] = "down"
    of: Annotated[Goods, Meta(description="the goods that earn")] = EVERYTHING

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        return told_of(self.of, RATE, RATE_OF, count=self.points, per_minor=self.per_minor)

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It holds as soon as the receipt is worth one point."""
        lines, base = earning_on(basket, self.of)
        if not lines:
            return NO_GOODS
        minor = sum(base)
        points = rounded(minor * self.points, self.per_minor, self.rounding)
        if points:
            return Met(points)
        lacking = least_for_one(self.points, self.per_minor, self.rounding) - minor
        return Missing("spend_short", lacking, SHORT, {"lacking_minor": lacking})

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The points, shared over the lines that earned them."""
        lines, base = earning_on(basket, self.of)
        numbers = {"base_minor": sum(base), "points": self.points, "per_minor": self.per_minor}
        return points_wish(met.times, lines, base, TOLD, numbers)


TOLD = one_many(
    "+{count} point: {points} for every {per_minor}",
    "+{count} points: {points} for every {per_minor}",
)
RATE = one_many("{count} point for every {per_minor}", "{count} points for every {per_minor}")
RATE_OF = one_many(
    "{count} point for every {per_minor} spent on {goods}",
    "{count} points for every {per_minor} spent on {goods}",
)
SCENARIOS = """
rule base_rate points=2 per_minor=100
buy  LATTE 3 x 2.50, CAKE 1 x 4.05
----
LATTE 3 x 2.50       7.50
CAKE 1 x 4.05        4.05
to pay              11.55
points                 23

rule base_rate points=2 per_minor=100
buy  GUM 1 x 0.49
----
GUM 1 x 0.49         0.49
to pay               0.49
points                  0
missing spend_short     1

rule base_rate points=1 per_minor=100 rounding=nearest
buy  SOUP 1 x 4.50
----
SOUP 1 x 4.50        4.50
to pay               4.50
points                  5

rule base_rate points=2 per_minor=100
buy  BOTTLE 1 x 2.00, DEPOSIT 1 x 0.25 deposit
----
BOTTLE 1 x 2.00      2.00
DEPOSIT 1 x 0.25     0.25
to pay               2.25
points                  4

# A rate per category: 5 points for coffee, 1 for everything else.
rule base_rate points=5 per_minor=100 of={categories: [coffee]}
rule base_rate points=1 per_minor=100 of={not_categories: [coffee]}
buy  BEANS 1 x 8.00 [coffee], CAKE 1 x 4.00
----
BEANS 1 x 8.00       8.00
CAKE 1 x 4.00        4.00
to pay              12.00
points                 44

rule base_rate points=5 per_minor=100 of={categories: [coffee]}
buy  CAKE 1 x 4.00
----
CAKE 1 x 4.00        4.00
to pay               4.00
points                  0
missing no_goods        0
"""
