"""The receipt while it is being decided, and the words that pick lines of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from tessera.base.money import split
from tessera.base.text import Code, OptionalCode
from tessera.warehouse.core import Line

if TYPE_CHECKING:
    from tessera.rules.core.words import Program


class Share(Struct, frozen=True, gc=False):
    """What one line (from 0) gets of a wish, and how many of its units that uses up."""

    line: int
    amount: int
    units: int = 0


class Basket:
    """The receipt while it is being decided, as columns over its lines.

    quantity, total  as sold (or as kept, after a return)
    left             minor units of each line still to be paid
    free             units of each line not yet used up in this lane
    by_points        minor units of each line paid with points
    earned           points of each line so far; `base`: those of base rules among them;
                     `multiplied`: those of multipliers
    gave             {rule: what it has given on this receipt}
    ranks            {ladder: {level: its number}}
    multipliers      the program's setting; `promoted_discount` and `draws` likewise
    """

    __slots__ = (
        "_by_category", "_by_sku", "base", "by_points", "currency", "draws", "earned", "excluded",
        "free", "gave", "left", "lines", "multiplied", "multipliers", "picked", "promoted_discount",
        "quantity", "ranks", "total",
    )  # fmt: skip

    def __init__(self, lines: Sequence[Line], kept: Sequence[int] | None, program: Program) -> None:
        self.lines = lines
        if kept is None:
            self.quantity = [line.quantity for line in lines]
            self.total = [line.total() for line in lines]
        else:
            self.quantity = list(kept)
            self.total = [
                (2 * line.total() * units + line.quantity) // (2 * line.quantity)
                for line, units in zip(lines, kept, strict=True)
            ]
        self.left = self.total.copy()
        self.free = self.quantity.copy()
        self.by_points: list[int] | None = None
        self.earned = [0] * len(lines)
        self.base = [0] * len(lines)
        self.multiplied = [0] * len(lines)
        self.gave: dict[str, int] = {}
        # {id of goods: (they themselves, so that the id stays theirs, their lines)}
        self.picked: dict[int, tuple[Goods, list[int]]] = {}
        self.currency, self.multipliers = program.currency, program.multipliers
        self.promoted_discount, self.draws = program.promoted_discount, program.draws
        self.excluded, self.ranks = program.excluded(lines), program.ranks
        self._by_sku: dict[str, list[int]] | None = None
        self._by_category: dict[str, list[int]] | None = None

    def earning_base(self) -> list[int]:
        """Minor units of each line that earn: what is paid in money, exclusions at zero."""
        base = self.left
        if self.by_points is not None:
            base = [left - points for left, points in zip(base, self.by_points, strict=True)]
        if self.excluded:
            base = [0 if i in self.excluded else minor for i, minor in enumerate(base)]
        return base

    def payable(self) -> list[int]:
        """Minor units of each line that points may still pay: gift cards and deposits are money."""
        taken = self.by_points or [0] * len(self.lines)
        return [
            0 if line.kind in ("gift_card", "deposit") else left - gone
            for line, left, gone in zip(self.lines, self.left, taken, strict=True)
        ]

    def by_sku(self) -> dict[str, list[int]]:
        """{SKU: its lines, from 0}; made once."""
        if self._by_sku is None:
            found: dict[str, list[int]] = {}
            for i, line in enumerate(self.lines):
                found.setdefault(line.sku, []).append(i)
            self._by_sku = found
        return self._by_sku

    def by_category(self) -> dict[str, list[int]]:
        """{category: its lines, from 0}; made once."""
        if self._by_category is None:
            found: dict[str, list[int]] = {}
            for i, line in enumerate(self.lines):
                found.setdefault(line.category, []).append(i)
            self._by_category = found
        return self._by_category

    def unit_minor(self, i: int) -> int:
        """The shelf price of one: what other rules took off belongs to the units they took."""
        return self.total[i] // max(self.quantity[i], 1)

    def spread(self, amount: int, lines: Sequence[int] | None = None) -> tuple[Share, ...]:
        """An amount that belongs to no line, shared over (these) lines by what they cost.

        shape  the shares sum to `amount`; () where there are no lines: an event
        """
        picked = [i for i in (range(len(self.lines)) if lines is None else lines)
                  if self.quantity[i]]  # fmt: skip
        if not picked:
            return ()
        weights = [self.total[i] for i in picked]
        if not any(weights):
            weights = [1] * len(picked)
        return tuple(
            [Share(i, part) for i, part in zip(picked, split(amount, weights), strict=True) if part]
        )

    def spread_left(self, amount: int, lines: Sequence[int]) -> dict[int, int]:
        """{line: its part} of an amount taken off these lines by what is left to be paid of them.

        errors  AssertionError if it is more than they leave
        """
        left = [self.left[i] for i in lines]
        assert 0 <= amount <= sum(left), "no line goes below zero"
        return dict(zip(lines, split(amount, left), strict=True)) if amount else {}


class Goods(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, dict=True
):  # `dict`: the names it looks for are made into sets once
    """Which lines a rule is about. What is left empty does not narrow; the rest must all fit.

    promoted  lines that a mass promotion of the shop has already made cheaper
    """

    skus: Annotated[tuple[Code, ...], Meta(max_length=1000)] = ()
    categories: Annotated[tuple[Code, ...], Meta(max_length=200)] = ()
    brands: Annotated[tuple[Code, ...], Meta(max_length=200)] = ()
    kinds: tuple[Literal["goods", "delivery", "gift_card", "deposit"], ...] = ()
    not_skus: Annotated[tuple[Code, ...], Meta(max_length=1000)] = ()
    not_categories: Annotated[tuple[OptionalCode, ...], Meta(max_length=200)] = ()
    unit: Literal["", "piece", "g", "ml"] = ""
    unit_from_minor: Annotated[int, Meta(ge=0, le=10**12)] = 0
    promoted: Literal["any", "only", "never"] = "any"

    def lines(self, basket: Basket) -> list[int]:
        """The lines (from 0) it is about and of which something is kept, in their order.

        The list is the basket's: whoever changes it changes it for all rules.
        """
        known = basket.picked.get(id(self))
        if known is None:
            known = basket.picked[id(self)] = (self, self._look(basket))
        return known[1]

    def _look(self, basket: Basket) -> list[int]:
        found = self._named(basket)
        if not found:
            return found
        if self.skus and self.categories:
            wanted = set(self.categories)
            found = [i for i in found if basket.lines[i].category in wanted]
        quantity, out = basket.quantity, self._left_out(basket)
        found = [i for i in found if quantity[i] and i not in out]
        if self._narrows:
            found = [i for i in found if self._fits(basket.lines[i])]
        return found

    def _left_out(self, basket: Basket) -> set[int]:
        """The lines of `not_skus` and `not_categories`: looked up, not compared line by line."""
        out: set[int] = set()
        if self.not_skus:
            out.update(*_found(self._not_skus, basket.by_sku()))
        if self.not_categories:
            out.update(*_found(self._not_categories, basket.by_category()))
        return out

    def _named(self, basket: Basket) -> list[int]:
        """By the shorter way: the index of SKUs or of categories."""
        if self.skus:
            index, names = basket.by_sku(), self.skus
        elif self.categories:
            index, names = basket.by_category(), self.categories
        else:
            return list(range(len(basket.lines)))
        if len(names) == 1:
            return index.get(names[0], [])
        if len(names) > len(index):
            names = tuple(set(index).intersection(names))
        return sorted(i for name in set(names) for i in index.get(name, ()))

    def _fits(self, line: Line) -> bool:
        return (
            (not self.brands or line.brand in self._brands)
            and (not self.kinds or line.kind in self.kinds)
            and (not self.unit or line.unit == self.unit)
            and line.unit_minor >= self.unit_from_minor
            and (self.promoted == "any" or (self.promoted == "only") == bool(line.promo))
        )

    @cached_property
    def _narrows(self) -> bool:
        """Whether there is more to look at than SKU and category."""
        said = self.brands or self.kinds or self.unit or self.unit_from_minor
        return bool(said) or self.promoted != "any"

    @cached_property
    def _not_skus(self) -> frozenset[str]:
        return frozenset(self.not_skus)

    @cached_property
    def _not_categories(self) -> frozenset[str]:
        return frozenset(self.not_categories)

    @cached_property
    def _brands(self) -> frozenset[str]:
        return frozenset(self.brands)


def _found(names: frozenset[str], index: dict[str, list[int]]) -> list[list[int]]:
    """The lines of each name; the shorter of the two is walked through."""
    some = names if len(names) < len(index) else names.intersection(index)
    return [index[name] for name in some if name in index]


EVERYTHING = Goods()
