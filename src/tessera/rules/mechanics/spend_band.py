"""The rate depends on what was spent before: "1 point, from 300.00 this year on 2 points"."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from tessera.rules.core.earning import (
    NO_GOODS,
    SHORT,
    earning_on,
    least_for_one,
    points_wish,
    rounded,
)
from tessera.rules.core.facts import Need
from tessera.rules.core.phrases import listed, window_words
from tessera.rules.core.texts import Numbers, Template, phrase
from tessera.rules.core.words import (
    EVERYTHING,
    Basket,
    Facts,
    Goods,
    History,
    Lane,
    Mechanic,
    Met,
    Missing,
    Window,
    Wish,
    one_many,
)

_UNKNOWN = Missing("history_unknown", 0, "the earlier purchases are not known")


class Band(Struct, frozen=True, forbid_unknown_fields=True):
    """From so much spent on so many points for one step."""

    from_minor: Annotated[int, Meta(ge=0, le=10**15)]
    points: Annotated[int, Meta(ge=1, le=1_000_000)]


class SpendBand(Mechanic, frozen=True, tag="spend_band"):
    """Points for every `per_minor`, by what the member spent in the window before this purchase.

    bands     the highest one that is reached counts, for the whole receipt
    rounding  of the whole receipt, once: `down`, or `nearest` with halves up
    """

    lane: ClassVar[Lane] = "earning"
    base: ClassVar[bool] = True

    bands: Annotated[
        tuple[Band, ...], Meta(min_length=1, max_length=50, description="from how much spent on")
    ]
    per_minor: Annotated[int, Meta(ge=1, le=10**9, description="the step, in minor units")]
    window: Annotated[Window, Meta(description="in which spending counts")] = "this year"
    rounding: Literal["down", "nearest"] = "down"
    of: Annotated[Goods, Meta(description="the goods that earn")] = EVERYTHING

    def __post_init__(self) -> None:
        starts = [band.from_minor for band in self.bands]
        if sorted(set(starts)) != starts:
            raise ValueError("`bands` go upwards, each from another amount")

    def needs(self) -> tuple[Need, ...]:
        """What was spent in the window."""
        return (History("minor", "", self.window),)

    def gives(self) -> tuple[Template, Numbers]:
        """The points of each band."""
        bands = [
            phrase(OF_BAND, count=band.points, from_bare=band.from_minor) for band in self.bands
        ]
        said: Numbers = {
            "bands": listed(bands, "and"), "per_minor": self.per_minor,
            "window": window_words(self.window),
        }  # fmt: skip
        return RATE, said

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """A band is reached, and the receipt is worth one point."""
        spent = facts.known.get(_key(self.window))
        if spent is None:
            return _UNKNOWN
        rate = self._rate(spent)
        if not rate:
            lacking = self.bands[0].from_minor - spent
            return Missing("band_short", lacking, BELOW, {"lacking_minor": lacking})
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
        spent = facts.known[_key(self.window)]
        numbers: Numbers = {
            "base_minor": sum(base), "points": self._rate(spent), "per_minor": self.per_minor,
            "spent_minor": spent,
        }  # fmt: skip
        return points_wish(met.times, lines, base, TOLD, numbers)

    def _rate(self, spent: int) -> int:
        reached = [band.points for band in self.bands if spent >= band.from_minor]
        return reached[-1] if reached else 0


@lru_cache(256)
def _key(window: str) -> str:
    return History("minor", "", window).key


BELOW = "{lacking_minor} more would reach the first rate"
OF_BAND = "{count} from {from_bare}"
RATE = "points for every {per_minor} by what was spent{window}, {bands}"
TOLD = one_many(
    "+{count} point: {points} for every {per_minor} after {spent_minor} spent",
    "+{count} points: {points} for every {per_minor} after {spent_minor} spent",
)
SCENARIOS = """
rule spend_band per_minor=100 bands=[{from: 0.00, points: 1}, {from: 300.00, points: 2}]
know minor * this year = 30000
buy  CAKE 2 x 4.05
----
CAKE 2 x 4.05        8.10
to pay               8.10
points                 16

rule spend_band per_minor=100 bands=[{from: 0.00, points: 1}, {from: 300.00, points: 2}]
know minor * this year = 29999
buy  CAKE 2 x 4.05
keep 1
----
CAKE 1 x 4.05        4.05
to pay               4.05
points                  4
refund               4.05
points taken back       4

rule spend_band per_minor=100 window="12 months" bands=[{from: 100.00, points: 1}]
know minor * 12 months = 4000
buy  CAKE 2 x 4.05
----
CAKE 2 x 4.05        8.10
to pay               8.10
points                  0
missing band_short   6000
"""
