"""A choice that members may answer and that no rule looks at."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.declared import placed_conditions
from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import phrase

IDLE = "whatever members answer to {code}, no rule gives them anything for it"
CURE = "ask for it with `choice`, or take it away"


def find(seen: Seen) -> Iterator[Caution]:
    """One for each; favourites are looked at by goods."""
    asked = {
        getattr(condition, "choice", "")
        for rule in seen.program.rules
        for _, condition in placed_conditions(rule, "")
        if condition.code == "choice"
    }
    for code, choice in seen.program.choices.items():
        if code not in asked and not choice.favourites:
            why = phrase(IDLE, code=code)
            yield Caution("unused_choice", "", why, phrase(CURE))
