"""The cheapest (or dearest) of several is cheaper: "half off the second dearest of three"."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.rules.core.phrases import goods_words
from tessera.rules.core.picking import (
    cheapest,
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


class CheapestItem(Mechanic, frozen=True, tag="cheapest_item"):
    """`percent` off one piece of `of`, once on a receipt, when there are `units` of them or more.

    The piece and the dearest of the others, `units` in all, are used up; weighed goods do
    not count.

    which  counted from the cheapest or from the dearest
    nth    1 is the cheapest (dearest) itself, 2 the next; so many pieces are needed at least
    """

    lane: ClassVar[Lane] = "price"

    percent: Annotated[int, Meta(ge=1, le=100)]
    units: Annotated[int, Meta(ge=1, le=1000, description="so many must be there")] = 1
    of: Annotated[Goods, Meta(description="which pieces")] = EVERYTHING
    which: Literal["cheapest", "dearest"] = "cheapest"
    nth: Annotated[int, Meta(ge=1, le=1000)] = 1

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        numbers: Numbers = {
            "percent": self.percent, "n": self.nth, "goods": goods_words(self.of),
            "units": self.units,
        }  # fmt: skip
        if self.nth == 1:
            return (OFF_CHEAPEST if self.which == "cheapest" else OFF_DEAREST), numbers
        return (OFF_NTH_CHEAPEST if self.which == "cheapest" else OFF_NTH_DEAREST), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Enough pieces that no other rule has used."""
        lines = pieces(self.of, basket, self.stack)
        short = max(self.units, self.nth) - sum([open_units(basket, i, self.stack) for i in lines])
        if short <= 0:
            return Met(1, tuple(lines))
        numbers = {"count": short, "percent": self.percent}
        return Missing("units_short", short, SHORT, numbers)

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The percentage of that one piece."""
        room = {i: open_units(basket, i, self.stack) for i in met.lines}
        down = dearest(basket, met.lines)
        order = down if self.which == "dearest" else cheapest(basket, met.lines)
        passed = taken(order, self.nth - 1, room)
        pick = taken(order, 1, room)
        for i, units in passed.items():
            room[i] += units
        used = taken(down, max(self.units, self.nth) - 1, room)
        total = percent_of(worth_of(basket, pick), self.percent)
        (line,) = pick
        numbers: Numbers = {
            "percent": self.percent, "product": basket.lines[line].sku, "nth": self.nth,
            "goods": goods_words(self.of), "total_minor": total,
        }  # fmt: skip
        screen = TOLD if self.percent < 100 else TOLD_FREE
        return Wish("discount", total, shared(basket, total, pick, used), screen, SLIP, numbers)


SHORT = one_many(
    "1 more is needed: {percent} % off one", "{count} more are needed: {percent} % off one"
)
TOLD = "{percent} % off 1 unit of {product}: {total_minor}"
TOLD_FREE = "1 unit of {product} free: {total_minor}"
SLIP = "{percent} % off one"
OFF_CHEAPEST = "{percent} % off the cheapest of {units} or more of {goods}"
OFF_DEAREST = "{percent} % off the dearest of {units} or more of {goods}"
OFF_NTH_CHEAPEST = "{percent} % off the {n_th} cheapest of {units} or more of {goods}"
OFF_NTH_DEAREST = "{percent} % off the {n_th} dearest of {units} or more of {goods}"
SCENARIOS = """
rule cheapest_item percent=100 units=3 of={categories: [shirt]}
buy  LINEN 2 x 39.00 [shirt], TEE 1 x 15.00 [shirt], SOCKS 1 x 5.00
----
LINEN 2 x 39.00     78.00
TEE 1 x 15.00       15.00
  cheapest_item    -15.00
SOCKS 1 x 5.00       5.00
to pay              83.00
points                  0

rule cheapest_item percent=100 units=3 of={categories: [shirt]}
buy  LINEN 2 x 39.00 [shirt]
----
LINEN 2 x 39.00     78.00
to pay              78.00
points                  0
missing units_short     1

# Half off the second dearest.
rule cheapest_item percent=50 units=2 which=dearest nth=2
buy  LINEN 1 x 39.00, TEE 1 x 15.00, POLO 1 x 25.00
----
LINEN 1 x 39.00     39.00
TEE 1 x 15.00       15.00
POLO 1 x 25.00      25.00
  cheapest_item    -12.50
to pay              66.50
points                  0
"""
