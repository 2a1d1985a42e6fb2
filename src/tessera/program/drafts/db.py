"""Drafts in our database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.program.drafts.core import Draft, Files

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
_FILES = msgspec.json.Decoder(dict[str, str])


async def take_turn(conn: Conn) -> None:
    """Only one makes a draft at a time; until commit."""
    await conn.execute(SQL["take_turn"])


async def open_ones(conn: Conn) -> int:
    """How many drafts are open."""
    row = await (await conn.execute(SQL["open_ones"])).fetchone()
    assert row is not None, "a count is always there"
    return int(row[0])


async def add(conn: Conn, draft: Draft) -> None:
    """Keep a new draft."""
    values = {"id": draft.id, "name": draft.name, "base": draft.base}
    await conn.execute(
        SQL["add"],
        {**values, "files": _kept(draft.files), "now": draft.made_at, "who": draft.made_by},
    )


async def read(conn: Conn, id: UUID, *, lock: bool = False) -> Draft | None:
    """One draft; with `lock` nobody else changes it until commit."""
    cursor = await conn.execute(SQL["lock" if lock else "read"], {"id": id})
    row = await cursor.fetchone()
    return None if row is None else _draft(row)


async def page(conn: Conn, before: UUID | None, limit: int, *, open: bool) -> list[Draft]:
    """Drafts older than the one named, the newest first, without their text."""
    asked = {"before": before, "page": limit, "open": open}
    rows = await (await conn.execute(SQL["page"], asked)).fetchall()
    return [_draft((*row[:4], b"{}", *row[4:])) for row in rows]


async def change(conn: Conn, draft: Draft, now: datetime, who: str) -> None:
    """Write a draft's next revision: its name, base and text as they are given."""
    values = {"id": draft.id, "name": draft.name, "base": draft.base, "now": now, "who": who}
    await conn.execute(SQL["change"], {**values, "files": _kept(draft.files)})


async def published(conn: Conn, id: UUID, version: int) -> None:
    """A draft became a version."""
    await conn.execute(SQL["published"], {"id": id, "version": version})


async def drop(conn: Conn, id: UUID) -> None:
    """Take a draft away."""
    await conn.execute(SQL["drop"], {"id": id})


def _draft(row: Sequence[Any]) -> Draft:
    id, name, base, revision, files, made_at, made_by, changed_at, changed_by, published = row
    return Draft(
        id, name, base, revision, _FILES.decode(files), made_at, made_by, changed_at, changed_by,
        published,
    )  # fmt: skip


def _kept(files: Files) -> bytes:
    return msgspec.json.encode(files)
