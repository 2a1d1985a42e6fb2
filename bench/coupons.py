"""Coupons: ten million codes in one run, one looked up."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from bench.place import Place, place
from bench.result import Result
from tessera.base.refusal import Refusal
from tessera.rewards.coupons.flows import unveiled, veiled
from tessera.rewards.coupons.office import db, flows
from tessera.rewards.coupons.office.flows import Order
from tessera.rules.core.coupons import Coupon

SEED = 20_261_122
FULL, QUICK, PIECE = 10_000_000, 20_000, 250_000
LOOKS = 5_000


def run(quick: bool) -> list[Result]:
    """How many a second, with how many bytes each; a look-up from the client's side."""
    with place(10) as here:
        return asyncio.run(_measured(here, QUICK if quick else FULL))


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
        codes = await _asked(conn, made.id)
        looks_ms = [await _looked_up(conn, code) for code in codes]
        inside_ms = [await _told_ms(conn, code) for code in codes]
        size = await _bytes(conn)
    cuts, inside = (statistics.quantiles(each, n=100) for each in (looks_ms, inside_ms))
    return [
        Result("coupons_made_per_s", count / took_s, "codes/s"),
        Result("coupons_bytes_each", size / count, "bytes with the index"),
        Result("coupons_lookup_p50", statistics.median(looks_ms), "ms there and back"),
        Result("coupons_lookup_p99", cuts[-1], "ms there and back"),
        Result("coupons_lookup_inside_p50", statistics.median(inside_ms), "ms in the database"),
        Result("coupons_lookup_inside_p99", inside[-1], "ms in the database"),
    ]


async def _asked(conn: AsyncConnection[Any], batch_id: UUID) -> list[UUID]:
    """Half of the codes that are asked for are there."""
    held = await db.batch(conn, batch_id)
    assert held is not None
    rng = random.Random(SEED)
    some = await db.page(conn, held.number, UUID(int=rng.getrandbits(128)), LOOKS // 2)
    numbers = [*unveiled(some), *(rng.getrandbits(60) for _ in range(LOOKS - len(some)))]
    rng.shuffle(numbers)
    await conn.commit()
    return list(veiled(numbers))


async def _looked_up(conn: AsyncConnection[Any], code: UUID) -> float:
    """How long a client waits for it."""
    began = time.perf_counter()
    await db.find(conn, code)
    return (time.perf_counter() - began) * 1000


async def _told_ms(conn: AsyncConnection[Any], code: UUID) -> float:
    """How long the database says it took, to plan and to look."""
    text = b"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + db.SQL["find"]
    row = await (await conn.execute(text, (code,))).fetchone()
    assert row is not None
    return float(row[0][0]["Planning Time"]) + float(row[0][0]["Execution Time"])


async def _bytes(conn: AsyncConnection[Any]) -> int:
    row = await (await conn.execute("SELECT pg_total_relation_size('rewards.coupon')")).fetchone()
    assert row is not None
    return int(row[0])


def _now() -> datetime:
    return datetime.now(UTC)
