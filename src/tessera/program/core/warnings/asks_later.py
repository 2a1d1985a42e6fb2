"""A rule that looks at what another one has given on this receipt, and is asked before it."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.declared import placed_conditions
from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import phrase

LATER = "{name} is asked only after this rule"
HIGHER = "give {name} a higher priority, or this rule a lane after its lane"


def find(seen: Seen) -> Iterator[Caution]:
    """One for each rule and the rule it asks about."""
    place = {rule.id: i for i, rule in enumerate(seen.in_order)}
    for rule in seen.program.rules:
        for _, condition in placed_conditions(rule, ""):
            for name in condition.asked_rules():
                if name in place and place[name] > place[rule.id] and not condition.needs():
                    yield Caution(
                        "asks_later", rule.id, phrase(LATER, name=name), phrase(HIGHER, name=name)
                    )  # fmt: skip
