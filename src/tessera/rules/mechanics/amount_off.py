"""So much off when enough is bought: "10.00 off from 100.00 on", "5.00 off for every 50.00"."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.rules.core.phrases import goods_words
from tessera.rules.core.picking import lowerable, open_units, shared, why_none, worth_of
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.wording import told_of
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
)


class AmountOff(Mechanic, frozen=True, tag="amount_off"):
    """`off_minor` off the lines of `of` together, when they still cost `from_minor` or more.

    Weighed goods and delivery count too, gift cards and deposits only where `of` names these kinds.
    What counts is the shelf price of the units that no other rule has used; they are used up. After
    a return that breaks the threshold the kept part costs its shelf price, but never more than was
    paid: nobody pays for a return.

    each_full  once for every full `from_minor`
    """

    lane: ClassVar[Lane] = "price"

    off_minor: Annotated[int, Meta(ge=1, le=10**12)]
    from_minor: Annotated[int, Meta(ge=1, le=10**12)] = 1
    each_full: bool = False
    of: Annotated[Goods, Meta(description="what counts and becomes cheaper")] = EVERYTHING

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        whole, part = (EACH, EACH_OF) if self.each_full else (ONCE, ONCE_OF)
        return told_of(self.of, whole, part, off_minor=self.off_minor, from_minor=self.from_minor)

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """The goods cost enough."""
        pick = self._pick(basket)
        if not pick:
            return why_none(self.of, basket, self.stack)
        base = worth_of(basket, pick)
        if base >= self.from_minor:
            return Met(base // self.from_minor if self.each_full else 1, tuple(pick))
        lacking = self.from_minor - base
        numbers = {"lacking_minor": lacking, "off_minor": self.off_minor}
        return Missing("spend_short", lacking, SHORT, numbers)

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The amount, shared over the lines by what they cost; never more than that."""
        pick = self._pick(basket)
        base = worth_of(basket, pick)
        wanted = self.off_minor * met.times
        total = min(wanted, base)
        numbers: Numbers = {
            "off_minor": self.off_minor, "from_minor": self.from_minor, "times": met.times,
            "goods": goods_words(self.of), "base_minor": base, "total_minor": total,
        }  # fmt: skip
        screen = TOLD if self.from_minor == 1 else TOLD_EACH if self.each_full else TOLD_FROM
        return Wish(
            "discount", total, shared(basket, total, pick), screen, "{total_minor} off", numbers,
            wanted, limit="the goods it is for cost no more" if total < wanted else "",
        )  # fmt: skip

    def _pick(self, basket: Basket) -> dict[int, int]:
        lines = lowerable(self.of, basket, self.stack)
        return {i: open_units(basket, i, self.stack) for i in lines}


SHORT = "{lacking_minor} more would take {off_minor} off"
TOLD = "{total_minor} off {goods}"
TOLD_FROM = "{total_minor} off {goods} from {from_minor} on"
TOLD_EACH = "{total_minor} off {goods}: {off_minor} for every {from_minor}"
ONCE = "{off_minor} off from {from_minor} on"
ONCE_OF = "{off_minor} off {goods} from {from_minor} on"
EACH = "{off_minor} off for every full {from_minor}"
EACH_OF = "{off_minor} off for every full {from_minor} of {goods}"
SCENARIOS = """
rule amount_off off=10.00 from=50.00
buy  LAMP 1 x 40.00, CABLE 2 x 10.00
----
LAMP 1 x 40.00      40.00
  amount_off        -6.67
CABLE 2 x 10.00     20.00
  amount_off        -3.33
to pay              50.00
points                  0

rule amount_off off=10.00 from=50.00
buy  LAMP 1 x 40.00, CABLE 1 x 9.99
----
LAMP 1 x 40.00      40.00
CABLE 1 x 9.99       9.99
to pay              49.99
points                  0
missing spend_short     1

rule amount_off off=5.00 from=50.00 each_full=true of={categories: [wine]}
buy  BAROLO 4 x 30.00 [wine], BREAD 1 x 2.00
----
BAROLO 4 x 30.00   120.00
  amount_off       -10.00
BREAD 1 x 2.00       2.00
to pay             112.00
points                  0

# No more than the goods cost.
rule amount_off off=5.00
buy  BREAD 1 x 2.00
----
BREAD 1 x 2.00       2.00
  amount_off        -2.00
to pay               0.00
points                  0

# The cable for 10.00 comes back. 49.00 are kept, below the threshold, and 49.00 were paid.
rule amount_off off=10.00 from=50.00
buy  LAMP 1 x 49.00, CABLE 1 x 10.00
keep 1, 0
----
LAMP 1 x 49.00      49.00
CABLE 0 x 10.00      0.00
to pay              49.00
points                  0
missing spend_short   100
refund               0.00
points taken back       0

# To bring this cable back would cost 4.00: they are not charged.
rule amount_off off=10.00 from=50.00
buy  LAMP 1 x 49.00, CABLE 1 x 6.00
keep 1, 0
----
LAMP 1 x 49.00      49.00
  *return           -4.00
CABLE 0 x 6.00       0.00
to pay              45.00
points                  0
missing spend_short   100
refund               0.00
points taken back       0
"""
