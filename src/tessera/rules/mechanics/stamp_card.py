"""Every n-th unit over all purchases is free: "the tenth coffee is free"."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.rules.core.facts import Need
from tessera.rules.core.phrases import window_words
from tessera.rules.core.picking import (
    cheapest,
    dearest,
    open_units,
    percent_of,
    pieces,
    shared,
    taken,
    why_none,
    worth_of,
)
from tessera.rules.core.scopes import GoodsScope, scope_name, units
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import (
    Basket,
    Facts,
    Goods,
    History,
    Lane,
    Mechanic,
    Met,
    Missing,
    Window,
    Wish,
    one_many,
)


class StampCard(Mechanic, frozen=True, tag="stamp_card"):
    """Each unit of `of` that is bought is a stamp, and each `n`-th one is free; it is a stamp too.

    Stamps are counted over the member's purchases in `window`, this one included, after returns. On
    one receipt several may be free: of its pieces the cheapest ones that no other rule has used.
    Only these are used up; a weighed line is one stamp and never free. A stamp that finds no free
    piece is not made up for later. A return counts this receipt anew, on the stamps of before.

    which    of the receipt's pieces, the cheapest or the dearest are free
    percent  off the n-th piece; 100: it is free
    """

    lane: ClassVar[Lane] = "price"

    n: Annotated[int, Meta(ge=2, le=1000, description="stamps, counting the free one")]
    of: Annotated[GoodsScope, Meta(description="what is stamped")]
    window: Annotated[Window, Meta(description="in which stamps are counted")] = "ever"
    which: Literal["cheapest", "dearest"] = "cheapest"
    percent: Annotated[int, Meta(ge=1, le=100)] = 100

    def watches(self) -> Goods:
        """The category or the article."""
        name = scope_name(self.of)
        return Goods(categories=(name,)) if self.of.startswith("c:") else Goods(skus=(name,))

    def needs(self) -> tuple[Need, ...]:
        """The units before this receipt."""
        return (History("units", self.of, self.window),)

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        numbers: Numbers = {
            "n": self.n, "goods": scope_name(self.of), "percent": self.percent,
            "window": window_words(self.window),
        }  # fmt: skip
        return (GIVES if self.percent == 100 else GIVES_PERCENT), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """The stamps of before and of this receipt reach the next full card."""
        before = facts.known.get(History("units", self.of, self.window).key)
        if before is None:
            return _UNKNOWN
        stamps = before + units(basket, self.watches().lines(basket))
        due = stamps // self.n - before // self.n
        if not due:
            lacking = self.n - stamps % self.n
            numbers = {"count": lacking, "n": self.n, "stamps": stamps % self.n}
            return Missing("stamps_short", lacking, SHORT, numbers)
        lines = pieces(self.watches(), basket, self.stack)
        there = sum([open_units(basket, i, self.stack) for i in lines])
        if not there:
            return why_none(self.watches(), basket, self.stack)
        return Met(min(due, there), tuple(lines))

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """So many pieces are free."""
        order = cheapest if self.which == "cheapest" else dearest
        room = {i: open_units(basket, i, self.stack) for i in met.lines}
        free = taken(order(basket, met.lines), met.times, room)
        total = percent_of(worth_of(basket, free), self.percent)
        numbers: Numbers = {
            "count": met.times, "n": self.n, "percent": self.percent,
            "goods": scope_name(self.of), "total_minor": total,
        }  # fmt: skip
        screen, slip = (TOLD, SLIP) if self.percent == 100 else (TOLD_PERCENT, SLIP_PERCENT)
        return Wish("discount", total, shared(basket, total, free), screen, slip, numbers)


_UNKNOWN = Missing("history_unknown", 0, "nothing is known of earlier purchases")
SHORT = one_many(
    "{stamps} of {n} stamps: 1 more until one is free",
    "{stamps} of {n} stamps: {count} more until one is free",
)
TOLD = one_many("{n} stamps: 1 unit of {goods} free", "{n} stamps: {count} units of {goods} free")
TOLD_PERCENT = one_many(
    "{n} stamps: {percent} % off 1 unit of {goods}",
    "{n} stamps: {percent} % off {count} units of {goods}",
)
SLIP = "stamp card: {count} free"
SLIP_PERCENT = "stamp card: {percent} % off {count}"
GIVES = "every {n_th} unit of {goods} over all purchases{window} is free"
GIVES_PERCENT = "every {n_th} unit of {goods} over all purchases{window} is {percent} % cheaper"
SCENARIOS = """
# Eight stamps before, the second coffee is the tenth: the cheapest of the three is free.
rule stamp_card n=10 of=c:coffee
know units c:coffee ever = 8
buy  LATTE 2 x 2.50 [coffee], ESPRESSO 1 x 1.20 [coffee]
----
LATTE 2 x 2.50       5.00
ESPRESSO 1 x 1.20    1.20
  stamp_card        -1.20
to pay               5.00
points                  0

rule stamp_card n=10 of=c:coffee
know units c:coffee ever = 4
buy  LATTE 2 x 2.50 [coffee]
----
LATTE 2 x 2.50       5.00
to pay               5.00
points                  0
missing stamps_short    4

# A round for the office: 9 + 12 = 21 stamps, the tenth and the twentieth are free.
rule stamp_card n=10 of=s:LATTE window="this year"
know units s:LATTE this year = 9
buy  LATTE 12 x 2.50
----
LATTE 12 x 2.50     30.00
  stamp_card        -5.00
to pay              25.00
points                  0

# Three of them come back: 9 + 9 = 18 stamps, one is free.
rule stamp_card n=10 of=s:LATTE
know units s:LATTE ever = 9
buy  LATTE 12 x 2.50
keep 9
----
LATTE 9 x 2.50      22.50
  stamp_card        -2.50
to pay              20.00
points                  0
refund               5.00
points taken back       0
"""
