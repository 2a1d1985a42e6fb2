"""A prize for coming again and again: "in six of the last eight weeks: a free breakfast"."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from msgspec import Meta

from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.scopes import Scope, counts_here, scope_of
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import Basket, Facts, Given, History, Met, Missing, one_many

_UNKNOWN = Missing("history_unknown", 0, "the earlier purchases are not known")
_GIVEN = Missing("given_already", 0, "this was given already in this period")


class Continuity(PrizeMechanic, frozen=True, kw_only=True, tag="continuity"):
    """The prize once so many of the last weeks had a purchase, this one counts.

    weeks  with a purchase, out of the last `among`: seven days each, counted back from this day.
           After a prize none is given until these have passed
    of     what counts as a purchase: of anything, of a category or an article
    """

    weeks: Annotated[int, Meta(ge=2, le=26, description="weeks with a purchase, with this one")]
    among: Annotated[int, Meta(ge=2, le=26, description="weeks that are looked at")]
    of: Annotated[Scope, Meta(description="what counts as a purchase")] = ""

    def __post_init__(self) -> None:
        if self.weeks > self.among:
            raise ValueError("`weeks` is above `among`: there are not so many weeks in them")
        if self.of.startswith("e:"):
            raise ValueError("`of` names a category or an article")

    def needs(self) -> tuple[History | Given, ...]:
        """Purchases of the last week, of the last two, and so on; and the prizes."""
        return _needs(self.id, self.among, self.of)

    def asks(self) -> tuple[Template, Numbers]:
        """What has to be so besides `when`, for the sentence of the rule."""
        return ASKS, {"weeks": self.weeks, "among": self.among, "of": scope_of(self.of)}

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Enough weeks, and nothing was given for them yet."""
        here, lines = counts_here(self.of)(basket, facts)
        *upto, given = (facts.known.get(need.key) for need in self.needs())
        if upto[-1] is None:
            return _UNKNOWN
        if given:
            return _GIVEN
        lacking = self.weeks - _busy([each or 0 for each in upto], here)
        if lacking > 0:
            return Missing("weeks_short", lacking, SHORT, {"count": lacking})
        if not here:
            return Missing("weeks_short", 1, SHORT, {"count": 1})
        return Met(1, tuple(lines))

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """How many weeks there are and how many were asked."""
        *upto, _ = (facts.known.get(need.key, 0) for need in self.needs())
        return {"weeks": _busy(upto, here=True), "asked": self.weeks, "among": self.among}


def _busy(upto: list[int], here: bool) -> int:
    """The weeks in which something was added; the first one has this purchase."""
    busy = [b > a for a, b in zip([0, *upto], upto, strict=False)]
    return sum(busy[1:]) + (busy[0] or here)


@lru_cache(4096)
def _needs(rule: str, among: int, scope: str) -> tuple[History | Given, ...]:
    upto = [History("receipts", scope, f"{n} weeks") for n in range(1, among + 1)]
    return (*upto, Given(rule, f"{among} weeks", "times"))


SHORT = one_many("1 more week with a purchase is needed", "{count} more weeks are needed")
ASKS = "{weeks} of the last {among} weeks had a purchase{of}"
SCENARIOS = """
# This week, the one before and the one before that have a purchase each: three of four.
rule continuity weeks=3 among=4 prize={gift: BREAKFAST}
know receipts * 1 weeks = 0
know receipts * 2 weeks = 1
know receipts * 3 weeks = 3
know receipts * 4 weeks = 3
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
gift BREAKFAST          1

# All of them in one week.
rule continuity weeks=3 among=4 prize={gift: BREAKFAST}
know receipts * 1 weeks = 0
know receipts * 2 weeks = 5
know receipts * 3 weeks = 5
know receipts * 4 weeks = 5
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing weeks_short     1

rule continuity id=weekly weeks=2 among=2 prize={points: 100}
know receipts * 1 weeks = 0
know receipts * 2 weeks = 1
know times weekly 2 weeks = 1
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing given_already   0

# Only coffee counts. It comes back, and with it the points.
rule continuity weeks=2 among=2 of=c:coffee prize={points: 100}
know receipts c:coffee 1 weeks = 0
know receipts c:coffee 2 weeks = 1
buy  LATTE 1 x 2.50 [coffee], CAKE 1 x 4.00 [bakery]
keep 0, 1
----
LATTE 0 x 2.50       0.00
CAKE 1 x 4.00        4.00
to pay               4.00
points                  0
missing weeks_short     1
refund               2.50
points taken back     100
"""
