"""The share of a category in what the member has spent."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, History, Met, Missing, Need, Window
from tessera.rules.core.phrases import by_bounds, window_words
from tessera.rules.core.texts import Numbers, Template


class Share(Condition, frozen=True, tag="share"):
    """So many percent of what the member spent before this purchase went on a category.

    Who has spent nothing has no share: it does not hold.
    """

    category: Code
    at_least: Annotated[int, Meta(ge=0, le=100, description="percent")] = 0
    at_most: Annotated[int, Meta(ge=0, le=100, description="percent")] | None = None
    window: Window = "ever"

    def __post_init__(self) -> None:
        if not self.at_least and self.at_most is None:
            raise ValueError("a share has at_least, at_most or both")
        if self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is above at_most: no share is both")

    def needs(self) -> tuple[Need, ...]:
        """The part and the whole."""
        return (
            History("minor", f"c:{self.category}", self.window),
            History("minor", "", self.window),
        )

    def reading(self) -> Reading:
        """The percentages are multiplied out: nothing is divided, nothing is rounded."""
        part_key, whole_key = [need.key for need in self.needs()]
        least, most, words = self.at_least, self.at_most, self._words()
        unknown = Missing("share_unknown", 0, "nothing has been spent yet")
        above = Missing("share_above", 0, ABOVE, {**words, "most": 0 if most is None else most})
        never = Missing("share_short", 0, NEVER, {**words, "least": least})

        def share(basket: Basket, facts: Facts) -> Met | Missing:
            part, whole = facts.known.get(part_key), facts.known.get(whole_key)
            if part is None or whole is None or whole <= 0:
                return unknown
            short = least * whole - part * 100
            if short <= 0:
                return above if most is not None and part * 100 > most * whole else MET
            if least == 100:
                return never
            # What is spent on the category makes the whole larger, too.
            lacking = -(-short // (100 - least))
            return Missing("share_short", lacking, SHORT, {**words, "lacking_minor": lacking})

        return share

    def sentence(self) -> tuple[Template, Numbers]:
        """The category and the bounds."""
        numbers = dict(self._words())
        if self.at_least:
            numbers["least"] = self.at_least
        if self.at_most is not None:
            numbers["most"] = self.at_most
        return by_bounds(self.at_least or None, self.at_most, SAID), numbers

    def _words(self) -> dict[str, int | str]:
        return {"category": self.category, "window": window_words(self.window)}


SHORT = "{lacking_minor} more spent on {category}{window}"
ABOVE = "only with up to {most} % spent on {category}{window}"
NEVER = "only with {least} % spent on {category}{window}"
SAID = (
    "{least} to {most} % of what the member has spent{window} went on {category}",
    "{least} % or more of what the member has spent{window} went on {category}",
    "{most} % or less of what the member has spent{window} went on {category}",
)
EXAMPLES = """
share: {category: wine, at_least: 25, window: 90 days}
know minor c:wine 90 days = 2500
know minor * 90 days = 10000
-> met

share: {category: wine, at_least: 25, window: 90 days}
know minor c:wine 90 days = 1000
know minor * 90 days = 10000
-> share_short 2000: 20.00 EUR more spent on wine in the last 90 days

share: {category: wine, at_most: 10}
know minor c:wine ever = 1001
know minor * ever = 10000
-> share_above 0: only with up to 10 % spent on wine
"""
