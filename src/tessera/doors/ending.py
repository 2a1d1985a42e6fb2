"""The end of tasks that run for as long as the doors are open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_S = 0.5


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel them and wait until every one is over; their errors are nobody's business any more.

    A cancellation that meets the driver while it cleans up after a query may come out as the
    driver's own error, and a task that lives through errors then goes on (seen: one start in some
    sixty on a busy machine, and a server that never stopped). So it is cancelled again until it is
    over.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        over, left = await asyncio.wait(left, timeout=AGAIN_S)
        for task in over:
            if not task.cancelled():
                task.exception()
