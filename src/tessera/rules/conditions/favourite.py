"""What the member has chosen in advance."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import EVERYTHING, Basket, Goods
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import Facts, Met, Missing
from tessera.rules.core.phrases import goods_words
from tessera.rules.core.scopes import units
from tessera.rules.core.texts import Numbers, Template, one_many, phrase


class Favourite(Condition, frozen=True, tag="favourite"):
    """The receipt has so many units of what the member chose in advance: articles or categories.

    among  only favourites that are also of these goods
    only   nothing else is on the receipt
    """

    at_least: Annotated[int, Meta(ge=1, le=10_000)] = 1
    among: Annotated[Goods, Meta(description="the goods among which favourites count")] = EVERYTHING
    only: bool = False

    def reading(self) -> Reading:
        """The lines of the favourites, as evidence."""
        least, among, only = self.at_least, self.among, self.only
        words, anything = {"among": _among(among)}, among == EVERYTHING
        nothing = Missing("favourite_none", 0, "nothing has been chosen in advance")
        others = Missing("favourite_others", 0, "only for a receipt of nothing but favourites")
        absent = Missing("favourite_short", least, SHORT, {**words, "count": least})

        def favourite(basket: Basket, facts: Facts) -> Met | Missing:
            if not facts.favourites:
                return nothing
            lines = _chosen(basket, facts)
            if lines and not anything:
                fitting = among.lines(basket)
                lines = [i for i in lines if i in fitting]
            if not lines:
                return absent
            found = units(basket, lines)
            if found < least:
                return Missing(
                    "favourite_short", least - found, SHORT, {**words, "count": least - found}
                )
            if only and len(lines) < len(basket.lines) - basket.quantity.count(0):
                return others
            return Met(1, tuple(lines))

        return favourite

    def sentence(self) -> tuple[Template, Numbers]:
        """How many favourites."""
        numbers: Numbers = {"count": self.at_least, "among": _among(self.among)}
        return SAID[self.only], numbers


def _among(goods: Goods) -> str:
    return "" if goods == EVERYTHING else phrase(" among {goods}", goods=goods_words(goods))


def _chosen(basket: Basket, facts: Facts) -> list[int]:
    by_sku, by_category = basket.by_sku(), basket.by_category()
    found: list[int] = []
    for name in facts.favourites:
        found += by_sku.get(name, ())
        found += by_category.get(name, ())
    return sorted({i for i in found if basket.quantity[i]}) if found else found


SHORT = one_many("1 more unit of a favourite{among}", "{count} more units of favourites{among}")
SAID = {
    False: "the receipt has {count} or more units of the member's favourites{among}",
    True: "the receipt has {count} or more units of the member's favourites{among}"
    " and nothing else",
}
EXAMPLES = """
favourite: 1
likes LATTE, tea
buy LATTE 1 x 2.50 [coffee]
-> met

favourite: {at_least: 2, among: {categories: tea}}
likes LATTE, tea
buy LATTE 3 x 2.50 [coffee], ASSAM 1 x 3.00 [tea]
-> favourite_short 1: 1 more unit of a favourite among tea

favourite: {only: true}
likes LATTE
buy LATTE 1 x 2.50, CAKE 1 x 4.00
-> favourite_others 0: only for a receipt of nothing but favourites

favourite: 1
buy LATTE 1 x 2.50
-> favourite_none 0: nothing has been chosen in advance
"""
