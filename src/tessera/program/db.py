"""Published versions in our database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from tessera.base.sql import statements
from tessera.program.core.timeline import Release, Start, Version
from tessera.rules.core.draws import Draw

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
_LAST = 2**31 - 1


async def current(conn: Conn, at: datetime) -> tuple[int, bytes] | None:
    """(version, body as JSON) of the version that decides what happens then; None before any."""
    return _body(await (await conn.execute(SQL["current"], (at,))).fetchone())


async def newest(conn: Conn) -> tuple[int, bytes] | None:
    """(version, body as JSON) of the version published last; None before the first."""
    return _body(await (await conn.execute(SQL["newest"])).fetchone())


async def one(conn: Conn, version: int) -> bytes | None:
    """The body of a version as JSON; None if it was never published."""
    row = await (await conn.execute(SQL["one"], (version,))).fetchone()
    return None if row is None else row[0].encode()


async def some(conn: Conn, versions: Sequence[int]) -> dict[int, bytes]:
    """{version: body as JSON} of those that were published."""
    rows = await (await conn.execute(SQL["some"], (list(versions),))).fetchall()
    return {version: body.encode() for version, body in rows}


async def starts(conn: Conn) -> list[Start]:
    """When each version begins, by their numbers."""
    rows = await (await conn.execute(SQL["starts"])).fetchall()
    return [Start(*row) for row in rows]


async def page(conn: Conn, before: int | None, limit: int) -> list[Version]:
    """The newest versions, or those before one, newest first."""
    last = _LAST if before is None else before
    rows = await (await conn.execute(SQL["page"], (last, limit))).fetchall()
    return [Version(*row) for row in rows]


async def last_draws(conn: Conn, codes: Sequence[str], now: datetime) -> dict[str, Draw]:
    """{draw: its terms} as the newest version had them that has begun and declares it."""
    asked = {"codes": list(codes), "now": now}
    rows = await (await conn.execute(SQL["last_draws"], asked)).fetchall()
    return {code: msgspec.json.decode(said, type=Draw) for code, said in rows}


async def take_turn(conn: Conn) -> None:
    """Only one publishes at a time; until commit."""
    await conn.execute(SQL["take_turn"])


async def publish(conn: Conn, version: int, body: Any, release: Release) -> None:
    """Keep a version for ever."""
    by: UUID | None = release.by
    await conn.execute(
        SQL["publish"],
        (version, Jsonb(body), release.now, by, release.starts_at, release.note),
    )


def _body(row: tuple[Any, ...] | None) -> tuple[int, bytes] | None:
    return None if row is None else (row[0], row[1].encode())
