"""A prize for the name day: "Happy name day, Anna: a coffee is on us"."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from tessera.base.text import OptionalCode
from tessera.rules.conditions.name_day import Days, GivenName, NameDay
from tessera.rules.core.conditions import Condition
from tessera.rules.core.days import Around
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.settings import Cap


class NameDayGift(PrizeMechanic, frozen=True, kw_only=True, tag="name_day_gift"):
    """The prize with a purchase on the name day, or so many days before or after it.

    names      {Anna: 07-26, Giovanni: 06-24 12-27}: the days of given names
    attribute  of the member, that says the day; it goes before the name
    caps       once in a calendar year, if the rule does not say otherwise
    """

    names: Annotated[dict[GivenName, Days], Meta(max_length=5_000)] = field(default_factory=dict)
    attribute: Annotated[OptionalCode, Meta(description="a declared attribute")] = ""
    days_before: Annotated[Around, Meta(description="days")] = 0
    days_after: Annotated[Around, Meta(description="days")] = 0
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = (Cap(per="year", times=1),)

    def __post_init__(self) -> None:
        self.implied()  # it finds the days that do not exist

    def implied(self) -> Condition:
        """It is the name day, or around it."""
        return NameDay(
            names=self.names, attribute=self.attribute, days_before=self.days_before,
            days_after=self.days_after,
        )  # fmt: skip


SCENARIOS = """
rule name_day_gift names={Anna: 07-26, Giovanni: 06-24 12-27} prize={gift: LATTE}
named Anna
at   2026-07-26 10:00
buy  CAKE 1 x 4.00
----
CAKE 1 x 4.00        4.00
to pay               4.00
points                  0
gift LATTE              1

rule name_day_gift names={Anna: 07-26, Giovanni: 06-24 12-27} prize={points: 100}
named Anna
at   2026-07-27 10:00
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing name_day        0

# Giovanni has two: the second of this year brings no second prize.
rule name_day_gift id=name names={Giovanni: 06-24 12-27} days_after=3 prize={points: 100}
named Giovanni
at   2026-12-30 10:00
know times name year = 1
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing cap_reached     0
"""
