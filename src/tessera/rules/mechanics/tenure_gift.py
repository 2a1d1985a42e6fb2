"""A prize for years of membership: "a gift after three, six and nine years with us"."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Annotated

from msgspec import Meta

from tessera.rules.core.days import whole_years
from tessera.rules.core.facts import Person, PersonTest, Trait
from tessera.rules.core.phrases import listed
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import MET, Basket, Facts, Given, Met, Missing

_UNKNOWN = Missing("joined_unknown", 0, "since when the member is one is not known")
_TOO_YOUNG = Missing("tenure", 0, "only after some years of membership")
_GIVEN = Missing("given_already", 0, "this was given already for these years")


class _Steps(PersonTest, frozen=True):
    """How many of these anniversaries of joining the member has reached."""

    years: tuple[int, ...]

    def trait(self, person: Person, on: date) -> int | None:
        joined = person.joined_on
        if joined is None:
            return None
        served = whole_years(joined, on)
        return sum(served >= years for years in self.years)


class TenureGift(PrizeMechanic, frozen=True, tag="tenure_gift"):
    """The prize for each of these years, with the first purchase after it is reached.

    Every step is given once and one on a receipt: who had passed two of them when the rule began
    gets the second with the next purchase. Narrow it with `when` if that is not meant.
    """

    years: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=100)], ...],
        Meta(min_length=1, max_length=50, description="full years since joining"),
    ]

    def __post_init__(self) -> None:
        if len(set(self.years)) < len(self.years):
            raise ValueError("`years` names one of them twice")

    def needs(self) -> tuple[Trait, Given]:
        """The steps reached, and those given."""
        return Trait(_Steps(self.years)), Given(self.id, "ever", "times")

    def asks(self) -> tuple[Template, Numbers]:
        """What has to be so besides `when`, for the sentence of the rule."""
        return ASKS, {"years": listed(self.years, "and")}

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """One more is reached than was given."""
        trait, given = _keys(self)
        reached = facts.known.get(trait)
        if reached is None:
            return _UNKNOWN
        if not reached:
            return _TOO_YOUNG
        steps = min(reached, len(self.years))  # a fact is looked up, not trusted
        return MET if steps > facts.known.get(given, 0) else _GIVEN

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """For which of the years it is."""
        step = facts.known.get(_keys(self)[1], 0)
        return {"years": sorted(self.years)[step]}


@lru_cache(4096)
def _keys(rule: TenureGift) -> tuple[str, str]:
    trait, given = rule.needs()
    return trait.key, given.key


ASKS = "it is the first purchase after {years} years with us"
SCENARIOS = """
rule tenure_gift id=years years=[3, 6, 9] prize={points: 300, title: Years with us}
joined 2020-01-05
know times years ever = 1
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                300

rule tenure_gift id=years years=[3, 6, 9] prize={points: 300}
joined 2020-01-06
know times years ever = 1
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing given_already   0

rule tenure_gift years=3 prize={gift: WATCH}
joined 2025-07-01
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing tenure          0
"""
