"""Tickets for a draw for every full sum: "a ticket for every 20.00 you spend this month"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.base.text import Code, OptionalCode
from tessera.rules.core.phrases import window_words
from tessera.rules.core.prizes import item_wish, ticket_misfits
from tessera.rules.core.scopes import Scope, lines_of, scope_name
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import (
    Basket,
    Facts,
    Goods,
    History,
    Lane,
    Mechanic,
    Met,
    Missing,
    Program,
    Window,
    Wish,
    one_many,
)

_UNKNOWN = Missing("history_unknown", 0, "the earlier purchases are not known")
_ELSE = Missing("no_goods", 0, "none of the goods it is for are on the receipt")


class EveryXTickets(Mechanic, frozen=True, kw_only=True, tag="every_x_tickets"):
    """So many tickets for every full sum left to pay after discounts, 10,000 with one receipt.

    draw    as the program declares it under `draws`; after its last day no tickets are given
    window  what is left over counts on: sums are full over all purchases of the window. Left out:
            each receipt by itself
    of      what counts: everything, a category or an article; lines that never earn do not
    """

    lane: ClassVar[Lane] = "gift"

    draw: Annotated[Code, Meta(description="of a declared draw")]
    per_minor: Annotated[int, Meta(ge=1, le=10**12, description="the sum, in minor units")]
    tickets: Annotated[int, Meta(ge=1, le=1000)] = 1
    of: Annotated[Scope, Meta(description="what counts")] = ""
    window: Annotated[Window, Meta(description="in which sums are added up")] | None = None
    title: Annotated[OptionalCode, Meta(description="what people call the draw")] = ""

    def __post_init__(self) -> None:
        if self.of.startswith("e:"):
            raise ValueError("tickets are for purchases: `of` names a category or an article")

    def draw_of(self) -> str:
        """Its draw."""
        return self.draw

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """The draw is declared and draws tickets."""
        yield from ticket_misfits(self.draw, "draw", program)

    def watches(self) -> Goods | None:
        """The category or the article, where there is one."""
        name = (scope_name(self.of),)
        if not self.of:
            return None
        return Goods(categories=name) if self.of.startswith("c:") else Goods(skus=name)

    def needs(self) -> tuple[History, ...]:
        """What was spent before, where it counts on."""
        return (History("minor", self.of, self.window),) if self.window else ()

    def gives(self) -> tuple[Template, Numbers]:
        """The tickets, for the sentence of the rule."""
        numbers: Numbers = {
            "count": self.tickets, "per_minor": self.per_minor, "goods": scope_name(self.of),
            "item": self.title or self.draw, "window": window_words(self.window or "ever"),
        }  # fmt: skip
        return (GIVES_OF if self.of else GIVES), numbers

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """A sum becomes full with this receipt."""
        before = 0
        for need in self.needs():
            known = facts.known.get(need.key)
            if known is None:
                return _UNKNOWN
            before = known
        lines = [i for i in lines_of(self.of)(basket) if i not in basket.excluded]
        if not lines and not facts.event:
            return _ELSE
        now = before + sum([basket.left[i] for i in lines])
        full = now // self.per_minor - before // self.per_minor
        if full > 0:
            return Met(full, tuple(lines))
        lacking = self.per_minor - now % self.per_minor
        numbers: Numbers = {"lacking_minor": lacking, "goal": self.per_minor}
        return Missing("sum_short", lacking, SHORT, numbers)

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The tickets."""
        numbers: Numbers = {"per_minor": self.per_minor, "full": met.times}
        return item_wish("ticket", self.draw, met.times * self.tickets, numbers, self.title)


SHORT = "{lacking_minor} more for the next ticket"
GIVES = one_many(
    "{count} ticket for the draw {item} for every {per_minor}{window}",
    "{count} tickets for the draw {item} for every {per_minor}{window}",
)
GIVES_OF = one_many(
    "{count} ticket for the draw {item} for every {per_minor} spent on {goods}{window}",
    "{count} tickets for the draw {item} for every {per_minor} spent on {goods}{window}",
)
SCENARIOS = """
program draws={CAR: {prizes: [{item: CAR}], ends: 2026-12-31}}
rule every_x_tickets draw=CAR per=20.00
buy  CHIANTI 3 x 15.00
----
CHIANTI 3 x 15.00   45.00
to pay              45.00
points                  0
ticket CAR              2

program draws={CAR: {prizes: [{item: CAR}], ends: 2026-12-31}}
rule every_x_tickets draw=CAR per=20.00
buy  CHIANTI 1 x 15.00
----
CHIANTI 1 x 15.00   15.00
to pay              15.00
points                  0
missing sum_short     500

# 15.00 of the purchases before count on: 60.00 in all.
program draws={CAR: {prizes: [{item: CAR}], ends: 2026-12-31}}
rule every_x_tickets draw=CAR per=20.00 window="this month"
know minor * this month = 1500
buy  CHIANTI 3 x 15.00
----
CHIANTI 3 x 15.00   45.00
to pay              45.00
points                  0
ticket CAR              3

# Two bottles come back, and their ticket.
program draws={CAR: {prizes: [{item: CAR}], ends: 2026-12-31}}
rule every_x_tickets draw=CAR per=20.00
buy  CHIANTI 3 x 15.00
keep 1
----
CHIANTI 1 x 15.00   15.00
to pay              15.00
points                  0
missing sum_short     500
refund              30.00
points taken back       0
ticket CAR back         2

# The draw is over.
program draws={CAR: {prizes: [{item: CAR}], ends: 2026-12-31}}
rule every_x_tickets draw=CAR per=20.00
at   2027-01-01 10:00
buy  CHIANTI 3 x 15.00
----
CHIANTI 3 x 15.00   45.00
to pay              45.00
points                  0
missing over            0
"""
