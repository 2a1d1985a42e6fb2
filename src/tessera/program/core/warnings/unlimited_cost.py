"""A rule whose cost has no limit: no cap, no budget, and a high rate, a prize or an event."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.basket import EVERYTHING
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.texts import phrase
from tessera.rules.core.words import Mechanic, Program

HIGH_PERCENT = 20  # of what is spent
_ALL = (None, EVERYTHING)
_OFF_ALL = {"percent", "of", "rounding", "most_minor"}  # of a mechanic that takes off a percentage
CAP = "add `caps`, for example {example}"
_EXAMPLE = "[{per: month, most: 500}]"


WORTH = "it is worth {percent} % of what is spent, without a limit"
EVERY = "it gives its prize on every receipt that qualifies, however many come"


def find(seen: Seen) -> Iterator[Caution]:
    """One for each rule without a cap."""
    for rule in seen.program.rules:
        free = rule.id in seen.dead or _capped(rule, seen.program)
        why = "" if free else _costly(rule, seen.program)
        if why:
            yield Caution("unlimited_cost", rule.id, why, phrase(CAP, example=_EXAMPLE))


def _capped(rule: Mechanic, program: Program) -> bool:
    if rule.caps or _budgeted(rule, program):
        return True
    caps = {"earning": program.point_caps, "price": program.discount_caps}
    return bool(caps.get(rule.lane))


def _budgeted(rule: Mechanic, program: Program) -> bool:
    """Whether a budget has a ceiling on what it gives."""
    book = program.plan.book
    if book is None:
        return False
    prize = rule.prize if isinstance(rule, PrizeMechanic) else None
    item = prize.item if prize is not None else ""
    earns = rule.lane == "earning" or (prize is not None and prize.points is not None)
    for code in book.drawn_on(rule.id, item):
        budget = program.budgets[code]
        if budget.most_minor is not None or budget.turnover_percent_x100 is not None:
            return True
        if (earns and budget.most_points is not None) or (item and budget.most_pieces is not None):
            return True
    return False


def _costly(rule: Mechanic, program: Program) -> str:
    if rule.trigger == "event":
        return phrase("it gives with every event, however many come")
    percent = worth_percent(rule, program)
    if percent > HIGH_PERCENT:
        return phrase(WORTH, percent=percent)
    counted = rule.needs()  # it gives for something that is counted: the fifth purchase, a stamp
    if isinstance(rule, PrizeMechanic) and rule.prize.percent is None and not counted:
        return phrase(EVERY)
    return ""


def worth_percent(rule: Mechanic, program: Program) -> int:
    """What a rule gives of what is spent, in percent, as far as its fields tell; 0 if they do not.

    Points count by what one is worth to the member.
    """
    if rule.multiplies:
        base = sum(_points_percent_x100(each, program) for each in program.rules if each.base)
        return base * max(getattr(rule, "times_x100", 100) - 100, 0) // 10_000
    if isinstance(rule, PrizeMechanic):
        return rule.prize.percent or 0
    return max(_points_percent_x100(rule, program) // 100, _percent_off(rule))


def _percent_off(rule: Mechanic) -> int:
    """Off everything; what is for some goods, or for one unit of several, is less."""
    own = set(rule.__struct_fields__) - set(Mechanic.__struct_fields__)
    if not own <= _OFF_ALL or getattr(rule, "most_minor", None) or rule.watches() not in _ALL:
        return 0
    return _whole(rule, "percent")


def _points_percent_x100(rule: Mechanic, program: Program) -> int:
    points, per_minor = _whole(rule, "points"), _whole(rule, "per_minor")
    per_minor = per_minor or _whole(rule, "each_minor")
    if rule.lane != "earning" or not per_minor:
        return 0
    return points * program.point_minor_x100 * 100 // per_minor


def _whole(rule: Mechanic, name: str) -> int:
    value = getattr(rule, name, 0)
    return value if isinstance(value, int) else 0
