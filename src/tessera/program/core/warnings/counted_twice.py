"""A coupon that costs when it is given and again when it is used, both drawn on one budget."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.budgets import Book, of_drawn
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.texts import phrase
from tessera.rules.core.words import Mechanic, Program

WHY = (
    "the coupon {kind} costs when it is given and when it is used: the budget {budget} counts both"
)
CURE = "take {kind} out of `costs`: its use is counted"


def find(seen: Seen) -> Iterator[Caution]:
    """One for each rule that asks for such a coupon."""
    program, book = seen.program, seen.program.plan.book
    if book is None:
        return
    for rule in program.rules:
        kind = program.coupon_rules.get(rule.id, "")
        if not program.costs.get(kind) or rule.lane == "payment" or rule.id in seen.dead:
            continue
        using = book.drawn_on(rule.id, _prize(rule))
        both = [code for code in using if code in _giving(kind, program, book)]
        if both:
            why = phrase(WHY, kind=kind, budget=program.budgets[both[0]].name or both[0])
            yield Caution("counted_twice", rule.id, why, phrase(CURE, kind=kind))


def _giving(kind: str, program: Program, book: Book) -> set[str]:
    """The budgets of cost that the giving of a coupon draws on: by rules, and by draws."""
    prizes = {
        code: [each for each in draw.prizes if (each.kind, each.item) == ("coupon", kind)]
        for code, draw in program.draws.items()
    }
    found: set[str] = set()
    for rule in program.rules:
        at_once = any(each.one_in for each in prizes.get(program.lucky.get(rule.id, ""), ()))
        if at_once or _prize(rule) == kind:
            found |= set(book.drawn_on(rule.id, kind))
    if any(each.one_in is None for some in prizes.values() for each in some):
        found |= set(of_drawn(program.budgets, kind))
    return {code for code in found if _counts_cost(program, code)}


def _counts_cost(program: Program, code: str) -> bool:
    budget = program.budgets[code]
    return budget.most_minor is not None or budget.turnover_percent_x100 is not None


def _prize(rule: Mechanic) -> str:
    return rule.prize.item if isinstance(rule, PrizeMechanic) else ""
