"""Why a rule can never give: it is over, for nobody, or its conditions exclude each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from tessera.program.core.chances import never
from tessera.rules.core.conditions import AllOf, Condition
from tessera.rules.core.texts import phrase
from tessera.rules.core.words import Mechanic

_PAIRS = (("at_least", "at_most"), ("at_least_minor", "at_most_minor"), ("least", "most"))


EMPTY = "its sample is empty: above {above} and up to {upto} percent"
BOUNDS = "{code} asks for at least {least} and at most {most}"


def reason(rule: Mechanic, on: date) -> str:
    """The first one that is found, from a day on; "" if it may give."""
    return next(_reasons(rule, on), "")


def _reasons(rule: Mechanic, on: date) -> Iterator[str]:
    if rule.ends is not None and rule.ends < on:
        yield phrase("it ended on {day}", day=str(rule.ends))
        return
    above = rule.sample.above if rule.sample else 0
    if rule.sample is not None and rule.sample.upto <= above:
        yield phrase(EMPTY, above=above, upto=rule.sample.upto)
    if rule.ramp and max(step.upto for step in rule.ramp) <= above:
        yield phrase("no step of its ramp reaches anybody")
    tree = tree_of(rule)
    if tree is None:
        return
    yield from _bounds(tree)
    why = never(rule, tree, on)
    if why:
        yield why


def tree_of(rule: Mechanic) -> Condition | None:
    """All that must hold before the mechanic is asked, as one tree."""
    parts = tuple(each for each in (rule.when, rule.implied()) if each is not None)
    if len(parts) < 2:
        return parts[0] if parts else None
    return AllOf(of=parts)


def _bounds(tree: Condition) -> Iterator[str]:
    """Bounds that no number is within: of one condition, or of several that must all hold."""
    met: dict[bytes, list[tuple[int | None, int | None]]] = {}
    for each in _all_together(tree):
        for low, high in _PAIRS:
            names = type(each).__struct_fields__
            if low not in names or high not in names:
                continue
            least, most = getattr(each, low), getattr(each, high)
            bounds = met.setdefault(_apart(each, (low, high)), [])
            bounds.append((least, most))
            lows = [n for n, _ in bounds if n is not None]
            highs = [n for _, n in bounds if n is not None]
            if lows and highs and max(lows) > min(highs):
                yield phrase(BOUNDS, code=each.code, least=str(max(lows)), most=str(min(highs)))
                return


def _apart(condition: Condition, names: tuple[str, str]) -> bytes:
    """What a condition measures, its bounds aside."""
    said: dict[str, Any] = msgspec.to_builtins(condition)
    return msgspec.json.encode({key: said[key] for key in sorted(said) if key not in names})


def _all_together(tree: Condition) -> Iterator[Condition]:
    """The conditions that must all hold for the tree to."""
    if isinstance(tree, AllOf):
        for part in tree.of:
            yield from _all_together(part)
    elif not tree.parts():
        yield tree
