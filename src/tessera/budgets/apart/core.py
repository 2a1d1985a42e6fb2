"""What is drawn on budgets besides receipts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from tessera.budgets.core import Key, Level, Place, key_of
from tessera.rules.core.budgets import (
    Budget,
    Draw,
    Funding,
    minor_key,
    pieces_key,
    points_key,
    told,
    turnover_key,
)


class Wanted(NamedTuple):
    """So many pieces or points, each of which draws `one`; who pays for them.

    source   the claim, the win, or the operation of the ledger, that gives them
    budgets  those that it draws on
    """

    source: UUID
    budgets: Mapping[str, Budget]
    place: Place
    one: Draw
    many: int
    funding: Funding

    def counters(self) -> Iterator[tuple[Key, Budget]]:
        """Its counters."""
        for code, budget in self.budgets.items():
            yield key_of(code, budget, self.place), budget


class Drawn(NamedTuple):
    """What one source draws on one counter, on which day, paid by whom."""

    source: UUID
    key: Key
    day: date
    funding: str
    draw: Draw


@dataclass(slots=True)
class Desk:
    """Counters while some sources draw on them, one after the other."""

    levels: dict[Key, Level] = field(default_factory=dict)
    drawn: list[Drawn] = field(default_factory=list)

    def left(self, wanted: Wanted) -> int:
        """How many of them there are room for."""
        return min([wanted.many, *(_room(self.levels[key], b, wanted.one)
                                   for key, b in wanted.counters())])  # fmt: skip

    def take(self, wanted: Wanted) -> int:
        """Draw as many as there is room for; how many that is."""
        many = self.left(wanted)
        if many < wanted.many:
            for key, budget in wanted.counters():
                level = self.levels[key]
                level.stopped = level.stopped or _room(level, budget, wanted.one) <= many
        self._draw(wanted, many)
        return many

    def give(self, wanted: Wanted) -> None:
        """Draw all of them, past a ceiling too: they were promised."""
        self._draw(wanted, wanted.many)

    def _draw(self, wanted: Wanted, many: int) -> None:
        draw = Draw(*(each * many for each in wanted.one))
        for key, budget in wanted.counters():
            level = self.levels[key]
            level.budget = budget
            if any(draw):
                level.add(draw)
                self.drawn.append(
                    Drawn(wanted.source, key, wanted.place.day, wanted.funding, draw)
                )  # fmt: skip


def _room(level: Level, budget: Budget, one: Draw) -> int:
    """How many more of these a counter has room for."""
    each = {
        minor_key(""): one.cost_x100, turnover_key(""): one.cost_x100 * 100,
        points_key(""): one.points, pieces_key(""): one.pieces,
    }  # fmt: skip
    left = told("", budget, level.all_in, level.turnover)
    rooms = [most // each[key] for key, most in left if each[key]]
    return max(0, min(rooms, default=1 << 62))
