"""What changes from one program to another, in sentences."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from tessera.program.core.sentences import label, rule_told, told
from tessera.rules.core.conditions import Condition
from tessera.rules.core.texts import heard, phrase
from tessera.rules.core.tongues import ENGLISH, Tongue
from tessera.rules.core.words import Mechanic, Program

NOTHING = "nothing differs"
SETTING = "Setting {change}"
NUMBER_NEW = "Number {name} is new: {value}"
NUMBER_GONE = "Number {name} is taken away; it was {value}"
NUMBER = "Number {name}: {was} becomes {becomes}"
NUMBER_USED = "Number {name}: {was} becomes {becomes} (in {rules})"
NEW = {
    "groups": "Group {name} is new: {value}", "attributes": "Attribute {name} is new: {value}",
    "events": "Event {name} is new: {value}",
}  # fmt: skip
GONE = {
    "groups": "Group {name} is taken away", "attributes": "Attribute {name} is taken away",
    "events": "Event {name} is taken away",
}  # fmt: skip
CHANGED = {
    "groups": "Group {name}: {change}", "attributes": "Attribute {name}: {change}",
    "events": "Event {name}: {change}",
}  # fmt: skip
RULE_NEW = "Rule {name} is new: {rule}"
RULE_GONE = "Rule {name} is taken away; it was {rule}"
RULE_OTHER = "Rule {name} was {was}; becomes {becomes}"
RULE = "Rule {name}: {change}"
RULE_SAME = "Rule {name} is written otherwise and does the same"
SAME = "The program is written otherwise and does the same"
GAINS, LOSES = "{path} gains {more}", "{path} loses {less}"
GAINS_AND_LOSES = "{path} gains {more} and loses {less}"
BECAME = "{path} was {was}, becomes {becomes}"
BEHIND, TO_THE_FRONT = "Rule {name} moves behind {other}", "Rule {name} moves to the front"
_DECLARED = ("groups", "attributes", "events")
_APART = ("version", "rules", *_DECLARED)


@dataclass(frozen=True)
class Edition:
    """A program as it is written and as it was read."""

    body: Mapping[str, Any]
    program: Program


def differences(old: Edition, new: Edition, tongue: Tongue = ENGLISH) -> list[str]:
    """One sentence for each thing that changes, in that language; none where nothing does."""
    if old.body == new.body:
        return []
    said = [
        *_settings(old.program, new.program),
        *_numbers(old, new),
        *_declared(old.program, new.program),
        *_rules(old, new),
    ]
    currency = new.program.currency
    return [heard(each, currency, tongue) for each in said or [phrase(SAME)]]


def _settings(old: Program, new: Program) -> Iterator[str]:
    for name in Program.__struct_fields__:
        if name not in _APART:
            for change in changes(label(name), getattr(old, name), getattr(new, name), new):
                yield phrase(SETTING, change=change)


def _numbers(old: Edition, new: Edition) -> Iterator[str]:
    before, after = old.body.get("numbers") or {}, new.body.get("numbers") or {}
    users = _users(new.body)
    for name in sorted({*before, *after}):
        if name not in before:
            yield phrase(NUMBER_NEW, name=name, value=_number(after[name]))
        elif name not in after:
            yield phrase(NUMBER_GONE, name=name, value=_number(before[name]))
        elif before[name] != after[name]:
            both = {"was": _number(before[name]), "becomes": _number(after[name])}
            if name in users:
                yield phrase(NUMBER_USED, name=name, rules=", ".join(users[name]), **both)
            else:
                yield phrase(NUMBER, name=name, **both)


def _number(value: Any) -> str:
    """As it is written; text that looks like a whole number is told apart from it."""
    return f'"{value}"' if isinstance(value, str) and value.lstrip("-").isdigit() else str(value)


def _users(body: Mapping[str, Any]) -> dict[str, list[str]]:
    """{number: the rules that use it}."""
    found: dict[str, list[str]] = {}
    for rule in body["rules"]:
        for name in dict.fromkeys(named_numbers(rule)):
            found.setdefault(name, []).append(str(rule.get("id")))
    return found


def named_numbers(data: Any) -> Iterator[str]:
    """Every number that `$name` stands for in data."""
    if isinstance(data, str):
        if data.startswith("$"):
            yield data[1:]
    elif isinstance(data, Mapping):
        for each in data.values():
            yield from named_numbers(each)
    elif isinstance(data, list | tuple):
        for each in data:
            yield from named_numbers(each)


def _declared(old: Program, new: Program) -> Iterator[str]:
    for field in _DECLARED:
        before, after = getattr(old, field), getattr(new, field)
        for name in sorted({*before, *after}):
            if name not in before:
                yield phrase(NEW[field], name=name, value=told(after[name], name))
            elif name not in after:
                yield phrase(GONE[field], name=name)
            else:
                for change in changes("", before[name], after[name], new):
                    yield phrase(CHANGED[field], name=name, change=change)


def _rules(old: Edition, new: Edition) -> Iterator[str]:
    before = {rule.id: rule for rule in old.program.rules}
    after = {rule.id: rule for rule in new.program.rules}
    written = [dict(zip(names, edition.body["rules"], strict=True))
               for names, edition in ((before, old), (after, new))]  # fmt: skip
    for name, rule in before.items():
        if name not in after:
            yield phrase(RULE_GONE, name=name, rule=rule_told(rule))
    for name, rule in after.items():
        if name not in before:
            yield phrase(RULE_NEW, name=name, rule=rule_told(rule))
        elif written[0][name] != written[1][name]:
            yield from _rule(before[name], rule, new.program)
    yield from _moved(list(before), list(after))


def _rule(old: Mechanic, new: Mechanic, program: Program) -> Iterator[str]:
    if type(old) is not type(new):
        yield phrase(RULE_OTHER, name=new.id, was=rule_told(old), becomes=rule_told(new))
        return
    found = list(changes("", old, new, program))
    for change in found:
        yield phrase(RULE, name=new.id, change=change)
    if not found:
        yield phrase(RULE_SAME, name=new.id)


def changes(path: str, old: Any, new: Any, program: Program) -> Iterator[str]:
    """What changes from one value to another, with the path of each: "times was 2, becomes 3"."""
    if old == new and type(old) is type(new):
        return
    both = (old, new)
    if isinstance(old, Struct) and type(old) is type(new) and not isinstance(old, Condition):
        for field in type(old).__struct_fields__:
            inside = f"{path}.{label(field)}".lstrip(".")
            money = field.endswith("_minor")
            yield from changes(inside + ("_minor" if money else ""),
                               getattr(old, field), getattr(new, field), program)  # fmt: skip
    elif all(isinstance(each, dict) for each in both):
        for name in sorted({*old, *new}):
            yield from changes(f"{path}.{name}", old.get(name), new.get(name), program)
    elif all(isinstance(each, tuple) and _plain(each) for each in both) and set(old) != set(new):
        yield _gained(label(path), old, new)
    else:
        yield _became(path, old, new)


def _plain(values: tuple[Any, ...]) -> bool:
    return all(isinstance(each, str | int) for each in values) and len(set(values)) == len(values)


def _gained(path: str, old: Sequence[Any], new: Sequence[Any]) -> str:
    more = [str(each) for each in new if each not in old]
    less = [str(each) for each in old if each not in new]
    text = GAINS_AND_LOSES if more and less else GAINS if more else LOSES
    return phrase(text, path=path, more=", ".join(more), less=", ".join(less))


def _became(path: str, old: Any, new: Any) -> str:
    was, becomes = (_quoted(each, path) for each in (old, new))
    if was == becomes:  # what tells them apart is no part of the sentence
        was, becomes = (msgspec.json.encode(each).decode() for each in (old, new))
    return phrase(BECAME, path=label(path), was=was, becomes=becomes)


def _quoted(value: Any, path: str) -> str:
    said = told(value, path)
    return phrase('"{inner}"', inner=said) if isinstance(value, Condition) else said


def _moved(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The fewest rules that, taken elsewhere, turn one order into the other."""
    place = {name: i for i, name in enumerate(before)}
    common = [name for name in after if name in place]
    stayed = _longest_rising([place[name] for name in common])
    previous = ""
    for i, name in enumerate(common):
        if i not in stayed:
            if previous:
                yield phrase(BEHIND, name=name, other=previous)
            else:
                yield phrase(TO_THE_FRONT, name=name)
        previous = name


def _longest_rising(numbers: Sequence[int]) -> set[int]:
    """The places (from 0) of a longest rising part of different numbers."""
    ends: list[int] = []  # the smallest number that ends a rising part of each length
    at: list[int] = []  # its place
    before: list[int] = []
    for i, number in enumerate(numbers):
        length = bisect_left(ends, number)
        ends[length:length + 1] = [number]  # fmt: skip
        at[length:length + 1] = [i]  # fmt: skip
        before.append(at[length - 1] if length else -1)
    found, i = set(), at[-1] if at else -1
    while i >= 0:
        found.add(i)
        i = before[i]
    return found
