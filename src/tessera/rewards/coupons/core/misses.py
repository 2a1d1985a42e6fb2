"""How often a till, a member or an address may be wrong before no coupon is looked at. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

WINDOW, PAUSE = timedelta(hours=1), timedelta(minutes=15)
MOST = 10  # wrong codes of one till, one member, one person, people at one address
# Of people in one block of addresses, which may be one line: so many that no address of it uses
# them up alone, whatever it does in an hour.
MOST_BLOCK = 80
# A key may serve a whole chain, and all of its shops may stand behind one address: one of its tills
# is stopped after ten, and all of them after so many.
MOST_SHARED = 200


@dataclass(slots=True)
class Count:
    """Wrong codes since an instant; nothing is looked at before `free_at`."""

    misses: int
    since: datetime
    free_at: datetime


@dataclass(slots=True)
class Misses:
    """{mark: its count}, of those who show coupons in one batch; `changed` are to be kept."""

    counts: dict[bytes, Count] = field(default_factory=dict)
    changed: set[bytes] = field(default_factory=set)

    def tripped(self, marks: Iterable[bytes], now: datetime) -> bool:
        """Whether one of them has to wait."""
        counts = self.counts
        return bool(counts) and any(
            [mark in counts and counts[mark].free_at > now for mark in marks]
        )

    def add(self, marks: Mapping[bytes, int], now: datetime) -> None:
        """One more wrong code of each; {mark: how many it may have}."""
        for mark, most in marks.items():
            count = self.counts.get(mark)
            if count is None or count.since + WINDOW <= now:
                count = self.counts[mark] = Count(0, now, now)
            count.misses += 1
            if count.misses >= most:
                self.counts[mark] = Count(0, now, now + PAUSE)
            self.changed.add(mark)
