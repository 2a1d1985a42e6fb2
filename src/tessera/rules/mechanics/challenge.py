"""A challenge with milestones: "5 visits this month: 50 points, 10: 100 more, 20: 500 more"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from tessera.rules.core.earning import SLIP
from tessera.rules.core.facts import Measure
from tessera.rules.core.phrases import listed, window_words
from tessera.rules.core.scopes import Scope, counts_here, lines_of, scope_of, units
from tessera.rules.core.texts import Numbers, Template, phrase
from tessera.rules.core.words import (
    Basket,
    Facts,
    Given,
    History,
    Lane,
    Mechanic,
    Met,
    Missing,
    Window,
    Wish,
    one_many,
)

_MEASURES: dict[str, Measure] = {"purchases": "receipts", "units": "units", "spend": "minor"}
_UNKNOWN = Missing("history_unknown", 0, "the earlier purchases are not known")
_DONE = Missing("milestones_done", 0, "all milestones are reached")
_ELSE = Missing("no_goods", 0, "none of the goods it is for are on the receipt")


class Milestone(Struct, frozen=True, forbid_unknown_fields=True):
    """At so many purchases, units or minor units: so many points, on top of those before."""

    at: Annotated[int, Meta(ge=1, le=10**12)]
    points: Annotated[int, Meta(ge=1, le=10**9)]


class Challenge(Mechanic, frozen=True, kw_only=True, tag="challenge"):
    """The points of every milestone that is reached in the window, each once; this one counts.

    counting    purchases, units, or spend: what is left to pay after discounts, in minor units
    of          what counts: everything, a category or an article
    milestones  the lowest first. What the rule has given in the window is taken off, so that a
                milestone that was passed while nobody could give it is made up for
    """

    lane: ClassVar[Lane] = "earning"

    milestones: Annotated[tuple[Milestone, ...], Meta(min_length=1, max_length=20)]
    counting: Literal["purchases", "units", "spend"] = "purchases"
    of: Annotated[Scope, Meta(description="what counts")] = ""
    window: Annotated[Window, Meta(description="in which it is counted")] = "this month"

    def __post_init__(self) -> None:
        if any(two.at <= one.at for one, two in pairwise(self.milestones)):
            raise ValueError("`milestones` are listed from the lowest to the highest")
        if self.of.startswith("e:"):
            raise ValueError("a challenge counts purchases: `of` names a category or an article")

    def needs(self) -> tuple[History, Given]:
        """What was before, and what was given for it."""
        measure = _MEASURES[self.counting]
        return History(measure, self.of, self.window), Given(self.id, self.window, "amount")

    def gives(self) -> tuple[Template, Numbers]:
        """The milestones, for the sentence of the rule."""
        money = self.counting == "spend"
        steps = [
            phrase(STEP_MONEY if money else STEP, count=step.points, at=step.at, at_minor=step.at)
            for step in self.milestones
        ]
        numbers: Numbers = {
            "steps": listed(steps, "and"), "of": scope_of(self.of),
            "window": window_words(self.window),
        }  # fmt: skip
        return GIVES[self.counting], numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """More is reached than was given."""
        history, given = (facts.known.get(need.key) for need in self.needs())
        if history is None:
            return _UNKNOWN
        here, lines = counts_here(self.of)(basket, facts)
        now = history + (self._adds(basket) if here else 0)
        due = sum([step.points for step in self.milestones if step.at <= now]) - (given or 0)
        if due > 0:
            return Met(due, tuple(lines))
        following = next((step for step in self.milestones if step.at > now), None)
        if following is None:
            return _DONE
        if not here and not facts.event:
            return _ELSE
        lacking = following.at - now
        numbers: Numbers = {
            "count": lacking, "lacking_minor": lacking, "points": following.points,
            "goal": following.at,
        }  # fmt: skip
        return Missing("milestone_short", lacking, SHORT[self.counting], numbers)

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The points that are due."""
        history = facts.known[self.needs()[0].key]
        numbers = {"count": met.times, "reached": history + self._adds(basket)}
        shares = basket.spread(met.times, met.lines or None)
        return Wish("points", met.times, shares, TOLD, SLIP, numbers)

    def _adds(self, basket: Basket) -> int:
        """What this receipt adds to the count."""
        lines: Sequence[int] = lines_of(self.of)(basket)
        if self.counting == "units":
            return units(basket, lines)
        if self.counting == "spend":
            return sum([basket.left[i] for i in lines])
        return 1 if lines else 0


STEP = one_many("{count} point at {at}", "{count} points at {at}")
STEP_MONEY = one_many("{count} point at {at_minor}", "{count} points at {at_minor}")
GIVES = {
    "purchases": "milestones of purchases{of}{window}: {steps}",
    "units": "milestones of units{of}{window}: {steps}",
    "spend": "milestones of money spent{of}{window}: {steps}",
}
SHORT: dict[str, Template] = {
    "purchases": one_many(
        "1 more purchase to the next milestone, worth {points}",
        "{count} more purchases to the next milestone, worth {points}",
    ),
    "units": one_many(
        "1 more unit to the next milestone, worth {points}",
        "{count} more units to the next milestone, worth {points}",
    ),
    "spend": "{lacking_minor} more to the next milestone, worth {points}",
}
TOLD = one_many("milestone reached: +{count} point", "milestone reached: +{count} points")
SCENARIOS = """
# The fifth visit of the month.
rule challenge milestones=[{at: 5, points: 50}, {at: 10, points: 100}]
know receipts * this month = 4
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                 50

rule challenge id=visits milestones=[{at: 5, points: 50}, {at: 10, points: 100}]
know receipts * this month = 6
know amount visits this month = 50
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing milestone_short 3

# One large purchase passes two milestones of spend at once.
rule challenge counting=spend of=c:wine milestones=[{at: 5000, points: 50}, {at: 9000, points: 150}]
know minor c:wine this month = 3000
buy  BAROLO 2 x 40.00 [wine], BREAD 1 x 2.50
----
BAROLO 2 x 40.00    80.00
BREAD 1 x 2.50       2.50
to pay              82.50
points                200

# One of the bottles comes back: the higher milestone is out of reach again.
rule challenge counting=spend of=c:wine milestones=[{at: 5000, points: 50}, {at: 9000, points: 150}]
know minor c:wine this month = 3000
buy  BAROLO 2 x 40.00 [wine]
keep 1
----
BAROLO 1 x 40.00    40.00
to pay              40.00
points                 50
refund              40.00
points taken back     150

rule challenge id=visits milestones=[{at: 5, points: 50}]
know receipts * this month = 7
know amount visits this month = 50
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing milestones_done 0
"""
