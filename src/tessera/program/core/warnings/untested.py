"""A rule that is new, for everybody at once, and that no test has seen giving."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import phrase

NEW = "it is new, for everybody, and no test shows it giving"
CURE = "add a receipt to tests/, or begin with a sample, a store or a ramp"


def find(seen: Seen) -> Iterator[Caution]:
    """One for each rule that the program before did not have; none where there was none before."""
    if seen.before is None:
        return
    known = {rule.id for rule in seen.before.rules}
    for rule in seen.program.rules:
        pilot = rule.sample or rule.ramp or rule.stores or rule.regions
        if rule.id not in known and not pilot and rule.id not in seen.gave:
            yield Caution(
                "untested", rule.id, phrase(NEW), phrase(CURE)
            )  # fmt: skip
