"""Units that price rules may still lower: which they are, what they cost, in what order they go.

A rule that stacks picks units that others have used as well, and uses none up itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tessera.base.money import split
from tessera.rules.core.basket import Basket, Goods, Share
from tessera.rules.core.earning import NO_GOODS, Rounding, rounded
from tessera.rules.core.facts import Missing

Pick = Mapping[int, int]  # {line, from 0: units of it}
_NOTHING: Pick = MappingProxyType({})
_MONEY = ("gift_card", "deposit")  # lines that are money: they are lowered only where named
_USED = Missing("units_used", 0, "another rule has already used these units")
_PROMOTED = Missing("promoted", 0, "the shop has already made these goods cheaper")


def open_units(basket: Basket, i: int, stack: bool) -> int:
    """Units of a line that a rule may still lower: what no other rule of the lane has used."""
    if not basket.promoted_discount and basket.lines[i].promo:
        return 0
    return basket.quantity[i] if stack else basket.free[i]


def lowerable(of: Goods, basket: Basket, stack: bool) -> list[int]:
    """The lines of these goods with such units; gift cards and deposits only where named."""
    lines = of.lines(basket)
    if not lines:
        return lines
    return [
        i
        for i in lines
        if open_units(basket, i, stack) and (of.kinds or basket.lines[i].kind not in _MONEY)
    ]


def pieces(of: Goods, basket: Basket, stack: bool) -> list[int]:
    """... of those, what is sold by the piece; no delivery either, unless kinds are named."""
    lines = of.lines(basket)
    if not lines:
        return lines
    return [
        i
        for i in lines
        if basket.lines[i].unit == "piece"
        and (of.kinds or basket.lines[i].kind == "goods")
        and open_units(basket, i, stack)
    ]


def why_none(of: Goods, basket: Basket, stack: bool) -> Missing:
    """What is missing where no line of these goods can be lowered."""
    lines = of.lines(basket)
    if not basket.promoted_discount and any(basket.lines[i].promo for i in lines):
        return _PROMOTED
    if not stack and any(basket.free[i] < basket.quantity[i] for i in lines):
        return _USED
    return NO_GOODS


def worth(basket: Basket, i: int, units: int) -> int:
    """What so many units of a line cost on the shelf, at most what the line leaves to be paid."""
    return min(basket.total[i] * units // basket.quantity[i], basket.left[i])


def worth_of(basket: Basket, pick: Pick) -> int:
    """... of picked units; `worth` of each, written out: a bundle asks for thousands."""
    total, quantity, left = basket.total, basket.quantity, basket.left
    return sum([min(total[i] * units // quantity[i], left[i]) for i, units in pick.items()])


def dearest(basket: Basket, lines: Sequence[int]) -> list[int]:
    """Lines by the price of a unit, the highest first; equal ones in their order."""
    return sorted(lines, key=lambda i: -basket.unit_minor(i))


def cheapest(basket: Basket, lines: Sequence[int]) -> list[int]:
    """The other way round; of equal ones the last line first."""
    return dearest(basket, lines)[::-1]


def taken(order: Sequence[int], units: int, room: dict[int, int]) -> dict[int, int]:
    """So many units (fewer where there are not so many) in this order; `room` shrinks by them."""
    pick: dict[int, int] = {}
    for i in order:
        part = min(units, room[i])
        if part:
            pick[i] = part
            room[i] -= part
            units -= part
    return pick


def percent_of(minor: int, percent: int, rounding: Rounding = "nearest") -> int:
    """A percentage of an amount."""
    return rounded(minor * percent, 100, rounding)


def shared(basket: Basket, amount: int, lowered: Pick, used: Pick = _NOTHING) -> tuple[Share, ...]:
    """An amount taken off picked units, by what they cost, with all units that this uses up.

    lowered  the units that become cheaper; `used`: others that were needed for it
    errors   AssertionError if the amount is more than the lowered units cost
    """
    lines = sorted({**lowered, **used}) if used else list(lowered)
    weights = [worth(basket, i, lowered[i]) if i in lowered else 0 for i in lines]
    assert 0 <= amount <= sum(weights), "no unit costs less than nothing"
    parts = split(amount, weights) if amount else [0] * len(lines)
    return tuple(
        [
            Share(i, part, lowered.get(i, 0) + used.get(i, 0))
            for i, part in zip(lines, parts, strict=True)
        ]
    )
