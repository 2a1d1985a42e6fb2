"""The member's own purchases in a window: how many, how much, how long ago, how many in a row."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Measure, Met, Missing, Need, Window
from tessera.rules.core.facts import History as Wanted
from tessera.rules.core.phrases import by_bounds, window_words
from tessera.rules.core.scopes import OF, ON, Scope, scope_of, what_of
from tessera.rules.core.texts import Numbers, Template

_NOT_OF_EVENTS = ("units", "minor", "stores", "categories")


class History(Condition, frozen=True, tag="history"):
    """Something of the member's purchases before this one lies between two bounds.

    measure   receipts, units, minor (money spent, in minor units), days and stores with a purchase,
              categories, since (days since the last one), weeks and months (how many in a row)
    of        "" everything, "c:CATEGORY", "s:SKU" or "e:EVENT", whose occurrences count as receipts
    """

    measure: Measure
    at_least: Annotated[int, Meta(ge=0, le=10**15)] = 0
    at_most: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    of: Scope = ""
    window: Window = "ever"

    def __post_init__(self) -> None:
        if self.of.startswith("e:") and self.measure in _NOT_OF_EVENTS:
            raise ValueError(f"events have no {self.measure}: ask for receipts, days or since")
        if self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is above at_most: no history is both")

    def needs(self) -> tuple[Need, ...]:
        """The one measure."""
        return (Wanted(self.measure, self.of, self.window),)

    def reading(self) -> Reading:
        """A look at the known facts."""
        (need,) = self.needs()
        key, least, most = need.key, self.at_least, self.at_most
        texts, words, number = self._texts(), self._words(), self._number("count")
        unknown = Missing("history_unknown", 0, "nothing of the kind is known", {})
        above = Missing("history_above", 0, texts.above, {**words, number: most or 0})

        def history(basket: Basket, facts: Facts) -> Met | Missing:
            value = facts.known.get(key)
            if value is None:
                return unknown
            if value < least:
                lacking = least - value
                return Missing("history_short", lacking, texts.short, {**words, number: lacking})
            return above if most is not None and value > most else MET

        return history

    def sentence(self) -> tuple[Template, Numbers]:
        """The measure and its bounds."""
        texts, numbers = self._texts(), dict(self._words())
        if self.at_most is not None:
            numbers[self._number("most")] = self.at_most
        if self.at_least or self.at_most is None:
            numbers[self._number("least")] = self.at_least
        told = by_bounds(self.at_least or None, self.at_most, texts.bounds)
        return told, numbers

    def _texts(self) -> _Texts:
        event = self.of.startswith("e:") and self.measure == "receipts"
        return TEXTS["events" if event else self.measure]

    def _number(self, name: str) -> str:
        """Money is told as money."""
        return f"{name}_minor" if self.measure == "minor" else name

    def _words(self) -> dict[str, int | str]:
        words: dict[str, int | str] = {"window": window_words(self.window)}
        if self.measure in ("since", "days", "weeks", "months") or self.of.startswith("e:"):
            words["what"] = what_of(self.of)
        else:
            words["of"] = scope_of(self.of, ON if self.measure == "minor" else OF)
        return words


class _Texts(NamedTuple):
    """What is said of a measure: below its bounds, above them, and of the bounds themselves."""

    short: Template
    above: Template
    bounds: tuple[Template, Template, Template]


TEXTS = {
    "receipts": _Texts(
        ("1 more purchase{of}{window}", "{count} more purchases{of}{window}"),
        ("only up to 1 purchase{of}{window}", "only up to {count} purchases{of}{window}"),
        (
            "the member has made {least} to {most} purchases{of}{window}",
            "the member has made {least} or more purchases{of}{window}",
            "the member has made {most} or fewer purchases{of}{window}",
        ),
    ),
    "events": _Texts(
        ("{what} 1 more time{window}", "{what} {count} more times{window}"),
        ("only up to 1 time {what}{window}", "only up to {count} times {what}{window}"),
        (
            "{what} happened {least} to {most} times{window}",
            "{what} happened {least} or more times{window}",
            "{what} happened {most} or fewer times{window}",
        ),
    ),
    "units": _Texts(
        ("1 more unit{of}{window}", "{count} more units{of}{window}"),
        ("only up to 1 unit{of}{window}", "only up to {count} units{of}{window}"),
        (
            "the member has bought {least} to {most} units{of}{window}",
            "the member has bought {least} or more units{of}{window}",
            "the member has bought {most} or fewer units{of}{window}",
        ),
    ),
    "minor": _Texts(
        "{count_minor} more spent{of}{window}",
        "only with up to {count_minor} spent{of}{window}",
        (
            "the member has spent between {least_minor} and {most_minor}{of}{window}",
            "the member has spent {least_minor} or more{of}{window}",
            "the member has spent {most_minor} or less{of}{window}",
        ),
    ),
    "days": _Texts(
        ("1 more day with a {what}{window}", "{count} more days with a {what}{window}"),
        ("only up to 1 day with a {what}{window}", "only up to {count} days with a {what}{window}"),
        (
            "the member has {least} to {most} days with a {what}{window}",
            "the member has {least} or more days with a {what}{window}",
            "the member has {most} or fewer days with a {what}{window}",
        ),
    ),
    "stores": _Texts(
        ("purchases{of} in 1 more store{window}", "purchases{of} in {count} more stores{window}"),
        ("only up to 1 store{window}", "only up to {count} stores{window}"),
        (
            "the member has made purchases{of} in {least} to {most} stores{window}",
            "the member has made purchases{of} in {least} or more stores{window}",
            "the member has made purchases{of} in {most} or fewer stores{window}",
        ),
    ),
    "categories": _Texts(
        ("1 more category{of}{window}", "{count} more categories{of}{window}"),
        ("only up to 1 category{of}{window}", "only up to {count} categories{of}{window}"),
        (
            "the member has bought from {least} to {most} categories{of}{window}",
            "the member has bought from {least} or more categories{of}{window}",
            "the member has bought from {most} or fewer categories{of}{window}",
        ),
    ),
    "since": _Texts(
        ("1 more day after the last {what}", "{count} more days after the last {what}"),
        ("only up to 1 day after a {what}", "only up to {count} days after a {what}"),
        (
            "the last {what}{window} was {least} to {most} days ago",
            "the last {what}{window} was {least} or more days ago",
            "the last {what}{window} was {most} or fewer days ago",
        ),
    ),
    "weeks": _Texts(
        ("1 more week with a {what}", "{count} more weeks in a row with a {what}"),
        ("only up to 1 week in a row", "only up to {count} weeks in a row"),
        (
            "the member has {least} to {most} weeks in a row with a {what}{window}",
            "the member has {least} or more weeks in a row with a {what}{window}",
            "the member has {most} or fewer weeks in a row with a {what}{window}",
        ),
    ),
    "months": _Texts(
        ("1 more month with a {what}", "{count} more months in a row with a {what}"),
        ("only up to 1 month in a row", "only up to {count} months in a row"),
        (
            "the member has {least} to {most} months in a row with a {what}{window}",
            "the member has {least} or more months in a row with a {what}{window}",
            "the member has {most} or fewer months in a row with a {what}{window}",
        ),
    ),
}
EXAMPLES = """
history: {measure: receipts, at_least: 3, window: 30 days}
know receipts * 30 days = 2
-> history_short 1: 1 more purchase in the last 30 days

history: {measure: receipts, at_least: 3, window: 30 days}
know receipts * 30 days = 3
-> met

history: {measure: minor, at_least: 50000, of: c:wine, window: this year}
know minor c:wine this year = 32050
-> history_short 17950: 179.50 EUR more spent on wine this year

history: {measure: receipts, at_most: 4, of: e:survey_answered, window: since 02-01}
know receipts e:survey_answered since 02-01 = 5
-> history_above 0: only up to 4 times survey_answered since 1 February

history: {measure: since, at_least: 90}
-> history_unknown 0: nothing of the kind is known
"""
