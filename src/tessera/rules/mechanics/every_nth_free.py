"""Every n-th unit of some goods is free: "the third coffee is on us"."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.base.text import OptionalCode
from tessera.rules.core.phrases import goods_words
from tessera.rules.core.picking import (
    dearest,
    open_units,
    percent_of,
    pieces,
    shared,
    taken,
    worth_of,
)
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import (
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


class EveryNthFree(Mechanic, frozen=True, kw_only=True, tag="every_nth_free"):
    """Of every `n` pieces on one receipt one is free: of all together the cheapest ones.

    All pieces of full groups are used up; weighed goods do not count.

    product  the article's SKU: the short way for `of: {skus: [...]}`; one of the two is needed
    percent  off the n-th piece; 100: it is free
    """

    lane: ClassVar[Lane] = "price"

    product: Annotated[OptionalCode, Meta(description="the article's SKU")] = ""
    n: Annotated[int, Meta(ge=2, le=1000, description="units, counting the free one")]
    of: Annotated[Goods, Meta(description="which pieces, instead of a product")] | None = None
    percent: Annotated[int, Meta(ge=1, le=100)] = 100

    def __post_init__(self) -> None:
        if (self.of is None) is not bool(self.product):
            raise ValueError("either product or `of` says which goods, not both and not none")

    def watches(self) -> Goods:
        """The goods, said either way."""
        return self.of if self.of is not None else Goods(skus=(self.product,))

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        goods = self.product or goods_words(self.watches())
        numbers: Numbers = {"n": self.n, "goods": goods, "percent": self.percent}
        return (NTH_FREE if self.percent == 100 else NTH_PERCENT), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Enough pieces that no other rule of this lane has used."""
        if self.product and self.product not in basket.by_sku():
            return self._short(self.n)
        lines = pieces(self.watches(), basket, self.stack)
        bought = sum([open_units(basket, i, self.stack) for i in lines])
        if bought >= self.n:
            return Met(bought // self.n, tuple(lines))
        return self._short(self.n - bought)

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The cheapest pieces are free; the dearest ones of the full groups are paid."""
        order = dearest(basket, met.lines)
        room = {i: open_units(basket, i, self.stack) for i in order}
        free = taken(order[::-1], met.times, room)
        paid = taken(order, met.times * (self.n - 1), room)
        total = percent_of(worth_of(basket, free), self.percent)
        numbers: Numbers = {
            "count": met.times, "n": self.n, "percent": self.percent, "total_minor": total,
            "product": self.product or goods_words(self.watches()),
        }  # fmt: skip
        screen = TOLD if self.percent == 100 else TOLD_PERCENT
        slip = SLIP if not self.product else SLIP_PRODUCT
        if self.percent < 100:
            slip = SLIP_PERCENT
        return Wish("discount", total, shared(basket, total, free, paid), screen, slip, numbers)

    def _short(self, lacking: int) -> Missing:
        short = SHORT if self.percent == 100 else SHORT_PERCENT
        numbers = {"count": lacking, "n": self.n, "percent": self.percent}
        return Missing("units_short", lacking, short, numbers)


SHORT = one_many(
    "1 more is needed: every {n_th} is free", "{count} more are needed: every {n_th} is free"
)
SHORT_PERCENT = one_many(
    "1 more is needed: {percent} % off every {n_th}",
    "{count} more are needed: {percent} % off every {n_th}",
)
TOLD = one_many("1 unit of {product} free", "{count} units of {product} free")
TOLD_PERCENT = one_many(
    "{percent} % off 1 unit of {product}", "{percent} % off {count} units of {product}"
)
SLIP = "{count} free"
SLIP_PRODUCT = "{count} x {product} free"
SLIP_PERCENT = "{percent} % off {count}"
NTH_FREE = "every {n_th} unit of {goods} on a receipt is free"
NTH_PERCENT = "every {n_th} unit of {goods} on a receipt is {percent} % cheaper"
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

# Several articles together, half price instead of free.
rule every_nth_free n=2 percent=50 of={categories: [coffee]}
buy  LATTE 1 x 3.00 [coffee], ESPRESSO 1 x 1.15 [coffee], CAKE 1 x 4.00
----
LATTE 1 x 3.00       3.00
ESPRESSO 1 x 1.15    1.15
  every_nth_free    -0.58
CAKE 1 x 4.00        4.00
to pay               7.57
points                  0
"""
