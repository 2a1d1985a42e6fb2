"""A prize on given dates: "1,000 points to women for 8 March", with `when` for the women."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.conditions.dates import Dates, Span
from tessera.rules.core.conditions import Condition
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.settings import Cap


class DateGift(PrizeMechanic, frozen=True, kw_only=True, tag="date_gift"):
    """The prize with a purchase on one of these local days.

    caps  once in a calendar year, if the rule does not say otherwise: for every day of several
          `caps: [{per: day, times: 1}]`
    """

    dates: Annotated[tuple[Span, ...], Meta(min_length=1, max_length=100)]
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = (Cap(per="year", times=1),)

    def __post_init__(self) -> None:
        self.implied()  # it finds the days that do not exist

    def implied(self) -> Condition:
        """It is one of the days."""
        return Dates(spans=self.dates)


SCENARIOS = """
rule date_gift dates=03-05..03-08 prize={points: 1000, title: Happy women's day}
at   2027-03-08 11:00
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points               1000

rule date_gift dates=03-08 prize={points: 1000}
at   2027-03-09 11:00
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing dates           0

# The second purchase of the day.
rule date_gift id=march prize={points: 1000} dates=2026-03-08
at   2026-03-08 18:00
know times march year = 1
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing cap_reached     0

# On several days, each once.
rule date_gift id=twice prize={points: 10} dates=[12-25, 12-26] caps=[{per: day, times: 1}]
at   2026-12-26 18:00
know times twice year = 1
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                 10
"""
