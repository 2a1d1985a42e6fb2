"""A season that carries points over by each store's own clock: it ends more than once."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import phrase

WHY = (
    "a season of {unit} ends by each store's clock, and what it carries over may end an hour early"
)
CURE = "say `time_zone` beside `seasons`, for example Europe/Rome"


def find(seen: Seen) -> Iterator[Caution]:
    """One for each currency."""
    for unit, life in seen.program.lives.items():
        if life.carries and life.expiry is not None and not life.expiry.time_zone:
            yield Caution("season_clock", "", phrase(WHY, unit=unit or "points"), phrase(CURE))
