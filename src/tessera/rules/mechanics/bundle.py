"""A set of goods is cheaper together: "a burger, chips and a drink for 8.00"."""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from tessera.rules.core.phrases import goods_words, listed
from tessera.rules.core.picking import (
    dearest,
    open_units,
    percent_of,
    pieces,
    shared,
    why_none,
    worth_of,
)
from tessera.rules.core.sets import Part, Sets
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


class BundlePart(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of the set: so many pieces of these goods."""

    of: Goods
    units: Annotated[int, Meta(ge=1, le=1000)] = 1


class Bundle(Mechanic, frozen=True, tag="bundle"):
    """All `parts` for a price, or so much or so many percent off, as often as they are there.

    No piece counts for two parts, and weighed goods do not count. The dearest pieces go first; all
    pieces of the sets are used up. A fixed price never makes a set dearer. After a return that
    breaks a set its pieces cost their own price, but never more than was paid: nobody pays for a
    return.

    price_minor, percent, off_minor  exactly one of them; price and amount are of one set
    most_times                       so many sets on one receipt at most
    """

    lane: ClassVar[Lane] = "price"

    parts: Annotated[tuple[BundlePart, ...], Meta(min_length=1, max_length=6)]
    price_minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    percent: Annotated[int, Meta(ge=1, le=100)] | None = None
    off_minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    most_times: Annotated[int, Meta(ge=1, le=10_000)] | None = None

    def __post_init__(self) -> None:
        said = [self.price_minor, self.percent, self.off_minor]
        if sum(each is not None for each in said) != 1:
            raise ValueError("a bundle has exactly one of price_minor, percent and off_minor")

    def watches(self) -> Goods | None:
        """The goods of all parts, if all name articles or all categories; else of the first."""
        goods = [part.of for part in self.parts]
        if all(of.skus for of in goods):
            return Goods(skus=tuple(sku for of in goods for sku in of.skus))
        if all(of.categories and not of.skus for of in goods):
            return Goods(categories=tuple(name for of in goods for name in of.categories))
        return goods[0]

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        parts = [
            goods_words(part.of) if part.units == 1 else f"{part.units} x {goods_words(part.of)}"
            for part in self.parts
        ]
        numbers: Numbers = {
            "parts": listed(parts, "and"), "price_minor": self.price_minor or 0,
            "percent": self.percent or 0, "off_minor": self.off_minor or 0,
        }  # fmt: skip
        if self.price_minor is not None:
            return FOR_PRICE, numbers
        return (FOR_LESS if self.percent is None else FOR_PERCENT), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Every part is there."""
        parts = self._parts(basket)
        if not any(part.order for part in parts):
            return why_none(self.parts[0].of, basket, self.stack)
        sets = self._sets(basket, parts)
        times = sets.most_times()
        if not times:
            short = sets.lacking()
            return Missing("units_short", short, SHORT, {"count": short})
        if self.most_times is not None:
            times = min(times, self.most_times)
        if self.price_minor is not None:
            times = self._paying(basket, sets, times)
        return Met(times) if times else _CHEAPER

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """What the sets become cheaper by, shared over their pieces by what these cost."""
        pick = _pick(self._sets(basket, self._parts(basket)), met.times)
        whole = worth_of(basket, pick)
        wanted = self._off(whole, met.times)
        total = min(wanted, whole)
        numbers: Numbers = {
            "count": met.times, "price_minor": self.price_minor or 0, "percent": self.percent or 0,
            "off_minor": self.off_minor or 0, "base_minor": whole, "total_minor": total,
        }  # fmt: skip
        return Wish(
            "discount", total, shared(basket, total, pick), TOLD, SLIP, numbers, wanted,
            limit="the goods it is for cost no more" if total < wanted else "",
        )  # fmt: skip

    def _off(self, whole: int, times: int) -> int:
        """What so many sets become cheaper by, that cost so much."""
        if self.price_minor is not None:
            return max(whole - self.price_minor * times, 0)
        if self.percent is not None:
            return percent_of(whole, self.percent)
        return (self.off_minor or 0) * times

    def _paying(self, basket: Basket, sets: Sets, times: int) -> int:
        """How many sets cost more than the fixed price: the first ones are the dearest."""

        def pays(n: int) -> bool:
            """Whether the set behind the first `n` costs more than that."""
            return worth(n + 1) - worth(n) > (self.price_minor or 0)

        @cache
        def worth(n: int) -> int:
            return worth_of(basket, _pick(sets, n))

        if pays(times - 1):
            return times
        return bisect_left(range(times - 1), True, key=lambda n: not pays(n))

    def _parts(self, basket: Basket) -> list[Part]:
        return [
            Part(dearest(basket, pieces(part.of, basket, self.stack)), part.units)
            for part in self.parts
        ]

    def _sets(self, basket: Basket, parts: list[Part]) -> Sets:
        lines = dict.fromkeys(i for part in parts for i in part.order)
        return Sets(parts, {i: open_units(basket, i, self.stack) for i in lines})


def _pick(sets: Sets, times: int) -> dict[int, int]:
    """The units of so many sets."""
    whole: dict[int, int] = {}
    for pick in sets.parted(times):
        for i, units in pick.items():
            whole[i] = whole.get(i, 0) + units
    return whole


_CHEAPER = Missing("already_cheaper", 0, "the goods cost no more than that")
SHORT = one_many("1 more completes the set", "{count} more complete the set")
TOLD = one_many("1 set: {total_minor} less", "{count} sets: {total_minor} less")
SLIP = one_many("1 set", "{count} sets")
FOR_PRICE = "{parts} together for {price_minor}"
FOR_PERCENT = "{percent} % off {parts} together"
FOR_LESS = "{off_minor} off {parts} together"
SCENARIOS = """
# 11.50 become 8.00, by what each piece costs.
rule bundle price=8.00 parts=[{of: {categories: burger}}, {of: {skus: CHIPS}}, {of: {skus: COLA}}]
buy  CHEESE 1 x 6.00 [burger], CHIPS 1 x 3.00, COLA 2 x 2.50
----
CHEESE 1 x 6.00      6.00
  bundle            -1.83
CHIPS 1 x 3.00       3.00
  bundle            -0.91
COLA 2 x 2.50        5.00
  bundle            -0.76
to pay              10.50
points                  0

rule bundle price=8.00 parts=[{of: {categories: burger}}, {of: {skus: CHIPS}}, {of: {skus: COLA}}]
buy  CHEESE 1 x 6.00 [burger], CHIPS 1 x 3.00
----
CHEESE 1 x 6.00      6.00
CHIPS 1 x 3.00       3.00
to pay               9.00
points                  0
missing units_short     1

# As often as it is there: two sets, a fifth glass stays at its price.
rule bundle parts=[{of: {skus: GLASS}, units: 2}, {of: {skus: CARAFE}}] percent=10
buy  GLASS 5 x 3.00, CARAFE 2 x 14.00
----
GLASS 5 x 3.00      15.00
  bundle            -1.20
CARAFE 2 x 14.00    28.00
  bundle            -2.80
to pay              39.00
points                  0

# A drink that fits both parts counts for one of them.
rule bundle parts=[{of: {categories: drink}}, {of: {skus: [COLA, CHIPS]}}] off=1.00
buy  COLA 1 x 2.50 [drink], CHIPS 1 x 3.00, WATER 1 x 1.00 [drink]
----
COLA 1 x 2.50        2.50
  bundle            -0.45
CHIPS 1 x 3.00       3.00
  bundle            -0.55
WATER 1 x 1.00       1.00
to pay               5.50
points                  0

# The chips of 1.00 come back. The burger alone costs 6.00, but 5.00 were paid: nothing moves.
rule bundle parts=[{of: {categories: burger}}, {of: {skus: CHIPS}}] price=5.00
buy  CHEESE 1 x 6.00 [burger], CHIPS 1 x 1.00
keep 1, 0
----
CHEESE 1 x 6.00      6.00
  *return           -1.00
CHIPS 0 x 1.00       0.00
to pay               5.00
points                  0
missing units_short     1
refund               0.00
points taken back       0
"""
