"""A prize for so many purchases in a period: "ten visits in three months: a voucher"."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from msgspec import Meta

from tessera.base.text import OptionalCode
from tessera.rules.core.phrases import window_words
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import (
    Basket,
    Facts,
    Given,
    Goods,
    History,
    Met,
    Missing,
    Window,
    one_many,
)

_UNKNOWN = Missing("history_unknown", 0, "the earlier purchases are not known")
_GIVEN = Missing("given_already", 0, "this was given already in this period")


class PurchasesInPeriod(PrizeMechanic, frozen=True, tag="purchases_in_period"):
    """The prize once, with the purchase that completes the number; this one counts.

    window    the period; after a prize none is given until it has passed: "3 months" later, or with
              the next month for "this month". No purchase counts for two prizes
    category  only purchases with something of it
    """

    count: Annotated[int, Meta(ge=2, le=10_000, description="purchases, counting this one")]
    window: Annotated[Window, Meta(description="in which they are counted")]
    category: Annotated[OptionalCode, Meta(description="left empty: any purchase")] = ""

    def needs(self) -> tuple[History, Given]:
        """The purchases before this one, and the prizes."""
        return _needs(self.id, self.window, self.category)

    def watches(self) -> Goods | None:
        """The category, where there is one."""
        return Goods(categories=(self.category,)) if self.category else None

    def asks(self) -> tuple[Template, Numbers]:
        """What has to be so besides `when`, for the sentence of the rule."""
        numbers: Numbers = {
            "count": self.count, "window": window_words(self.window), "category": self.category,
        }  # fmt: skip
        return (ASKS_OF if self.category else ASKS), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """There are enough with this one, and nothing was given for them yet."""
        lines: tuple[int, ...] = ()
        if self.category:
            mine = basket.by_category().get(self.category, ())
            lines = tuple([i for i in mine if basket.quantity[i]])
            if not lines:
                return Missing("category_missing", 0, ELSE, {"category": self.category})
        history, given = _keys(self.id, self.window, self.category)
        earlier = facts.known.get(history)
        if earlier is None:
            return _UNKNOWN
        if facts.known.get(given, 0):
            return _GIVEN
        lacking = self.count - 1 - earlier
        if lacking > 0:
            return Missing("purchases_short", lacking, SHORT, {"count": lacking})
        return Met(1, lines)

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """How many there are and how many were asked."""
        earlier = facts.known[_keys(self.id, self.window, self.category)[0]]
        return {"number": earlier + 1, "asked": self.count, "window": self.window}


def _needs(rule: str, window: str, category: str) -> tuple[History, Given]:
    scope = f"c:{category}" if category else ""
    return History("receipts", scope, window), Given(rule, window, "times")


@lru_cache(4096)
def _keys(rule: str, window: str, category: str) -> tuple[str, str]:
    history, given = _needs(rule, window, category)
    return history.key, given.key


SHORT = one_many("1 more purchase is needed", "{count} more purchases are needed")
ELSE = "only purchases with {category} count"
ASKS = "the member has made {count} purchases{window}"
ASKS_OF = "the member has made {count} purchases of {category}{window}"
SCENARIOS = """
rule purchases_in_period count=10 window="3 months" prize={coupon: TEN}
know receipts * 3 months = 9
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
coupon TEN              1

rule purchases_in_period count=10 window="3 months" prize={coupon: TEN}
know receipts * 3 months = 6
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing purchases_short 3

# The eleventh of the same three months.
rule purchases_in_period id=ten count=10 window="3 months" prize={coupon: TEN}
know receipts * 3 months = 10
know times ten 3 months = 1
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing given_already   0

# Four purchases with coffee in a month; the points go to the coffee.
rule purchases_in_period count=4 window="this month" category=coffee prize={points: 30}
know receipts c:coffee this month = 3
buy  CAKE 1 x 4.00 [bakery], LATTE 1 x 2.50 [coffee]
keep 0, 1
----
CAKE 0 x 4.00        0.00
LATTE 1 x 2.50       2.50
to pay               2.50
points                 30
refund               4.00
points taken back       0
"""
