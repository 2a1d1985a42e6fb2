"""The points of base rules several times: "double points at the weekend", "triple for coffee"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.base.money import split
from tessera.rules.core.earning import NO_GOODS, points_wish, rounded
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


class Multiplier(Mechanic, frozen=True, tag="multiplier"):
    """Points of the lines of `of` count `times_x100` / 100 times; the day or card stands in `when`.

    What comes on top is given; the base rules have given the rest. Where several multipliers meet,
    the program's `multipliers` decides. `add`: each counts the points of base rules. `best`: on
    every line the best one counts; a later one gives what it is better by. `multiply`: each counts
    all that the lines have earned before it.

    rounding  of the points on top, of the whole receipt, once
    """

    lane: ClassVar[Lane] = "earning"
    multiplies: ClassVar[bool] = True

    times_x100: Annotated[int, Meta(ge=100, le=10_000, description="200 doubles")]
    rounding: Literal["down", "nearest"] = "down"
    of: Annotated[Goods, Meta(description="the goods whose points count more")] = EVERYTHING

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        whole, cents = divmod(self.times_x100, 100)
        times = f"{whole}.{cents:02d}".rstrip("0").rstrip(".")
        return told_of(self.of, GIVES, GIVES_OF, times=times)

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """The goods have earned points, and enough for one more."""
        lines, earned = self._earned(basket)
        if not lines:
            return NO_GOODS
        if not any(earned):
            return _NO_POINTS
        points = self._points(earned)
        if points and basket.multipliers == "best":
            points = sum(self._extra(basket, lines, earned))
        return Met(points) if points else _NO_MORE

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The points on top, on the lines that earned the others."""
        lines, earned = self._earned(basket)
        extra = self._extra(basket, lines, earned)
        numbers: Numbers = {"times": _decimal(self.times_x100), "points": sum(earned)}
        return points_wish(met.times, lines, extra, TOLD, numbers)

    def _earned(self, basket: Basket) -> tuple[Sequence[int], list[int]]:
        """(lines, the points of each that it counts)"""
        earned = basket.earned if basket.multipliers == "multiply" else basket.base
        if self.of is EVERYTHING:
            return range(len(earned)), earned
        lines = self.of.lines(basket)
        return lines, [earned[i] for i in lines]

    def _points(self, earned: Sequence[int]) -> int:
        return rounded(sum(earned) * (self.times_x100 - 100), 100, self.rounding)

    def _extra(self, basket: Basket, lines: Sequence[int], earned: list[int]) -> list[int]:
        """What comes on top, on each of the lines."""
        extra = split(self._points(earned), earned)
        if basket.multipliers == "best":
            return [max(n - basket.multiplied[i], 0) for i, n in zip(lines, extra, strict=True)]
        return extra


def _decimal(x100: int) -> str:
    """150 -> 1.5"""
    return f"{x100 // 100}.{x100 % 100:02d}".rstrip("0").rstrip(".")


_NO_POINTS = Missing("no_points", 0, "there are no points that it could multiply")
_NO_MORE = Missing("no_more", 0, "it comes to no more points than there are")
TOLD = one_many(
    "+{count} point: {points} points count {times} times",
    "+{count} points: {points} points count {times} times",
)
GIVES = "{times} times the points"
GIVES_OF = "{times} times the points for {goods}"
SCENARIOS = """
# Saturday.
rule base_rate points=2 per_minor=100
rule multiplier times_x100=200 when={weekday: [sat, sun]}
at   2026-02-07 10:30
buy  LATTE 3 x 2.50
----
LATTE 3 x 2.50       7.50
to pay               7.50
points                 30

# Monday.
rule base_rate points=2 per_minor=100
rule multiplier times_x100=200 when={weekday: [sat, sun]}
buy  LATTE 3 x 2.50
----
LATTE 3 x 2.50       7.50
to pay               7.50
points                 15
missing weekday         0

rule base_rate points=1 per_minor=100
rule multiplier times_x100=150 of={categories: [coffee]}
buy  BEANS 1 x 9.00 [coffee], CAKE 1 x 4.00
----
BEANS 1 x 9.00       9.00
CAKE 1 x 4.00        4.00
to pay              13.00
points                 17

rule base_rate points=1 per_minor=100
rule multiplier times_x100=150 rounding=nearest of={categories: [coffee]}
buy  BEANS 1 x 9.00 [coffee], CAKE 1 x 4.00
----
BEANS 1 x 9.00       9.00
CAKE 1 x 4.00        4.00
to pay              13.00
points                 18

rule base_rate points=1 per_minor=1000
rule multiplier times_x100=300
buy  GUM 1 x 0.99
----
GUM 1 x 0.99         0.99
to pay               0.99
points                  0
missing spend_short   901
missing no_points       0
"""
