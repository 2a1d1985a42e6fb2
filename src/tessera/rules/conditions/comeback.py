"""A purchase after a long absence."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, History, Met, Missing, Need
from tessera.rules.core.phrases import by_bounds
from tessera.rules.core.scopes import Scope, what_of
from tessera.rules.core.texts import Numbers, Template


class Comeback(Condition, frozen=True, tag="comeback"):
    """The member has bought before, but not for so many days; newcomers do not come back.

    days  between the last purchase (of the goods, or occurrence of the event) and this one
    """

    days: Annotated[int, Meta(ge=1, le=36_500)]
    at_most: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    of: Scope = ""

    def __post_init__(self) -> None:
        if self.at_most is not None and self.days > self.at_most:
            raise ValueError("days is above at_most: no absence is both")

    def needs(self) -> tuple[Need, ...]:
        """How long ago the last one was."""
        return (History("since", self.of),)

    def reading(self) -> Reading:
        """A look at the known facts. Buying sooner brings it no nearer, so nothing is lacking."""
        (need,) = self.needs()
        key, least, most = need.key, self.days, self.at_most
        words = {"what": what_of(self.of)}
        new = Missing("comeback_new", 0, "there was no {what} before", words)
        early = Missing("comeback_early", 0, EARLY, {**words, "days": least})
        late = Missing("comeback_late", 0, LATE, {**words, "most": most or 0})

        def comeback(basket: Basket, facts: Facts) -> Met | Missing:
            since = facts.known.get(key)
            if since is None:
                return new
            if since < least:
                return early
            return late if most is not None and since > most else MET

        return comeback

    def sentence(self) -> tuple[Template, Numbers]:
        """How long nothing was bought."""
        numbers: dict[str, int | str] = {"days": self.days, "what": what_of(self.of)}
        if self.at_most is not None:
            numbers["most"] = self.at_most
        return by_bounds(self.days, self.at_most, SAID), numbers


EARLY = "only {days} or more days after the last {what}"
LATE = "only up to {most} days after the last {what}"
SAID = (
    "the last {what} was {days} to {most} days ago",
    "the last {what} was {days} or more days ago",
    "",  # there is always a lower bound
)
EXAMPLES = """
comeback: 60
know since * ever = 75
-> met

comeback: {days: 60, of: c:coffee}
know since c:coffee ever = 12
-> comeback_early 0: only 60 or more days after the last purchase of coffee

comeback: 60
-> comeback_new 0: there was no purchase before
"""
