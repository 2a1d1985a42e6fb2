"""What the member's purchases come to on average."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, History, Met, Missing, Need, Window
from tessera.rules.core.phrases import by_bounds, window_words
from tessera.rules.core.texts import Numbers, Template


class Average(Condition, frozen=True, tag="average"):
    """The average of the member's purchases before this one lies between two bounds.

    Who has bought nothing has no average: it does not hold.
    """

    at_least_minor: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    at_most_minor: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    window: Window = "ever"

    def __post_init__(self) -> None:
        least, most = self.at_least_minor, self.at_most_minor
        if least is None and most is None:
            raise ValueError("an average has at_least_minor, at_most_minor or both")
        if least is not None and most is not None and least > most:
            raise ValueError("at_least_minor is above at_most_minor: no average is both")

    def needs(self) -> tuple[Need, ...]:
        """The sum and the number."""
        return (History("minor", "", self.window), History("receipts", "", self.window))

    def reading(self) -> Reading:
        """The bounds are multiplied out: nothing is divided but to say what is lacking."""
        sum_key, count_key = [need.key for need in self.needs()]
        least, most = self.at_least_minor or 0, self.at_most_minor
        window = {"window": window_words(self.window)}
        unknown = Missing("average_unknown", 0, "nothing has been bought yet")
        above = Missing("average_above", 0, ABOVE, {**window, "most_minor": most or 0})

        def average(basket: Basket, facts: Facts) -> Met | Missing:
            spent, receipts = facts.known.get(sum_key), facts.known.get(count_key)
            if spent is None or not receipts:
                return unknown
            if spent < least * receipts:
                lacking = least - spent // receipts
                numbers: Numbers = {**window, "lacking_minor": lacking}
                return Missing("average_short", lacking, SHORT, numbers)
            return above if most is not None and spent > most * receipts else MET

        return average

    def sentence(self) -> tuple[Template, Numbers]:
        """The bounds."""
        least, most = self.at_least_minor, self.at_most_minor
        numbers: dict[str, int | str] = {"window": window_words(self.window)}
        if least is not None:
            numbers["least_minor"] = least
        if most is not None:
            numbers["most_minor"] = most
        return by_bounds(least, most, SAID), numbers


SHORT = "{lacking_minor} more on average{window}"
ABOVE = "only with an average purchase of up to {most_minor}{window}"
SAID = (
    "the member's average purchase{window} is between {least_minor} and {most_minor}",
    "the member's average purchase{window} is {least_minor} or more",
    "the member's average purchase{window} is {most_minor} or less",
)
EXAMPLES = """
average: {at_least: 20.00, window: 90 days}
know minor * 90 days = 10000
know receipts * 90 days = 5
-> met

average: {at_least: 20.00, window: 90 days}
know minor * 90 days = 9000
know receipts * 90 days = 5
-> average_short 200: 2.00 EUR more on average in the last 90 days

average: {at_most: 20.00}
know minor * ever = 0
know receipts * ever = 0
-> average_unknown 0: nothing has been bought yet
"""
