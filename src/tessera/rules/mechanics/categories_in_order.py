"""A prize for a varied basket: "bread, cheese and wine in one order: 50 points"."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.phrases import listed
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import Basket, Facts, Goods, Met, Missing, one_many


class CategoriesInOrder(PrizeMechanic, frozen=True, tag="categories_in_order"):
    """The prize once so many different categories are on one receipt.

    categories  only these count; none named: all that earn
    from_minor  a category counts from so much on, after discounts
    """

    count: Annotated[int, Meta(ge=2, le=100, description="different categories")]
    categories: Annotated[tuple[Code, ...], Meta(max_length=200)] = ()
    from_minor: Annotated[int, Meta(ge=0, le=10**9, description="of each, in minor units")] = 0

    def __post_init__(self) -> None:
        if len(set(self.categories)) < len(self.categories):
            raise ValueError("`categories` names one of them twice")
        if self.categories and len(self.categories) < self.count:
            raise ValueError(f"`categories` names fewer than the {self.count} that `count` asks")

    def watches(self) -> Goods:
        """The categories that are named."""
        return Goods(categories=self.categories)

    def asks(self) -> tuple[Template, Numbers]:
        """What has to be so besides `when`, for the sentence of the rule."""
        numbers: Numbers = {
            "count": self.count, "among": listed(self.categories), "from_minor": self.from_minor,
        }  # fmt: skip
        if self.from_minor:
            return (ASKS_AMONG_FROM if self.categories else ASKS_FROM), numbers
        return (ASKS_AMONG if self.categories else ASKS), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Enough of them."""
        index = basket.by_category()
        names = [name for name in self.categories if name in index] if self.categories else index
        counted = [mine for name in names if name and (mine := self._counts(basket, index[name]))]
        if len(counted) >= self.count:
            return Met(1, tuple(sorted(i for mine in counted for i in mine)))
        lacking = self.count - len(counted)
        return Missing("categories_short", lacking, SHORT, {"count": lacking})

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """How many there are and how many were asked."""
        found = len({basket.lines[i].category for i in met.lines})
        return {"categories": found, "asked": self.count}

    def _counts(self, basket: Basket, lines: list[int]) -> list[int]:
        """The lines of a category, if they count."""
        mine = [i for i in lines if basket.quantity[i] and i not in basket.excluded]
        return mine if sum([basket.left[i] for i in mine]) >= self.from_minor else []


SHORT = one_many("1 more category is needed", "{count} more categories are needed")
ASKS = "the receipt has {count} different categories"
ASKS_AMONG = "the receipt has {count} of the categories {among}"
ASKS_FROM = "the receipt has {count} different categories, each for {from_minor} or more"
ASKS_AMONG_FROM = "the receipt has {count} of the categories {among}, each for {from_minor} or more"
SCENARIOS = """
rule categories_in_order count=3 prize={points: 50}
buy  BREAD 1 x 2.50 [bakery], BRIE 1 x 6.00 [cheese], MILK 1 x 1.50 [dairy], ROLL 1 x 0.60 [bakery]
----
BREAD 1 x 2.50       2.50
BRIE 1 x 6.00        6.00
MILK 1 x 1.50        1.50
ROLL 1 x 0.60        0.60
to pay              10.60
points                 50

rule categories_in_order count=3 prize={points: 50}
buy  BREAD 1 x 2.50 [bakery], ROLL 3 x 0.60 [bakery], BRIE 1 x 6.00 [cheese]
----
BREAD 1 x 2.50       2.50
ROLL 3 x 0.60        1.80
BRIE 1 x 6.00        6.00
to pay              10.30
points                  0
missing categories_short 1

# Two of three named ones, each for 2.00 or more: a roll for 0.60 is not yet a visit to the baker.
rule categories_in_order count=2 categories=[bakery, cheese, wine] from=2.00 prize={coupon: PICNIC}
buy  ROLL 1 x 0.60 [bakery], BRIE 1 x 6.00 [cheese], SOAP 1 x 3.00 [home]
----
ROLL 1 x 0.60        0.60
BRIE 1 x 6.00        6.00
SOAP 1 x 3.00        3.00
to pay               9.60
points                  0
missing categories_short 1

# The cheese comes back and takes the prize with it.
rule categories_in_order count=2 categories=[bakery, cheese, wine] prize={coupon: PICNIC}
buy  ROLL 1 x 0.60 [bakery], BRIE 1 x 6.00 [cheese]
keep 1, 0
----
ROLL 1 x 0.60        0.60
BRIE 0 x 6.00        0.00
to pay               0.60
points                  0
missing categories_short 1
refund               6.00
points taken back       0
coupon PICNIC back      1
"""
