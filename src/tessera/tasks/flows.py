"""What happens to tasks: asked for, received, started, stopped. The caller commits."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.tasks import core, db
from tessera.tasks.core import By, Kind, Task

Conn = db.Conn


async def ask(
    conn: Conn, task_id: UUID, kind: Kind, asked: dict[str, Any], by: By, now: datetime
) -> Task:  # fmt: skip
    """Long work without a check: it is done when its turn comes."""
    task = Task(task_id, kind, "", "queued", "run", 0, 0, asked, by, now)
    await db.add(conn, task)
    return task


async def receive(
    conn: Conn, task_id: UUID, begins: int, length: int, last: bool
) -> Task | Refusal:  # fmt: skip
    """Whether a piece of a file may be written where it says; how much there is then.

    begins  where in the file it begins; a piece may come twice, none may leave a gap
    last    it is checked once all of it is here
    errors  task_unknown, task_busy, piece_gap, file_removed
    """
    task = await db.read(conn, task_id, lock=True)
    if task is None:
        return core.unknown(str(task_id))
    if task.lost:
        return core.removed()
    if task.state != "receiving":
        return Refusal("task_busy", "task_id", "its file is here already", "send another file")
    until = begins + length
    if begins > task.received or until > task.size:
        return Refusal(
            "piece_gap", "offset",
            f"{task.received} of {task.size} bytes are here; this is {begins} to {until}",
            f"go on at {task.received}, and send no more than was announced",
        )  # fmt: skip
    size = max(task.received, until)
    await db.received(conn, task_id, size)
    if size == task.size and last:
        await db.queue(conn, task_id, "check")
    return await _read(conn, task_id)


async def start(conn: Conn, task_id: UUID) -> Task | Refusal:
    """Checked, failed or cancelled before: it waits for the worker.

    errors  task_unknown, task_busy, task_over, file_removed
    """
    task = await db.read(conn, task_id, lock=True)
    if task is None:
        return core.unknown(str(task_id))
    part = core.startable(task)
    if isinstance(part, Refusal):
        return part
    await db.queue(conn, task_id, part)
    return await _read(conn, task_id)


async def stop(conn: Conn, task_id: UUID, now: datetime) -> Task | Refusal:
    """Running: it ends in a moment. Else it is over at once.

    errors  task_unknown, task_over
    """
    task = await db.read(conn, task_id, lock=True)
    if task is None:
        return core.unknown(str(task_id))
    refusal = core.stoppable(task)
    if refusal is not None:
        return refusal
    if task.state == "running":
        await db.ask_stop(conn, task_id)
    else:
        await db.finish(conn, task_id, "cancelled", now)
    return await _read(conn, task_id)


async def _read(conn: Conn, task_id: UUID) -> Task:
    task = await db.read(conn, task_id)
    assert task is not None, "it is locked"
    return task
