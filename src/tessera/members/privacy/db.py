"""A person in full, and a person's end, in the tables of this room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.warehouse.core import Identifier

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Account(NamedTuple):
    """An account somebody was on. shared: with a household; now: and still is."""

    id: UUID
    shared: bool
    now: bool


FORGET = ("forget_person", "forget_verdicts", "forget_identifiers")


async def numbers(conn: Conn, member_id: UUID) -> list[UUID]:
    """Every number of a person, the one that counts today first, all held still; empty: nobody."""
    while True:  # until nobody has merged or parted them while they were waited for
        ids = await unheld(conn, member_id)
        await conn.execute(SQL["hold"], {"ids": sorted(ids)})
        if await unheld(conn, member_id) == ids:
            return ids


async def unheld(conn: Conn, member_id: UUID) -> list[UUID]:
    """The same as they are at this moment, held by nobody."""
    rows = await (await conn.execute(SQL["numbers"], {"id": member_id})).fetchall()
    return [row[0] for row in rows]


async def erased_since(conn: Conn, ids: Sequence[UUID]) -> datetime | None:
    """Since when there is nobody behind these; None: there is."""
    row = await (await conn.execute(SQL["erased"], {"ids": list(ids)})).fetchone()
    return None if row is None else row[0]


async def accounts(conn: Conn, ids: Sequence[UUID]) -> list[Account]:
    """Every account these members were on, by themselves or with others; the present one first."""
    rows = await (await conn.execute(SQL["accounts"], {"ids": list(ids)})).fetchall()
    return [Account(*row) for row in rows]


async def told(conn: Conn, ids: Sequence[UUID]) -> dict[str, Any]:
    """{heading: rows} of everything this room holds about these members."""
    rows = await (await conn.execute(SQL["told"], {"ids": list(ids)})).fetchall()
    return {heading: msgspec.json.decode(value) for heading, value in rows}


async def held(conn: Conn, ids: Sequence[UUID]) -> list[Identifier]:
    """What names these members, in full."""
    rows = await (await conn.execute(SQL["held"], {"ids": list(ids)})).fetchall()
    return [Identifier(kind, value) for kind, value in rows]


async def called(conn: Conn, ids: Sequence[UUID]) -> list[tuple[str, str]]:
    """Given and family name of each of these members; nothing of those who are gone."""
    rows = await (await conn.execute(SQL["names"], {"ids": list(ids)})).fetchall()
    return [(row[0], row[1]) for row in rows]


async def names(conn: Conn, ids: Sequence[UUID]) -> list[str]:
    """What these members are called; nothing of those who are gone."""
    return [name for both in await called(conn, ids) for name in both]


async def forget(conn: Conn, ids: Sequence[UUID], now: datetime) -> None:
    """The persons behind these members go; their numbers stay, marked."""
    for name in FORGET:
        await conn.execute(SQL[name], {"ids": list(ids)})
    await conn.execute(SQL["forget_invitations"], {"ids": list(ids), "now": now})
    await conn.execute(SQL["mark_erased"], {"ids": list(ids), "now": now})


async def idle(conn: Conn, since: datetime, after: UUID, page: int) -> list[UUID]:
    """Who joined before that and, as far as this room knows, did nothing since; a page."""
    asked = {"since": since, "after": after, "page": page}
    return [row[0] for row in await (await conn.execute(SQL["idle"], asked)).fetchall()]
