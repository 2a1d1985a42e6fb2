"""Won or not, at once at the till: "every fiftieth receipt wins a coffee", with the odds told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.draws import DrawPrize, stock_key
from tessera.rules.core.facts import Moment
from tessera.rules.core.settings import Cap
from tessera.rules.core.texts import Numbers, Template, one_many
from tessera.rules.core.words import Basket, Facts, Lane, Mechanic, Met, Missing, Program, Wish

_UNKNOWN = Missing("luck_unknown", 1, "whether it wins is decided when it is paid")
_LOST = Missing("no_luck", 0, "this time it was no prize")
_GONE = Missing("prizes_gone", 0, "the prizes are all given away")


class InstantWin(Mechanic, frozen=True, kw_only=True, tag="instant_win"):
    """A prize of the draw, with the odds that the draw names, while there are some left.

    Luck comes from the draw's sealed seed and the receipt's own store, till, day and number: asked
    twice, it is the same. A quote cannot know it. When the goods come back, so must the prize.

    draw        as the program declares it under `draws`, with prizes that say `one_in`
    from_minor  what is left to pay after discounts is so much or more
    caps        once a day, if the rule does not say otherwise
    """

    lane: ClassVar[Lane] = "gift"

    draw: Annotated[Code, Meta(description="of a declared draw")]
    from_minor: Annotated[int, Meta(ge=0, le=10**12, description="of this receipt")] = 0
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = (Cap(per="day", times=1),)

    def draw_of(self) -> str:
        """Its draw."""
        return self.draw

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """The draw is declared and has prizes to be won at once."""
        draw = program.draws.get(self.draw)
        if draw is None:
            yield "draw", f"there is no draw {self.draw}", "declare it under `draws`"
        elif not draw.at_once:
            yield "draw", f"{self.draw} has no prize to be won at once", "give one `one_in`"

    def needs(self) -> tuple[Moment]:
        """Its luck."""
        return (Moment("luck", self.id),)

    def gives(self) -> tuple[Template, Numbers]:
        """The chance, for the sentence of the rule."""
        return GIVES, {"draw": self.draw}

    def asks(self) -> tuple[Template, Numbers] | None:
        """What has to be so besides `when`, for the sentence of the rule."""
        return (ASKS, {"from_minor": self.from_minor}) if self.from_minor else None

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It is large enough, it wins, and the prize is there."""
        total = sum(basket.left)
        if total < self.from_minor:
            lacking = self.from_minor - total
            return Missing("sum_short", lacking, SHORT, {"lacking_minor": lacking})
        luck = facts.known.get(self.needs()[0].key)
        if luck is None:
            return _UNKNOWN
        won = basket.draws[self.draw].won(luck)
        if won is None:
            return _LOST
        return Met() if facts.known.get(stock_key(self.draw, won.item), 0) > 0 else _GONE

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The prize."""
        prize = basket.draws[self.draw].won(facts.known[self.needs()[0].key])
        assert isinstance(prize, DrawPrize), "it was found to win"
        numbers: Numbers = {
            "item": prize.name or prize.item, "odds": prize.one_in or 1, "draw": self.draw,
        }  # fmt: skip
        return Wish(prize.kind, 1, (), TOLD, SLIP, numbers, item=prize.item)


GIVES = "a chance to win at once: {draw}"
ASKS = "the receipt comes to {from_minor} or more"
SHORT = "{lacking_minor} more for a chance to win"
TOLD = one_many("won: {item} (1 in {odds})", "won: {item} (1 in {odds})")
SLIP = "won: {item}"
SCENARIOS = """
# Luck runs from 0 to 9,007,199,254,740,991: one in 50 wins the mug, the next one in 10 a coffee.
program draws={WIN: {prizes: [{item: MUG, one_in: 50}, {item: COFFEE, one_in: 10}]}}
rule instant_win id=spin draw=WIN
know luck spin = 200000000000000
know stock WIN COFFEE = 7
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
gift COFFEE             1

program draws={WIN: {prizes: [{item: MUG, one_in: 50}, {item: COFFEE, one_in: 10}]}}
rule instant_win id=spin draw=WIN
know luck spin = 2000000000000000
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing no_luck         0

# The last coffee is gone.
program draws={WIN: {prizes: [{item: MUG, one_in: 50}, {item: COFFEE, one_in: 10}]}}
rule instant_win id=spin draw=WIN
know luck spin = 200000000000000
know stock WIN COFFEE = 0
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing prizes_gone     0

# A quote: nobody knows yet.
program draws={WIN: {prizes: [{item: MUG, one_in: 50}]}}
rule instant_win id=spin draw=WIN from=5.00
buy  LATTE 2 x 2.50
----
LATTE 2 x 2.50       5.00
to pay               5.00
points                  0
missing luck_unknown    1

# What was bought comes back: so must the mug.
program draws={WIN: {prizes: [{item: MUG, one_in: 50}]}}
rule instant_win id=spin draw=WIN
know luck spin = 1
know stock WIN MUG = 3
buy  LATTE 1 x 2.50
keep 0
----
LATTE 0 x 2.50       0.00
to pay               0.00
points                  0
missing nothing_left    0
refund               2.50
points taken back       0
gift MUG back           1
"""
