"""A rule of an exclusive group that a rule before it, which asks for nothing, leaves little to."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.dead import tree_of
from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import phrase
from tessera.rules.core.words import Mechanic

FIRST = "in its group {first} is asked first and has no condition"
CURE = "give this rule a higher priority, or let the group pick the best"


def find(seen: Seen) -> Iterator[Caution]:
    """One for each rule behind an unconditional one, in groups where the first that can gives."""
    first: dict[tuple[str, str], Mechanic] = {}
    for rule in seen.in_order:
        group = seen.program.groups.get(rule.group)
        if group is None or group.pick != "first":
            continue
        key = (rule.lane, rule.group)
        if key in first:
            yield Caution(
                "shadowed", rule.id,
                phrase(FIRST, first=first[key].id), phrase(CURE),
            )  # fmt: skip
        elif _always(rule):
            first[key] = rule


def _always(rule: Mechanic) -> bool:
    """Nothing but the mechanic itself keeps it from giving."""
    limits = (rule.starts, rule.ends, rule.stores, rule.regions, rule.sample, rule.ramp, rule.caps)
    return tree_of(rule) is None and not rule.needs() and not any(limits)
