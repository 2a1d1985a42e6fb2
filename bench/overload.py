"""Five times the receipts that can be settled: what is still settled, how fast the rest hears no.

The server and its PostgreSQL have one processor, the tills another, as tills have their own. A
round measures what can be settled at all (64 connections, as fast as answers come), then five times
that offered in an open loop, then how long it takes until half of it is answered as fast as before.
"""

from __future__ import annotations

import os
import statistics
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.confirm import requests
from bench.place import Place, place, serving
from bench.result import Result
from tessera.doors.cli.loadtest.drive import Load, drive, percentile_ms

PEAK_LINKS, LINKS, TIMES = 64, 4_000, 5
CALM = 2.0  # times the p99 before: normal again


@dataclass
class Round:
    """Receipts a second at the peak and under overload, and how it was before and after."""

    peak: float
    calm: Load
    flood: Load
    back_s: int | None

    @property
    def ratio(self) -> float:
        """Settled under overload, relative to the peak."""
        return self.flood.per_s / self.peak


def run(quick: bool) -> list[Result]:
    """Three rounds; the figures are medians, latencies are of all rounds together."""
    members, count, seconds = (5_000, 1, 3.0) if quick else (200_000, 3, 15.0)
    with split() as (server, tills):
        os.sched_setaffinity(0, server)
        with place(members) as here, serving(here, workers=1, lanes=2) as port:
            os.sched_setaffinity(0, tills)
            drive(port, requests(here), links=PEAK_LINKS, seconds=3)
            rounds = [one(here, port, seconds) for _ in range(count)]
    return results(rounds)


@contextmanager
def split() -> Iterator[tuple[set[int], set[int]]]:
    """Processors for the server and for the tills; one for both where there is no more."""
    mine = os.sched_getaffinity(0)
    some = sorted(mine)
    try:
        yield set(some[:1]), set(some[1:]) or mine
    finally:
        os.sched_setaffinity(0, mine)


def one(here: Place, port: int, seconds: float) -> Round:
    """One round."""
    peak = drive(port, requests(here), links=PEAK_LINKS, seconds=seconds).per_s
    half = peak / 2
    calm = drive(port, requests(here), links=LINKS, seconds=seconds, rate=half)
    flood = drive(port, requests(here), links=LINKS, seconds=seconds, rate=TIMES * peak)
    limit, back = CALM * percentile_ms(calm.accepted, 0.99), Back()
    drive(port, requests(here), links=LINKS, seconds=30, rate=half, tell=back.second)
    found = Round(peak, calm, flood, back.at(limit))
    print(
        f"  peak {peak:,.0f}/s; offered {flood.due / flood.seconds:,.0f}/s: settled "
        f"{flood.per_s:,.0f}/s ({found.ratio:.2f}), p50 {percentile_ms(flood.accepted, 0.5):.0f}"
        f" p99 {percentile_ms(flood.accepted, 0.99):.0f} ms; shed {len(flood.shed):,}, p50 "
        f"{percentile_ms(flood.shed, 0.5):.0f} p99 {percentile_ms(flood.shed, 0.99):.0f} ms; "
        f"others {flood.others}, unsent {flood.unsent:,}; calm p99 "
        f"{percentile_ms(calm.accepted, 0.99):.0f} ms; back after {found.back_s} s",
        flush=True,
    )
    return found


@dataclass
class Back:
    """The seconds after the flood."""

    seconds: list[tuple[float, bool]] = field(default_factory=list)

    def second(self, _: int, load: Load) -> None:
        """One of them: its p99, and whether anything but an answer was heard."""
        self.seconds.append((percentile_ms(load.accepted, 0.99), bool(load.shed or load.others)))

    def at(self, limit_ms: float) -> int | None:
        """The first second that was normal; None if none was."""
        return next((n for n, (p99, bad) in enumerate(self.seconds) if not bad and p99 <= limit_ms),
                    None)  # fmt: skip


def results(rounds: list[Round]) -> list[Result]:
    """The figures."""
    accepted, shed = array("d"), array("d")
    for each in rounds:
        accepted += each.flood.accepted
        shed += each.flood.shed
    backs = [float("inf") if each.back_s is None else float(each.back_s) for each in rounds]
    base = "the peak: 64 connections, as fast as answers come"
    ratio = statistics.median(each.ratio for each in rounds)
    settled = statistics.median(each.flood.per_s for each in rounds)
    return [
        Result("overload_5_settled", settled, "receipts/s", base, ratio),
        Result("overload_5_accepted_p50", percentile_ms(accepted, 0.5), "ms"),
        Result("overload_5_accepted_p99", percentile_ms(accepted, 0.99), "ms"),
        Result("overload_5_shed_p50", percentile_ms(shed, 0.5), "ms"),
        Result("overload_5_shed_p99", percentile_ms(shed, 0.99), "ms"),
        Result("overload_5_normal_after", max(backs), "s"),
    ]
