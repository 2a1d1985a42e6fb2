"""A prize for something new: "50 points with your first wine from us"."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.phrases import listed
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import Basket, Facts, Goods, History, Met, Missing

_ABSENT = Missing("not_bought", 0, "nothing of it is on this receipt")
_KNOWN = Missing("bought_before", 0, "the member has bought it before")
_UNKNOWN = Missing("history_unknown", 0, "the earlier purchases are not known")


class FirstTime(PrizeMechanic, frozen=True, tag="first_time"):
    """The prize with the first purchase of categories or of articles; once, by its nature.

    categories, skus  one of the two. A purchase of any of them before ends it
    each              the prize for every one of them that is new; the others may be known
    """

    categories: Annotated[tuple[Code, ...], Meta(max_length=50)] = ()
    skus: Annotated[tuple[Code, ...], Meta(max_length=50)] = ()
    each: bool = False

    def __post_init__(self) -> None:
        if bool(self.categories) == bool(self.skus):
            raise ValueError("name either `categories` or `skus`")
        if self.each and self.prize.percent is not None:
            raise ValueError("a percentage is given once: take out `each`, or give off_minor")

    def needs(self) -> tuple[History, ...]:
        """The purchases of each before this one."""
        return tuple(_need(self._sort, name) for name in self.categories or self.skus)

    def watches(self) -> Goods:
        """What it is about."""
        return Goods(categories=self.categories, skus=self.skus)

    def asks(self) -> tuple[Template, Numbers]:
        """What has to be so besides `when`, for the sentence of the rule."""
        goods = listed(self.categories or self.skus)
        return (ASKS_EACH if self.each else ASKS), {"goods": goods}

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """Something of it is bought, and never was before."""
        here = self._here(basket)
        if not here:
            return _ABSENT
        asked = here if self.each else self.categories or self.skus
        earlier = {name: facts.known.get(_key(self._sort, name)) for name in asked}
        fresh = [name for name in here if earlier[name] == 0]
        if not fresh or not (self.each or set(earlier.values()) == {0}):
            return _KNOWN if any(earlier.values()) else _UNKNOWN
        lines = sorted(i for name in fresh for i in here[name])
        return Met(len(fresh) if self.each else 1, tuple(lines))

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """What was new."""
        lines = [basket.lines[i] for i in met.lines]
        new = [line.category if self.categories else line.sku for line in lines]
        return {"new": ", ".join(dict.fromkeys(new))}

    @property
    def _sort(self) -> str:
        return "c" if self.categories else "s"

    def _here(self, basket: Basket) -> dict[str, list[int]]:
        """{what of it is on this receipt: its lines, from 0}."""
        index = basket.by_category() if self.categories else basket.by_sku()
        found = {}
        for name in self.categories or self.skus:
            lines = [i for i in index.get(name, ()) if basket.quantity[i]]
            if lines:
                found[name] = lines
        return found


def _need(sort: str, name: str) -> History:
    return History("receipts", f"{sort}:{name}")


@lru_cache(4096)
def _key(sort: str, name: str) -> str:
    return _need(sort, name).key


ASKS = "it is the member's first purchase of {goods}"
ASKS_EACH = "the member buys any of {goods} for the first time, for each of them"
SCENARIOS = """
rule first_time categories=wine prize={points: 50}
know receipts c:wine ever = 0
buy  CHIANTI 1 x 15.00 [wine], BREAD 1 x 4.00 [bakery]
----
CHIANTI 1 x 15.00   15.00
BREAD 1 x 4.00       4.00
to pay              19.00
points                 50

rule first_time categories=wine prize={points: 50}
know receipts c:wine ever = 3
buy  CHIANTI 1 x 15.00 [wine]
----
CHIANTI 1 x 15.00   15.00
to pay              15.00
points                  0
missing bought_before   0

# Fifty for each of three new fields; the wine is none, the cheese and the fish are.
rule first_time categories=[wine, cheese, fish] each=true prize={points: 50}
know receipts c:wine ever = 3
know receipts c:cheese ever = 0
know receipts c:fish ever = 0
buy  CHIANTI 1 x 15.00 [wine], BRIE 1 x 6.00 [cheese], TUNA 1 x 8.00 [fish]
----
CHIANTI 1 x 15.00   15.00
BRIE 1 x 6.00        6.00
TUNA 1 x 8.00        8.00
to pay              29.00
points                100

# The new article comes back, the prize with it.
rule first_time skus=OAT_LATTE prize={coupon: OAT}
know receipts s:OAT_LATTE ever = 0
buy  OAT_LATTE 1 x 3.00, CAKE 1 x 4.00
keep 0, 1
----
OAT_LATTE 0 x 3.00   0.00
CAKE 1 x 4.00        4.00
to pay               4.00
points                  0
missing not_bought      0
refund               3.00
points taken back       0
coupon OAT back         1
"""
