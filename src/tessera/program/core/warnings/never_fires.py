"""A rule that can never give: it is over, for nobody, or its conditions exclude each other."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import phrase


def find(seen: Seen) -> Iterator[Caution]:
    """One for each rule, with the first reason."""
    for rule, why in seen.dead.items():
        yield Caution("never_fires", rule, why, phrase("change it, or take the rule away"))
