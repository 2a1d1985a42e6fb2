"""Which purchase this is: every fifth, exactly the third."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, History, Met, Missing, Need, Window
from tessera.rules.core.phrases import window_words
from tessera.rules.core.scopes import Scope, counts_here, lines_of, scope_of, units, what_of
from tessera.rules.core.texts import Numbers, Template, one_many


class Nth(Condition, frozen=True, tag="nth"):
    """This purchase is, or has in it, every n-th or exactly the n-th of the window. It counts once.

    counting  purchases: receipts that have something of the goods, or occurrences of an event;
              units: of the goods, a weighed line being one
    """

    every: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    exactly: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    counting: Literal["purchases", "units"] = "purchases"
    of: Scope = ""
    window: Window = "ever"

    def __post_init__(self) -> None:
        if (self.every is None) == (self.exactly is None):
            raise ValueError("it is either every or exactly the n-th: give one of the two")
        if self.counting == "units" and self.of.startswith("e:"):
            raise ValueError("events have no units: count purchases")

    def needs(self) -> tuple[Need, ...]:
        """How many there were before."""
        measure: Literal["receipts", "units"] = (
            "receipts" if self.counting == "purchases" else "units"
        )
        return (History(measure, self.of, self.window),)

    def reading(self) -> Reading:
        """What was before, and what this receipt adds."""
        (need,) = self.needs()
        key, every, exactly = need.key, self.every, self.exactly
        counted, lines_in = counts_here(self.of), lines_of(self.of)
        by_unit, short, words = self.counting == "units", self._short(), self._words()
        unknown = Missing("nth_unknown", 0, "nothing of the kind is known")
        over = Missing("nth_over", 0, OVER, {"nth": exactly or 0, **words})

        def nth(basket: Basket, facts: Facts) -> Met | Missing:
            before = facts.known.get(key)
            if before is None:
                return unknown
            mine, lines = counted(basket, facts)
            now = before + (units(basket, lines_in(basket)) if by_unit and mine else mine)
            if exactly is not None:
                if before < exactly <= now:
                    return Met(1, tuple(lines)) if lines else MET
                if now >= exactly:
                    return over
                lacking = exactly - now
            else:
                assert every is not None, "one of the two is given"
                if now // every > before // every:
                    return Met(1, tuple(lines)) if lines else MET
                lacking = every - now % every
            return Missing("nth_short", lacking, short, {"count": lacking, **words})

        return nth

    def sentence(self) -> tuple[Template, Numbers]:
        """Which one it is."""
        number = self.every if self.every is not None else self.exactly
        texts = SAID[self.counting if not self.of.startswith("e:") else "events"]
        numbers: Numbers = {"nth": number or 0, **self._words()}
        return texts[self.every is None], numbers

    def _short(self) -> Template:
        if self.of.startswith("e:"):
            return SHORT["events"]
        return SHORT[self.counting]

    def _words(self) -> dict[str, int | str]:
        window = window_words(self.window)
        if self.of.startswith("e:"):
            return {"what": what_of(self.of), "window": window}
        return {"of": scope_of(self.of), "window": window}


OVER = "number {nth} has been"
SHORT: dict[str, Template] = {
    "purchases": one_many("1 more purchase{of}{window}", "{count} more purchases{of}{window}"),
    "units": one_many("1 more unit{of}{window}", "{count} more units{of}{window}"),
    "events": one_many("{what} 1 more time{window}", "{what} {count} more times{window}"),
}
SAID: dict[str, tuple[Template, Template]] = {
    "purchases": (
        "this is the last of every {nth} purchases{of}{window}",
        "this is purchase number {nth}{of}{window}",
    ),
    "units": (
        "this purchase has the last of every {nth} units{of}{window} in it",
        "this purchase has unit number {nth}{of}{window} in it",
    ),
    "events": (
        "this is the last of every {nth} times of {what}{window}",
        "this is time number {nth} of {what}{window}",
    ),
}
EXAMPLES = """
nth: 5
know receipts * ever = 9
buy LATTE 1 x 2.50
-> met

nth: {every: 5, of: c:coffee, window: this month}
know receipts c:coffee this month = 2
buy LATTE 1 x 2.50 [coffee]
-> nth_short 2: 2 more purchases of coffee this month

nth: {exactly: 10, counting: units, of: s:LATTE}
know units s:LATTE ever = 8
buy LATTE 3 x 2.50
-> met

nth: {exactly: 3}
know receipts * ever = 3
buy LATTE 1 x 2.50
-> nth_over 0: number 3 has been
"""
