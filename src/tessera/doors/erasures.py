"""The list of erasures beside the database: what a restored backup must forget again."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from psycopg import AsyncConnection

from tessera.access.audit import flows as audit
from tessera.access.audit.core import Change, Entry
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors.customers import customers
from tessera.doors.postings import HOUSE
from tessera.doors.traces import erasing
from tessera.doors.uploads import Uploads
from tessera.identity.merging import db as merging_db
from tessera.identity.merging import flows as merging
from tessera.identity.privacy import db, flows
from tessera.identity.privacy.core import Asking, Erasure
from tessera.members.privacy import db as members_db
from tessera.rules.core.words import Program

NAME = "erasures.ndjson"
_PAGE = 1000


class Line(Struct, frozen=True):
    """One erased member: a number and a time, nothing of the person."""

    member_id: UUID
    erased_at: datetime


class Replayed(Struct, frozen=True):
    """What a replay did.

    erased   how many were erased again
    waiting  who was not, for others would have gone along, and why
    parted   {merge: who stayed in it}: undone for that; they may be one again by now
    """

    erased: int
    waiting: dict[UUID, Refusal]
    parted: dict[UUID, UUID] = {}


_line = msgspec.json.Decoder(Line)


def read(path: Path) -> list[Line]:
    """The list, in its order; a last line that a crash cut short is left out.

    errors  OSError; ValueError names a line that is none of ours
    """
    found: list[Line] = []
    for number, raw in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
        try:
            found.append(_line.decode(raw))
        except msgspec.MsgspecError as error:
            raise ValueError(f"{path}, line {number}: {error}") from error
    return found


def kept(path: Path) -> list[Line]:
    """The list; empty where there is none yet. Errors: ValueError of `read`."""
    return read(path) if path.exists() else []


def append(path: Path, lines: Sequence[Line]) -> None:
    """Put those that are not there at the end, durably, whoever else does so now.

    A line that a crash cut short before is taken away. Errors: ValueError of `read`; OSError.
    """
    if not lines:
        return
    with path.open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
        known = {line.member_id for line in read(path)}
        missing = {line.member_id: line for line in lines if line.member_id not in known}
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(b"".join(msgspec.json.encode(line) + b"\n" for line in missing.values()))
        file.flush()
        os.fsync(file.fileno())


async def write_down(conn: AsyncConnection, path: Path, after: UUID | None = None) -> UUID | None:
    """Put into the file what the database has and the file has not.

    after  the last erasure that is surely in the file
    shape  the last erasure there is, for the next time
    """
    found = await _all(conn, after)
    append(path, [Line(each.member_id, each.erased_at) for each in found])
    return found[-1].id if found else after


async def replay(
    conn: AsyncConnection, path: Path, said: Program, now: datetime,
    uploads: Uploads | None = None,
) -> Replayed:  # fmt: skip
    """Erase whoever the file names and the database has not erased.

    Only them: where the backup still has them merged with somebody who is not in the file, the
    merge is undone first; as long as it cannot be, they wait. Errors: ValueError of `read`
    """
    listed = [line.member_id for line in kept(path)]
    if not listed:
        return Replayed(0, {})
    done = {erasure.member_id for erasure in await _all(conn)}
    why, count = "erased before the backup was restored", 0
    waiting, parted = dict[UUID, Refusal](), dict[UUID, UUID]()
    asking = Asking(
        "replay", why, said.households, said.lives, ladders=said.tiers,
        customers=await customers(conn),
    )  # fmt: skip
    for member_id in listed:
        if member_id in done:
            continue
        refusal = await _part(conn, member_id, frozenset(listed), said, now, parted)
        if refusal is not None:
            waiting[member_id] = refusal
            continue
        for how in (asking, replace(asking, stays=True)):
            erase = partial(flows.erase, conn, member_id, how, now)
            erased = await erasing(conn, uploads, member_id, now, erase)
            if not isinstance(erased, Refusal):
                break
            await conn.rollback()
        if not isinstance(erased, Refusal):
            count += 1
        elif erased.code != "member_unknown":  # who came after the backup is not in it
            waiting[member_id] = erased
        await conn.commit()
    return Replayed(count, waiting, parted)


async def _part(
    conn: AsyncConnection, member_id: UUID, listed: frozenset[UUID], said: Program, now: datetime,
    parted: dict[UUID, UUID],
) -> Refusal | None:  # fmt: skip
    """Undo merges, the last one first, until all who are one with this member are in the list.

    They were undone once, so a household that covers one had been left; whether they were merged
    again since, the backup does not know. `parted` is told, and the audit log, each as it is done.

    errors  what is in the way
    """
    why = "the backup is older than its undoing"
    ask = merging.Ask(
        new_id(), HOUSE.id, now, why, said.lives, said.tiers, declared=said.consents
    )  # fmt: skip
    home = Asking("replay", why, said.households, said.lives, HOUSE.id, ladders=said.tiers)
    while not listed.issuperset(ids := await members_db.unheld(conn, member_id)):
        last = await merging_db.last(conn, ids)
        assert last is not None, "several numbers of one person were merged"
        undone = await merging.undo(conn, replace(ask, id=new_id()), last)
        if isinstance(undone, Refusal) and undone.code == "merge_covered":
            await conn.rollback()
            left = await flows.leave_household(conn, ids, home, now)
            undone = left or await merging.undo(conn, replace(ask, id=new_id()), last)
            await _note(conn, Change("member", ids[0], None, {"left": "household"}, None, why), now)
        if isinstance(undone, Refusal):
            await conn.rollback()
            if undone.code == "merge_undone":  # by another process in this moment
                continue
            return undone
        row = undone.merge
        before, after = {"merged_into": str(row.member_id)}, {"merged_into": None}
        await _note(conn, Change("merge", row.id, before, after, row.other_id, why), now)
        await conn.commit()
        parted[row.id] = row.member_id
    return None


async def _note(conn: AsyncConnection, change: Change, now: datetime) -> None:
    await audit.note(conn, Entry(now, flows.HOUSE, "replay", change))


async def _all(conn: AsyncConnection, after: UUID | None = None) -> list[Erasure]:
    found: list[Erasure] = []
    while True:
        page = await db.erasures(conn, after, _PAGE)
        found += page
        if len(page) < _PAGE:
            return found
        after = page[-1].id
