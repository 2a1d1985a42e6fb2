"""Many tills, one budget: exactly its ceiling is given, and the guard in the database is why."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.database import run
from support.shop import Shop, fresh_card, line, opened, program, sale
from tessera.budgets import db
from tessera.checkout import flows

BASE = {"id": "base", "mechanic": "base_rate", "points": 10, "per_minor": 100}
GIFT = {"id": "mug", "mechanic": "sum_threshold", "from_minor": 1000, "prize": {"gift": "MUG"}}
POINTS, MUGS = 2_222, 7
BODY = program(
    BASE, GIFT,
    budgets={
        "points": {"rules": ["base"], "per": "day", "most_points": POINTS},
        "mugs": {"items": ["MUG"], "per": "day", "most_pieces": MUGS},
    },
)  # fmt: skip


async def two_houses(stack: AsyncExitStack, dsn: str) -> tuple[Shop, Shop]:
    """Two processes' worth of writers on one database."""
    one = await stack.enter_async_context(opened(dsn, BODY))
    return one, await stack.enter_async_context(opened(dsn))


def given(said: Any) -> tuple[int, int]:
    """(points, mugs) that these answers gave."""
    effects = [effect for each in said for effect in each.answer.effects]
    mugs = sum(effect.given for effect in effects if effect.kind == "gift")
    return sum(each.answer.points_earned for each in said), mugs


def draw_at_once(dsn: str, rounds: int, tills: int) -> None:
    """Each round is another day: 64 tills want more than there is."""

    async def play() -> None:
        async with AsyncExitStack() as stack:
            houses = await two_houses(stack, dsn)
            for n in range(rounds):
                at = datetime.now(UTC) - timedelta(days=n)
                asks = [
                    sale(fresh_card(), line("SOUP", 1, 1000 + i * 7), at=at) for i in range(tills)
                ]
                said = await asyncio.gather(
                    *[houses[i % 2].send(each) for i, each in enumerate(asks)]
                )
                assert given(said) == (POINTS, MUGS), n
            eye = houses[0].eye
            rows = await eye.execute(
                "SELECT budget, sum(points), sum(pieces), min(used_up_at) IS NOT NULL,"
                " (SELECT sum(points + pieces) FROM budgets.day AS d WHERE d.budget = c.budget)"
                " FROM budgets.counter AS c GROUP BY 1 ORDER BY 1"
            )
            assert await rows.fetchall() == [
                ("mugs", 0, MUGS * rounds, True, MUGS * rounds),
                ("points", POINTS * rounds, 0, True, POINTS * rounds),
            ]
            await eye.rollback()
            await houses[0].assert_proved()

    run(play())


@pytest.mark.faults
def test_sixty_four_tills_draw_exactly_the_ceiling(dsn):
    draw_at_once(dsn, 3, 64)


@pytest.mark.faults_long
def test_fifty_rounds_of_sixty_four_tills(dsn):
    draw_at_once(dsn, 50, 64)


def meet(patch: pytest.MonkeyPatch) -> None:
    """Two batches that have both read the counters wait for each other; a lone one goes on."""
    real, there = vars(flows)["know_people"], asyncio.Barrier(2)

    async def know_people(*args: Any) -> None:
        try:
            async with asyncio.timeout(0.5):
                await there.wait()
        except (TimeoutError, asyncio.BrokenBarrierError):
            await there.reset()
        await real(*args)

    patch.setattr(flows, "know_people", know_people)


def two_that_have_read_the_same(dsn: str, patch: pytest.MonkeyPatch) -> tuple[int, int]:
    """What two tills give that have both seen the whole budget."""

    async def play() -> tuple[int, int]:
        async with AsyncExitStack() as stack:
            houses = await two_houses(stack, dsn)
            meet(patch)
            asks = [sale(fresh_card(), line("SOUP", 1, 20_000)) for _ in houses]
            return given(
                await asyncio.gather(
                    *[house.send(ask) for house, ask in zip(houses, asks, strict=True)]
                )
            )

    return run(play())


@pytest.mark.faults
def test_who_comes_second_is_decided_again(dsn, monkeypatch):
    assert two_that_have_read_the_same(dsn, monkeypatch) == (POINTS, 2)


@pytest.mark.faults
def test_without_the_guard_the_budget_is_passed(dsn, monkeypatch):
    real = db.SQL["draw"]
    broken = re.sub(rb"AND \(d\.free OR \(.*\)\)\s+RETURNING", b"RETURNING", real, flags=re.DOTALL)
    assert broken != real
    monkeypatch.setitem(db.SQL, "draw", broken)
    assert two_that_have_read_the_same(dsn, monkeypatch) == (4_000, 2)
