"""Scopes: what of a member's purchases is counted, and which lines of a receipt belong to it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.facts import Facts

Scope = Annotated[
    str,
    Meta(
        max_length=34, pattern=r"^([cse]:.{1,32})?\Z",
        description='"" everything, "c:CATEGORY", "s:SKU" or "e:EVENT"',
    ),
]  # fmt: skip
GoodsScope = Annotated[
    str,
    Meta(max_length=34, pattern=r"^[cs]:.{1,32}\Z", description='"c:CATEGORY" or "s:SKU"'),
]


def scope_name(scope: str) -> str:
    """What it is about: the category, article or event; "" for everything."""
    return scope[2:]


def scope_of(scope: str, joined: str = " of ") -> str:
    """Behind what was bought: " of coffee"; "" for everything."""
    return f"{joined}{scope[2:]}" if scope else ""


def what_of(scope: str) -> str:
    """What happened, in the singular: "purchase", "purchase of coffee" or the event."""
    return scope[2:] if scope.startswith("e:") else f"purchase{scope_of(scope)}"


def counts_here(scope: str, basket: Basket, facts: Facts) -> tuple[bool, list[int]]:
    """(whether this receipt or event is one of the scope, its lines from 0; all: none named)."""
    if not scope:
        return not facts.event, []
    if scope.startswith("e:"):
        return facts.event == scope[2:], []
    lines = scope_lines(scope, basket)
    return bool(lines), lines


def scope_lines(scope: str, basket: Basket) -> list[int]:
    """The lines of a category or article of which something is kept; of everything all."""
    if scope.startswith("s:"):
        named = basket.by_sku().get(scope[2:], [])
    elif scope.startswith("c:"):
        named = basket.by_category().get(scope[2:], [])
    else:
        named = list(range(len(basket.lines)))
    return [i for i in named if basket.quantity[i]]


def units(basket: Basket, lines: list[int], unit: str = "piece") -> int:
    """How many units these lines are: pieces, a weighed line being one; or grams, millilitres."""
    if unit != "piece":
        return sum([basket.quantity[i] for i in lines if basket.lines[i].unit == unit])
    return sum([basket.quantity[i] if basket.lines[i].unit == "piece" else 1 for i in lines])
