"""So many points for money above a threshold: "2 points for every euro above 5 euros"."""

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


class AboveThreshold(Mechanic, frozen=True, tag="above_threshold"):
    """`points` for every `per_minor` paid in money above `above_minor`.

    counts    `excess`: only what lies above; `all`: everything once the threshold is reached
    parts     parts of a step count; else only full steps
    rounding  of the whole receipt, once, where parts count
    """

    lane: ClassVar[Lane] = "earning"
    base: ClassVar[bool] = True

    points: Annotated[int, Meta(ge=1, le=1_000_000, description="points for one step")]
    per_minor: Annotated[int, Meta(ge=1, le=10**9, description="the step, in minor units")]
    above_minor: Annotated[int, Meta(ge=1, le=10**9, description="the threshold")]
    counts: Literal["excess", "all"] = "excess"
    parts: bool = True
    rounding: Literal["down", "nearest"] = "down"
    of: Annotated[Goods, Meta(description="the goods that earn")] = EVERYTHING

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        whole, part = (ALL, ALL_OF) if self.counts == "all" else (EXCESS, EXCESS_OF)
        return told_of(
            self.of, whole, part,
            count=self.points, per_minor=self.per_minor, above_minor=self.above_minor,
        )  # fmt: skip

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It holds as soon as what counts is worth one point."""
        lines, base = earning_on(basket, self.of)
        if not lines:
            return NO_GOODS
        minor = sum(base)
        points = self._points(minor)
        if points:
            return Met(points)
        lacking = self._least() - minor
        return Missing("spend_short", lacking, SHORT, {"lacking_minor": lacking})

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The points, shared over all lines that led above the threshold."""
        lines, base = earning_on(basket, self.of)
        numbers = {
            "base_minor": sum(base), "points": self.points, "per_minor": self.per_minor,
            "above_minor": self.above_minor,
        }  # fmt: skip
        told = TOLD if self.counts == "excess" else TOLD_ALL
        return points_wish(met.times, lines, base, told, numbers)

    def _points(self, minor: int) -> int:
        if minor < self.above_minor:
            return 0
        counted = minor - self.above_minor if self.counts == "excess" else minor
        if self.parts:
            return rounded(counted * self.points, self.per_minor, self.rounding)
        return counted // self.per_minor * self.points

    def _least(self) -> int:
        """The smallest purchase that earns something."""
        first = self.per_minor
        if self.parts:
            first = least_for_one(self.points, self.per_minor, self.rounding)
        if self.counts == "excess":
            return self.above_minor + first
        return max(self.above_minor, first)


TOLD = one_many(
    "+{count} point: {points} for every {per_minor} above {above_minor}",
    "+{count} points: {points} for every {per_minor} above {above_minor}",
)
TOLD_ALL = one_many(
    "+{count} point: {points} for every {per_minor} from {above_minor} on",
    "+{count} points: {points} for every {per_minor} from {above_minor} on",
)
EXCESS = one_many(
    "{count} point for every {per_minor} above {above_minor}",
    "{count} points for every {per_minor} above {above_minor}",
)
EXCESS_OF = one_many(
    "{count} point for every {per_minor} above {above_minor} spent on {goods}",
    "{count} points for every {per_minor} above {above_minor} spent on {goods}",
)
ALL = one_many(
    "{count} point for every {per_minor}, once {above_minor} are reached",
    "{count} points for every {per_minor}, once {above_minor} are reached",
)
ALL_OF = one_many(
    "{count} point for every {per_minor} spent on {goods}, once {above_minor} are reached",
    "{count} points for every {per_minor} spent on {goods}, once {above_minor} are reached",
)
SCENARIOS = """
rule above_threshold points=2 per_minor=100 above_minor=500
buy  LATTE 3 x 2.50
----
LATTE 3 x 2.50       7.50
to pay               7.50
points                  5

rule above_threshold points=2 per_minor=100 above_minor=500
buy  LATTE 2 x 2.50
----
LATTE 2 x 2.50       5.00
to pay               5.00
points                  0
missing spend_short    50

# Full euros only: of the 3.75 above the threshold three count.
rule above_threshold points=2 per_minor=100 above_minor=500 parts=false
buy  LATTE 3 x 2.50, GUM 1 x 1.25
----
LATTE 3 x 2.50       7.50
GUM 1 x 1.25         1.25
to pay               8.75
points                  6

# Everything counts once the threshold is reached.
rule above_threshold points=1 per_minor=100 above_minor=5000 counts=all
buy  HAM 2.000 kg x 25.00
----
HAM 2.000 kg x 25.00 50.00
to pay              50.00
points                 50

rule above_threshold points=1 per_minor=100 above_minor=5000 counts=all
buy  HAM 1.990 kg x 25.00
----
HAM 1.990 kg x 25.00 49.75
to pay              49.75
points                  0
missing spend_short    25
"""
