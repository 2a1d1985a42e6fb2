"""Several processes begin at once on an empty database: all of them serve the same program."""

from __future__ import annotations

import asyncio
from pathlib import Path

from support.database import run
from tessera.doors.ground import Settings, ground


def test_houses_that_open_together_share_one_program(dsn: str) -> None:
    async def scene() -> list[int]:
        base = ground(Settings(Path(), dsn))
        houses = [base.house() for _ in range(4)]
        await asyncio.gather(*(house.open() for house in houses))
        versions = [house.shop().program.version for house in houses]
        await asyncio.gather(*(house.close() for house in houses))
        return versions

    assert run(scene()) == [1, 1, 1, 1]
