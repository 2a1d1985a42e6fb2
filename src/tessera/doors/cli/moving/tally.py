"""What becomes of a file: counted while it is loaded or rehearsed, kept with the load. Pure."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from tessera.doors.cli.moving.reading import Bad

EXAMPLES = 5  # of each reason
REPEATED = "known"


class Sums(Struct, omit_defaults=True):
    """Points of one currency, by what became of their rows; below zero what is owed.

    known       rows that were carried over before, or are said once more
    unreadable  rows whose points nobody can read
    expiring    {month of the last day, `never`, `activity`: points} of those carried over
    """

    carried: int = 0
    known: int = 0
    quarantined: int = 0
    unreadable: int = 0
    expiring: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def said(self) -> int:
        """All that the file says and that can be read."""
        return self.carried + self.known + self.quarantined


class Example(Struct, frozen=True):
    """A row that stays outside, for the report: nothing of what stands in it."""

    row: int
    field: str
    why: str


class Tally(Struct, omit_defaults=True):
    """The counts so far.

    outcomes     {what became of rows: how many}: new, extended, carried, known, empty
    quarantined  {reason: rows}
    sums         {currency: points}
    seconds      time spent, over all runs of the load
    """

    rows: int = 0
    outcomes: dict[str, int] = msgspec.field(default_factory=dict)
    quarantined: dict[str, int] = msgspec.field(default_factory=dict)
    examples: dict[str, list[Example]] = msgspec.field(default_factory=dict)
    sums: dict[str, Sums] = msgspec.field(default_factory=dict)
    seconds: float = 0.0

    def came(self, outcome: str) -> None:
        """A row was not bad."""
        self.rows += 1
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1

    def put_aside(self, bad: Bad, with_points: bool) -> None:
        """A row stays outside."""
        self.rows += 1
        self.quarantined[bad.code] = self.quarantined.get(bad.code, 0) + 1
        shown = self.examples.setdefault(bad.code, [])
        if len(shown) < EXAMPLES:
            shown.append(Example(bad.row, bad.field, bad.why))
        if with_points:
            sums = self.of(bad.currency)
            if bad.points is None:
                sums.unreadable += 1
            else:
                sums.quarantined += bad.points

    def of(self, currency: str) -> Sums:
        """The sums of a currency."""
        return self.sums.setdefault(currency, Sums())

    @property
    def aside(self) -> int:
        """Rows that stay outside."""
        return sum(self.quarantined.values())
