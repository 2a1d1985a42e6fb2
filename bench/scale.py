"""Does a receipt cost more in a larger program? The same load on 10,000 and on 1,000,000 members.

Two clusters side by side, measured in turn; every account exists and has moved points before.
"""

from __future__ import annotations

import statistics

from bench.confirm import requests
from bench.load import drive
from bench.place import Place, place, serving
from bench.result import Result


def run(quick: bool) -> list[Result]:
    """Receipts per second at the large size, against the small one in the same rounds."""
    small_size, large_size, rounds, seconds = (
        (1_000, 10_000, 1, 2.0) if quick else (10_000, 1_000_000, 3, 8.0)
    )
    with place(small_size) as small, place(large_size) as large:
        pairs = [_round(small, large, seconds) for _ in range(rounds)]
    ratio = statistics.median(many / few for few, many in pairs)
    rate = statistics.median(many for _, many in pairs)
    return [
        Result(
            "confirm_at_1000000_members", rate, "receipts/s",
            "the same at 10,000 members", ratio,
        )
    ]  # fmt: skip


def _round(small: Place, large: Place, seconds: float) -> tuple[float, float]:
    rates = []
    for here in (small, large):
        with serving(here) as port:
            drive(port, requests(here), 64, 2)
            load = drive(port, requests(here), 64, seconds)
            assert not load.others, load.others
            rates.append(load.per_s)
    print(f"  {small.members:,} members {rates[0]:,.0f}/s, {large.members:,} {rates[1]:,.0f}/s")
    return rates[0], rates[1]
