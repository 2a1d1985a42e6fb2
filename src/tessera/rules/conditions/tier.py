"""Where the member stands on a ladder of tiers: on a level at least, or on one of several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from tessera.base.text import Code, OptionalCode
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing, Need, Rank
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template

if TYPE_CHECKING:
    from tessera.rules.core.words import Program


class Tier(Condition, frozen=True, tag="tier"):
    """The member's level on the ladder, as it was before this purchase.

    at_least  this level or a higher one; or
    levels    one of these
    """

    ladder: Code
    at_least: OptionalCode = ""
    levels: Annotated[tuple[Code, ...], Meta(max_length=20)] = ()

    def __post_init__(self) -> None:
        if bool(self.at_least) == bool(self.levels):
            raise ValueError("write either `at_least` or `levels`")

    def needs(self) -> tuple[Need, ...]:
        """The member's level."""
        return (Rank(self.ladder),)

    def reading(self) -> Reading:
        """A look at the level; that of a program that has no such level does not hold."""
        ladder, least, levels = self.ladder, self.at_least, self.levels
        key, missing = Rank(ladder).key, Missing("tier", 0, *self._lacks())

        def tier(basket: Basket, facts: Facts) -> Met | Missing:
            rank, ranks = facts.known.get(key), basket.ranks.get(ladder)
            if rank is None or ranks is None:
                return missing
            if least:
                return MET if rank >= ranks.get(least, rank + 1) else missing
            return MET if any(ranks.get(each) == rank for each in levels) else missing

        return tier

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """A ladder or levels that are not declared."""
        ladder = program.tiers.get(self.ladder)
        if ladder is None:
            yield "ladder", f"there is no ladder {self.ladder}", "declare it under `tiers`"
            return
        there = [level.code for level in ladder.levels]
        for field, names in (("at_least", [self.at_least]), ("levels", self.levels)):
            for name in names:
                if name and name not in there:
                    why = f"{self.ladder} has no level {name}"
                    yield field, why, f"write one of {', '.join(there)}"[:500]

    def sentence(self) -> tuple[Template, Numbers]:
        """The ladder, and which levels."""
        if self.at_least:
            return LEAST, {"ladder": self.ladder, "level": self.at_least}
        return ONE_OF, {"ladder": self.ladder, "levels": listed(list(self.levels))}

    def _lacks(self) -> tuple[Template, Numbers]:
        if self.at_least:
            return ONLY_FROM, {"level": self.at_least}
        return ONLY_ON, {"levels": listed(list(self.levels))}


LEAST = "the member's level of {ladder} is {level} or higher"
ONE_OF = "the member's level of {ladder} is {levels}"
ONLY_FROM = "only from the level {level} on"
ONLY_ON = "only on the level {levels}"
EXAMPLES = """
tier: {ladder: status, at_least: silver}
ladder status=basic, silver, gold
know tier status = 2
-> met

tier: {ladder: status, levels: [basic, silver]}
ladder status=basic, silver, gold
know tier status = 2
-> tier 0: only on the level basic or silver

tier: {ladder: status, at_least: gold}
ladder status=basic, silver, gold
know tier status = 1
-> tier 0: only from the level gold on

tier: {ladder: status, at_least: basic}
ladder status=basic, silver, gold
-> tier 0: only from the level basic on
"""
