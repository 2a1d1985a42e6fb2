"""Weeks or months in a row in which the member has bought, this one among them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, History, Met, Missing, Need, Window
from tessera.rules.core.scopes import Scope, counts_here, what_of
from tessera.rules.core.texts import Numbers, Template, one_many


class Streak(Condition, frozen=True, tag="streak"):
    """With this purchase it is so many weeks or months in a row, each with at least one purchase.

    It holds for every further purchase of the week or month, too; a cap on the rule makes that one.
    """

    at_least: Annotated[int, Meta(ge=1, le=1000)]
    at_most: Annotated[int, Meta(ge=1, le=1000)] | None = None
    unit: Literal["weeks", "months"] = "weeks"
    of: Scope = ""

    def __post_init__(self) -> None:
        if self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is above at_most: no streak is both")

    def needs(self) -> tuple[Need, ...]:
        """How many in a row, and whether the one that is running has a purchase already."""
        running: Window = "this week" if self.unit == "weeks" else "this month"
        return (History(self.unit, self.of), History("receipts", self.of, running))

    def reading(self) -> Reading:
        """This purchase adds the running week, unless one before it has."""
        row_key, running_key = [need.key for need in self.needs()]
        counted, least, most = counts_here(self.of), self.at_least, self.at_most
        short, words = SHORT[self.unit], {"what": what_of(self.of)}
        unknown = Missing("streak_unknown", 0, "nothing of the kind is known")
        absent = Missing("streak_absent", 0, "only with a {what}", words)
        over = Missing("streak_over", 0, OVER[self.unit], {"count": most or 0})

        def streak(basket: Basket, facts: Facts) -> Met | Missing:
            row, running = facts.known.get(row_key), facts.known.get(running_key)
            if row is None or running is None:
                return unknown
            mine, lines = counted(basket, facts)
            if not mine:
                return absent
            row += not running
            if row < least:
                return Missing("streak_short", least - row, short, {**words, "count": least - row})
            if most is not None and row > most:
                return over
            return Met(1, tuple(lines)) if lines else MET

        return streak

    def sentence(self) -> tuple[Template, Numbers]:
        """How many in a row."""
        numbers: dict[str, int | str] = {"what": what_of(self.of), "count": self.at_least}
        if self.at_most is None:
            return SAID[self.unit][0], numbers
        return SAID[self.unit][1], {**numbers, "most": self.at_most}


SHORT = {
    "weeks": one_many("1 more week with a {what}", "{count} more weeks in a row with a {what}"),
    "months": one_many("1 more month with a {what}", "{count} more months in a row with a {what}"),
}
OVER = {
    "weeks": one_many("only up to 1 week in a row", "only up to {count} weeks in a row"),
    "months": one_many("only up to 1 month in a row", "only up to {count} months in a row"),
}
SAID: dict[str, tuple[Template, Template]] = {
    "weeks": (
        "this makes {count} or more weeks in a row with a {what}",
        "this makes {count} to {most} weeks in a row with a {what}",
    ),
    "months": (
        "this makes {count} or more months in a row with a {what}",
        "this makes {count} to {most} months in a row with a {what}",
    ),
}
EXAMPLES = """
streak: 4
know weeks * ever = 3
know receipts * this week = 0
buy LATTE 1 x 2.50
-> met

streak: 4
know weeks * ever = 3
know receipts * this week = 1
buy LATTE 1 x 2.50
-> streak_short 1: 1 more week with a purchase

streak: {at_least: 3, unit: months, of: c:coffee}
know months c:coffee ever = 2
know receipts c:coffee this month = 0
buy CAKE 1 x 4.00
-> streak_absent 0: only with a purchase of coffee
"""
