"""A prize for going deep: "three different cheeses", "two kinds of wine and two of cheese"."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.phrases import listed
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import Basket, Facts, Goods, Met, Missing, one_many


class Breadth(PrizeMechanic, frozen=True, tag="breadth"):
    """The prize once a receipt has enough different articles of enough of these categories.

    articles    different articles that each category needs; how many pieces of one is all the same
    categories  these are looked at; so many of them as `of_them` says have to have enough. Left
                out: one
    """

    categories: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=200)]
    articles: Annotated[int, Meta(ge=2, le=100, description="different articles of a category")]
    of_them: Annotated[int, Meta(ge=1, le=100, description="categories that need so many")] = 1

    def __post_init__(self) -> None:
        if len(set(self.categories)) < len(self.categories):
            raise ValueError("`categories` names one of them twice")
        if self.of_them > len(self.categories):
            raise ValueError(f"`categories` names fewer than the {self.of_them} of `of_them`")

    def watches(self) -> Goods:
        """The categories."""
        return Goods(categories=self.categories)

    def asks(self) -> tuple[Template, Numbers]:
        """What has to be so besides `when`, for the sentence of the rule."""
        numbers: Numbers = {
            "articles": self.articles, "among": listed(self.categories), "of_them": self.of_them,
        }  # fmt: skip
        return (ASKS if self.of_them == 1 else ASKS_EACH), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Enough different articles in enough categories; else what the nearest ones lack."""
        index = basket.by_category()
        found: list[tuple[int, list[int]]] = []
        for name in self.categories:
            lines = [i for i in index.get(name, ()) if self._counts(basket, i)]
            found.append((len({basket.lines[i].sku for i in lines}), lines))
        found.sort(key=lambda each: -each[0])
        best = found[: self.of_them]
        lacking = sum([max(self.articles - count, 0) for count, _ in best])
        if lacking:
            return Missing("articles_short", lacking, SHORT, {"count": lacking})
        return Met(1, tuple(sorted(i for _, lines in best for i in lines)))

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """How many different articles there are and how many were asked."""
        found = len({basket.lines[i].sku for i in met.lines})
        return {"articles": found, "asked": self.articles * self.of_them}

    def _counts(self, basket: Basket, i: int) -> bool:
        return basket.quantity[i] > 0 and i not in basket.excluded


SHORT = one_many("1 more different article is needed", "{count} more different articles are needed")
ASKS = "the receipt has {articles} different articles of {among}"
ASKS_EACH = "the receipt has {articles} different articles each of {of_them} of {among}"
SCENARIOS = """
rule breadth categories=[cheese] articles=3 prize={points: 60}
buy  BRIE 2 x 3.00 [cheese], GOUDA 1 x 4.00 [cheese], FETA 1 x 2.00 [cheese], BUN 1 x 2.50 [bread]
----
BRIE 2 x 3.00        6.00
GOUDA 1 x 4.00       4.00
FETA 1 x 2.00        2.00
BUN 1 x 2.50         2.50
to pay              14.50
points                 60

# Five pieces of the same cheese are one article.
rule breadth categories=[cheese] articles=3 prize={points: 60}
buy  BRIE 5 x 3.00 [cheese], GOUDA 1 x 4.00 [cheese]
----
BRIE 5 x 3.00       15.00
GOUDA 1 x 4.00       4.00
to pay              19.00
points                  0
missing articles_short  1

# Two kinds each of two of these: the cheese has them, of wine there is one.
rule breadth categories=[cheese, wine, ham] articles=2 of_them=2 prize={gift: BOARD}
buy  BRIE 1 x 3.00 [cheese], GOUDA 1 x 4.00 [cheese], CHIANTI 2 x 9.00 [wine]
----
BRIE 1 x 3.00        3.00
GOUDA 1 x 4.00       4.00
CHIANTI 2 x 9.00    18.00
to pay              25.00
points                  0
missing articles_short  1

# One of the three comes back, and the gift with it.
rule breadth categories=[cheese] articles=3 prize={gift: BOARD}
buy  BRIE 1 x 3.00 [cheese], GOUDA 1 x 4.00 [cheese], FETA 1 x 2.00 [cheese]
keep 1, 1, 0
----
BRIE 1 x 3.00        3.00
GOUDA 1 x 4.00       4.00
FETA 0 x 2.00        0.00
to pay               7.00
points                  0
missing articles_short  1
refund               2.00
points taken back       0
gift BOARD back         1
"""
