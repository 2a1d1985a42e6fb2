"""A prize with every n-th purchase: "every fifth delivery is free"."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from msgspec import Meta

from tessera.rules.core.phrases import window_words
from tessera.rules.core.prizes import PrizeMechanic, counted
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import (
    Basket,
    Facts,
    History,
    Met,
    Missing,
    Window,
    one_many,
)

_UNKNOWN = Missing("history_unknown", 0, "the earlier purchases are not known")


class EveryNthPurchase(PrizeMechanic, frozen=True, tag="every_nth_purchase"):
    """The prize when this receipt is the member's n-th, 2n-th, ... in the window.

    from_minor  and what earns on this receipt costs so much or more, after discounts; a cheaper
                one still counts as a purchase
    """

    n: Annotated[int, Meta(ge=2, le=1000, description="purchases, counting the one with the prize")]
    window: Annotated[Window, Meta(description="in which purchases are counted")] = "ever"
    from_minor: Annotated[int, Meta(ge=0, le=10**12, description="of this receipt")] = 0

    def needs(self) -> tuple[History]:
        """How many purchases there were before."""
        return (_need(self.window),)

    def asks(self) -> tuple[Template, Numbers]:
        """What has to be so besides `when`, for the sentence of the rule."""
        numbers: Numbers = {
            "n": self.n, "window": window_words(self.window), "from_minor": self.from_minor,
        }  # fmt: skip
        return (ASKS_FROM if self.from_minor else ASKS), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It is the one, and it is large enough."""
        earlier = facts.known.get(_key(self.window))
        if earlier is None:
            return _UNKNOWN
        lacking = -(earlier + 1) % self.n
        if lacking:
            return Missing("purchases_short", lacking, SHORT, {"count": lacking, "n": self.n})
        lines, total = counted(basket)
        if total < self.from_minor:
            lacking = self.from_minor - total
            return Missing("sum_short", lacking, TOO_SMALL, {"lacking_minor": lacking})
        return Met(1, tuple(lines))

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """Which purchase it is."""
        earlier = facts.known[_key(self.window)]
        return {"number": earlier + 1, "n": self.n, "window": self.window}


def _need(window: str) -> History:
    return History("receipts", "", window)


@lru_cache(256)
def _key(window: str) -> str:
    return _need(window).key


SHORT = one_many(
    "1 more purchase: every {n_th} counts", "{count} more purchases: every {n_th} counts"
)
TOO_SMALL = "{lacking_minor} more is needed on this purchase"
ASKS = "it is every {n_th} purchase of the member{window}"
ASKS_FROM = "it is every {n_th} purchase of the member{window}, and {from_minor} or more"
SCENARIOS = """
# The fifth order comes free of delivery.
rule every_nth_purchase n=5 prize={percent: 100, of: {kinds: [delivery]}}
know receipts * ever = 4
buy  LATTE 2 x 2.50, COURIER 1 x 3.90 delivery
----
LATTE 2 x 2.50       5.00
COURIER 1 x 3.90     3.90
  every_nth_purchase -3.90
to pay               5.00
points                  0

rule every_nth_purchase n=5 prize={percent: 100, of: {kinds: [delivery]}}
know receipts * ever = 7
buy  LATTE 2 x 2.50, COURIER 1 x 3.90 delivery
----
LATTE 2 x 2.50       5.00
COURIER 1 x 3.90     3.90
to pay               8.90
points                  0
missing purchases_short 2

# Every third of a month, if it is of 20.00 or more.
rule every_nth_purchase n=3 window="this month" from=20.00 prize={gift: BAG}
know receipts * this month = 5
buy  WINE 2 x 9.90
----
WINE 2 x 9.90       19.80
to pay              19.80
points                  0
missing sum_short      20
"""
