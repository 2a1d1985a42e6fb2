"""A prize from a sum on: "from 50.00 on a coffee cup", or "a coupon for every full 20.00"."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.core.prizes import PrizeMechanic, counted
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.wording import told_of
from tessera.rules.core.words import EVERYTHING, Basket, Facts, Goods, Met, Missing


class SumThreshold(PrizeMechanic, frozen=True, tag="sum_threshold"):
    """The prize once what is left to pay after discounts, in money or points, reaches the sum.

    each  the prize for every full sum instead of once
    of    what counts; lines that never earn count only where `of` names kinds
    """

    from_minor: Annotated[int, Meta(ge=1, le=10**12, description="the sum, in minor units")]
    each: bool = False
    of: Annotated[Goods, Meta(description="what counts towards the sum")] = EVERYTHING

    def __post_init__(self) -> None:
        if self.each and self.prize.percent is not None:
            raise ValueError("a percentage is given once: take out `each`, or give off_minor")

    def asks(self) -> tuple[Template, Numbers]:
        """What has to be so besides `when`, for the sentence of the rule."""
        whole, part = (ASKS_EACH, ASKS_EACH_OF) if self.each else (ASKS, ASKS_OF)
        return told_of(self.of, whole, part, from_minor=self.from_minor)

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """What counts is enough, once or several times."""
        lines, total = counted(basket, self.of)
        if total >= self.from_minor:
            return Met(total // self.from_minor if self.each else 1, tuple(lines))
        lacking = self.from_minor - total
        title = self.prize.title
        numbers: Numbers = {"lacking_minor": lacking, "title": title}
        return Missing("sum_short", lacking, TITLED if title else SHORT, numbers)

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """The sum and what was asked."""
        total = sum(basket.left[i] for i in met.lines)
        return {"from_minor": self.from_minor, "sum_minor": total, "times": met.times}


SHORT = "{lacking_minor} more is needed"
TITLED = "{lacking_minor} more: {title}"
ASKS = "the receipt comes to {from_minor} or more"
ASKS_OF = "{goods} on the receipt come to {from_minor} or more"
ASKS_EACH = "the receipt comes to {from_minor}, for every full {from_minor}"
ASKS_EACH_OF = "{goods} on the receipt come to {from_minor}, for every full {from_minor}"
SCENARIOS = """
# From 10.00 on a cup.
rule sum_threshold from=10.00 prize={gift: CUP}
buy  LATTE 3 x 2.50, CAKE 1 x 4.00
----
LATTE 3 x 2.50       7.50
CAKE 1 x 4.00        4.00
to pay              11.50
points                  0
gift CUP                1

rule sum_threshold from=10.00 prize={gift: CUP}
buy  LATTE 3 x 2.50
----
LATTE 3 x 2.50       7.50
to pay               7.50
points                  0
missing sum_short     250

# A coupon for every full 20.00 of wine; the bread does not count.
rule sum_threshold from=20.00 each=true of={categories: [wine]} prize={coupon: NEXT5}
buy  CHIANTI 3 x 15.00 [wine], BREAD 2 x 4.00 [bakery]
----
CHIANTI 3 x 15.00   45.00
BREAD 2 x 4.00       8.00
to pay              53.00
points                  0
coupon NEXT5            2

# 5.00 off for every full 30.00; the deposit is money and counts for nothing.
rule sum_threshold from=30.00 each=true prize={off: 5.00}
buy  BEER 3 x 19.95, CRATE 3 x 3.00 deposit
----
BEER 3 x 19.95      59.85
  sum_threshold     -5.00
CRATE 3 x 3.00       9.00
to pay              63.85
points                  0

# One of three crates comes back: the two that are kept do not reach 50.00.
rule sum_threshold from=50.00 prize={points: 200}
buy  BEER 3 x 19.95
keep 2
----
BEER 2 x 19.95      39.90
to pay              39.90
points                  0
missing sum_short    1010
refund              19.95
points taken back     200
"""
