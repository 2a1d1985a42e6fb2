"""Conditions added to a rule, taken away and moved: what the form's buttons do. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tessera.doors.console.areas.rules.boxes import GROUPS
from tessera.program.core.kinds import FieldTold, Kinds

Parts = list[Any]
_WAY = re.compile(r"when((?:\.\d{1,5})*)")
_ITEM = re.compile(r"(\w+)\.(\d{1,5})")


def moved(rule: dict[str, Any], order: str, new: str, root: str, kinds: Kinds) -> str:
    """Do to the rule what a button says; the control that has the keyboard afterwards.

    order  "add when.1", "group when", "drop when.0", "up when.2", "down when.2", "item caps",
           "without caps.0"; anything else changes nothing
    new    the code of the condition to be added; root: what the first group is: all, any, none
    """
    what, _, name = order.partition(" ")
    if what in ("item", "without"):
        return _listed(rule, what, name, kinds)
    way = _WAY.fullmatch(name)
    if way is None:
        return ""
    steps = [int(step) for step in way[1].split(".") if step]
    tree = _grouped(rule.get("when"), root)
    try:
        tree, focus = _done(tree, steps, what, new, kinds)
    except (IndexError, TypeError):  # somebody else has changed it meanwhile
        return ""
    _put(rule, tree)
    return focus


def _grouped(tree: Any, root: str) -> Any:
    """The rule's condition as the form shows it: a group."""
    kind = root if root in GROUPS else "all"
    if tree is None:
        return with_parts(kind, [])
    shown = parts_of(tree)
    return tree if shown is not None else with_parts("all", [tree])


def _put(rule: dict[str, Any], tree: Any) -> None:
    kind, parts = parts_of(tree) or ("all", [tree])
    if not parts:
        rule.pop("when", None)
    elif kind == "all" and len(parts) == 1 and parts_of(parts[0]) is None:
        rule["when"] = parts[0]
    else:
        rule["when"] = tree


def parts_of(tree: Any) -> tuple[str, Parts] | None:
    """(all, any or none; what is in it); None for what is no group."""
    if not isinstance(tree, dict) or len(tree) != 1:
        return None
    kind, inside = next(iter(tree.items()))
    if kind in ("all", "any"):
        return (kind, list(inside)) if isinstance(inside, list) else None
    if kind != "not":
        return None
    several = parts_of(inside)
    if several is not None and several[0] == "any" and len(several[1]) != 1:
        return "none", several[1]
    return "none", [inside]


def with_parts(kind: str, parts: Parts) -> Any:
    """The group of these."""
    if kind == "none":
        return {"not": parts[0] if len(parts) == 1 else {"any": parts}}
    return {kind: parts}


def _at(tree: Any, steps: list[int], change: Callable[[str, Parts], Parts]) -> Any:
    """The tree with the parts of one of its groups changed. Errors: TypeError, IndexError"""
    found = parts_of(tree)
    if found is None:
        raise TypeError("this is no group")
    kind, parts = found
    if not steps:
        return with_parts(kind, change(kind, parts))
    parts[steps[0]] = _at(parts[steps[0]], steps[1:], change)
    return with_parts(kind, parts)


def _done(
    tree: Any, steps: list[int], what: str, new: str, kinds: Kinds
) -> tuple[Any, str]:  # fmt: skip
    here = ".".join(["when", *map(str, steps)])
    if what in ("add", "group"):
        found = _group(tree, steps)
        added = {"any": []} if what == "group" else _example(new, kinds)
        after = f"{here}.{found}:kind" if what == "add" else f"{here}.{found}:new"
        return _at(tree, steps, lambda _, parts: [*parts, added]), after
    if what not in ("drop", "up", "down") or not steps:
        return tree, ""
    last = steps[-1]
    above = ".".join(["when", *map(str, steps[:-1])])
    if what == "drop":
        made = _at(tree, steps[:-1], lambda _, parts: parts[:last] + parts[last + 1 :])
        return made, f"{above}:new"
    to = last - 1 if what == "up" else last + 1
    made = _at(tree, steps[:-1], lambda _, parts: _swapped(parts, last, to))
    return made, f"{above}.{max(to, 0)}:{what}"


def _group(tree: Any, steps: list[int]) -> int:
    """How many are in a group. Errors: TypeError, IndexError"""
    for step in steps:
        found = parts_of(tree)
        if found is None:
            raise TypeError("this is no group")
        tree = found[1][step]
    found = parts_of(tree)
    if found is None:
        raise TypeError("this is no group")
    return len(found[1])


def _swapped(parts: Parts, one: int, other: int) -> Parts:
    if 0 <= other < len(parts):
        parts[one], parts[other] = parts[other], parts[one]
    return parts


def _example(code: str, kinds: Kinds) -> Any:
    told = kinds.condition(code) or kinds.condition("weekday") or kinds.conditions[0]
    return {told.code: told.example}


def _listed(rule: dict[str, Any], what: str, name: str, kinds: Kinds) -> str:
    """One more of a list of settings, or one less."""
    told = kinds.mechanic(str(rule.get("mechanic")))
    fields = {each.name: each for each in (*kinds.common, *(told.fields if told else ()))}
    field, _, _ = name.partition(".")
    if field not in fields or fields[field].control != "several":
        return ""
    several = rule.get(field, fields[field].usual)
    several = list(several) if isinstance(several, list | tuple) else []
    if what == "item":
        rule[field] = [*several, _fresh(fields[field])]
        return f"{field}.{len(several)}.{fields[field].fields[0].name}"
    found = _ITEM.fullmatch(name)
    if found is not None and int(found[2]) < len(several):
        del several[int(found[2])]
        rule[field] = several
        if not several and not fields[field].usual:
            del rule[field]
    return f"{field}:item"


def _fresh(field: FieldTold) -> dict[str, Any]:
    """What a new one says at first."""
    if field.settings == "cap":
        return {"per": "month", "times": 1}
    return {
        each.name: each.choices[0] if each.choices else each.high if each.unit == "percent" else {}
        for each in field.fields
        if each.required and (each.choices or each.control == "settings" or each.unit == "percent")
    }
