"""A draft's own changes, made again on the version that decides now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from tessera.program.core.marked import marked
from tessera.program.core.rewriting import (
    Mechanics,
    with_head,
    with_new_rule,
    with_rule,
    without_rule,
)
from tessera.program.core.text import Place, Read

Body = Mapping[str, Any]


class Rebased(Struct, frozen=True):
    """The text on its new base, and what both sides have changed: there the draft's stays.

    both  ids of rules, and settings by their names
    """

    files: dict[str, str]
    both: tuple[str, ...]


def rebased(files: Mapping[str, str], read: Read, old: Body, new: Body, by: Mechanics) -> Rebased:
    """A readable draft of version `old`, as a draft of version `new`.

    read  the draft; by: the mechanics, for the order of a rule's fields
    """
    both: list[str] = []
    made = _head(dict(files), read, old, new, both)
    before, after = _by_id(old), _by_id(new)
    mine = {_id(place.data): place for place in read.rules}
    # From the last place to the first: taking one out of a list moves those behind it.
    for name, place in reversed(list(mine.items())):
        if _same(after.get(name), before.get(name)) or _same(place.data, after.get(name)):
            continue
        if not _same(place.data, before.get(name)):
            both.append(name)
        elif name in after:
            made = with_rule(made, _again(place, made), after[name], by)
        else:
            made = without_rule(made, _again(place, made), by)
    for name, rule in after.items():
        if name in mine:
            continue
        if name not in before:
            made = with_new_rule(made, rule, by)
        elif not _same(before[name], rule):
            both.append(name)
    return Rebased(made, tuple(sorted(both)))


def _head(
    files: dict[str, str], read: Read, old: Body, new: Body, both: list[str]
) -> dict[str, str]:  # fmt: skip
    mine = {name: value for name, value in read.head.data.items() if name != "rules"}
    changes: dict[str, Any] = {}
    for name in sorted({*old, *new} - {"rules", "version"}):
        was, becomes = old.get(name), new.get(name)
        if was == becomes or mine.get(name) == becomes:
            continue
        if mine.get(name) == was:
            changes[name] = becomes
        else:
            both.append(name)
    return with_head(files, read, changes)


def _again(place: Place, files: Mapping[str, str]) -> Place:
    """A place whose file may have been written anew by now."""
    name = place.file.file
    return Place(marked(name, files[name].encode()), place.index)


def _by_id(body: Body) -> dict[str, Any]:
    return {_id(rule): rule for rule in body["rules"]}


def _id(rule: Any) -> str:
    return str(rule.get("id", "")) if isinstance(rule, dict) else ""


def _same(one: Any, other: Any) -> bool:
    return bool(one == other)
