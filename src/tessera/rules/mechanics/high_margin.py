"""Points on goods that the shop earns well on: nobody is told why these and not others."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.base.money import half_up
from tessera.rules.core.earning import NO_GOODS, SHORT, earning_on, least_for_one, points_wish
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
from tessera.warehouse.core import PER


class HighMargin(Mechanic, frozen=True, kw_only=True, tag="high_margin"):
    """`points` for every full `per` paid on lines with enough margin; the rule is always hidden.

    from_percent  what is left of the price after discounts and cost, in percent of that price. A
                  line whose `cost_minor` the till does not send has no margin that is known
    """

    lane: ClassVar[Lane] = "earning"

    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    per_minor: Annotated[int, Meta(ge=1, le=10**9, description="in minor units")]
    from_percent: Annotated[int, Meta(ge=1, le=100, description="margin, of the price")]
    of: Annotated[Goods, Meta(description="the goods that are looked at")] = EVERYTHING

    def __post_init__(self) -> None:
        if not self.hidden:
            raise ValueError("margins are nobody's business: set `hidden` to true")

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        return told_of(
            self.of, GIVES, GIVES_OF, count=self.points, per_minor=self.per_minor,
            percent=self.from_percent,
        )  # fmt: skip

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """There are such lines, and they earn a point."""
        lines, base = self._counted(basket)
        if not lines:
            return NO_GOODS
        paid = sum(base)
        points = paid * self.points // self.per_minor
        if points:
            return Met(points, tuple(lines))
        lacking = least_for_one(self.points, self.per_minor, "down") - paid
        return Missing("amount_short", lacking, SHORT, {"lacking_minor": lacking})

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The points, shared over the lines by what is paid for them."""
        lines, base = self._counted(basket)
        numbers = {
            "points": self.points, "per_minor": self.per_minor, "percent": self.from_percent,
            "base_minor": sum(base),
        }  # fmt: skip
        return points_wish(met.times, lines, base, TOLD, numbers)

    def _counted(self, basket: Basket) -> tuple[list[int], list[int]]:
        """(lines with enough margin, the minor units of each that earn)."""
        lines, base = earning_on(basket, self.of)
        found = [
            (i, minor) for i, minor in zip(lines, base, strict=True) if self._enough(basket, i)
        ]
        return [i for i, _ in found], [minor for _, minor in found]

    def _enough(self, basket: Basket, i: int) -> bool:
        """Whether a line's margin is known and large enough; nothing is divided."""
        line, price = basket.lines[i], basket.left[i]
        if line.cost_minor is None or price <= 0:
            return False
        cost = half_up(line.cost_minor * basket.quantity[i], PER[line.unit])
        return (price - cost) * 100 >= self.from_percent * price


TOLD = one_many("+{count} point on selected goods", "+{count} points on selected goods")
GIVES = one_many(
    "{count} point for every {per_minor} on goods with a margin of {percent} % or more",
    "{count} points for every {per_minor} on goods with a margin of {percent} % or more",
)
GIVES_OF = one_many(
    "{count} point for every {per_minor} on {goods} with a margin of {percent} % or more",
    "{count} points for every {per_minor} on {goods} with a margin of {percent} % or more",
)
SCENARIOS = """
# The cake costs 1.00 of 4.00, the coffee 2.00 of 2.50.
rule high_margin hidden=true points=1 per=1.00 from_percent=60
buy  CAKE 2 x 4.00 cost=1.00, LATTE 2 x 2.50 cost=2.00
----
CAKE 2 x 4.00        8.00
LATTE 2 x 2.50       5.00
to pay              13.00
points                  8

# What it costs the till does not say.
rule high_margin hidden=true points=1 per=1.00 from_percent=60
buy  CAKE 2 x 4.00
----
CAKE 2 x 4.00        8.00
to pay               8.00
points                  0
missing no_goods        0

# Half off leaves half of the price as margin: 60 % it is no longer.
rule percent_off percent=50
rule high_margin hidden=true points=1 per=1.00 from_percent=60
buy  CAKE 2 x 4.00 cost=1.00
----
CAKE 2 x 4.00        8.00
  percent_off       -4.00
to pay               4.00
points                  0
missing no_goods        0

rule high_margin hidden=true points=1 per=1.00 from_percent=60
buy  CAKE 2 x 4.00 cost=1.00, HAM 0.500 kg x 20.00 cost=6.00
keep 1, 0
----
CAKE 1 x 4.00        4.00
HAM 0.000 kg x 20.00 0.00
to pay               4.00
points                  4
refund              14.00
points taken back      14
"""
