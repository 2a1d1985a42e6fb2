"""How the receipt is paid."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template


class Payment(Condition, frozen=True, tag="payment"):
    """A part of the receipt is paid in one of these ways; any part, if no bound is given.

    at_least_percent  of all payments the till told, together
    at_least_minor    of money; after a return no more than what the kept goods cost
    """

    methods: Annotated[
        tuple[Code, ...], Meta(min_length=1, max_length=20, description="as the till names them")
    ]
    at_least_percent: Annotated[int, Meta(ge=1, le=100)] | None = None
    at_least_minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None

    def reading(self) -> Reading:
        """What was paid so, against what is asked for."""
        methods = frozenset(self.methods)
        percent, least = self.at_least_percent or 0, self.at_least_minor or 1
        told = {"methods": listed(self.methods)}
        otherwise = Missing("other_payment", 0, "only when paid by {methods}", told)

        def payment(basket: Basket, facts: Facts) -> Met | Missing:
            paid = whole = 0
            for method, minor in facts.payments:
                whole += minor
                if method in methods:
                    paid += minor
            if not paid:
                return otherwise
            # ceiling of percent * whole / 100
            lacking = max(least - min(paid, sum(basket.total)), -(-percent * whole // 100) - paid)
            if lacking <= 0:
                return MET
            return Missing("payment_short", lacking, SHORT, {**told, "lacking_minor": lacking})

        return payment

    def sentence(self) -> tuple[Template, Numbers]:
        """The ways, and how much at least."""
        numbers: dict[str, int | str] = {"methods": listed(self.methods)}
        if self.at_least_percent is not None:
            numbers["percent"] = self.at_least_percent
        if self.at_least_minor is not None:
            numbers["least_minor"] = self.at_least_minor
        return SAID[self.at_least_percent is not None, self.at_least_minor is not None], numbers


SHORT = "{lacking_minor} more paid by {methods}"
SAID = {
    (False, False): "some of the receipt is paid by {methods}",
    (True, False): "{percent} % of the receipt or more is paid by {methods}",
    (False, True): "{least_minor} or more is paid by {methods}",
    (True, True): "{percent} % of the receipt or more, and at least {least_minor},"
    " is paid by {methods}",
}
EXAMPLES = """
payment: member_card
buy HAM 1.000 kg x 20.00
pays member_card 5.00, cash 15.00
-> met

payment: [member_card, wallet]
buy HAM 1.000 kg x 20.00
pays cash 20.00
-> other_payment 0: only when paid by member_card or wallet

payment: {methods: member_card, at_least_percent: 50}
buy HAM 1.000 kg x 20.00
pays member_card 5.00, cash 15.00
-> payment_short 500: 5.00 EUR more paid by member_card
"""
