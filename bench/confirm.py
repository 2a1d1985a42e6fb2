"""Confirm end to end: HTTP, ten lines, starter program, durable, against pgbench's TPC-B.

The two run in turn on the same cluster: what the machine does to one it does to the other.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import psycopg

from bench.load import Load, drive
from bench.place import Place, place, serving
from bench.result import Result

_RUN = itertools.count()


def run(quick: bool) -> list[Result]:
    """Five interleaved rounds, 64 connections against 16 pgbench clients at scale 20."""
    members, rounds, seconds = (5_000, 1, 2) if quick else (200_000, 5, 10)
    scale = 2 if quick else 20
    with place(members) as here:
        _pgbench(here, ["-i", "-q", "-s", str(scale)])
        with serving(here) as port:
            drive(port, requests(here), 64, 2)
            pairs = []
            for number in range(rounds):
                tps = tpcb(here, seconds)
                load = drive(port, requests(here), 64, seconds)
                assert not load.others, load.others
                pairs.append((load, tps))
                print(f"  round {number + 1}: confirm {load.per_s:,.0f}/s, TPC-B {tps:,.0f}/s")
            batch = _batch_size(here)
            single = drive(port, requests(here), 1, seconds / 2)
    ratio = statistics.median(load.per_s / tps for load, tps in pairs)
    loads = sorted((load for load, _ in pairs), key=lambda load: load.per_s)
    middle = loads[len(loads) // 2]
    base = "pgbench TPC-B, prepared, 16 clients, scale 20"
    return [
        Result("confirm_vs_tpcb", middle.per_s, "receipts/s", base, ratio),
        Result("confirm_p50_64", middle.percentile_ms(0.5), "ms"),
        Result("confirm_p99_64", middle.percentile_ms(0.99), "ms"),
        Result("confirm_batch_64", batch, "receipts a transaction"),
        Result("confirm_p50_1", single.percentile_ms(0.5), "ms"),
        Result("confirm_p99_1", single.percentile_ms(0.99), "ms"),
        Result("tpcb", statistics.median(tps for _, tps in pairs), "transactions/s"),
    ]


def _batch_size(here: Place) -> float:
    """Receipts a transaction so far: all of a batch have the same time of posting."""
    with psycopg.connect(here.server.dsn) as conn:
        row = conn.execute(
            "SELECT count(*)::float / count(DISTINCT posted_at) FROM checkout.receipt"
        ).fetchone()
    assert row is not None
    return float(row[0])


def tpcb(here: Place, seconds: float) -> float:
    """Transactions per second of pgbench's own script."""
    said = _pgbench(here, ["-M", "prepared", "-c", "16", "-j", "2", "-T", str(int(seconds))])
    found = re.search(r"tps = ([\d.]+)", said)
    assert found, said
    return float(found[1])


def _pgbench(here: Place, words: list[str]) -> str:
    server = here.server
    command = [str(server.bin_dir / "pgbench"), *words, "-h", str(server.socket_dir), "-U",
               "tessera", "postgres"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


def requests(
    here: Place, lines: int = 10, most: int | None = None, aisles: Sequence[str] = ()
) -> Iterator[bytes]:
    """Receipts of ten lines by random members, each with a number and a key of its own.

    aisles  the lines' categories in turn; none if left out
    """
    chance, run_number = random.Random(next(_RUN)), next(_RUN)
    at = datetime.now(UTC).isoformat()
    goods = [
        {"sku": f"A{i:03}", "name": f"Article number {i}", "quantity": 1 + i % 3,
         "unit_minor": 99 + 50 * i}
        | ({"category": aisles[i % len(aisles)]} if aisles else {})
        for i in range(lines)
    ]  # fmt: skip
    total = sum(line["quantity"] * line["unit_minor"] for line in goods)  # type: ignore[operator]
    fixed = json.dumps(
        {"store": "S1", "happened_at": at, "currency": "EUR", "lines": goods,
         "total_minor": total, "cashier_id": "C1", "entry_mode": "scan"}
    )[1:]  # fmt: skip
    for number in itertools.count():
        card = here.card(chance.randrange(most or here.members))
        till = number % 50
        body = (
            f'{{"card":"{card}","till":"{till}","number":"{run_number}-{number}",{fixed}'
        ).encode()
        yield (
            b"POST /v1/receipts HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %b\r\n"
            b"Content-Type: application/json\r\nIdempotency-Key: %d-%d\r\n"
            b"Content-Length: %d\r\n\r\n%b"
            % (here.token.encode(), run_number, number, len(body), body)
        )


__all__ = ["Load", "requests", "run", "tpcb"]
