"""A prize for coming back: "we have not seen you for three months: 300 points"."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.conditions.comeback import Comeback as Absent
from tessera.rules.core.conditions import Condition
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.texts import Numbers
from tessera.rules.core.words import Basket, Facts, History, Met


class Comeback(PrizeMechanic, frozen=True, tag="comeback"):
    """The prize with the first purchase after so many days without one; not for newcomers."""

    days: Annotated[int, Meta(ge=1, le=36_500, description="without a purchase")]

    def implied(self) -> Condition:
        """The last purchase was long enough ago."""
        return Absent(days=self.days)

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """How long it was."""
        return {"days": self.days, "since": facts.known[History("since").key]}


SCENARIOS = """
rule comeback days=90 prize={points: 300, title: Welcome back}
know since * ever = 90
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                300

rule comeback days=90 prize={points: 300}
know since * ever = 89
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing comeback_early  0

# A new member is welcome, but does not come back.
rule comeback days=90 prize={points: 300}
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing comeback_new    0
"""
