"""A prize that nobody announces: the member is surprised, the program knows why."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.settings import Cap, draw
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import MET, Basket, Facts, Met, Missing

_NOT_DRAWN = Missing("not_drawn", 0, "this day's draw did not fall on the member")


class Surprise(PrizeMechanic, frozen=True, kw_only=True, tag="surprise"):
    """The prize to whom `when` finds, or to a part of them; the rule is always hidden.

    chance  percent. A stable draw from the rule, the member and the local day: a purchase in parts,
            at several tills or asked for twice has one draw, and a replay has the same
    caps    once a day, if the rule does not say otherwise
    """

    chance: Annotated[int, Meta(ge=1, le=100, description="percent of members and days")] = 100
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = (Cap(per="day", times=1),)

    def __post_init__(self) -> None:
        if not self.hidden:
            raise ValueError("a surprise is hidden: set `hidden` to true")

    def asks(self) -> tuple[Template, Numbers] | None:
        """What has to be so besides `when`, for the sentence of the rule."""
        return None if self.chance == 100 else (ASKS, {"percent": self.chance})

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """The draw falls on the member."""
        if self.chance == 100:
            return MET
        if facts.at is None:
            return _NOT_DRAWN
        number = draw(self.id, f"{facts.who} {facts.at.date().isoformat()}")
        return MET if number < self.chance * 100 else _NOT_DRAWN

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """Of how many it was one."""
        return {"chance": self.chance}


ASKS = "the member is drawn: {percent} % of members and days"
SCENARIOS = """
rule surprise hidden=true prize={gift: TRUFFLE}
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
gift TRUFFLE            1

# One day in ten is anna's, this one is not.
rule surprise hidden=true chance=10 prize={points: 50}
who  anna
at   2026-03-08 10:00
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing not_drawn       0
"""
