"""Tasks and turns in our database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.tasks.core import By, Fault, Kind, Left, Part, State, Step, Task, Turn, keepable

SQL = statements(__file__)
NOTHING = Left()
Conn = AsyncConnection[tuple[Any, ...]]


def _task(row: tuple[Any, ...]) -> Task:
    fault = None if row[24] is None else msgspec.convert(row[24], Fault)
    values: list[Any] = [*row[:8], By(*row[8:12]), *row[12:24], fault, row[25]]
    return Task(*values)


def _json(value: Any) -> str | None:
    plain = keepable(msgspec.to_builtins(value))
    return None if value is None else msgspec.json.encode(plain).decode()


async def add(conn: Conn, task: Task) -> None:
    """Somebody asks for long work."""
    values = {
        "id": task.id, "kind": task.kind, "label": task.label, "state": task.state,
        "part": task.part, "size": task.size, "asked": _json(task.asked), "by_kind": task.by.kind,
        "by_id": task.by.id, "by_name": task.by.name, "by_role": task.by.role,
        "now": task.asked_at,
    }  # fmt: skip
    await conn.execute(SQL["add"], values)


async def read(conn: Conn, task_id: UUID, *, lock: bool = False) -> Task | None:
    """One task. `lock`: others that would change it wait for this transaction."""
    statement = SQL["lock" if lock else "read"]
    row = await (await conn.execute(statement, {"id": task_id})).fetchone()
    return None if row is None else _task(row)


async def page(
    conn: Conn, before: UUID | None, most: int, kinds: Collection[Kind] | None = None
) -> list[Task]:
    """The newest tasks, before one of them."""
    asked = {"before": before, "most": most, "kinds": None if kinds is None else list(kinds)}
    return [_task(row) async for row in await conn.execute(SQL["page"], asked)]


async def of_subjects(conn: Conn, subjects: Collection[UUID]) -> dict[UUID, UUID]:
    """{subject: the newest task that worked on it}, for those that one has worked on."""
    cursor = await conn.execute(SQL["of_subjects"], {"subjects": list(subjects)})
    return {row[0]: row[1] async for row in cursor}


async def mappings(conn: Conn, kinds: Collection[Kind]) -> list[tuple[Kind, str, str]]:
    """(kind, name, text) of the newest mapping of each name that somebody used."""
    cursor = await conn.execute(SQL["mappings"], {"kinds": list(kinds)})
    return [(row[0], row[1], row[2]) async for row in cursor]


async def received(conn: Conn, task_id: UUID, size: int) -> None:
    """So many bytes of its file are here."""
    await conn.execute(SQL["received"], {"id": task_id, "received": size})


async def queue(conn: Conn, task_id: UUID, part: Part) -> None:
    """The worker is to do this part."""
    await conn.execute(SQL["queue"], {"id": task_id, "part": part})


async def ask_stop(conn: Conn, task_id: UUID) -> None:
    """Somebody wants a running task to end."""
    await conn.execute(SQL["ask_stop"], {"id": task_id})


async def finish(
    conn: Conn, task_id: UUID, state: State, now: datetime, left: Left = NOTHING
) -> None:
    """A task leaves the worker, or never comes to it."""
    values = {
        "id": task_id, "state": state, "now": now, "report": _json(left.report),
        "fault": _json(left.fault), "subject": left.subject,
    }  # fmt: skip
    await conn.execute(SQL["finish"], values)


async def lead(conn: Conn) -> bool:
    """Whether this connection is the worker's from now on."""
    return await _yes(conn, "lead")


async def lose(conn: Conn, ids: Sequence[UUID], why: Fault, now: datetime) -> None:
    """The files of these tasks are gone: what is not done fails, what is at work is to end."""
    await conn.execute(SQL["lose"], {"ids": list(ids), "fault": _json(why), "now": now})


async def lost(conn: Conn, task_id: UUID) -> Fault | None:
    """Why a running task has lost its file, if it has."""
    row = await (await conn.execute(SQL["lost"], {"id": task_id})).fetchone()
    return None if row is None or row[0] is None else msgspec.convert(row[0], Fault)


async def idle(conn: Conn) -> bool:
    """Whether there is something to do and no worker; in a transaction of its own."""
    return await _yes(conn, "waiting") and await _yes(conn, "idle")


async def _yes(conn: Conn, name: str) -> bool:
    row = await (await conn.execute(SQL[name])).fetchone()
    return row is not None and bool(row[0])


async def take(conn: Conn, now: datetime) -> Task | None:
    """The next task, for whoever leads; None: there is nothing to do."""
    row = await (await conn.execute(SQL["take"], {"now": now})).fetchone()
    return None if row is None else _task(row)


async def beat(conn: Conn, task_id: UUID, step: Step, now: datetime) -> bool:
    """Write down how far it is; whether it is to stop."""
    values = msgspec.structs.asdict(step) | {"id": task_id, "now": now}
    row = await (await conn.execute(SQL["beat"], values)).fetchone()
    return row is None or bool(row[0])


async def tell(conn: Conn, turns: Sequence[Turn]) -> None:
    """Remember the newest turns."""
    values = {
        "names": [each.name for each in turns], "every": [each.every_s for each in turns],
        "began": [each.began_at for each in turns], "took": [each.took_ms for each in turns],
        "faults": [each.fault for each in turns],
        "failures": [each.failures for each in turns], "well": [each.well_at for each in turns],
    }  # fmt: skip
    await conn.execute(SQL["told"], values)


async def turns(conn: Conn) -> list[Turn]:
    """What runs by itself, as it was last told, by name."""
    return [Turn(*row) async for row in await conn.execute(SQL["turns"])]


async def kept(conn: Conn, ids: Sequence[UUID], before: datetime) -> set[UUID]:
    """Of these, the tasks whose files are still needed."""
    asked = {"ids": list(ids), "before": before}
    return {row[0] async for row in await conn.execute(SQL["kept"], asked)}


async def give_back(conn: Conn, task_id: UUID) -> None:
    """The worker was told to end: another one goes on, and this was no death."""
    await conn.execute(SQL["give_back"], {"id": task_id})


async def forget(conn: Conn, before: datetime) -> None:
    """Tasks that were over before an instant go."""
    await conn.execute(SQL["forget"], {"before": before})
