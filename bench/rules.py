"""Confirm end to end under a program of 200 rules, against one of 20: history facts included."""

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
from bench.settle import AISLES, body
from tessera.base.refusal import Refusal
from tessera.program import flows as programs
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics


def run(quick: bool) -> list[Result]:
    """Receipts per second, 64 connections, the two programs in turn on one cluster."""
    members, rounds, seconds = (2_000, 1, 2.0) if quick else (20_000, 5, 8.0)
    rates: dict[int, list[float]] = {20: [], 200: []}
    with place(members) as here:
        for number in range(rounds):
            for count, found in rates.items():
                asyncio.run(_publish(here, body(count) | {"unknown_cards": "any"}))
                with serving(here) as port:
                    drive(port, requests(here, aisles=AISLES[:7]), 64, 2)
                    load = drive(port, requests(here, aisles=AISLES[:7]), 64, seconds)
                    assert not load.others, load.others
                    found.append(load.per_s)
            print(f"  round {number + 1}: 20 rules {rates[20][-1]:,.0f}/s, "
                  f"200 rules {rates[200][-1]:,.0f}/s")  # fmt: skip
    ratio = statistics.median(many / few for many, few in zip(rates[200], rates[20], strict=True))
    return [
        Result("confirm_20_rules", statistics.median(rates[20]), "receipts/s"),
        Result("confirm_200_vs_20", statistics.median(rates[200]), "receipts/s",
               "the same under 20 rules", ratio),
    ]  # fmt: skip


async def _publish(here: Place, program: dict[str, Any]) -> None:
    reader = Reader(mechanics.shelf(), conditions.shelf())
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        made = await programs.publish(conn, reader, program, datetime.now(UTC), None)
        assert not isinstance(made, Refusal), made
