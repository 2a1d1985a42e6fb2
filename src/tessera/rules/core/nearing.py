"""How near a member is to what a program gives: asked of the rules themselves, without a receipt.

Hidden rules are not looked at. Of the others the conditions on the person and on other rules decide
whether the rule is the member's at all, and are never told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import AllOf, Condition, walk
from tessera.rules.core.facts import Facts, Given, History, Met, Missing, Need
from tessera.rules.core.plan import is_for
from tessera.rules.core.words import Mechanic, Program

# What happens is no purchase: conditions count what was before, and not one more.
_NOTHING = "*"
_RUNS = ("weeks", "months")


class Near(Struct, frozen=True):
    """A rule that a member may see.

    missing  what lacks, as the rule itself says it; None: nothing that can be counted
    of       of how many it lacks some; 0: that is not one number
    used     in its period it gives no more
    tells    no condition of it is private: its whole sentence may be told
    """

    rule: Mechanic
    missing: Missing | None
    of: int
    used: bool
    tells: bool


def near(program: Program, facts: Facts) -> list[Near]:
    """The rules that are open to a member, in the program's order, and how near each is.

    facts  of the member as of now, `at` among them; `known` holds what the program needs of him
    """
    unseen = frozenset(rule.id for rule in program.rules if rule.hidden)
    found = []
    for rule in program.rules:
        if rule.hidden or rule.lane == "payment" or not is_for(rule, program, facts):
            continue
        told = _near(rule, program, facts, unseen)
        if told is not None:
            found.append(told)
    return found


def _near(
    rule: Mechanic, program: Program, facts: Facts, unseen: frozenset[str]
) -> Near | None:  # fmt: skip
    """None: it is for others, or nobody may know for whom it is."""
    parts = [part for tree in (rule.implied(), rule.when) if tree for part in _leaves(tree)]
    private = [part for part in parts if any(each.private for each in walk(part))]
    nothing = Basket((), None, program)
    idle = replace(facts, event=_NOTHING)
    for part in private:
        hers = all(each.private or each.parts() for each in walk(part)) and not _asks(part)
        if not hers or isinstance(part.reading()(nothing, idle), Missing):
            return None
    if any(unseen & set(each.asked_rules()) for part in parts for each in walk(part)):
        return None
    asked: list[tuple[Any, Sequence[Need]]] = [
        (part, part.needs()) for part in parts if part not in private
    ]
    asked.append((rule, rule.needs()))
    missing, of = _first(asked, nothing, facts)
    return Near(rule, missing, of, _used(rule, facts), not private)


def _leaves(tree: Condition) -> Iterator[Condition]:
    """What must all hold."""
    if isinstance(tree, AllOf):
        for part in tree.of:
            yield from _leaves(part)
    else:
        yield tree


def _asks(part: Condition) -> bool:
    return any(each.asked_rules() for each in walk(part))


def _first(
    asked: Sequence[tuple[Any, Sequence[Need]]], nothing: Basket, facts: Facts
) -> tuple[Missing | None, int]:
    """The first part that counts something and lacks some of it."""
    for part, needs in asked:
        history = [need for need in needs if isinstance(need, History)]
        if not history:
            continue
        runs = any(need.measure in _RUNS for need in history)
        known = facts.known | {
            need.key: max(facts.known.get(need.key, 0), 1)
            for need in history if runs and need.measure == "receipts"
        }  # fmt: skip
        idle = replace(facts, event="" if runs else _NOTHING, known=known)
        found: Met | Missing = (
            part.check(nothing, idle) if isinstance(part, Mechanic)
            else part.reading()(nothing, idle)
        )  # fmt: skip
        if isinstance(found, Missing) and found.lacking > 0:
            return found, _all_of(part, found)
    return None, 0


def _all_of(part: Any, missing: Missing) -> int:
    """How many there must be in all, where the part says so in one number."""
    goal = missing.numbers.get("goal")
    if isinstance(goal, int):
        return goal
    for name in ("every", "exactly", "n", "count", "weeks", "at_least"):
        number = getattr(part, name, None)
        if isinstance(number, int) and number >= missing.lacking:
            return number
    return 0


def _used(rule: Mechanic, facts: Facts) -> bool:
    """Whether a cap of its period leaves nothing."""
    for cap in rule.caps:
        if cap.per == "receipt":
            continue
        given = facts.known.get(Given(rule.id, cap.per, "amount").key, 0)
        times = facts.known.get(Given(rule.id, cap.per, "times").key, 0)
        if (cap.most is not None and given >= cap.most) or (
            cap.times is not None and times >= cap.times
        ):
            return True
    return False
