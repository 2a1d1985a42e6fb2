"""Drafts are made, changed, rebased, dropped, and become versions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tessera.base.refusal import Refusal
from tessera.program import db as versions
from tessera.program.core import Reader
from tessera.program.core.rebasing import Rebased, rebased
from tessera.program.core.text import Read, read_text
from tessera.program.core.writing import written
from tessera.program.drafts import core, db
from tessera.program.drafts.core import Draft
from tessera.program.flows import version_unknown


class By(Struct, frozen=True):
    """Who changes something, and when."""

    who: str
    now: datetime


async def make(
    conn: db.Conn, reader: Reader, id: UUID, name: str, base: int | None, by: By
) -> Draft | Refusal:
    """A draft of a version's text; None: of the one that decides now.

    errors  version_unknown, too_many_drafts
    """
    await db.take_turn(conn)
    found = await versions.current(conn, by.now)
    assert found is not None, "a house is opened with a program"
    version, raw = found
    if base is not None:
        older = await versions.one(conn, base)
        if older is None:
            return version_unknown(base)
        version, raw = base, older
    if await db.open_ones(conn) >= core.MOST:
        return Refusal(
            "too_many_drafts", "", f"there are {core.MOST} drafts already", "publish or drop some"
        )
    files = written(msgspec.json.decode(raw), reader.mechanics)
    draft = Draft(id, name, version, 1, files, by.now, by.who, by.now, by.who)
    await db.add(conn, draft)
    return draft


async def change(
    conn: db.Conn, id: UUID | None, revision: int, files: Mapping[str, str | None], name: str,
    by: By,
) -> Draft | Refusal:  # fmt: skip
    """The next revision of a draft: files written anew or taken away; an empty name stays.

    errors  draft_unknown, draft_published, draft_changed, draft_invalid
    """
    draft = await _locked(conn, id, revision)
    if isinstance(draft, Refusal):
        return draft
    made = core.with_changes(draft.files, files)
    if isinstance(made, Refusal):
        return made
    return await _next(conn, replace(draft, files=made, name=name or draft.name), by)


async def rebase(
    conn: db.Conn, reader: Reader, id: UUID | None, revision: int, by: By
) -> tuple[Draft, Rebased] | Refusal:
    """A draft on the version that decides now.

    errors  draft_unknown, draft_published, draft_changed, draft_unreadable
    """
    draft = await _locked(conn, id, revision)
    if isinstance(draft, Refusal):
        return draft
    read = read_text(core.raw(draft.files), reader)
    if read.program is None or read.body is None:
        return unreadable(read)
    old = await versions.one(conn, draft.base)
    found = await versions.current(conn, by.now)
    assert old is not None and found is not None, "its base was published"
    version, new = found
    made = rebased(
        draft.files, read, msgspec.json.decode(old), msgspec.json.decode(new), reader.mechanics
    )
    kept = core.fault_of(made.files)
    if kept is not None:
        return kept
    return await _next(conn, replace(draft, files=made.files, base=version), by), made


def unreadable(read: Read) -> Refusal:
    """What keeps a draft from being a program: its first mistake."""
    first = read.mistakes[0]
    more = f" ({len(read.mistakes) - 1} more)" if len(read.mistakes) > 1 else ""
    where = f"{first.file}:{first.line} {first.field}".rstrip()
    return Refusal("draft_unreadable", "files", f"{where}: {first.why}{more}", first.cure)


async def drop(conn: db.Conn, id: UUID | None) -> Draft | Refusal:
    """A draft that nobody wants goes away. Errors: draft_unknown, draft_published"""
    draft = await _locked(conn, id, None)
    if not isinstance(draft, Refusal):
        await db.drop(conn, draft.id)
    return draft


async def became(
    conn: db.Conn, reader: Reader, id: UUID, version: int, body: Mapping[str, Any]
) -> Refusal | None:
    """A draft's text was published; one that was changed since it was sent stays open.

    errors  draft_unknown, draft_published
    """
    draft = await _locked(conn, id, None)
    if isinstance(draft, Refusal):
        return replace(draft, field="draft")
    if read_text(core.raw(draft.files), reader).body == body:
        await db.published(conn, id, version)
    return None


async def _locked(conn: db.Conn, id: UUID | None, revision: int | None) -> Draft | Refusal:
    draft = None if id is None else await db.read(conn, id, lock=True)
    fault = core.changeable(draft, revision)
    if fault is not None:
        return fault
    assert draft is not None, "what is not there cannot be changed"
    return draft


async def _next(conn: db.Conn, draft: Draft, by: By) -> Draft:
    await db.change(conn, draft, by.now, by.who)
    return replace(draft, revision=draft.revision + 1, changed_at=by.now, changed_by=by.who)
