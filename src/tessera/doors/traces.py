"""What files that wait say of somebody: it goes with the person.

The files lie beside the database. They are looked through before anything is written or held, and
go last, before the erasure is kept. If it is not, whoever sent one hears that the file is gone, and
sends it again; the other way round the person would stay.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.doors.call import Conn
from tessera.doors.cli.load.naming import Naming, found_in, nameless, naming, says
from tessera.doors.uploads import Uploads
from tessera.identity.privacy.core import Erased
from tessera.members.privacy import db as members_db
from tessera.tasks import db as tasks_db
from tessera.tasks.core import REMOVED
from tessera.warehouse.core import Identifier

Done = TypeVar("Done", bound=Erased | Refusal | None)
Names = tuple[frozenset[Identifier], frozenset[tuple[str, str]]]
_AWAKE_S = 5.0  # the database ends a transaction in which nothing is said for half a minute


async def erasing(
    conn: Conn, uploads: Uploads | None, member_id: UUID, now: datetime,
    erase: Callable[[], Awaitable[Done]],
) -> Done:  # fmt: skip
    """Do what erases a member; if it did, files that name that one go and their tasks fail.

    uploads  None: this process keeps no files
    """
    tasks = [] if uploads is None else await asyncio.to_thread(uploads.there, -1.0)
    if uploads is None or not tasks:
        return await erase()
    who = await _called(conn, await members_db.unheld(conn, member_id))
    while True:
        looked = [await _looked(conn, uploads, member_id, each, who) for each in tasks]
        held = await _called(conn, await members_db.numbers(conn, member_id))
        if held == who:
            break
        who = held  # somebody was merged, or told us more, meanwhile
    done = await erase()
    if not isinstance(done, Erased):
        return done
    gone = []
    for task_id, sought, says_so in looked:
        if await asyncio.to_thread(_cleared, uploads, task_id, sought, says_so):
            gone.append(task_id)
    if gone:
        await tasks_db.lose(conn, gone, REMOVED, now)
    return done


async def _called(conn: Conn, ids: Sequence[UUID]) -> Names:
    names, persons = await members_db.held(conn, ids), await members_db.called(conn, ids)
    return frozenset(names), frozenset(persons)


async def _looked(
    conn: Conn, uploads: Uploads, member_id: UUID, task_id: UUID, who: Names
) -> tuple[UUID, Naming, bool]:
    """(task, by what somebody is found there, whether the file that was sent says so)."""
    sought = naming(*who, await prefixes_of(conn, task_id))
    if sought == Naming():
        return task_id, sought, False
    looking = asyncio.ensure_future(asyncio.to_thread(_sent, uploads.source(task_id), sought))
    while not (await asyncio.wait({looking}, timeout=_AWAKE_S))[0]:
        await members_db.unheld(conn, member_id)
    return task_id, sought, looking.result()


def _sent(source: Path, sought: Naming) -> bool:
    try:
        return says(source, sought)
    except FileNotFoundError:
        return False


def _cleared(uploads: Uploads, task_id: UUID, sought: Naming, says_so: bool) -> bool:
    """Take away what a task's files say of somebody; whether its own file was among that."""
    rows = uploads.aside(task_id)
    kept = {at: cells for at, cells in rows.items() if not found_in(cells.values(), sought)}
    if len(kept) < len(rows):
        uploads.keep_aside(task_id, kept)
    preview = uploads.preview(task_id)
    shown = any(found_in(row, sought) for row in preview.rows)
    told = found_in((each.why for each in preview.wrong), nameless(sought))
    if not shown and not told and not says_so:
        return False
    uploads.take_away(task_id)
    return True


async def prefixes_of(conn: Conn, task_id: UUID) -> Sequence[str]:
    """What the mapping of a task's file puts before its words."""
    task = await tasks_db.read(conn, task_id)
    said = "" if task is None else str(task.asked.get("mapping", ""))
    try:
        return sorted(set(_said(tomllib.loads(said))))
    except tomllib.TOMLDecodeError:
        return ()


def _said(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _said(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, str) and name.endswith("prefix"):
                yield each
            else:
                yield from _said(each)
