"""What runs while the doors are open ends with them, even if it loses its cancellation."""

from __future__ import annotations

import asyncio

from tessera.doors.ending import ended


async def stubborn(loses: int, seen: list[str]) -> None:
    """A task that turns its first cancellations into errors, as a driver's clean-up may."""
    while True:
        try:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if len(seen) < loses:
                    raise ValueError("the query was cancelled") from None
                raise
        except ValueError:
            seen.append("lost")


async def fails() -> None:
    await asyncio.sleep(0)
    raise ValueError("by itself")


def test_a_lost_cancellation_is_said_again():
    async def story() -> list[str]:
        seen: list[str] = []
        tasks = [asyncio.create_task(stubborn(loses, seen)) for loses in (0, 2)]
        tasks.append(asyncio.create_task(fails()))
        await asyncio.sleep(0.01)
        async with asyncio.timeout(10):
            await ended(tasks)
        assert all(task.done() for task in tasks)
        return seen

    assert asyncio.run(story()) == ["lost", "lost"]


def test_nothing_to_end_is_ended_at_once():
    asyncio.run(ended([]))
