"""Whether it is worth trying: a line that failed several times is left alone for a while."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable


class Circuit:
    """Closed: calls go. Open: they do not, at once. Half open: one goes, to see.

    failures    in a row that open it
    rest_s      how long it stays open at first; doubled by each failed look, up to rest_most_s
    clock       seconds that only go up
    """

    def __init__(
        self, failures: int, rest_s: float, rest_most_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._failures, self._rest_s, self._most_s = failures, rest_s, rest_most_s
        self._clock, self._lock = clock, threading.Lock()
        self._failed = 0
        self._until = 0.0

    @property
    def open(self) -> bool:
        """The line counts as cut."""
        return self._failed >= self._failures

    def allows(self) -> bool:
        """Whether a call may go now; of several that ask a line that may be back, one may."""
        with self._lock:
            if not self.open:
                return True
            if self._clock() < self._until:
                return False
            # Whoever looks may never come back: after a while somebody else may look.
            self._until = self._clock() + self._most_s
            return True

    def worked(self) -> None:
        """There was an answer."""
        with self._lock:
            self._failed = 0

    def failed(self, wait_s: float = 0.0) -> None:
        """There was none; `wait_s` is what the server asked to wait."""
        with self._lock:
            self._failed += 1
            if self.open:
                doubled = self._rest_s * 2.0 ** min(self._failed - self._failures, 16)
                self._until = self._clock() + max(min(doubled, self._most_s), wait_s)


def pause_s(attempt: int, least_s: float = 0.0, most_s: float = 5.0) -> float:
    """How long to wait before the next attempt (from 0): by chance, more each time.

    least_s  what the server asked to wait
    source   "full jitter": many tills that lost one server do not come back in step
    """
    return least_s + random.uniform(0, min(most_s, 0.2 * 2**attempt))
