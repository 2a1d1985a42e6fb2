"""The till of the store: a self-checkout, a cafe counter."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template


class Till(Condition, frozen=True, tag="till"):
    """It is one of these tills, whatever the store; `store` beside it narrows that."""

    tills: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=200)]

    def reading(self) -> Reading:
        """A look at the till's number."""
        tills, numbers = frozenset(self.tills), self._numbers()
        missing = Missing("other_till", 0, "only at till {tills}", numbers)

        def till(basket: Basket, facts: Facts) -> Met | Missing:
            return MET if facts.till in tills else missing

        return till

    def sentence(self) -> tuple[Template, Numbers]:
        """The tills."""
        return "the till is {tills}", self._numbers()

    def _numbers(self) -> Numbers:
        return {"tills": listed(self.tills)}


EXAMPLES = """
till: ["7", "8"]
store S1 till=8
-> met

till: ["7", "8"]
store S1 till=1
-> other_till 0: only at till 7 or 8
"""
