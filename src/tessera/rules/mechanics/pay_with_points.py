"""Points pay a part or the whole of a receipt: "100 points are worth 1.00"."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.base.money import split
from tessera.rules.core.texts import Numbers, Template, one_many
from tessera.rules.core.words import Basket, Facts, Lane, Mechanic, Met, Missing, Share, Wish


class PayWithPoints(Mechanic, frozen=True, tag="pay_with_points"):
    """`points` are worth `worth_minor`; only whole steps are taken.

    max_percent  of what the payable lines cost; gift cards and deposits are not payable
    min_points   fewer are not taken
    """

    lane: ClassVar[Lane] = "payment"
    base: ClassVar[bool] = True

    points: Annotated[int, Meta(ge=1, le=10**9, description="points of one step")]
    worth_minor: Annotated[int, Meta(ge=1, le=10**9, description="what a step pays")]
    max_percent: Annotated[int, Meta(ge=1, le=100)] = 100
    min_points: Annotated[int, Meta(ge=0, le=10**9)] = 0

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        numbers: Numbers = {
            "count": self.points, "worth_minor": self.worth_minor, "percent": self.max_percent,
        }  # fmt: skip
        return (PAYS if self.max_percent == 100 else PAYS_PART), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Asked for, allowed, and at least one whole step."""
        if facts.spend is None:
            return Missing("not_asked", 0, "the member did not ask to pay with points")
        if not facts.may_spend:
            return Missing("not_registered", 0, "points can be spent once the card is registered")
        steps = self._steps(basket, facts)
        if steps * self.points >= max(self.min_points, 1):
            return Met(times=steps)
        least = max(self.min_points, self.points)
        if facts.spend >= least:
            return Missing("nothing_to_pay", 0, "this receipt leaves too little to pay with points")
        lacking = least - facts.spend
        return Missing("points_below_step", lacking, "points pay from {least} on", {"least": least})

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """A payment of whole steps, shared over the payable lines."""
        room = basket.payable()
        minor, points = met.times * self.worth_minor, met.times * self.points
        asked = facts.spend or 0
        shares = [Share(i, amount) for i, amount in enumerate(split(minor, room)) if amount]
        trimmed = points < asked // self.points * self.points
        return Wish(
            "payment", minor, tuple(shares), "{points} points pay {paid_minor}",
            "paid with {points} points",
            {"points": points, "paid_minor": minor, "payable_minor": sum(room),
             "max_percent": self.max_percent, "asked_points": asked},
            wanted=max(asked // self.points * self.worth_minor, minor), points=points,
            limit="points pay at most {max_percent} % of what they may pay" if trimmed else "",
        )  # fmt: skip

    def _steps(self, basket: Basket, facts: Facts) -> int:
        cap_minor = sum(basket.payable()) * self.max_percent // 100
        return min((facts.spend or 0) // self.points, cap_minor // self.worth_minor)


PAYS = one_many("{count} point pays {worth_minor}", "{count} points pay {worth_minor}")
PAYS_PART = one_many(
    "{count} point pays {worth_minor}, up to {percent} % of a receipt",
    "{count} points pay {worth_minor}, up to {percent} % of a receipt",
)
SCENARIOS = """
rule pay_with_points points=1 worth_minor=1
have 500
spend 300
buy  LATTE 3 x 2.50
----
LATTE 3 x 2.50       7.50
  pay_with_points   -3.00
to pay               4.50
points                  0
spent                 300

rule pay_with_points points=100 worth_minor=100 max_percent=50
have 1000
spend 1000
buy  LATTE 3 x 2.50
----
LATTE 3 x 2.50       7.50
  pay_with_points   -3.00
to pay               4.50
points                  0
spent                 300

rule pay_with_points points=1 worth_minor=1
have 500
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing not_asked       0

rule pay_with_points points=1 worth_minor=1
have 1000
spend 750
buy  LATTE 3 x 2.50
----
LATTE 3 x 2.50       7.50
  pay_with_points   -7.50
to pay               0.00
points                  0
spent                 750
"""
