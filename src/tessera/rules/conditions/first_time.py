"""The first purchase of a category or an article."""

from __future__ import annotations

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import Facts, History, Met, Missing, Need, Window
from tessera.rules.core.phrases import window_words
from tessera.rules.core.scopes import GoodsScope, lines_of, scope_name
from tessera.rules.core.texts import Numbers, Template


class FirstTime(Condition, frozen=True, tag="first_time"):
    """It is on the receipt, and the member has not bought it before: never, or not in a window."""

    of: GoodsScope
    window: Window = "ever"

    def needs(self) -> tuple[Need, ...]:
        """How often it was bought before."""
        return (History("receipts", self.of, self.window),)

    def reading(self) -> Reading:
        """The lines, as evidence."""
        (need,) = self.needs()
        key, lines_in, words = need.key, lines_of(self.of), self._words()
        unknown = Missing("first_time_unknown", 0, "nothing of the kind is known")
        over = Missing("first_time_over", 0, "only the first {what}{window}", words)
        absent = Missing("first_time_short", 1, "the first {what}{window}", words)

        def first_time(basket: Basket, facts: Facts) -> Met | Missing:
            before = facts.known.get(key)
            if before is None:
                return unknown
            if before > 0:
                return over
            lines = lines_in(basket)
            return Met(1, tuple(lines)) if lines else absent

        return first_time

    def sentence(self) -> tuple[Template, Numbers]:
        """What is bought for the first time."""
        return "this is the member's first {what}{window}", self._words()

    def _words(self) -> Numbers:
        return {"what": scope_name(self.of), "window": window_words(self.window)}


EXAMPLES = """
first_time: c:wine
know receipts c:wine ever = 0
buy MERLOT 1 x 9.00 [wine]
-> met

first_time: {of: c:wine, window: 1 years}
know receipts c:wine 1 years = 0
buy LATTE 1 x 2.50 [coffee]
-> first_time_short 1: the first wine in the last year

first_time: s:MERLOT
know receipts s:MERLOT ever = 2
buy MERLOT 1 x 9.00 [wine]
-> first_time_over 0: only the first MERLOT
"""
