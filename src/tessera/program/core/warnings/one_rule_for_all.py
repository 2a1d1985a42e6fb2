"""A program that treats everybody alike: nothing in it looks at the member."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.declared import placed_conditions
from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import phrase
from tessera.rules.core.words import Mechanic

CURE = "add a rule that looks at the member: history, birthday, an attribute, a sample"


def find(seen: Seen) -> Iterator[Caution]:
    """One for the program, if every rule is general."""
    if all(_general(rule) for rule in seen.program.rules):
        yield Caution(
            "one_rule_for_all", "", phrase("every rule is for everybody alike"), phrase(CURE),
        )  # fmt: skip


def _general(rule: Mechanic) -> bool:
    personal = any(condition.needs() for _, condition in placed_conditions(rule, ""))
    limited = rule.sample or rule.ramp or rule.stores or rule.regions
    return not (personal or limited or rule.needs() or rule.trigger == "event")
