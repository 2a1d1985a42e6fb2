"""Fault 4: the connection to the database dies, at any message, and between commit and answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from psycopg import AsyncConnection

from faults.drill import Drill, Inside, assert_sound, furnish
from faults.operations import OPERATIONS
from support.database import run
from support.proxy import proxied
from tessera.doors import house

pytestmark = pytest.mark.faults


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the call's own messages are counted: no timers but the sweeper's."""
    monkeypatch.setattr(house, "REFRESH_S", 3600.0)
    monkeypatch.setattr(house, "SWEEP_S", 3600.0)


@asynccontextmanager
async def drilled(dsn: str) -> AsyncIterator[Drill]:
    token = await furnish(dsn)
    with proxied(dsn) as proxy:
        async with (
            Inside(proxy.dsn, token) as door,
            await AsyncConnection.connect(dsn) as eye,
        ):

            async def sweep() -> None:
                for _ in range(100):
                    try:
                        await door.site.house._sweep()
                    except Exception:
                        await asyncio.sleep(0.01)
                    else:
                        return

            yield Drill(door, proxy, eye, mend=sweep)
            await assert_sound(eye)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_cut_at_every_message_is_survived(dsn, quiet, name):
    async def work() -> None:
        async with drilled(dsn) as drill:
            at = 1
            while await drill.at(name, at):
                at += 1
            print(f"{name}: {drill.strikes} messages, each cut")
            assert drill.strikes >= 5

    run(work())
