"""A number that no rule and no setting uses."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.difference import named_numbers
from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import phrase


def find(seen: Seen) -> Iterator[Caution]:
    """One for each."""
    rest = {name: value for name, value in seen.body.items() if name != "numbers"}
    used = set(named_numbers(rest))
    for name in seen.body.get("numbers") or {}:
        if name not in used:
            why = phrase("the number {name} is used nowhere", name=name)
            cure = phrase("use it as ${name}, or take it away", name=name)
            yield Caution("unused_number", "", why, cure)
