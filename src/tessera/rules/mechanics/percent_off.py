"""So many percent off some goods or the whole receipt: "10 % off wine", "free delivery"."""

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
    worth_of,
)
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.wording import told_of
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


class PercentOff(Mechanic, frozen=True, tag="percent_off"):
    """`percent` off what the lines of `of` still cost; weighed goods and delivery too.

    Gift cards and deposits only where `of` names these kinds. All units of the lines that no other
    rule has used are used up. A minimum spend or an hour of the day stands in `when`.

    rounding    of the lines together, once: `nearest` with halves up, or `down`
    most_minor  it is trimmed to this
    """

    lane: ClassVar[Lane] = "price"

    percent: Annotated[int, Meta(ge=1, le=100)]
    of: Annotated[Goods, Meta(description="the goods that become cheaper")] = EVERYTHING
    rounding: Literal["nearest", "down"] = "nearest"
    most_minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        if self.most_minor is None:
            return told_of(self.of, GIVES, GIVES_OF, percent=self.percent)
        return told_of(
            self.of, GIVES_MOST, GIVES_OF_MOST, percent=self.percent, most_minor=self.most_minor
        )

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Something of it can still become cheaper."""
        if lowerable(self.of, basket, self.stack):
            return MET
        return why_none(self.of, basket, self.stack)

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The percentage of the sum, shared over the lines by what they cost."""
        lines = lowerable(self.of, basket, self.stack)
        pick = {i: open_units(basket, i, self.stack) for i in lines}
        base = worth_of(basket, pick)
        wanted = percent_of(base, self.percent, self.rounding)
        total = wanted if self.most_minor is None else min(wanted, self.most_minor)
        numbers: Numbers = {
            "percent": self.percent, "goods": goods_words(self.of), "base_minor": base,
            "total_minor": total, "most_minor": self.most_minor or 0,
        }  # fmt: skip
        return Wish(
            "discount", total, shared(basket, total, pick), TOLD, SLIP, numbers, wanted,
            limit="at most {most_minor} off" if total < wanted else "",
        )  # fmt: skip


TOLD = "{percent} % off {goods}: {total_minor}"
SLIP = "{percent} % off"
GIVES = "{percent} % off the receipt"
GIVES_OF = "{percent} % off {goods}"
GIVES_MOST = "{percent} % off the receipt, up to {most_minor}"
GIVES_OF_MOST = "{percent} % off {goods}, up to {most_minor}"
SCENARIOS = """
# 10 % of 29.70 and 4.95 together is 3.465, so 3.47: halves go up, once.
rule percent_off percent=10 of={categories: [wine]}
buy  CHIANTI 3 x 9.90 [wine], LAMBRUSCO 1 x 4.95 [wine], BREAD 1 x 2.00
----
CHIANTI 3 x 9.90    29.70
  percent_off       -2.97
LAMBRUSCO 1 x 4.95   4.95
  percent_off       -0.50
BREAD 1 x 2.00       2.00
to pay              33.18
points                  0

rule percent_off percent=10 of={categories: [wine]}
buy  BREAD 1 x 2.00
----
BREAD 1 x 2.00       2.00
to pay               2.00
points                  0
missing no_goods        0

# Free delivery.
rule percent_off percent=100 of={kinds: [delivery]}
buy  BREAD 1 x 2.00, COURIER 1 x 4.90 delivery
----
BREAD 1 x 2.00       2.00
COURIER 1 x 4.90     4.90
  percent_off       -4.90
to pay               2.00
points                  0

# The whole receipt, weighed goods too, but not what is money.
rule percent_off percent=20 rounding=down
buy  HAM 0.333 kg x 12.50, BREAD 1 x 2.00, GIFT 1 x 20.00 gift_card
----
HAM 0.333 kg x 12.50 4.16
  percent_off       -0.83
BREAD 1 x 2.00       2.00
  percent_off       -0.40
GIFT 1 x 20.00      20.00
to pay              24.93
points                  0

# 15 % of 80.00 would be 12.00.
rule percent_off percent=15 most=10.00
buy  LAMP 1 x 80.00
----
LAMP 1 x 80.00      80.00
  percent_off      -10.00
to pay              70.00
points                  0

# One of two comes back: of 70.00 that were paid, the kept one costs 34.00.
rule percent_off percent=15 most=10.00
buy  LAMP 2 x 40.00
keep 1
----
LAMP 1 x 40.00      40.00
  percent_off       -6.00
to pay              34.00
points                  0
refund              36.00
points taken back       0
"""
