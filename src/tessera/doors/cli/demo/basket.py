"""What goes into one basket: what brought the customer here, and what they usually take."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate
from math import log
from random import Random
from typing import Literal, NamedTuple

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
from tessera.doors.cli.demo.seasons import Day
from tessera.warehouse.core import Line

Pool = Literal["coffee", "pastry", "lunch", "drinks", "gelato", "larder", "parcel"]
Mission = Literal["bar", "lunch", "treat", "larder", "online"]
MISSIONS: tuple[Mission, ...] = ("bar", "lunch", "treat", "larder", "online")
FREE_DELIVERY_MINOR = 4_900
_OFFICE = 0.04  # how often a breakfast is for the whole office
_SPREAD = 0.66  # of the number of articles around the customer's own one, as a logarithm
_MOST = 45  # articles
_OWN: dict[Pool, int] = {
    "coffee": 2, "pastry": 2, "lunch": 4, "drinks": 2, "gelato": 2, "larder": 16, "parcel": 9,
}  # fmt: skip
_GRAMS = {"lunch": (140, 420), "bread": (240, 1_050), "fruit": (250, 1_600), "deli": (70, 260)}
_OFFERED = 8  # articles that a week's leaflet makes cheaper


class Tastes(NamedTuple):
    """What one customer usually takes, the dearest to them first.

    repeats  how often it is something usual, 0 to 1
    thrift   how often the cheaper of two is taken, and what is on offer
    size     articles in an ordinary shopping
    baby     there is one at home
    """

    own: Mapping[Pool, list[Product]]
    repeats: float
    thrift: float
    size: float
    baby: bool


class Offer(NamedTuple):
    """An article of the week's leaflet, cheaper for everybody."""

    product: Product
    price_minor: int
    code: str


Offers = Mapping[Product, Offer]


class Visit(NamedTuple):
    """What a basket depends on. `tastes`: None of a passer-by."""

    mission: Mission
    day: Day
    offers: Offers
    tastes: Tastes | None


def _pools() -> dict[Pool, list[Product]]:
    sold = [product for product in products() if shelf(product)]
    return {
        "coffee": [p for p in sold if p.category == "coffee"],
        "pastry": [p for p in sold if p.category == "pastry"],
        "lunch": [p for p in sold if p.category == "lunch"],
        "drinks": [p for p in sold if p.category == "drinks"],
        "gelato": [p for p in sold if p.category == "gelato"],
        "larder": [p for p in sold if shelf(p) == "larder"],
        "parcel": [p for p in sold if p.category in TRAVELS and p.unit == "piece"],
    }


_POOLS = _pools()
_LIKINGS: dict[Pool, list[list[int]]] = {
    pool: [list(accumulate(p.liking * p.season[month] for p in found)) for month in range(12)]
    for pool, found in _POOLS.items()
}
_YEARLY = {pool: list(accumulate(p.liking for p in found)) for pool, found in _POOLS.items()}
_CORNETTO = next(p for p in products() if p.sku == "CORNETTO")


def own_things(chance: Random) -> dict[Pool, list[Product]]:
    """What one customer usually takes of each pool, through the year."""
    return {
        pool: chance.choices(_POOLS[pool], cum_weights=_YEARLY[pool], k=size)
        for pool, size in _OWN.items()
    }


def leaflet(chance: Random, code: str) -> Offers:
    """A week's offers: a fifth off some of what stands on the shelves, prices that end in 9."""
    found = chance.sample([p for p in _POOLS["larder"] if p.unit == "piece"], _OFFERED)
    return {p: Offer(p, p.price_minor * 8 // 100 * 10 + 9, code) for p in found}


def fill(chance: Random, visit: Visit) -> tuple[Line, ...]:
    """The lines of one basket: every article once, bottles with their deposit."""
    taken: dict[Product, int] = {}
    _FILLING[visit.mission](taken, chance, visit)
    if chance.random() < 0.003:
        taken[GIFT_CARD] = 1
    online = visit.mission == "online"
    bottles = sum([units for product, units in taken.items() if product.deposit])
    if bottles and not online:
        taken[DEPOSIT] = bottles
    lines = [line_of(p, units, visit.offers.get(p)) for p, units in taken.items()]
    if online and sum([line.total() for line in lines]) < FREE_DELIVERY_MINOR:
        lines.append(line_of(DELIVERY, 1))
    return tuple(lines)


@lru_cache(maxsize=65_536)  # the same coffee is sold ten thousand times
def line_of(product: Product, units: int, offer: Offer | None = None) -> Line:
    """One line; what is weighed carries the total of the scales, halves up."""
    price = offer.price_minor if offer else product.price_minor
    total = half_up(units * price, 1000) if product.unit == "g" else None
    return Line(
        product.sku, units, price, product.unit, total, product.name, product.category,
        product.kind, promo=offer.code if offer else "",
    )  # fmt: skip


Taken = dict[Product, int]


def _breakfast(taken: Taken, chance: Random, visit: Visit) -> None:
    if chance.random() < _OFFICE:
        taken[_CORNETTO] = chance.randint(5, 13)
        for _ in range(chance.randint(2, 6)):
            _take(taken, chance, visit, "coffee")
        return
    for _ in range(1 + (chance.random() < 0.28)):
        _take(taken, chance, visit, "coffee")
        if chance.random() < 0.62:
            _take(taken, chance, visit, "pastry")


def _lunch(taken: Taken, chance: Random, visit: Visit) -> None:
    for _ in range(1 + (chance.random() < 0.35)):
        _take(taken, chance, visit, "lunch")
    if chance.random() < 0.65:
        _take(taken, chance, visit, "drinks")
    if chance.random() < 0.35:
        _take(taken, chance, visit, "coffee")


def _treat(taken: Taken, chance: Random, visit: Visit) -> None:
    """Gelato when it is warm; else coffee, chocolate or tea with something sweet."""
    warm = visit.day.month in range(3, 10)
    for _ in range(1 + (chance.random() < 0.5)):
        _take(taken, chance, visit, "gelato" if warm else "coffee")
        if not warm or chance.random() < 0.2:
            _take(taken, chance, visit, "pastry")


def _shop(taken: Taken, chance: Random, visit: Visit) -> None:
    _put(taken, chance, visit, "larder", 1.0)


def _order(taken: Taken, chance: Random, visit: Visit) -> None:
    _put(taken, chance, visit, "parcel", 1.3)  # who pays for the way orders more


def _put(taken: Taken, chance: Random, visit: Visit, pool: Pool, times: float) -> None:
    size = (visit.tastes.size if visit.tastes else 4.5) * times
    for _ in range(min(1 + int(chance.lognormvariate(log(size), _SPREAD)), _MOST)):
        _take(taken, chance, visit, pool)


_FILLING = {"bar": _breakfast, "lunch": _lunch, "treat": _treat, "larder": _shop, "online": _order}


def _take(taken: Taken, chance: Random, visit: Visit, pool: Pool) -> None:
    product = _chosen(chance, visit, pool)
    if product.unit == "g":
        taken[product] = _grams(chance, product.category)  # one bag per kind
    else:
        taken[product] = taken.get(product, 0) + (1 if chance.random() < 0.85 else 2)


def _chosen(chance: Random, visit: Visit, pool: Pool) -> Product:
    """Something usual where it is in season, something on offer, or whatever is liked now."""
    tastes, month = visit.tastes, visit.day.month
    if tastes is None:
        return chance.choices(_POOLS[pool], cum_weights=_LIKINGS[pool][month])[0]
    if chance.random() < tastes.repeats:
        own = tastes.own[pool]
        product = own[int(chance.random() ** 1.5 * len(own))]
        if product.season[month] >= 50:
            return product
    if pool == "larder" and chance.random() < 0.3 * tastes.thrift:
        return chance.choice(tuple(visit.offers))
    one, other = chance.choices(_POOLS[pool], cum_weights=_LIKINGS[pool][month], k=2)
    if one.category == "baby" and not tastes.baby:
        one = other
    if chance.random() < tastes.thrift and other.category == one.category:
        return min(one, other, key=_price)
    return one


def _price(product: Product) -> int:
    return product.price_minor


def _grams(chance: Random, category: str) -> int:
    least, most = _GRAMS.get(category, (120, 500))
    return least + int(chance.random() * (most - least)) // 2 * 2  # the scales show every 2 g
