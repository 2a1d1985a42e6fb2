"""The member's own purchases in a window: how many, how much, how long ago, how many in a row."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import (
    MET,
    Facts,
    Measure,
    Met,
    Missing,
    Need,
    Window,
)
from tessera.rules.core.facts import History as Wanted
from tessera.rules.core.texts import Numbers, Template

_UNITS = {
    "receipts": "purchases", "units": "units", "minor": "spent", "days": "days with a purchase",
    "stores": "stores", "categories": "categories", "since": "days since the last purchase",
    "weeks": "weeks in a row", "months": "months in a row",
}  # fmt: skip


class History(Condition, frozen=True, tag="history"):
    """Something of the member's purchases before this one lies between two bounds.

    of  "" everything, "c:CATEGORY", "s:SKU" or "e:EVENT"
    """

    measure: Measure
    at_least: Annotated[int, Meta(ge=0, le=10**15)] = 0
    at_most: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    of: Annotated[str, Meta(max_length=34, pattern=r"^([cse]:.{1,32})?\Z")] = ""
    window: Window = "ever"

    def needs(self) -> tuple[Need, ...]:
        """The one measure."""
        return (Wanted(self.measure, self.of, self.window),)

    def reading(self) -> Reading:
        """A look at the known facts."""
        (need,) = self.needs()
        key, least, most = need.key, self.at_least, self.at_most
        words = {"unit": _UNITS[self.measure], "window": self.window}
        unknown = Missing("history_unknown", 0, "nothing of the kind is known", {})
        above = Missing("history_above", 0, "{unit} in {window} are more than it allows", words)

        def history(basket: Basket, facts: Facts) -> Met | Missing:
            value = facts.known.get(key)
            if value is None:
                return unknown
            if value < least:
                short = least - value
                return Missing("history_short", short, "{count} more {unit} in {window}",
                               {**words, "count": short})  # fmt: skip
            return above if most is not None and value > most else MET

        return history

    def sentence(self) -> tuple[Template, Numbers]:
        """The measure and its bounds."""
        numbers: dict[str, int | str] = {
            "unit": _UNITS[self.measure], "window": self.window, "least": self.at_least,
            "of": f" of {self.of[2:]}" if self.of else "",
        }  # fmt: skip
        if self.at_most is None:
            return "the member has {least} or more {unit}{of} ({window})", numbers
        numbers["most"] = self.at_most
        return "the member has {least} to {most} {unit}{of} ({window})", numbers


EXAMPLES = """
history: {measure: receipts, at_least: 3, window: 30 days}
know receipts * 30 days = 2
-> history_short 1: 1 more purchases in 30 days

history: {measure: receipts, at_least: 3, window: 30 days}
know receipts * 30 days = 3
-> met

history: {measure: since, at_least: 90}
-> history_unknown 0: nothing of the kind is known
"""
