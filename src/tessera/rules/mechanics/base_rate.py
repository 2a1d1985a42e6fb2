"""So many points for money spent: "2 points for every 1.00". The base of most programs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.base.money import half_up, split
from tessera.rules.core.words import (
    Basket,
    Facts,
    Lane,
    Mechanic,
    Met,
    Missing,
    Share,
    Wish,
    one_many,
)


class BaseRate(Mechanic, frozen=True, tag="base_rate"):
    """`points` for every `per_minor` of what is paid in money, parts of a step counted.

    rounding  of the whole receipt, once: `down`, or `nearest` with halves up
    """

    lane: ClassVar[Lane] = "earning"
    base: ClassVar[bool] = True

    points: Annotated[int, Meta(ge=1, le=1_000_000, description="points for one step")]
    per_minor: Annotated[int, Meta(ge=1, le=10**9, description="the step, in minor units")]
    rounding: Literal["down", "nearest"] = "down"

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It holds as soon as the receipt is worth one point."""
        base = sum(basket.earning_base())
        points = self._points(base)
        if points:
            return Met(times=points)
        numerator = self.per_minor if self.rounding == "down" else -(-self.per_minor // 2)
        lacking = -(-numerator // self.points) - base
        why = "{lacking_minor} more would earn the first point"
        return Missing("spend_short", lacking, why, {"lacking_minor": lacking})

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The points, shared over the lines that earned them."""
        base, points = basket.earning_base(), met.times
        shares = tuple([Share(i, n) for i, n in enumerate(split(points, base)) if n])
        return Wish(
            "points", points, shares, TOLD, SLIP,
            {"count": points, "base_minor": sum(base), "points": self.points,
             "per_minor": self.per_minor},
        )  # fmt: skip

    def _points(self, base_minor: int) -> int:
        if self.rounding == "down":
            return base_minor * self.points // self.per_minor
        return half_up(base_minor * self.points, self.per_minor)


TOLD = one_many(
    "+{count} point: {points} for every {per_minor}",
    "+{count} points: {points} for every {per_minor}",
)
SLIP = one_many("{count} point", "{count} points")
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
"""
