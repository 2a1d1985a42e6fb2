"""How many lines the receipt has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import EVERYTHING, Basket, Goods
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.phrases import by_bounds, goods_of
from tessera.rules.core.texts import Numbers, Template, one_many


class LineCount(Condition, frozen=True, tag="line_count"):
    """The receipt has so many lines of these goods; those that came back whole do not count."""

    at_least: Annotated[int, Meta(ge=0, le=2_000)] = 0
    at_most: Annotated[int, Meta(ge=0, le=2_000)] | None = None
    of: Annotated[Goods, Meta(description="the goods whose lines count")] = EVERYTHING

    def __post_init__(self) -> None:
        if not self.at_least and self.at_most is None:
            raise ValueError("a number of lines has at_least, at_most or both")
        if self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("at_least is above at_most: no number of lines is both")

    def reading(self) -> Reading:
        """The lines, as evidence where not all count."""
        of, least, most, whole = self.of, self.at_least, self.at_most, self.of == EVERYTHING
        goods = {"of": goods_of(of)}
        above = Missing("lines_above", 0, ABOVE, {**goods, "count": most or 0})

        def line_count(basket: Basket, facts: Facts) -> Met | Missing:
            lines: Sequence[int] = () if whole else of.lines(basket)
            count = len(basket.lines) - basket.quantity.count(0) if whole else len(lines)
            if count < least:
                lacking = least - count
                return Missing("lines_short", lacking, SHORT, {**goods, "count": lacking})
            if most is not None and count > most:
                return above
            return Met(1, tuple(lines)) if lines else MET

        return line_count

    def sentence(self) -> tuple[Template, Numbers]:
        """The goods and the bounds."""
        numbers: dict[str, int | str] = {"of": goods_of(self.of)}
        if self.at_least:
            numbers["least"] = self.at_least
        if self.at_most is not None:
            numbers["most"] = self.at_most
        return by_bounds(self.at_least or None, self.at_most, SAID), numbers


SHORT = one_many("1 more line{of}", "{count} more lines{of}")
ABOVE = one_many("only with up to 1 line{of}", "only with up to {count} lines{of}")
SAID = (
    "the receipt has {least} to {most} lines{of}",
    "the receipt has {least} or more lines{of}",
    "the receipt has {most} or fewer lines{of}",
)
EXAMPLES = """
line_count: 2
buy LATTE 1 x 2.50, CAKE 1 x 4.00
-> met

line_count: 3
buy LATTE 5 x 2.50
-> lines_short 2: 2 more lines

line_count: {at_most: 1, of: {kinds: delivery}}
buy TAXI 1 x 5.00 delivery, TRUCK 1 x 9.00 delivery
-> lines_above 0: only with up to 1 line of delivery
"""
