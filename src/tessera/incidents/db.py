"""The register, remembered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from msgspec.structs import asdict, replace
from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.incidents.core import KEPT, Incident, Note

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def one_at_a_time(conn: Conn) -> None:
    """Until this transaction ends nobody else writes the register."""
    await conn.execute(SQL["one_at_a_time"])


async def newest(conn: Conn, kind: str) -> Incident | None:
    """The latest incident of a kind, without its notes; the open one if there is one."""
    row = await (await conn.execute(SQL["newest"], {"kind": kind})).fetchone()
    return None if row is None else Incident(*row)


async def put(conn: Conn, incident: Incident) -> None:
    """Write an incident over what it was; its notes stay. Drops what is too old to be kept."""
    values = asdict(incident)
    del values["notes"]
    await conn.execute(SQL["put"], values)
    await conn.execute(SQL["forget"], {"kept": KEPT})


async def add_note(conn: Conn, incident_id: UUID, note: Note) -> None:
    """Keep a note."""
    await conn.execute(SQL["add_note"], {"incident_id": incident_id, **asdict(note)})


async def find(conn: Conn, incident_id: UUID) -> Incident | None:
    """One incident with its notes."""
    row = await (await conn.execute(SQL["find"], {"id": incident_id})).fetchone()
    return None if row is None else (await _with_notes(conn, [Incident(*row)]))[0]


async def page(conn: Conn, before: UUID | None, open_only: bool, limit: int) -> list[Incident]:
    """Incidents older than the one named, the newest first, at most `limit`, with their notes."""
    asked = {"before": before, "open": open_only, "page": limit}
    cursor = await conn.execute(SQL["page"], asked)
    return await _with_notes(conn, [Incident(*row) async for row in cursor])


async def _with_notes(conn: Conn, bare: Iterable[Incident]) -> list[Incident]:
    found = {incident.id: incident for incident in bare}
    notes: dict[UUID, list[Note]] = {each: [] for each in found}
    async for row in await conn.execute(SQL["notes"], {"ids": list(found)}):
        notes[row[0]].append(Note(*row[1:]))
    return [replace(each, notes=tuple(notes[each.id])) for each in found.values()]


async def count_open(conn: Conn) -> int:
    """How many are not over."""
    row = await (await conn.execute(SQL["count_open"])).fetchone()
    return 0 if row is None else int(row[0])
