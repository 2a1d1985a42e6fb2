"""A named badge, once: "Coffee expert" after the hundredth cup."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.base.text import Code, OptionalCode
from tessera.rules.core.prizes import A_BADGE, item_wish
from tessera.rules.core.settings import Cap
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import MET, Basket, Facts, Lane, Mechanic, Met, Missing, Wish


class Badge(Mechanic, frozen=True, kw_only=True, tag="badge"):
    """The badge to whom `when` finds. The member sees it; it costs nothing and buys nothing.

    badge  its code; `title` what people call it
    caps   once ever, if the rule does not say otherwise
    """

    lane: ClassVar[Lane] = "gift"

    badge: Annotated[Code, Meta(description="its code")]
    title: Annotated[OptionalCode, Meta(description="what people call it")] = ""
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = (Cap(per="ever", times=1),)

    def gives(self) -> tuple[Template, Numbers]:
        """The badge."""
        return A_BADGE[bool(self.title)], {"item": self.badge, "title": self.title}

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It holds once its gate does."""
        return MET

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The badge."""
        return item_wish("badge", self.badge, 1, {}, self.title)


SCENARIOS = """
# The hundredth coffee.
rule badge badge=BARISTA when={nth: {exactly: 100, counting: units, of: "c:coffee"}}
know units c:coffee ever = 99
buy  LATTE 1 x 2.50 [coffee]
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
badge BARISTA           1

rule badge badge=BARISTA when={nth: {exactly: 100, counting: units, of: "c:coffee"}}
know units c:coffee ever = 96
buy  LATTE 1 x 2.50 [coffee]
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing nth_short       3

# It comes back, and the badge with it.
rule badge badge=BARISTA when={nth: {exactly: 100, counting: units, of: "c:coffee"}}
know units c:coffee ever = 99
buy  LATTE 1 x 2.50 [coffee], CAKE 1 x 4.00
keep 0, 1
----
LATTE 0 x 2.50       0.00
CAKE 1 x 4.00        4.00
to pay               4.00
points                  0
missing nth_short       1
refund               2.50
points taken back       0
badge BARISTA back      1

rule badge id=first badge=HELLO
know times first ever = 1
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing cap_reached     0
"""
