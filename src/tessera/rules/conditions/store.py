"""The store where the purchase is made, or its region."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template


class Store(Condition, frozen=True, tag="store"):
    """It is one of these stores, or a store of one of these regions."""

    stores: Annotated[tuple[Code, ...], Meta(max_length=1000)] = ()
    regions: Annotated[tuple[Code, ...], Meta(max_length=200)] = ()

    def __post_init__(self) -> None:
        if not self.stores and not self.regions:
            raise ValueError("there are no stores and no regions: no place is meant")

    def reading(self) -> Reading:
        """A look at the place."""
        stores, regions = frozenset(self.stores), frozenset(self.regions)
        missing = Missing("other_store", 0, "this is for other stores")

        def store(basket: Basket, facts: Facts) -> Met | Missing:
            return MET if facts.store in stores or facts.region in regions else missing

        return store

    def sentence(self) -> tuple[Template, Numbers]:
        """The places."""
        stores, regions = listed(self.stores), listed(self.regions)
        if not regions:
            return "the store is {stores}", {"stores": stores}
        if not stores:
            return "the store is in the region {regions}", {"regions": regions}
        both = {"stores": stores, "regions": regions}
        return "the store is {stores} or in the region {regions}", both


EXAMPLES = """
store: [S1, S2]
store S2
-> met

store: {regions: north}
store S9 region=north
-> met

store: {stores: S1, regions: north}
store S9 region=south
-> other_store 0: this is for other stores
"""
