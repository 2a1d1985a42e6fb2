"""A group of hidden and open rules: why the open one gave nothing tells that there is another."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import phrase

TELLS = "where {secret}, hidden, gives in its place, members read that another rule gave"
CURE = "hide this rule too, or put the hidden ones into a group of their own"


def find(seen: Seen) -> Iterator[Caution]:
    """One for each open rule that shares its group and lane with a hidden one."""
    alive = [rule for rule in seen.in_order if rule.group and rule.id not in seen.dead]
    hidden: dict[tuple[str, str], str] = {}
    for rule in alive:
        if rule.hidden:
            hidden.setdefault((rule.lane, rule.group), rule.id)
    for rule in alive:
        secret = hidden.get((rule.lane, rule.group))
        if secret is not None and not rule.hidden:
            yield Caution(
                "mixed_group", rule.id,
                phrase(TELLS, secret=secret), phrase(CURE),
            )  # fmt: skip
