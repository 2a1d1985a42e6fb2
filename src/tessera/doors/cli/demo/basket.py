"""What goes into one basket: the hour sets the mood, the customer's habits do the rest."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import Literal

from tessera.base.money import half_up
from tessera.doors.cli.demo.catalogue import (
    DELIVERY,
    DEPOSIT,
    GIFT_CARD,
    TRAVELS,
    Product,
    products,
    shelf,
)
from tessera.warehouse.core import Line

Pool = Literal["coffee", "pastry", "lunch", "drinks", "larder", "parcel"]
Habits = dict[Pool, list[Product]]

FREE_DELIVERY_MINOR = 4_900
_OWN_TASTE = 0.55  # how often a customer takes one of the usual things
_OFFICE = 0.045  # how often a breakfast is for the whole office
_HABITS: dict[Pool, int] = {
    "coffee": 2,
    "pastry": 1,
    "lunch": 3,
    "drinks": 1,
    "larder": 8,
    "parcel": 4,
}
_GRAMS = {"lunch": (140, 420), "bread": (240, 1_050), "fruit": (250, 1_600), "deli": (70, 260)}


def _pools() -> dict[Pool, list[Product]]:
    sold = [product for product in products() if shelf(product)]
    return {
        "coffee": [p for p in sold if p.category == "coffee"],
        "pastry": [p for p in sold if p.category == "pastry"],
        "lunch": [p for p in sold if p.category == "lunch"],
        "drinks": [p for p in sold if p.category == "drinks"],
        "larder": [p for p in sold if shelf(p) == "larder"],
        "parcel": [p for p in sold if p.category in TRAVELS and p.unit == "piece"],
    }


_POOLS = _pools()
_LIKINGS = {pool: list(accumulate(p.liking for p in found)) for pool, found in _POOLS.items()}
_CORNETTO = next(p for p in products() if p.sku == "CORNETTO")


def habits(chance: Random) -> Habits:
    """What one customer usually takes of each pool."""
    return {
        pool: chance.choices(_POOLS[pool], cum_weights=_LIKINGS[pool], k=size)
        for pool, size in _HABITS.items()
    }


def fill(chance: Random, usual: Habits | None, hour: int, online: bool) -> tuple[Line, ...]:
    """The lines of one basket: every article once, bottles with their deposit.

    usual  the customer's habits; None for a passer-by
    hour   on the wall of the shop, 0 to 23
    """
    taken: dict[Product, int] = {}
    if online:
        _shop(taken, chance, usual, "parcel", 4)
    else:
        _in_the_shop(taken, chance, usual, hour)
    if chance.random() < 0.004:
        taken[GIFT_CARD] = 1
    bottles = sum(units for product, units in taken.items() if product.deposit)
    if bottles and not online:
        taken[DEPOSIT] = bottles
    lines = [line_of(product, units) for product, units in taken.items()]
    if online and sum(line.total() for line in lines) < FREE_DELIVERY_MINOR:
        lines.append(line_of(DELIVERY, 1))
    return tuple(lines)


@lru_cache(maxsize=65_536)  # the same coffee is sold ten thousand times
def line_of(product: Product, units: int) -> Line:
    """One line; what is weighed carries the total of the scales, halves up."""
    total = half_up(units * product.price_minor, 1000) if product.unit == "g" else None
    return Line(
        product.sku, units, product.price_minor, product.unit, total, product.name,
        product.category, product.kind,
    )  # fmt: skip


def _in_the_shop(
    taken: dict[Product, int], chance: Random, usual: Habits | None, hour: int
) -> None:
    mood = chance.random()
    if mood < (0.75 if hour < 11 else 0.2 if hour >= 15 else 0):
        _breakfast(taken, chance, usual)
    elif 11 <= hour < 15 and mood < 0.7:
        _lunch(taken, chance, usual)
    else:
        _shop(taken, chance, usual, "larder", 5)


def _breakfast(taken: dict[Product, int], chance: Random, usual: Habits | None) -> None:
    if chance.random() < _OFFICE:
        taken[_CORNETTO] = chance.randint(5, 13)
        for _ in range(chance.randint(2, 6)):
            _take(taken, chance, usual, "coffee")
        return
    for _ in range(1 + (chance.random() < 0.25)):
        _take(taken, chance, usual, "coffee")
        if chance.random() < 0.62:
            _take(taken, chance, usual, "pastry")


def _lunch(taken: dict[Product, int], chance: Random, usual: Habits | None) -> None:
    for _ in range(1 + (chance.random() < 0.35)):
        _take(taken, chance, usual, "lunch")
    if chance.random() < 0.65:
        _take(taken, chance, usual, "drinks")
    if chance.random() < 0.35:
        _take(taken, chance, usual, "coffee")


def _shop(
    taken: dict[Product, int], chance: Random, usual: Habits | None, pool: Pool, mean: int
) -> None:
    for _ in range(min(2 + int(chance.expovariate(1 / mean)), 40)):
        _take(taken, chance, usual, pool)


def _take(taken: dict[Product, int], chance: Random, usual: Habits | None, pool: Pool) -> None:
    if usual is not None and chance.random() < _OWN_TASTE:
        own = usual[pool]
        product = own[int(chance.random() * len(own))]
    else:
        product = chance.choices(_POOLS[pool], cum_weights=_LIKINGS[pool])[0]
    if product.unit == "g":
        taken[product] = _grams(chance, product.category)  # one bag per kind
    else:
        taken[product] = taken.get(product, 0) + (1 if chance.random() < 0.85 else 2)


def _grams(chance: Random, category: str) -> int:
    least, most = _GRAMS.get(category, (120, 500))
    return least + int(chance.random() * (most - least)) // 2 * 2  # the scales show every 2 g
