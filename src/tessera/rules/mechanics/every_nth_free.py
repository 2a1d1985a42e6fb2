"""Every n-th unit of one product is free: "the third coffee is on us"."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.base.text import Code
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


class EveryNthFree(Mechanic, frozen=True, tag="every_nth_free"):
    """Of every `n` units of `product` on one receipt the cheapest is free."""

    lane: ClassVar[Lane] = "price"

    product: Annotated[Code, Meta(description="the article's SKU")]
    n: Annotated[int, Meta(ge=2, le=1000, description="units, counting the free one")]

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Enough units that no other rule of this lane has used."""
        lines = self._lines(basket)
        bought = sum(basket.free[i] for i in lines)
        if bought >= self.n:
            return Met(bought // self.n, tuple(lines))
        lacking = self.n - bought
        return Missing("units_short", lacking, SHORT, {"count": lacking, "n": self.n})

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The cheapest units are free; all units of a full group are used up."""
        dearest = sorted(met.lines, key=lambda i: -basket.unit_minor(i))
        free, paid = met.times, met.times * (self.n - 1)
        off, used = dict.fromkeys(dearest, 0), dict.fromkeys(dearest, 0)
        for i in reversed(dearest):
            units = min(free, basket.free[i])
            off[i] = min(basket.unit_minor(i) * units, basket.left[i])
            used[i], free = units, free - units
        for i in dearest:
            units = min(paid, basket.free[i] - used[i])
            used[i], paid = used[i] + units, paid - units
        total = sum(off.values())
        return Wish(
            "discount", total, tuple(Share(i, off[i], used[i]) for i in dearest if used[i]),
            TOLD, "{count} x {product} free",
            {"count": met.times, "product": self.product, "n": self.n},
        )  # fmt: skip

    def _lines(self, basket: Basket) -> list[int]:
        return [
            i
            for i, line in enumerate(basket.lines)
            if line.sku == self.product and line.unit == "piece" and basket.free[i]
        ]


SHORT = one_many(
    "1 more is needed: every {n}. is free", "{count} more are needed: every {n}. is free"
)
TOLD = one_many("1 unit of {product} free", "{count} units of {product} free")
SCENARIOS = """
rule every_nth_free product=LATTE n=3
buy  LATTE 3 x 2.50, CAKE 1 x 4.00
----
LATTE 3 x 2.50       7.50
  every_nth_free    -2.50
CAKE 1 x 4.00        4.00
to pay               9.00
points                  0

rule every_nth_free product=LATTE n=3
buy  LATTE 2 x 2.50
----
LATTE 2 x 2.50       5.00
to pay               5.00
points                  0
missing units_short     1

rule every_nth_free product=LATTE n=2
buy  LATTE 1 x 3.00, LATTE 3 x 2.50
----
LATTE 1 x 3.00       3.00
LATTE 3 x 2.50       7.50
  every_nth_free    -5.00
to pay               5.50
points                  0
"""
