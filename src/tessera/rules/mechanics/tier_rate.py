"""So many points for money spent, by the member's level: "1 point, for Gold 3, for every 1.00"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from tessera.base.text import Code
from tessera.rules.core.earning import (
    NO_GOODS,
    SHORT,
    earning_on,
    least_for_one,
    points_wish,
    rounded,
)
from tessera.rules.core.facts import Need, Rank
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template, phrase
from tessera.rules.core.words import (
    EVERYTHING,
    Basket,
    Facts,
    Goods,
    Lane,
    Mechanic,
    Met,
    Missing,
    Wish,
    one_many,
)

if TYPE_CHECKING:
    from tessera.rules.core.words import Program


class LevelRate(Struct, frozen=True, forbid_unknown_fields=True):
    """From this level on so many points for one step."""

    level: Code
    points: Annotated[int, Meta(ge=0, le=1_000_000)]


class TierRate(Mechanic, frozen=True, tag="tier_rate"):
    """Points for every `per_minor` of what is paid in money; how many is a matter of the level.

    rates   the highest one that the member's level has come up to counts; below all of them none
    rounding  of the whole receipt, once: `down`, or `nearest` with halves up
    """

    lane: ClassVar[Lane] = "earning"
    base: ClassVar[bool] = True

    ladder: Annotated[Code, Meta(description="the ladder of tiers")]
    rates: Annotated[
        tuple[LevelRate, ...], Meta(min_length=1, max_length=20, description="from which level on")
    ]
    per_minor: Annotated[int, Meta(ge=1, le=10**9, description="the step, in minor units")]
    rounding: Literal["down", "nearest"] = "down"
    of: Annotated[Goods, Meta(description="the goods that earn")] = EVERYTHING

    def __post_init__(self) -> None:
        if len({rate.level for rate in self.rates}) < len(self.rates):
            raise ValueError("`rates` names a level twice")

    def needs(self) -> tuple[Need, ...]:
        """The member's level."""
        return (Rank(self.ladder),)

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """A ladder or levels that are not declared."""
        ladder = program.tiers.get(self.ladder)
        if ladder is None:
            yield "ladder", f"there is no ladder {self.ladder}", "declare it under `tiers`"
            return
        there = [level.code for level in ladder.levels]
        for i, rate in enumerate(self.rates):
            if rate.level not in there:
                why = f"{self.ladder} has no level {rate.level}"
                yield f"rates[{i}].level", why, f"write one of {', '.join(there)}"[:500]

    def gives(self) -> tuple[Template, Numbers]:
        """The points of each level."""
        rates = [phrase(OF_LEVEL, level=rate.level, count=rate.points) for rate in self.rates]
        return RATE, {"rates": listed(rates, "and"), "per_minor": self.per_minor}

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """The level has a rate, and the receipt is worth one point."""
        rate = self._rate(basket, facts)
        if not rate:
            return _NO_RATE
        lines, base = earning_on(basket, self.of)
        if not lines:
            return NO_GOODS
        minor = sum(base)
        points = rounded(minor * rate, self.per_minor, self.rounding)
        if points:
            return Met(points)
        lacking = least_for_one(rate, self.per_minor, self.rounding) - minor
        return Missing("spend_short", lacking, SHORT, {"lacking_minor": lacking})

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The points, shared over the lines that earned them."""
        lines, base = earning_on(basket, self.of)
        numbers: Numbers = {
            "base_minor": sum(base), "points": self._rate(basket, facts),
            "per_minor": self.per_minor,
        }  # fmt: skip
        return points_wish(met.times, lines, base, TOLD, numbers)

    def _rate(self, basket: Basket, facts: Facts) -> int:
        """The points of the highest level that the member has come up to."""
        rank, ranks = facts.known.get(Rank(self.ladder).key), basket.ranks.get(self.ladder)
        if rank is None or ranks is None:
            return 0
        mine = [
            (at, rate.points)
            for rate in self.rates
            if (at := ranks.get(rate.level)) is not None and at <= rank
        ]
        return max(mine)[1] if mine else 0


_NO_RATE = Missing("tier", 0, "there is no rate for the member's level")
OF_LEVEL = "{level}: {count}"
RATE = "points for every {per_minor} by level, {rates}"
TOLD = one_many(
    "+{count} point: {points} for every {per_minor} on the member's level",
    "+{count} points: {points} for every {per_minor} on the member's level",
)
SCENARIOS = """
program tiers={s: {levels: [{code: basic}, {code: silver, reach: 5}, {code: gold, reach: 9}]}}
rule tier_rate ladder=s per_minor=100 rates=[{level: basic, points: 1}, {level: silver, points: 2}]
know tier s = 2
buy  CAKE 2 x 4.05
----
CAKE 2 x 4.05        8.10
to pay               8.10
points                 16

program tiers={s: {levels: [{code: basic}, {code: silver, reach: 500}]}}
rule tier_rate ladder=s per_minor=100 rates=[{level: silver, points: 2}]
know tier s = 0
buy  CAKE 2 x 4.05
----
CAKE 2 x 4.05        8.10
to pay               8.10
points                  0
missing tier            0

# Half of it comes back: the level that the purchase was decided with counts.
program tiers={s: {levels: [{code: basic}, {code: silver, reach: 500}]}}
rule tier_rate ladder=s per_minor=100 rates=[{level: basic, points: 1}, {level: silver, points: 2}]
know tier s = 1
buy  CAKE 2 x 4.05
keep 1
----
CAKE 1 x 4.05        4.05
to pay               4.05
points                  8
refund               4.05
points taken back       8
"""
