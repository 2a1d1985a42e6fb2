"""How often somebody may try, and how long he waits then."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct


class Limit(Struct, frozen=True):
    """So many misses are free; the next waits a second, and each after it twice as long."""

    kind: str
    free: int
    longest: timedelta


# From one network; from one block of networks, which one line may be: four networks' share, and a
# wait so short that one of its networks alone does not keep the others waiting; for one account
# from one network; for one account's second factor.
NETWORK = Limit("network", 10, timedelta(hours=1))
BLOCK = Limit("block", 40, timedelta(minutes=15))
ACCOUNT = Limit("account", 5, timedelta(minutes=15))
FACTOR = Limit("factor", 10, timedelta(minutes=15))
FORGOTTEN = timedelta(days=1)  # without a try
GOOD = timedelta(days=30)  # so long a network where one has signed in is one's own


def wait(limit: Limit, misses: int) -> timedelta:
    """How long after so many misses nothing is looked at.

    units  whole seconds: 1, 2, 4, ... up to `limit.longest`
    """
    over = misses - limit.free
    return min(timedelta(seconds=2 ** min(over, 20)), limit.longest) if over >= 0 else timedelta()
