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
from tessera.rules.core.words import Mechanic, Program

NOTHING = "nothing differs"
_DECLARED = {"groups": "Group", "attributes": "Attribute", "events": "Event"}
_APART = ("version", "rules", *_DECLARED)


@dataclass(frozen=True)
class Edition:
    """A program as it is written and as it was read."""

    body: Mapping[str, Any]
    program: Program


def differences(old: Edition, new: Edition) -> list[str]:
    """One sentence for each thing that changes; none where the two say the same."""
    if old.body == new.body:
        return []
    said = [
        *_settings(old.program, new.program),
        *_numbers(old, new),
        *_declared(old.program, new.program),
        *_rules(old, new),
    ]
    return said or ["The program is written otherwise and does the same"]


def _settings(old: Program, new: Program) -> Iterator[str]:
    for name in Program.__struct_fields__:
        if name not in _APART:
            for change in changes(label(name), getattr(old, name), getattr(new, name), new):
                yield f"Setting {change}"


def _numbers(old: Edition, new: Edition) -> Iterator[str]:
    before, after = old.body.get("numbers") or {}, new.body.get("numbers") or {}
    users = _users(new.body)
    for name in sorted({*before, *after}):
        if name not in before:
            yield f"Number {name} is new: {_number(after[name])}"
        elif name not in after:
            yield f"Number {name} is taken away; it was {_number(before[name])}"
        elif before[name] != after[name]:
            used = f" (in {', '.join(users[name])})" if name in users else ""
            said = f"{_number(before[name])} becomes {_number(after[name])}"
            yield f"Number {name}: {said}{used}"


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
    for field, word in _DECLARED.items():
        before, after = getattr(old, field), getattr(new, field)
        for name in sorted({*before, *after}):
            if name not in before:
                yield f"{word} {name} is new: {told(after[name], name, new.currency)}"
            elif name not in after:
                yield f"{word} {name} is taken away"
            else:
                for change in changes("", before[name], after[name], new):
                    yield f"{word} {name}: {change}"


def _rules(old: Edition, new: Edition) -> Iterator[str]:
    before = {rule.id: rule for rule in old.program.rules}
    after = {rule.id: rule for rule in new.program.rules}
    written = [dict(zip(names, edition.body["rules"], strict=True))
               for names, edition in ((before, old), (after, new))]  # fmt: skip
    for name, rule in before.items():
        if name not in after:
            yield f"Rule {name} is taken away; it was {rule_told(rule, old.program.currency)}"
    for name, rule in after.items():
        if name not in before:
            yield f"Rule {name} is new: {rule_told(rule, new.program.currency)}"
        elif written[0][name] != written[1][name]:
            yield from _rule(before[name], rule, new.program)
    yield from _moved(list(before), list(after))


def _rule(old: Mechanic, new: Mechanic, program: Program) -> Iterator[str]:
    if type(old) is not type(new):
        was, becomes = (rule_told(each, program.currency) for each in (old, new))
        yield f"Rule {new.id} was {was}; becomes {becomes}"
        return
    found = list(changes("", old, new, program))
    for change in found:
        yield f"Rule {new.id}: {change}"
    if not found:
        yield f"Rule {new.id} is written otherwise and does the same"


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
        yield _became(path, old, new, program.currency)


def _plain(values: tuple[Any, ...]) -> bool:
    return all(isinstance(each, str | int) for each in values) and len(set(values)) == len(values)


def _gained(path: str, old: Sequence[Any], new: Sequence[Any]) -> str:
    more = [str(each) for each in new if each not in old]
    less = [str(each) for each in old if each not in new]
    said = [
        f"{word} {', '.join(names)}" for word, names in (("gains", more), ("loses", less)) if names
    ]
    return f"{path} {' and '.join(said)}"


def _became(path: str, old: Any, new: Any, currency: str) -> str:
    was, becomes = (_quoted(each, path, currency) for each in (old, new))
    if was == becomes:  # what tells them apart is no part of the sentence
        was, becomes = (msgspec.json.encode(each).decode() for each in (old, new))
    return f"{label(path)} was {was}, becomes {becomes}"


def _quoted(value: Any, path: str, currency: str) -> str:
    said = told(value, path, currency)
    return f'"{said}"' if isinstance(value, Condition) else said


def _moved(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The fewest rules that, taken elsewhere, turn one order into the other."""
    place = {name: i for i, name in enumerate(before)}
    common = [name for name in after if name in place]
    stayed = _longest_rising([place[name] for name in common])
    previous = ""
    for i, name in enumerate(common):
        if i not in stayed:
            yield f"Rule {name} moves {f'behind {previous}' if previous else 'to the front'}"
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
