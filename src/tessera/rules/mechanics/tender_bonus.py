"""More points for paying with the member's card: "an extra point for every two earned"."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.earning import points_wish
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import Basket, Facts, Lane, Mechanic, Met, Missing, Wish, one_many


class TenderBonus(Mechanic, frozen=True, tag="tender_bonus"):
    """`extra` points for every full `every` points of base rules on what is paid by `methods`.

    A receipt paid in several ways counts in proportion, the points rounded down. So does what is
    kept of it after a return: its ways of paying stay what they were.
    """

    lane: ClassVar[Lane] = "earning"

    every: Annotated[int, Meta(ge=1, le=1_000_000, description="points of base rules")] = 2
    extra: Annotated[int, Meta(ge=1, le=1_000_000, description="points on top")] = 1
    methods: Annotated[
        tuple[Code, ...], Meta(min_length=1, max_length=20, description="as the till names them")
    ] = ("member_card",)

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        numbers: Numbers = {
            "count": self.extra, "every": self.every, "methods": listed(self.methods),
        }  # fmt: skip
        return GIVES, numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Paid so, and enough points earned on it."""
        paid = sum([minor for method, minor in facts.payments if method in self.methods])
        if not paid:
            return _OTHERWISE
        earned = sum(basket.base) * paid // self._whole(basket, facts)
        if earned >= self.every:
            return Met(earned // self.every)
        lacking = self.every - earned
        return Missing("points_short", lacking, SHORT, {"count": lacking})

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The points on top, shared as the lines have earned."""
        numbers = {"every": self.every, "extra": self.extra, "points": sum(basket.base)}
        lines = range(len(basket.base))
        return points_wish(met.times * self.extra, lines, basket.base, TOLD, numbers)

    def _whole(self, basket: Basket, facts: Facts) -> int:
        """What all payments come to; no less than what is to be paid, if the till left some out."""
        to_pay = sum(basket.left) - sum(basket.by_points or ())
        return max(sum([minor for _, minor in facts.payments]), to_pay)


_OTHERWISE = Missing("other_payment", 0, "this is for another way of paying")
SHORT = one_many(
    "1 more point has to be earned first", "{count} more points have to be earned first"
)
TOLD = one_many(
    "+{count} point for the way of paying: {extra} for every {every} earned",
    "+{count} points for the way of paying: {extra} for every {every} earned",
)
GIVES = one_many(
    "{count} point more for every {every} points of what is paid by {methods}",
    "{count} points more for every {every} points of what is paid by {methods}",
)
SCENARIOS = """
rule base_rate points=1 per_minor=100
rule tender_bonus every=2 extra=1 methods=[member_card]
pays member_card 11.50
buy  LATTE 3 x 2.50, CAKE 1 x 4.00
----
LATTE 3 x 2.50       7.50
CAKE 1 x 4.00        4.00
to pay              11.50
points                 16

rule base_rate points=1 per_minor=100
rule tender_bonus every=2 extra=1 methods=[member_card]
pays cash 11.50
buy  LATTE 3 x 2.50, CAKE 1 x 4.00
----
LATTE 3 x 2.50       7.50
CAKE 1 x 4.00        4.00
to pay              11.50
points                 11
missing other_payment   0

# Half of it with the card: 10 of the 20 points count.
rule base_rate points=1 per_minor=100
rule tender_bonus every=2 extra=1 methods=[member_card]
pays member_card 10.00, cash 10.00
buy  CAKE 5 x 4.00
----
CAKE 5 x 4.00       20.00
to pay              20.00
points                 25

# Half of that comes back: what is kept counts as paid in the same way.
rule base_rate points=1 per_minor=100
rule tender_bonus every=2 extra=1 methods=[member_card]
pays member_card 12.00, cash 8.00
buy  CAKE 5 x 4.00
keep 3
----
CAKE 3 x 4.00       12.00
to pay              12.00
points                 15
refund               8.00
points taken back      11

rule base_rate points=1 per_minor=100
rule tender_bonus
pays member_card 1.50
buy  CAKE 1 x 1.50
----
CAKE 1 x 1.50        1.50
to pay               1.50
points                  1
missing points_short    1
"""
