"""So many points for every full amount: "a point for every full 10.00 spent on fresh food"."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace

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


class Step(Mechanic, frozen=True, tag="step"):
    """`points` for each full `each_minor` of what is paid in money; parts of a step are lost.

    max_steps  of one receipt count no more
    """

    lane: ClassVar[Lane] = "earning"
    base: ClassVar[bool] = True

    points: Annotated[int, Meta(ge=1, le=1_000_000, description="points for one full step")]
    each_minor: Annotated[int, Meta(ge=1, le=10**9, description="the step, in minor units")]
    max_steps: Annotated[int, Meta(ge=1, le=10**6)] | None = None
    of: Annotated[Goods, Meta(description="the goods that earn")] = EVERYTHING

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        return told_of(self.of, GIVES, GIVES_OF, count=self.points, each_minor=self.each_minor)

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """One full step or more."""
        lines, base = earning_on(basket, self.of)
        if not lines:
            return NO_GOODS
        minor = sum(base)
        steps = minor // self.each_minor
        if steps:
            return Met(steps)
        lacking = self.each_minor - minor
        return Missing("spend_short", lacking, SHORT, {"lacking_minor": lacking})

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The points of the steps that count, shared over the lines that filled them."""
        lines, base = earning_on(basket, self.of)
        steps = min(met.times, self.max_steps or met.times)
        wish = points_wish(
            steps * self.points, lines, base, TOLD,
            {"base_minor": sum(base), "points": self.points, "each_minor": self.each_minor,
             "steps": steps, "max_steps": self.max_steps or 0},
        )  # fmt: skip
        if steps == met.times:
            return wish
        return replace(wish, wanted=met.times * self.points, limit=LIMIT)


SHORT = "{lacking_minor} more would fill the first step"
LIMIT = "at most {max_steps} steps of a receipt count"
TOLD = one_many(
    "+{count} point: {points} for each full {each_minor}",
    "+{count} points: {points} for each full {each_minor}",
)
GIVES = one_many(
    "{count} point for every full {each_minor}", "{count} points for every full {each_minor}"
)
GIVES_OF = one_many(
    "{count} point for every full {each_minor} spent on {goods}",
    "{count} points for every full {each_minor} spent on {goods}",
)
SCENARIOS = """
rule step points=1 each_minor=1000
buy  WINE 3 x 9.90
----
WINE 3 x 9.90       29.70
to pay              29.70
points                  2

rule step points=1 each_minor=1000
buy  WINE 1 x 9.90
----
WINE 1 x 9.90        9.90
to pay               9.90
points                  0
missing spend_short    10

rule step points=50 each_minor=1000 max_steps=3
buy  WINE 6 x 9.90
----
WINE 6 x 9.90       59.40
to pay              59.40
points                150

# Only fresh food fills the steps.
rule step points=5 each_minor=500 of={categories: [fresh]}
buy  HAM 0.800 kg x 11.90 [fresh], SOAP 1 x 3.00
----
HAM 0.800 kg x 11.90 9.52
SOAP 1 x 3.00        3.00
to pay              12.52
points                  5
"""
