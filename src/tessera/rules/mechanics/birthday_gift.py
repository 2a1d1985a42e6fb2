"""A prize for the birthday: "500 points with a purchase in the week of your birthday"."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.conditions.birthday import Birthday
from tessera.rules.core.conditions import Condition
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.settings import Cap


class BirthdayGift(PrizeMechanic, frozen=True, kw_only=True, tag="birthday_gift"):
    """The prize with a purchase on the birthday, or so many days before or after it.

    caps  once in a calendar year, if the rule does not say otherwise; a birthday that is changed
          brings no second gift
    """

    days_before: Annotated[int, Meta(ge=0, le=60)] = 0
    days_after: Annotated[int, Meta(ge=0, le=60)] = 0
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = (Cap(per="year", times=1),)

    def implied(self) -> Condition:
        """It is the birthday, or around it."""
        return Birthday(days_before=self.days_before, days_after=self.days_after)


SCENARIOS = """
rule birthday_gift days_before=3 days_after=3 prize={points: 500, title: Happy birthday}
born 1980-05-10
at   2026-05-12 10:00
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                500

rule birthday_gift prize={percent: 10}
born 1980-05-10
at   2026-05-12 10:00
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing birthday        0

# Twenty-five percent off the cake; the deposit is money.
rule birthday_gift prize={percent: 25, of: {categories: [bakery]}}
born 1980-05-10
at   2026-05-10 10:00
buy  CAKE 1 x 24.00 [bakery], COLA 1 x 2.00 [drinks], BOTTLE 1 x 0.25 deposit
----
CAKE 1 x 24.00      24.00
  birthday_gift     -6.00
COLA 1 x 2.00        2.00
BOTTLE 1 x 0.25      0.25
to pay              20.25
points                  0

# Once in a year.
rule birthday_gift id=cake days_after=7 prize={gift: CAKE}
born 1980-05-10
at   2026-05-12 10:00
know times cake year = 1
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing cap_reached     0
"""
