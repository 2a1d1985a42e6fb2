"""A prize for the anniversary of joining: "one year together: 10 % off your purchase today"."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.conditions.anniversary import Anniversary
from tessera.rules.core.conditions import Condition
from tessera.rules.core.days import Around
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.settings import Cap


class AnniversaryGift(PrizeMechanic, frozen=True, kw_only=True, tag="anniversary_gift"):
    """The prize with a purchase on the anniversary, or so many days before or after it.

    years  only the third, sixth, ...; every one if left empty. A step that may be fetched at any
           time later is a tenure_gift
    caps   once in a calendar year, if the rule does not say otherwise
    """

    years: Annotated[tuple[Annotated[int, Meta(ge=1, le=150)], ...], Meta(max_length=100)] = ()
    days_before: Annotated[Around, Meta(description="days")] = 0
    days_after: Annotated[Around, Meta(description="days")] = 0
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = (Cap(per="year", times=1),)

    def implied(self) -> Condition:
        """It is the anniversary, or around it."""
        return Anniversary(
            years=self.years, days_before=self.days_before, days_after=self.days_after
        )


SCENARIOS = """
rule anniversary_gift days_after=14 prize={percent: 10, title: Another year with us}
joined 2024-01-02
buy  LATTE 2 x 2.50
----
LATTE 2 x 2.50       5.00
  anniversary_gift  -0.50
to pay               4.50
points                  0

rule anniversary_gift years=[5, 10] days_after=14 prize={gift: MUG}
joined 2024-01-02
buy  LATTE 2 x 2.50
----
LATTE 2 x 2.50       5.00
to pay               5.00
points                  0
missing anniversary     0

rule anniversary_gift id=five years=[5, 10] days_after=14 prize={gift: MUG}
joined 2021-01-02
know times five year = 1
buy  LATTE 2 x 2.50
----
LATTE 2 x 2.50       5.00
to pay               5.00
points                  0
missing cap_reached     0
"""
