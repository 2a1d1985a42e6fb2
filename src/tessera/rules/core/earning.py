"""What earning mechanics share: the money that earns, rounding, points on their lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tessera.base.money import half_up, split
from tessera.rules.core.basket import EVERYTHING, Basket, Goods, Share
from tessera.rules.core.facts import Missing
from tessera.rules.core.texts import Numbers, Template, one_many
from tessera.rules.core.words import Wish

Rounding = Literal["down", "nearest"]  # `nearest`: halves up
SHORT = "{lacking_minor} more would earn the first point"
NO_GOODS = Missing("no_goods", 0, "none of the goods it is for are on the receipt")
SLIP = one_many("{count} point", "{count} points")


def earning_on(basket: Basket, of: Goods) -> tuple[Sequence[int], list[int]]:
    """(lines of these goods, from 0; the minor units of each that earn)."""
    if of is EVERYTHING:
        base = basket.earning_base()
        return range(len(base)), base
    lines = of.lines(basket)
    if not lines:  # most rules on most receipts
        return lines, lines
    base = basket.earning_base()
    return lines, [base[i] for i in lines]


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """`numerator / denominator` in whole points."""
    if rounding == "down":
        return numerator // denominator
    return half_up(numerator, denominator)


def least_for_one(points: int, per: int, rounding: Rounding) -> int:
    """The smallest amount that earns a point where `per` of it earn `points`."""
    enough = per if rounding == "down" else -(-per // 2)
    return -(-enough // points)


def points_wish(
    points: int, lines: Sequence[int], weights: Sequence[int], screen: Template, numbers: Numbers
) -> Wish:
    """Points, shared over the lines that earned them by weight.

    shape    `weights` are of `lines`, not all zero where there are points
    numbers  `count` is added: the points
    """
    shares = tuple([Share(i, n) for i, n in zip(lines, split(points, weights), strict=True) if n])
    return Wish("points", points, shares, screen, SLIP, {**numbers, "count": points})
