"""Buy some, get others cheaper or free: "buy two pizzas, get a drink", "2 + 1 free"."""

from __future__ import annotations

from collections.abc import Sequence
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


class BuyXGetY(Mechanic, frozen=True, tag="buy_x_get_y"):
    """For every `buy_units` pieces of `buy`, `get_units` pieces of `get` are `percent` cheaper.

    As many times as the receipt holds both; all these pieces are used up, weighed goods do not
    count. The bought ones are the dearest. After a return the kept part is counted anew: who keeps
    the free piece and brings back what paid for it pays it, but never more than was paid before.

    get         left out: the same goods as `buy`
    which       of the pieces to get, the cheapest or the dearest
    most_times  so often on one receipt at most
    """

    lane: ClassVar[Lane] = "price"

    buy: Annotated[Goods, Meta(description="what is to be bought")]
    buy_units: Annotated[int, Meta(ge=1, le=1000)] = 1
    get: Annotated[Goods, Meta(description="what becomes cheaper")] | None = None
    get_units: Annotated[int, Meta(ge=1, le=1000)] = 1
    percent: Annotated[int, Meta(ge=1, le=100, description="off; 100 is free")] = 100
    which: Literal["cheapest", "dearest"] = "cheapest"
    most_times: Annotated[int, Meta(ge=1, le=10_000)] | None = None

    def watches(self) -> Goods:
        """Without what is to be bought nothing is given."""
        return self.buy

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        numbers: Numbers = {
            "buy": goods_words(self.buy), "buy_units": self.buy_units,
            "get": goods_words(self.get or self.buy), "count": self.get_units,
            "percent": self.percent,
        }  # fmt: skip
        return (GET_FREE if self.percent == 100 else GET_PERCENT), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Both are there, no piece counting twice."""
        parts = self._parts(basket)
        if not (parts[0].order or parts[1].order):
            return self._short(self.buy_units + self.get_units, SHORT)
        room = self._room(basket, parts)
        sets = Sets(parts, room)
        times = sets.most_times()
        if times:
            return Met(times if self.most_times is None else min(times, self.most_times))
        bought = sum(room[i] for i in parts[1].order) >= self.buy_units
        return self._short(sets.lacking(), SHORT_GET if bought else SHORT)

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The pieces to get, picked first; then the dearest of the others are paid for them."""
        parts = self._parts(basket)
        got, bought = Sets(parts, self._room(basket, parts)).parted(met.times)
        total = percent_of(worth_of(basket, got), self.percent)
        numbers: Numbers = {
            "count": met.times * self.get_units, "buy": self.buy_units, "get": self.get_units,
            "percent": self.percent, "goods": goods_words(self.get or self.buy),
            "total_minor": total,
        }  # fmt: skip
        screen, slip = (TOLD, SLIP) if self.percent == 100 else (TOLD_PERCENT, SLIP_PERCENT)
        return Wish("discount", total, shared(basket, total, got, bought), screen, slip, numbers)

    def _short(self, count: int, why: Template) -> Missing:
        numbers = {"count": count, "buy": self.buy_units, "get": self.get_units}
        return Missing("units_short", count, why, numbers)

    def _parts(self, basket: Basket) -> tuple[Part, Part]:
        bought = pieces(self.buy, basket, self.stack)
        got = bought if self.get is None else pieces(self.get, basket, self.stack)
        order = cheapest if self.which == "cheapest" else dearest
        return (
            Part(order(basket, got), self.get_units),
            Part(dearest(basket, bought), self.buy_units),
        )

    def _room(self, basket: Basket, parts: Sequence[Part]) -> dict[int, int]:
        return {i: open_units(basket, i, self.stack) for part in parts for i in part.order}


SHORT = one_many(
    "1 more is needed: buy {buy}, get {get}", "{count} more are needed: buy {buy}, get {get}"
)
SHORT_GET = one_many("1 more can be taken on top", "{count} more can be taken on top")
TOLD = one_many("1 unit of {goods} free", "{count} units of {goods} free")
TOLD_PERCENT = one_many(
    "{percent} % off 1 unit of {goods}", "{percent} % off {count} units of {goods}"
)
SLIP = "buy {buy}, get {get}: {count} free"
SLIP_PERCENT = "buy {buy}, get {get}: {percent} % off"
GET_FREE = one_many(
    "for every {buy_units} of {buy} 1 of {get} is free",
    "for every {buy_units} of {buy} {count} of {get} are free",
)
GET_PERCENT = one_many(
    "for every {buy_units} of {buy} 1 of {get} is {percent} % cheaper",
    "for every {buy_units} of {buy} {count} of {get} are {percent} % cheaper",
)
SCENARIOS = """
rule buy_x_get_y buy={categories: [pizza]} buy_units=2 get={skus: [COLA]}
buy  MARGHERITA 1 x 7.00 [pizza], DIAVOLA 1 x 8.50 [pizza], COLA 2 x 2.50
----
MARGHERITA 1 x 7.00  7.00
DIAVOLA 1 x 8.50     8.50
COLA 2 x 2.50        5.00
  buy_x_get_y       -2.50
to pay              18.00
points                  0

rule buy_x_get_y buy={categories: [pizza]} buy_units=2 get={skus: [COLA]}
buy  MARGHERITA 2 x 7.00 [pizza]
----
MARGHERITA 2 x 7.00 14.00
to pay              14.00
points                  0
missing units_short     1

# 2 + 1 on the same goods: of six the two cheapest are free.
rule buy_x_get_y buy={categories: [jam]} buy_units=2
buy  FIG 3 x 4.00 [jam], PLUM 1 x 2.50 [jam], CHERRY 2 x 3.20 [jam]
----
FIG 3 x 4.00        12.00
PLUM 1 x 2.50        2.50
  buy_x_get_y       -2.50
CHERRY 2 x 3.20      6.40
  buy_x_get_y       -3.20
to pay              15.20
points                  0

# The dearest at half price.
rule buy_x_get_y buy={categories: [jam]} which=dearest percent=50
buy  FIG 1 x 4.00 [jam], PLUM 1 x 2.50 [jam]
----
FIG 1 x 4.00         4.00
  buy_x_get_y       -2.00
PLUM 1 x 2.50        2.50
to pay               4.50
points                  0

# One pizza comes back and the free cola is kept: 9.50 are left of 14.00 that were paid.
rule buy_x_get_y buy={categories: [pizza]} buy_units=2 get={skus: [COLA]}
buy  MARGHERITA 2 x 7.00 [pizza], COLA 1 x 2.50
keep 1, 1
----
MARGHERITA 1 x 7.00  7.00
COLA 1 x 2.50        2.50
to pay               9.50
points                  0
missing units_short     1
refund               4.50
points taken back       0
"""
