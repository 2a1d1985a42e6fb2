"""Caps: how much a rule, and all rules together, may still give on this receipt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tessera.rules.core.budgets import USED_UP, Purses
from tessera.rules.core.facts import Facts, Given, Missing
from tessera.rules.core.plan import DISCOUNTS, POINTS
from tessera.rules.core.settings import Cap
from tessera.rules.core.stories import Wish
from tessera.rules.core.texts import Numbers, Template

if TYPE_CHECKING:
    from tessera.rules.core.words import Mechanic, Program

_FREE = 1 << 62
_TOTALS = {"points": POINTS, "discount": DISCOUNTS}
LIMITS = {
    "receipt": "the limit of a receipt is reached",
    "day": "the day's limit is reached",
    "week": "the week's limit is reached",
    "month": "the month's limit is reached",
    "year": "the year's limit is reached",
    "ever": "this is given only so often",
}
TOTAL_LIMITS = {
    "receipt": "all rules together have reached the limit of a receipt",
    "day": "all rules together have reached the day's limit",
    "week": "all rules together have reached the week's limit",
    "month": "all rules together have reached the month's limit",
    "year": "all rules together have reached the year's limit",
    "ever": "all rules together have reached their limit",
}


_NONE: Numbers = {}


class Limit(NamedTuple):
    """What a rule may still give, and why it is not more; `numbers`: what the text names."""

    most: int
    why: Template
    numbers: Numbers = _NONE

    def missing(self, wanted: int) -> Missing:
        """What is said of a rule that may give nothing any more."""
        code = "budget_used_up" if self.why == USED_UP else "cap_reached"
        return Missing(code, 0, self.why, {"wanted": wanted, **self.numbers})


_UNCAPPED = Limit(_FREE, "")


class Room:
    """What caps and budgets leave; those of the program shrink as rules give."""

    __slots__ = ("_facts", "_given", "_purses", "_totals")

    def __init__(
        self, facts: Facts, totals: dict[str, Sequence[Cap]], purses: Purses | None
    ) -> None:
        self._facts, self._totals, self._purses = facts, totals, purses
        self._given: dict[str, int] = {}

    def left(self, rule: Mechanic, wish: Wish) -> Limit:
        """What the rule may still give of what it wishes."""
        room, why = self._capped(rule, wish.kind)
        if self._purses is not None:
            most, code = self._purses.left(rule, wish)
            if most < room:
                return Limit(most, USED_UP, self._purses.numbers(code))
        return Limit(room, why) if why else _UNCAPPED

    def _capped(self, rule: Mechanic, kind: str) -> tuple[int, str]:
        room, why = _FREE, ""
        if rule.caps:
            room, why = self._tightest(rule.id, rule.caps, LIMITS, 0)
        caps = self._totals.get(kind)
        if caps and not rule.earns:
            given = self._given.get(kind, 0)
            total, reason = self._tightest(_TOTALS[kind], caps, TOTAL_LIMITS, given)
            if total < room:
                return total, reason
        return room, why

    def take(self, rule: Mechanic, wish: Wish, amount: int) -> None:
        """So much was given."""
        if self._totals and not rule.earns:
            self._given[wish.kind] = self._given.get(wish.kind, 0) + amount
        if self._purses is not None:
            self._purses.take(rule, wish, amount)

    def _tightest(
        self, name: str, caps: Sequence[Cap], reasons: dict[str, str], here: int
    ) -> tuple[int, str]:
        room, why, known = _FREE, "", self._facts.known
        for cap in caps:
            over_time = cap.per != "receipt"
            if cap.most is not None:
                used = known.get(Given(name, cap.per, "amount").key, 0) if over_time else 0
                free = max(cap.most - used - here, 0)
                if free < room:
                    room, why = free, reasons[cap.per]
            times = known.get(Given(name, cap.per, "times").key, 0) if over_time else 0
            if cap.times is not None and times >= cap.times:
                room, why = 0, reasons[cap.per]
        return room, why


def room_of(program: Program, facts: Facts, gross_minor: int) -> Room:
    """The room at the beginning of a decision about goods of so much."""
    totals: dict[str, Sequence[Cap]] = {}
    if program.point_caps:
        totals["points"] = program.point_caps
    if program.discount_caps:
        totals["discount"] = program.discount_caps
    book = program.plan.book
    purses = Purses(book, facts.known, gross_minor) if book is not None else None
    return Room(facts, totals, purses)
