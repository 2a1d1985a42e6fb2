"""So many units for a fixed price: "3 for 10.00", "every wine of the month for 5.00"."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.rules.core.phrases import goods_words
from tessera.rules.core.picking import dearest, open_units, pieces, shared, taken, worth_of
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


class FixedPrice(Mechanic, frozen=True, tag="fixed_price"):
    """`units` pieces of `of` for `price_minor` together, as many times as it makes them cheaper.

    The dearest pieces go together, then the next; weighed goods do not count. All pieces of a group
    are used up. Where fewer are kept after a return they cost their own price again, never more
    than was paid.

    most_times  so often on one receipt at most
    """

    lane: ClassVar[Lane] = "price"

    price_minor: Annotated[int, Meta(ge=1, le=10**12, description="of `units` together")]
    units: Annotated[int, Meta(ge=1, le=1000)] = 1
    of: Annotated[Goods, Meta(description="which pieces")] = EVERYTHING
    most_times: Annotated[int, Meta(ge=1, le=10_000)] | None = None

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        numbers: Numbers = {
            "units": self.units, "goods": goods_words(self.of), "price_minor": self.price_minor,
        }  # fmt: skip
        return (ONE_FOR if self.units == 1 else SEVERAL_FOR), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Enough pieces that no other rule has used, and together dearer than that."""
        lines = pieces(self.of, basket, self.stack)
        there = sum(open_units(basket, i, self.stack) for i in lines)
        if there < self.units:
            lacking = self.units - there
            numbers = {"count": lacking, "units": self.units, "price_minor": self.price_minor}
            return Missing("units_short", lacking, SHORT, numbers)
        times = there // self.units
        if self.most_times is not None:
            times = min(times, self.most_times)
        order = dearest(basket, lines)
        times = self._paying(basket, order, times)
        return Met(times, tuple(order)) if times else _CHEAPER

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """What the pieces cost above the fixed price, shared over them by what they cost."""
        pick = self._pick(basket, met.lines, met.times)
        total = max(worth_of(basket, pick) - self.price_minor * met.times, 0)
        numbers: Numbers = {
            "count": self.units * met.times, "times": met.times, "units": self.units,
            "price_minor": self.price_minor, "goods": goods_words(self.of), "total_minor": total,
        }  # fmt: skip
        screen, slip = (TOLD, SLIP) if self.units > 1 else (TOLD_EACH, SLIP_EACH)
        return Wish("discount", total, shared(basket, total, pick), screen, slip, numbers)

    def _pick(self, basket: Basket, order: Sequence[int], times: int) -> dict[int, int]:
        room = {i: open_units(basket, i, self.stack) for i in order}
        return taken(order, self.units * times, room)

    def _paying(self, basket: Basket, order: list[int], times: int) -> int:
        """How many groups cost more than the fixed price: the first ones are the dearest."""
        if self._pays(basket, order, times - 1):
            return times
        return bisect_left(range(times - 1), True, key=lambda n: not self._pays(basket, order, n))

    def _pays(self, basket: Basket, order: list[int], n: int) -> bool:
        """Whether the group behind the first `n` costs more than the fixed price."""
        before, after = self._pick(basket, order, n), self._pick(basket, order, n + 1)
        return worth_of(basket, after) - worth_of(basket, before) > self.price_minor


_CHEAPER = Missing("already_cheaper", 0, "the goods cost no more than that")
SHORT = one_many(
    "1 more is needed: {units} for {price_minor}",
    "{count} more are needed: {units} for {price_minor}",
)
TOLD = "{goods}: {units} for {price_minor}, {total_minor} less"
TOLD_EACH = "{goods}: {price_minor} each, {total_minor} less"
SLIP = "{units} for {price_minor}"
SLIP_EACH = "{price_minor} each"
ONE_FOR = "{goods} for {price_minor} each"
SEVERAL_FOR = "{units} of {goods} for {price_minor}"
SCENARIOS = """
# The three dearest of four: 12.50 become 10.00, by what each costs.
rule fixed_price units=3 price=10.00 of={categories: [pasta]}
buy  RAVIOLI 2 x 4.50 [pasta], GNOCCHI 2 x 3.50 [pasta]
----
RAVIOLI 2 x 4.50     9.00
  fixed_price       -1.80
GNOCCHI 2 x 3.50     7.00
  fixed_price       -0.70
to pay              13.50
points                  0

rule fixed_price units=3 price=10.00 of={categories: [pasta]}
buy  RAVIOLI 2 x 4.50 [pasta]
----
RAVIOLI 2 x 4.50     9.00
to pay               9.00
points                  0
missing units_short     1

# Never dearer: three for 9.00 would not be cheaper than 3.00 each.
rule fixed_price units=3 price=9.00 of={skus: [GNOCCHI]}
buy  GNOCCHI 3 x 3.00
----
GNOCCHI 3 x 3.00     9.00
to pay               9.00
points                  0
missing already_cheaper 0

rule fixed_price price=5.00 of={categories: [wine]} most_times=3
buy  CHIANTI 2 x 9.90 [wine], LAMBRUSCO 1 x 4.95 [wine]
----
CHIANTI 2 x 9.90    19.80
  fixed_price       -9.80
LAMBRUSCO 1 x 4.95   4.95
to pay              14.95
points                  0

# One of three comes back: the two that are kept cost 4.50 each again, 1.00 is refunded.
rule fixed_price units=3 price=10.00 of={skus: [RAVIOLI]}
buy  RAVIOLI 3 x 4.50
keep 2
----
RAVIOLI 2 x 4.50     9.00
to pay               9.00
points                  0
missing units_short     1
refund               1.00
points taken back       0
"""
