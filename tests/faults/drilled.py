"""Where drills are done: over an application in this process, or over one that is killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection

from faults.calls import Door
from faults.crawled import CRAWLED, MANY, shop
from faults.drill import CALLS, Drill, Inside, assert_sound, furnish
from faults.operations import OPERATIONS
from support.api import furnish as furnish_shop
from support.forking import Forked, forking
from support.proxy import Proxy, proxied
from support.served import Heard, Served, Till


class Tills:
    """A door of several tills: calls that are made at once need a connection each."""

    def __init__(self, served: Served, token: str, most: int) -> None:
        self._free = [Till(served, token) for _ in range(most)]
        self.caller = ""

    async def call(
        self, method: str, path: str, body: Any = None, key: str = "", token: str | None = None
    ) -> Heard:
        till = self._free.pop()
        till.caller = self.caller
        try:
            return await till.call(method, path, body, key, token)
        finally:
            self._free.append(till)

    def close(self) -> None:
        for till in self._free:
            till.close()


@asynccontextmanager
async def cut(dsn: str, place: Path, *, crawls: bool = False) -> AsyncIterator[Drill]:
    """An application in this process behind a proxy, which cuts its connections.

    crawls  the calls are those of `CRAWLED`
    """
    tokens = await _begun(dsn, crawls=crawls)
    with proxied(dsn) as proxy:
        async with Inside(proxy.dsn, tokens[-1], place) as door:

            async def sweep() -> None:
                for _ in range(100):
                    try:
                        await door.site.house._sweep()
                        break
                    except psycopg.OperationalError:
                        await asyncio.sleep(0.01)

            async with _seen(dsn, door, proxy) as drill:
                drill.mend = sweep
                async with _crawling(drill, dsn, tokens):
                    yield drill


@asynccontextmanager
async def killed(
    dsn: str, place: Path, key_file: Path, *, crawls: bool = False
) -> AsyncIterator[Drill]:
    """A served application behind a proxy, which kills it."""
    tokens = await _begun(dsn, crawls=crawls)
    with proxied(dsn) as proxy, forking(key_file) as forker:
        served = Forked(forker, place, proxy.dsn).start()
        tills = Tills(served, tokens[-1], 2)

        async def mend() -> None:
            served.restart()

        try:
            async with _seen(dsn, tills, proxy) as drill:
                drill.strike, drill.mend = served.kill, mend
                async with _crawling(drill, dsn, tokens):
                    yield drill
        finally:
            tills.close()
            served.stop()


def crawls(name: str) -> bool:
    """Whether this call is one of the crawler's shop."""
    assert name in CALLS
    return name in CRAWLED and name not in OPERATIONS


async def _begun(dsn: str, *, crawls: bool) -> list[str]:
    """The tokens of what was furnished; the last is of the door."""
    return await furnish_shop(dsn, MANY) if crawls else [await furnish(dsn)]


@asynccontextmanager
async def _seen(dsn: str, door: Door, proxy: Proxy) -> AsyncIterator[Drill]:
    """Sound at the end."""
    async with await AsyncConnection.connect(dsn, autocommit=True) as eye:
        yield Drill(door, proxy, eye)  # after a rollback every count would be planned anew
        await eye.set_autocommit(False)
        await assert_sound(eye)


@asynccontextmanager
async def _crawling(drill: Drill, dsn: str, tokens: list[str]) -> AsyncIterator[None]:
    if len(tokens) == 1:
        yield
        return
    async with shop(drill.door, dsn, tokens) as drill.fresh.api:
        yield
