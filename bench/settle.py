"""The engine alone: a 10-line receipt under 20 and under 200 rules, like a grocer's."""

from __future__ import annotations

import statistics
import time
from datetime import datetime
from typing import Any

from bench.result import Result
from tessera.base.refusal import Refusal
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.rules.core.engine import settle
from tessera.rules.core.facts import Facts
from tessera.rules.core.words import Program
from tessera.warehouse.core import Line

AT = datetime.fromisoformat("2026-02-07T10:30")  # a Saturday
AISLES = ("dairy", "bread", "fruit", "meat", "drinks", "snacks", "baby", "pets", "home", "wine")


def run(quick: bool) -> list[Result]:
    """Median of rounds; the baseline is the same receipt under the starter's two rules."""
    rounds, times = (3, 200) if quick else (15, 1000)
    programs = {count: program(count) for count in (2, 20, 200)}
    lines, facts = basket(), facts_of_a_regular()
    gave = {count: len(settle(lines, facts, each, explain=False).effects)
            for count, each in programs.items()}  # fmt: skip
    measured: dict[int, list[float]] = {count: [] for count in programs}
    for _ in range(rounds):
        for count, each in programs.items():
            measured[count].append(_once(lines, facts, each, times))
    middle = {count: statistics.median(found) for count, found in measured.items()}
    base = "the starter's two rules"
    return [
        Result("settle_2_rules", middle[2], "us a receipt of 10 lines"),
        *(
            Result(f"settle_{count}_rules", middle[count],
                   f"us a receipt of 10 lines, {gave[count]} effects", base,
                   middle[count] / middle[2])
            for count in (20, 200)
        ),
    ]  # fmt: skip


def _once(lines: tuple[Line, ...], facts: Facts, decides: Program, times: int) -> float:
    begun = time.perf_counter()
    for _ in range(times):
        settle(lines, facts, decides, explain=False)
    return (time.perf_counter() - begun) / times * 1e6


def basket() -> tuple[Line, ...]:
    """Ten articles of seven aisles."""
    return tuple(
        Line(f"A{i:03}", 1 + i % 3, 99 + 50 * i, name=f"Article {i}", category=AISLES[i % 7])
        for i in range(10)
    )


def facts_of_a_regular() -> Facts:
    """A member whose facts are all known."""
    known = {need.key: 3 for need in program(200).plan.needs}
    return Facts(
        True, True, 1000, None, at=AT, store="S1", region="north", who="anna", known=known,
        payments=(("card", 9000),), favourites=("A003",),
    )  # fmt: skip


def body(count: int) -> dict[str, Any]:
    """A program of so many rules: base, payment, then campaigns of every kind in turn.

    Every seventh campaign is about an article of the basket, the others about other goods, aisles,
    days, stores and histories, as most of a shop's campaigns are for any one receipt.
    """
    rules: list[dict[str, Any]] = [
        {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
    ]
    while len(rules) < count:
        rules.append({"id": f"r{len(rules)}"} | campaign(len(rules)))
    return {"name": "Grocer", "currency": "EUR", "rules": rules,
            "groups": {"weekend": {"pick": "best_for_member"}}}  # fmt: skip


def campaign(n: int) -> dict[str, Any]:
    """The n-th campaign: ten kinds in turn."""
    article = f"A{n % 10:03}" if n % 7 == 0 else f"B{n:03}"
    aisle = AISLES[n % 10]
    kinds: list[dict[str, Any]] = [
        {"mechanic": "multiplier", "times_x100": 200, "of": {"categories": [aisle]},
         "when": {"weekday": ["mon", "tue"]}},
        {"mechanic": "every_nth_free", "product": article, "n": 3},
        {"mechanic": "percent_off", "percent": 10, "of": {"skus": [article]},
         "starts": "2026-01-01", "ends": "2026-12-31"},
        {"mechanic": "sum_threshold", "from_minor": 5000 + n * 100, "prize": {"points": 100}},
        {"mechanic": "fixed_points", "points": 50, "of": {"skus": [article]}},
        {"mechanic": "bundle", "percent": 20,
         "parts": [{"of": {"skus": [article]}, "units": 1},
                   {"of": {"skus": [f"B{n + 1:03}"]}, "units": 1}]},
        {"mechanic": "every_nth_purchase", "n": 5 + n % 7, "prize": {"points": 20}},
        {"mechanic": "percent_off", "percent": 5, "of": {"categories": [aisle]},
         "when": {"all": [{"history": {"measure": "receipts", "at_least": 2 + n % 9,
                                       "window": "30 days"}},
                          {"store": ["S2", "S3"]}]}},
        {"mechanic": "buy_x_get_y", "buy": {"skus": [article]}, "buy_units": 2},
        {"mechanic": "step", "points": 5, "each_minor": 1000, "of": {"categories": [aisle]},
         "when": {"hours": ["18:00-20:00"]}},
    ]  # fmt: skip
    return kinds[n % len(kinds)]


def program(count: int) -> Program:
    """The program of `body`, read and made ready."""
    reader = Reader(mechanics.shelf(), conditions.shelf())
    made = reader.read(body(count), 1)
    assert not isinstance(made, Refusal), made
    assert made.plan.lanes
    return made
