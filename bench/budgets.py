"""Confirm end to end under three budgets that every receipt draws on, against none."""

from __future__ import annotations

import asyncio
import statistics
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection

from bench.confirm import requests
from bench.load import drive
from bench.place import Place, place, serving
from bench.result import Result
from tessera.base.refusal import Refusal
from tessera.program import flows as programs
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics

RULES = [
    {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
    {"id": "off", "mechanic": "percent_off", "percent": 5, "of": {"skus": ["A003"]}},
]
MUCH = 10**12
BUDGETS = {  # money of all together, points of each store a day, a share of the turnover
    "all": {"most_minor": MUCH},
    "daily": {"by": "store", "per": "day", "most_points": MUCH},
    "share": {"per": "year", "turnover_percent_x100": 1000},
}


def run(quick: bool) -> list[Result]:
    """Receipts per second, 64 connections, the two programs in turn on one cluster."""
    members, rounds, seconds = (2_000, 1, 2.0) if quick else (20_000, 5, 8.0)
    bare: dict[str, Any] = {"name": "Bench", "currency": "EUR", "rules": RULES}
    bodies = {"without": bare, "with": bare | {"budgets": BUDGETS}}
    rates: dict[str, list[float]] = {name: [] for name in bodies}
    with place(members) as here:
        for number in range(rounds):
            for name, body in bodies.items():
                asyncio.run(publish(here, body | {"unknown_cards": "any"}))
                with serving(here) as port:
                    drive(port, requests(here), 64, 2)
                    load = drive(port, requests(here), 64, seconds)
                    assert not load.others, load.others
                    rates[name].append(load.per_s)
            print(f"  round {number + 1}: without {rates['without'][-1]:,.0f}/s, "
                  f"three budgets {rates['with'][-1]:,.0f}/s")  # fmt: skip
    ratio = statistics.median(a / b for a, b in zip(rates["with"], rates["without"], strict=True))
    return [
        Result("confirm_three_budgets", statistics.median(rates["with"]), "receipts/s",
               "the same without budgets", ratio),
    ]  # fmt: skip


async def publish(here: Place, program: dict[str, Any]) -> None:
    """This program counts from now on."""
    reader = Reader(mechanics.shelf(), conditions.shelf())
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        made = await programs.publish(conn, reader, program, datetime.now(UTC), None)
        assert not isinstance(made, Refusal), made
