"""The kind of card that was shown: the label of the batch it was issued in."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template

Label = Annotated[str, Meta(min_length=1, max_length=200, description="a batch's label")]


class Card(Condition, frozen=True, tag="card"):
    """The card is of a batch with one of these labels."""

    labels: Annotated[tuple[Label, ...], Meta(min_length=1, max_length=100)]

    def reading(self) -> Reading:
        """A look at the label of the card's batch."""
        labels, numbers = frozenset(self.labels), self._numbers()
        missing = Missing("other_card", 0, "only with a card of the batch {labels}", numbers)

        def card(basket: Basket, facts: Facts) -> Met | Missing:
            return MET if facts.card in labels else missing

        return card

    def sentence(self) -> tuple[Template, Numbers]:
        """The labels."""
        return "the card is of the batch {labels}", self._numbers()

    def _numbers(self) -> Numbers:
        return {"labels": listed(self.labels)}


EXAMPLES = """
card: [GOLD, STAFF]
card GOLD
-> met

card: GOLD
card SILVER
-> other_card 0: only with a card of the batch GOLD
"""
