"""Goods on the receipt: how many, for how much, of how many kinds."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from tessera.rules.core.basket import EVERYTHING, Basket, Goods
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import Facts, Met, Missing
from tessera.rules.core.phrases import goods_of, goods_words
from tessera.rules.core.scopes import units
from tessera.rules.core.texts import Numbers, Template, one_many


class Contains(Condition, frozen=True, tag="contains"):
    """The receipt has so many of these goods, and perhaps for so much.

    counting  units: pieces, a weighed line being one, or grams and millilitres where `of` names
              that unit; or different skus, or different categories
    """

    of: Annotated[Goods, Meta(description="the goods that count")] = EVERYTHING
    at_least: Annotated[int, Meta(ge=1, le=10**9)] = 1
    counting: Literal["units", "skus", "categories"] = "units"
    at_least_minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None

    def reading(self) -> Reading:
        """The lines that count, as evidence."""
        of, least, least_minor, counting = (
            self.of, self.at_least, self.at_least_minor, self.counting,
        )  # fmt: skip
        unit = of.unit or "piece"
        code, short = _SHORT[counting, unit if counting == "units" else "piece"]
        goods = {"of": goods_of(of)}
        nothing = Missing(code, least, short, {**goods, "count": least})

        def contains(basket: Basket, facts: Facts) -> Met | Missing:
            lines = of.lines(basket)
            if not lines:
                return nothing
            if counting == "units":
                found = units(basket, lines, unit)
            elif counting == "skus":
                found = len({basket.lines[i].sku for i in lines})
            else:
                found = len({basket.lines[i].category for i in lines} - {""})
            if found < least:
                return Missing(code, least - found, short, {**goods, "count": least - found})
            if least_minor is not None:
                lacking = least_minor - sum([basket.total[i] for i in lines])
                if lacking > 0:
                    numbers: Numbers = {**goods, "lacking_minor": lacking}
                    return Missing("goods_cheap", lacking, CHEAP, numbers)
            return Met(1, tuple(lines))

        return contains

    def sentence(self) -> tuple[Template, Numbers]:
        """The goods and the bounds."""
        if self.at_least == 1 and self.at_least_minor is None and self.of != EVERYTHING:
            return "the receipt has {goods}", {"goods": goods_words(self.of)}
        unit = self.of.unit or "piece"
        numbers: dict[str, int | str] = {"of": goods_of(self.of), "count": self.at_least}
        texts = _SAID[self.counting, unit if self.counting == "units" else "piece"]
        if self.at_least_minor is None:
            return texts[0], numbers
        numbers["least_minor"] = self.at_least_minor
        return texts[1], numbers


CHEAP = "{lacking_minor} more{of}"
_SHORT: dict[tuple[str, str], tuple[str, Template]] = {
    ("units", "piece"): (
        "units_short", one_many("1 more unit{of}", "{count} more units{of}")
    ),
    ("units", "g"): ("grams_short", "{count} g more{of}"),
    ("units", "ml"): ("millilitres_short", "{count} ml more{of}"),
    ("skus", "piece"): (
        "skus_short",
        one_many("1 more article{of}", "{count} more different articles{of}"),
    ),
    ("categories", "piece"): (
        "categories_short",
        one_many("1 more category{of}", "{count} more categories{of}"),
    ),
}  # fmt: skip
_SAID: dict[tuple[str, str], tuple[Template, Template]] = {
    ("units", "piece"): (
        "the receipt has {count} or more units{of}",
        "the receipt has {count} or more units{of}, for {least_minor} or more",
    ),
    ("units", "g"): (
        "the receipt has {count} g or more{of}",
        "the receipt has {count} g or more{of}, for {least_minor} or more",
    ),
    ("units", "ml"): (
        "the receipt has {count} ml or more{of}",
        "the receipt has {count} ml or more{of}, for {least_minor} or more",
    ),
    ("skus", "piece"): (
        "the receipt has {count} or more different articles{of}",
        "the receipt has {count} or more different articles{of}, for {least_minor} or more",
    ),
    ("categories", "piece"): (
        "the receipt has {count} or more categories{of}",
        "the receipt has {count} or more categories{of}, for {least_minor} or more",
    ),
}
EXAMPLES = """
contains: LATTE
buy LATTE 1 x 2.50, CAKE 1 x 4.00
-> met

contains: {of: {categories: coffee}, at_least: 3}
buy LATTE 1 x 2.50 [coffee], MOCHA 1 x 3.00 [coffee]
-> units_short 1: 1 more unit of coffee

contains: {at_least: 3, counting: categories}
buy LATTE 1 x 2.50 [coffee], CAKE 1 x 4.00 [bakery], MOCHA 2 x 3.00 [coffee]
-> categories_short 1: 1 more category

contains: {of: {skus: HAM, unit: g}, at_least: 500}
buy HAM 0.320 kg x 25.00
-> grams_short 180: 180 g more of HAM by weight

contains: {of: {brands: ACME}, at_least: 2, at_least_minor: 10.00}
buy JAM 2 x 4.00 brand=ACME
-> goods_cheap 200: 2.00 EUR more of goods of the brand ACME
"""
