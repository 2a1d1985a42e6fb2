"""The register is written here: by the signs of the house, and by people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.incidents import core, db
from tessera.incidents.core import Incident, Sign


async def write_signs(conn: db.Conn, signs: Iterable[Sign]) -> None:
    """Write down what the house noticed, in its order."""
    await db.one_at_a_time(conn)
    for sign in signs:
        row = core.after_sign(await db.newest(conn, sign.kind), sign, new_id())
        if row is not None:
            await db.put(conn, row)


async def open_incident(
    conn: db.Conn, kind: str, detail: str, who: str, now: datetime
) -> Incident | Refusal:
    """A person opens one. Errors: incident_open."""
    await db.one_at_a_time(conn)
    row = core.opened(await db.newest(conn, kind), kind, detail, who, now, new_id())
    if isinstance(row, Incident):
        await db.put(conn, row)
    return row


async def note_incident(
    conn: db.Conn, incident_id: UUID, text: str, who: str, now: datetime
) -> Incident | Refusal:
    """A person says what they saw or did. Errors: incident_unknown, notes_full."""
    await db.one_at_a_time(conn)
    found = await db.find(conn, incident_id)
    note = core.noted(found, text, who, now)
    if isinstance(note, Refusal):
        return note
    assert found is not None, "what has a note is there"
    await db.add_note(conn, incident_id, note)
    return replace(found, notes=(*found.notes, note))


async def close_incident(
    conn: db.Conn, incident_id: UUID, text: str, who: str, now: datetime
) -> Incident | Refusal:
    """A person closes one and says what was done.

    errors  incident_unknown, incident_ended, notes_full; the caller then rolls back
    """
    await db.one_at_a_time(conn)
    row = core.closed(await db.find(conn, incident_id), who, now)
    if isinstance(row, Refusal):
        return row
    await db.put(conn, row)
    return await note_incident(conn, incident_id, text, who, now)
