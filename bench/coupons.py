"""Coupons: ten million codes in one run, one looked up; a confirm with two, under three budgets."""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from bench.budgets import BUDGETS, RULES, publish
from bench.confirm import requests
from bench.load import drive
from bench.place import Place, place, serving
from bench.result import Result
from tessera.base import installation
from tessera.base.refusal import Refusal
from tessera.rewards.coupons.flows import unveiled, veiled
from tessera.rewards.coupons.office import db, flows
from tessera.rewards.coupons.office.flows import Order
from tessera.rules.core.coupons import Coupon

SEED = 20_261_122
FULL, QUICK, PIECE = 10_000_000, 20_000, 250_000
LOOKS = 5_000
CODES_PER_S = 6_000  # more than any round sends


def run(quick: bool) -> list[Result]:
    """How many a second, with how many bytes each; a look-up from the client's side."""
    count = QUICK if quick else FULL
    ratio = confirmed(quick)  # first: it says which key there is
    with place(10) as here:
        return asyncio.run(_measured(here, count)) + ratio


def confirmed(quick: bool) -> list[Result]:
    """Receipts per second, 64 connections: three budgets and two coupons against neither, in turn.

    One coupon is a word for everybody, the other a code that each receipt has of its own.
    """
    members, rounds, seconds = (2_000, 1, 2.0) if quick else (20_000, 5, 8.0)
    bare = {"name": "Bench", "currency": "EUR", "unknown_cards": "any", "rules": RULES}
    asked = [
        {"id": "word", "mechanic": "percent_off", "percent": 5, "coupon": "WORD",
         "of": {"skus": ["A004"]}},
        {"id": "own", "mechanic": "percent_off", "percent": 5, "coupon": "OWN",
         "of": {"skus": ["A005"]}},
    ]  # fmt: skip
    more = {"rules": [*RULES, *asked], "budgets": BUDGETS, "coupons": {
        "WORD": {"name": "Word", "code": "SUMMER10"}, "OWN": {"name": "Own"},
    }}  # fmt: skip
    rates: dict[str, list[float]] = {"without": [], "with": []}
    with place(members) as here, tempfile.TemporaryDirectory() as own:
        # The server has to know the codes that are made here: they share a key.
        installation.settle(Path(own) / "installation.key")
        installation.here()
        shutil.copy(Path(own) / "installation.key", here.data_dir / "installation.key")
        for number in range(rounds):
            for name, body in (("without", bare), ("with", bare | more)):
                asyncio.run(publish(here, body))
                sent = requests(here)
                if name == "with":
                    asyncio.run(publish(here, body))
                    sent = shown(sent, asyncio.run(_codes(here, int(CODES_PER_S * (seconds + 2)))))
                with serving(here) as port:
                    drive(port, sent, 64, 2)
                    load = drive(port, sent, 64, seconds)
                    assert not load.others, load.others
                    rates[name].append(load.per_s)
            print(f"  round {number + 1}: without {rates['without'][-1]:,.0f}/s, "
                  f"budgets and coupons {rates['with'][-1]:,.0f}/s")  # fmt: skip
        used = asyncio.run(_used(here))
    assert used > 0, "the coupons were good"
    ratio = statistics.median(a / b for a, b in zip(rates["with"], rates["without"], strict=True))
    return [
        Result("confirm_budgets_coupons", statistics.median(rates["with"]), "receipts/s",
               "the same without three budgets and two coupons", ratio),
    ]  # fmt: skip


def shown(requests_: Iterator[bytes], codes: Sequence[str]) -> Iterator[bytes]:
    """The same receipts, each with a word and a code."""
    for request, code in zip(requests_, codes, strict=False):
        head, _, body = request.partition(b"\r\n\r\n")
        said = b'{"coupons":["SUMMER10","%b"],%b' % (code.encode(), body[1:])
        length = b"Content-Length: %d" % len(said)
        yield re.sub(rb"Content-Length: \d+", length, head, flags=re.I) + b"\r\n\r\n" + said


async def _codes(here: Place, count: int) -> list[str]:
    """So many codes of the kind OWN, handed out."""
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        kinds = {"OWN": Coupon(name="Own")}
        made = await flows.order(conn, Order("OWN", count, "", None, None), kinds, "bench", _now())
        assert not isinstance(made, Refusal), made
        while await flows.make(conn, made.id, PIECE):
            await conn.commit()
        found: list[str] = []
        while len(found) < count:
            page = await flows.hand_out(conn, made.id, _now(), again=False)
            assert not isinstance(page, Refusal), page
            found += page[1]
    return found


async def _used(here: Place) -> int:
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        row = await (await conn.execute("SELECT count(*) FROM rewards.coupon_use")).fetchone()
    assert row is not None
    return int(row[0])


async def _measured(here: Place, count: int) -> list[Result]:
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        kinds = {"X": Coupon(name="X")}
        made = await flows.order(conn, Order("X", count, "", None, None), kinds, "bench", _now())
        assert not isinstance(made, Refusal), made
        await conn.commit()
        began = time.perf_counter()
        while await flows.make(conn, made.id, PIECE):
            await conn.commit()
        took_s = time.perf_counter() - began
        await conn.commit()
        looks_ms = await _looked_up(conn, made.id)
        size = await _bytes(conn)
    cuts = statistics.quantiles(looks_ms, n=100)
    return [
        Result("coupons_made_per_s", count / took_s, "codes/s"),
        Result("coupons_bytes_each", size / count, "bytes with the index"),
        Result("coupons_lookup_p50", statistics.median(looks_ms), "ms there and back"),
        Result("coupons_lookup_p99", cuts[-1], "ms there and back"),
    ]


async def _looked_up(conn: AsyncConnection[Any], batch_id: UUID) -> list[float]:
    """Half of the codes that are asked for are there."""
    held = await db.batch(conn, batch_id)
    assert held is not None
    rng = random.Random(SEED)
    some = await db.page(conn, held.number, UUID(int=rng.getrandbits(128)), LOOKS // 2)
    numbers = [*unveiled(some), *(rng.getrandbits(60) for _ in range(LOOKS - len(some)))]
    rng.shuffle(numbers)
    await conn.commit()
    took_ms = []
    for number in numbers:
        began = time.perf_counter()
        await db.find(conn, veiled([number])[0])
        took_ms.append((time.perf_counter() - began) * 1000)
    return took_ms


async def _bytes(conn: AsyncConnection[Any]) -> int:
    row = await (await conn.execute("SELECT pg_total_relation_size('rewards.coupon')")).fetchone()
    assert row is not None
    return int(row[0])


def _now() -> datetime:
    return datetime.now(UTC)
