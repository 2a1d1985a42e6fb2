"""What the receipt, or some goods on it, come to."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from tessera.rules.core.basket import EVERYTHING, Basket, Goods
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.phrases import by_bounds, goods_words
from tessera.rules.core.texts import Numbers, Template


class ReceiptTotal(Condition, frozen=True, tag="receipt_total"):
    """What these goods cost on the receipt lies between two bounds. Returns count.

    basis  gross: the till's prices; to_pay: what is left to pay in money, after the discounts and
           points that came before this rule
    """

    at_least_minor: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    at_most_minor: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    of: Annotated[Goods, Meta(description="the goods that count")] = EVERYTHING
    basis: Literal["gross", "to_pay"] = "gross"

    def __post_init__(self) -> None:
        least, most = self.at_least_minor, self.at_most_minor
        if least is None and most is None:
            raise ValueError("a total has at_least_minor, at_most_minor or both")
        if least is not None and most is not None and least > most:
            raise ValueError("at_least_minor is above at_most_minor: no total is both")

    def reading(self) -> Reading:
        """The sum, and the lines that make it up where not all count."""
        least, most, of = self.at_least_minor or 0, self.at_most_minor, self.of
        whole, to_pay = of == EVERYTHING, self.basis == "to_pay"
        goods = {"goods": goods_words(of)}
        short = SHORT if whole else SHORT_OF
        above = Missing(
            "total_above", 0, ABOVE if whole else ABOVE_OF, {**goods, "most_minor": most or 0}
        )

        def receipt_total(basket: Basket, facts: Facts) -> Met | Missing:
            column = basket.left if to_pay else basket.total
            lines: list[int] = [] if whole else of.lines(basket)
            minor = sum(column) if whole else sum([column[i] for i in lines])
            if to_pay and basket.by_points is not None:
                paid = basket.by_points
                minor -= sum(paid) if whole else sum([paid[i] for i in lines])
            if minor < least:
                lacking = least - minor
                return Missing("total_short", lacking, short, {**goods, "lacking_minor": lacking})
            if most is not None and minor > most:
                return above
            return Met(1, tuple(lines)) if lines else MET

        return receipt_total

    def sentence(self) -> tuple[Template, Numbers]:
        """The goods and their bounds."""
        least, most = self.at_least_minor, self.at_most_minor
        numbers: dict[str, int | str] = {"goods": goods_words(self.of)}
        if least is not None:
            numbers["least_minor"] = least
        if most is not None:
            numbers["most_minor"] = most
        if self.basis == "to_pay":
            return by_bounds(least, most, TO_PAY), numbers
        if self.of != EVERYTHING:
            return by_bounds(least, most, GROSS_OF), numbers
        del numbers["goods"]
        return by_bounds(least, most, GROSS), numbers


SHORT, SHORT_OF = "{lacking_minor} more", "{lacking_minor} more of {goods}"
ABOVE = "only for receipts of up to {most_minor}"
ABOVE_OF = "only with up to {most_minor} of {goods}"
GROSS = (
    "the receipt comes to between {least_minor} and {most_minor}",
    "the receipt comes to {least_minor} or more",
    "the receipt comes to {most_minor} or less",
)
GROSS_OF = (
    "{goods} on the receipt comes to between {least_minor} and {most_minor}",
    "{goods} on the receipt comes to {least_minor} or more",
    "{goods} on the receipt comes to {most_minor} or less",
)
TO_PAY = (
    "{goods} on the receipt leaves between {least_minor} and {most_minor} to pay in money",
    "{goods} on the receipt leaves {least_minor} or more to pay in money",
    "{goods} on the receipt leaves {most_minor} or less to pay in money",
)
EXAMPLES = """
receipt_total: 50.00
buy HAM 2.000 kg x 25.00
-> met

receipt_total: 50.00
buy HAM 1.500 kg x 25.00
-> total_short 1250: 12.50 EUR more

receipt_total: {at_least: 5.00, of: {categories: coffee}}
buy LATTE 1 x 3.50 [coffee], CAKE 1 x 4.00
-> total_short 150: 1.50 EUR more of coffee

receipt_total: {at_most: 20.00}
buy HAM 1.000 kg x 25.00
-> total_above 0: only for receipts of up to 20.00 EUR
"""
