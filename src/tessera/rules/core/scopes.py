"""Scopes: what of a member's purchases is counted, and which lines of a receipt belong to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.facts import Facts
from tessera.rules.core.texts import phrase

Scope = Annotated[
    str,
    Meta(
        max_length=34, pattern=r"^([cse]:.{1,32})?\Z",
        description='"" everything, "c:CATEGORY", "s:SKU" or "e:EVENT"',
        examples=["c:CATEGORY", "s:SKU"],
    ),
]  # fmt: skip
GoodsScope = Annotated[
    str,
    Meta(
        max_length=34,
        pattern=r"^[cs]:.{1,32}\Z",
        description='"c:CATEGORY" or "s:SKU"',
        examples=["c:CATEGORY", "s:SKU"],
    ),
]


def scope_name(scope: str) -> str:
    """What it is about: the category, article or event; "" for everything."""
    return scope[2:]


OF, ON = " of {goods}", " on {goods}"


def scope_of(scope: str, joined: str = OF) -> str:
    """Behind what was bought: " of coffee"; "" for everything."""
    return phrase(joined, goods=scope[2:]) if scope else ""


def what_of(scope: str) -> str:
    """What happened, in the singular: "purchase", "purchase of coffee" or the event."""
    if scope.startswith("e:"):
        return scope[2:]
    return phrase("purchase of {goods}", goods=scope[2:]) if scope else phrase("purchase")


def lines_of(scope: str) -> Callable[[Basket], Sequence[int]]:
    """How to find the lines of a category or article of which something is kept; "": of all."""
    name, by_sku = scope[2:], scope.startswith("s:")

    def lines(basket: Basket) -> Sequence[int]:
        named = (basket.by_sku() if by_sku else basket.by_category()).get(name)
        return [i for i in named if basket.quantity[i]] if named else ()

    def everything(basket: Basket) -> Sequence[int]:
        return [i for i, quantity in enumerate(basket.quantity) if quantity]

    return lines if scope else everything


def counts_here(scope: str) -> Callable[[Basket, Facts], tuple[bool, Sequence[int]]]:
    """How to find (whether this receipt or event is one of the scope, its lines; all: none named).

    scope  as of `History`
    """
    name, lines = scope[2:], lines_of(scope)

    def purchase(basket: Basket, facts: Facts) -> tuple[bool, Sequence[int]]:
        return not facts.event, ()

    def event(basket: Basket, facts: Facts) -> tuple[bool, Sequence[int]]:
        return facts.event == name, ()

    def goods(basket: Basket, facts: Facts) -> tuple[bool, Sequence[int]]:
        found = lines(basket)
        return bool(found), found

    if not scope:
        return purchase
    return event if scope.startswith("e:") else goods


def units(basket: Basket, lines: Sequence[int], unit: str = "piece") -> int:
    """How many units these lines are: pieces, a weighed line being one; or grams, millilitres."""
    if unit != "piece":
        return sum([basket.quantity[i] for i in lines if basket.lines[i].unit == unit])
    return sum([basket.quantity[i] if basket.lines[i].unit == "piece" else 1 for i in lines])
