"""A connection for pipelines: statements are handed to the socket without a turn of the loop."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from psycopg import AsyncConnection
from psycopg.waiting import Ready, Wait

R = TypeVar("R")
_SENDS = 8  # in a row before the socket is really asked: it is nearly always writable


class PipelineConnection(AsyncConnection[tuple[Any, ...]]):
    """An AsyncConnection that sends at once.

    In a pipeline the driver waits for the socket at every statement, a turn of the event loop
    each (measured: a third of the writer's time). Here a wait for writing is taken as ready; the
    socket does not block, so what it cannot take yet is left to the real wait that follows.
    """

    async def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Run one of the driver's generators; the event loop is asked only when nothing is to send.

        units  seconds, as in the driver
        """
        try:
            asked = next(gen)
            for _ in range(_SENDS):
                if not asked & Wait.W:
                    break
                asked = gen.send(Ready.W)
        except StopIteration as done:
            return done.value
        return await super().wait(_resumed(gen, asked), interval, timeout)


def _resumed(gen: Any, asked: Any) -> Generator[Any, Any, Any]:
    """The rest of a generator that has already asked for something."""
    while True:
        try:
            asked = gen.send((yield asked))
        except StopIteration as done:
            return done.value
