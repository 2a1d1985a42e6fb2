"""A kind of coupon that no rule asks for: bought with points or given, it brings nothing."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import phrase

IDLE = "no rule asks for the coupon {kind}: whoever shows it gets nothing"
CURE = "name it as `coupon` of a rule, or take it away"


def find(seen: Seen) -> Iterator[Caution]:
    """One for each, whether a rule gives it or a reward sells it."""
    asked = set(seen.program.coupon_rules.values())
    for kind in seen.program.coupons:
        if kind not in asked:
            yield Caution("unasked_coupon", "", phrase(IDLE, kind=kind), phrase(CURE))
