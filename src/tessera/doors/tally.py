"""What a process counts: plain integers, so that a till pays next to nothing for them.

They are added up where things happen and rendered only when somebody asks (`metrics.py`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


class Histogram:
    """How many values lay at or below each bound, each counted once; the last place is beyond."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds, self.counts, self.total = bounds, [0] * (len(bounds) + 1), 0.0

    def add(self, value: float) -> None:
        """One more."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Calls:
    """The calls of one operation: how they ended, and how long that took."""

    __slots__ = ("seconds", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.seconds = Histogram(SECONDS)

    def add(self, status: int, took_s: float) -> None:
        """One call was answered."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.seconds.add(took_s)


@dataclass(slots=True)
class Tally:
    """Everything counted since the process began.

    calls      by operation; "" for what is none
    refusals   by code; replays: answers that were given before
    sheds      calls turned away unheard, by what was full
    sizes      jobs of a settled batch; settles: seconds it took; waits: seconds a job was queued
    points     moved, by (from, to), in the smallest unit of their currency
    """

    calls: dict[str, Calls] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    replays: int = 0
    sheds: Counter[str] = field(default_factory=Counter)
    sizes: Histogram = field(default_factory=lambda: Histogram(SIZES))
    settles: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    waits: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    points: Counter[tuple[str, str]] = field(default_factory=Counter)

    def of(self, operation: str) -> Calls:
        """Where the calls of this operation are counted."""
        return self.calls.setdefault(operation, Calls())
