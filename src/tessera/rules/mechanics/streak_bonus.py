"""A prize for weeks or months in a row: "every fourth week in a row: a free loaf"."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

from msgspec import Meta

from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.scopes import Scope, counts_here, scope_of
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
_COUNTED = Missing("counted_already", 0, "this week or month is counted already")
_ELSE = Missing("no_goods", 0, "none of the goods it is for are on the receipt")


class StreakBonus(PrizeMechanic, frozen=True, kw_only=True, tag="streak_bonus"):
    """The prize with the first purchase of every n-th week or month in a row.

    unit  of the calendar: a week begins on Monday. One without a purchase ends the row
    of    what counts as a purchase: of anything, of a category or an article
    """

    n: Annotated[int, Meta(ge=2, le=1000, description="in a row, the one with the prize too")]
    unit: Literal["weeks", "months"] = "weeks"
    of: Annotated[Scope, Meta(description="what counts as a purchase")] = ""

    def __post_init__(self) -> None:
        if self.of.startswith("e:"):
            raise ValueError("`of` names a category or an article")

    def needs(self) -> tuple[History, ...]:
        """How many in a row, and whether the one that is running has a purchase already."""
        return _needs(self.unit, self.of)

    def asks(self) -> tuple[Template, Numbers]:
        """What has to be so besides `when`, for the sentence of the rule."""
        return ASKS[self.unit], {"n": self.n, "of": scope_of(self.of)}

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It is the n-th one that begins."""
        row, running = (facts.known.get(need.key) for need in self.needs())
        if row is None or running is None:
            return _UNKNOWN
        here, lines = counts_here(self.of)(basket, facts)
        if not here and not facts.event:
            return _ELSE
        lacking = -(row + (not running)) % self.n
        if lacking:
            return Missing("row_short", lacking, SHORT[self.unit], {"count": lacking, "n": self.n})
        return _COUNTED if running else Met(1, tuple(lines))

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """How many in a row it makes."""
        return {"row": facts.known[self.needs()[0].key] + 1, "n": self.n}


@lru_cache(4096)
def _needs(unit: Literal["weeks", "months"], scope: str) -> tuple[History, ...]:
    running: Window = "this week" if unit == "weeks" else "this month"
    return History(unit, scope), History("receipts", scope, running)


SHORT = {
    "weeks": one_many("1 more week in a row", "{count} more weeks in a row"),
    "months": one_many("1 more month in a row", "{count} more months in a row"),
}
ASKS = {
    "weeks": "it is the first purchase{of} of every {n_th} week in a row",
    "months": "it is the first purchase{of} of every {n_th} month in a row",
}
SCENARIOS = """
rule streak_bonus n=4 prize={gift: LOAF}
know weeks * ever = 3
know receipts * this week = 0
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
gift LOAF               1

rule streak_bonus n=4 prize={gift: LOAF}
know weeks * ever = 5
know receipts * this week = 1
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing row_short       3

# The second purchase of the fourth week.
rule streak_bonus n=4 prize={gift: LOAF}
know weeks * ever = 4
know receipts * this week = 1
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing counted_already 0

# Months with coffee; the coffee comes back.
rule streak_bonus n=3 unit=months of=c:coffee prize={points: 300}
know months c:coffee ever = 2
know receipts c:coffee this month = 0
buy  LATTE 1 x 2.50 [coffee], CAKE 1 x 4.00
keep 0, 1
----
LATTE 0 x 2.50       0.00
CAKE 1 x 4.00        4.00
to pay               4.00
points                  0
missing no_goods        0
refund               2.50
points taken back     300
"""
