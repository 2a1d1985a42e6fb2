"""So many percent off what the member chose in advance: "20 % off your favourite product"."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.rules.core.phrases import goods_words
from tessera.rules.core.picking import (
    lowerable,
    open_units,
    percent_of,
    shared,
    why_none,
    worth,
    worth_of,
)
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import (
    EVERYTHING,
    MET,
    Basket,
    Facts,
    Goods,
    Lane,
    Mechanic,
    Met,
    Missing,
    Wish,
)


class Favourite(Mechanic, frozen=True, tag="favourite"):
    """`percent` off the articles and categories that are the member's favourites.

    of          only these goods can be favourites
    most_units  the dearest so many units of a receipt; a weighed line is one unit. Else all
    rounding    of the units together, once: `nearest` with halves up, or `down`
    """

    lane: ClassVar[Lane] = "price"

    percent: Annotated[int, Meta(ge=1, le=100)]
    of: Annotated[Goods, Meta(description="what may be a favourite")] = EVERYTHING
    most_units: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    rounding: Literal["nearest", "down"] = "nearest"

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        numbers: Numbers = {"percent": self.percent, "goods": goods_words(self.of)}
        return (OFF_FAVOURITES if self.of == EVERYTHING else OFF_FAVOURITES_OF), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """A favourite is on the receipt."""
        if not facts.favourites:
            return _NOT_CHOSEN
        if self._lines(basket, facts):
            return MET
        if any(_is_one(basket, i, facts) for i in self.of.lines(basket)):
            return why_none(self.of, basket, self.stack)
        return _ABSENT

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The percentage of the sum, shared over the lines by what they cost."""
        pick = self._pick(basket, self._lines(basket, facts))
        base = worth_of(basket, pick)
        total = percent_of(base, self.percent, self.rounding)
        numbers: Numbers = {"percent": self.percent, "base_minor": base, "total_minor": total}
        return Wish("discount", total, shared(basket, total, pick), TOLD, SLIP, numbers)

    def _lines(self, basket: Basket, facts: Facts) -> list[int]:
        lines = lowerable(self.of, basket, self.stack)
        return [i for i in lines if _is_one(basket, i, facts)]

    def _pick(self, basket: Basket, lines: list[int]) -> dict[int, int]:
        units = {i: open_units(basket, i, self.stack) for i in lines}
        if self.most_units is None:
            return units
        left, pick = self.most_units, {}
        for i in sorted(lines, key=lambda i: -_unit_price(basket, i)):
            weighed = basket.lines[i].unit != "piece"
            if left:
                pick[i] = units[i] if weighed else min(units[i], left)
                left -= 1 if weighed else pick[i]
        return pick


def _is_one(basket: Basket, i: int, facts: Facts) -> bool:
    line = basket.lines[i]
    return line.sku in facts.favourites or bool(line.category and line.category in facts.favourites)


def _unit_price(basket: Basket, i: int) -> int:
    """Of a piece; a weighed line is one."""
    if basket.lines[i].unit == "piece":
        return basket.unit_minor(i)
    return worth(basket, i, basket.quantity[i])


_NOT_CHOSEN = Missing("no_favourite", 0, "no favourite has been chosen")
_ABSENT = Missing("favourite_absent", 0, "none of the favourites is on the receipt")
TOLD = "{percent} % off your favourites: {total_minor}"
SLIP = "favourite: {percent} % off"
OFF_FAVOURITES = "{percent} % off what the member chose as favourites"
OFF_FAVOURITES_OF = "{percent} % off what the member chose as favourites among {goods}"
SCENARIOS = """
rule favourite percent=20
likes LATTE, fruit
buy  LATTE 3 x 2.50, CAKE 1 x 4.00, APPLE 1.250 kg x 3.20 [fruit]
----
LATTE 3 x 2.50       7.50
  favourite         -1.50
CAKE 1 x 4.00        4.00
APPLE 1.250 kg x 3.20 4.00
  favourite         -0.80
to pay              13.20
points                  0

rule favourite percent=20
likes LATTE
buy  CAKE 1 x 4.00
----
CAKE 1 x 4.00        4.00
to pay               4.00
points                  0
missing favourite_absent 0

rule favourite percent=20
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing no_favourite    0

# Two units a receipt, the dearest: the apples and one coffee.
rule favourite percent=20 most_units=2
likes LATTE, fruit
buy  LATTE 3 x 2.50, APPLE 1.250 kg x 3.20 [fruit]
----
LATTE 3 x 2.50       7.50
  favourite         -0.50
APPLE 1.250 kg x 3.20 4.00
  favourite         -0.80
to pay              10.20
points                  0
"""
