"""Whose codes these are, numbers for phones, what a member has read: asked of the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection

from tessera.base.columns import Uuids
from tessera.base.sql import statements
from tessera.members.core import Language, Owner

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Home(Struct, frozen=True):
    """What the first page says of the person. `card`: the newest that works, None for none."""

    account_id: UUID
    given_name: str
    family_name: str
    language: Language
    read_at: datetime | None
    card: str | None


async def owners(conn: Conn, members: Sequence[UUID]) -> dict[UUID, Owner]:
    """{member: whose account it is}, of codes; merged and erased members are not in it."""
    rows = await conn.execute(SQL["owners_shown"], (Uuids(members),), binary=True)
    return {
        member: Owner(member, account, status, registered, tuple(favourites))
        for member, account, status, registered, favourites in await rows.fetchall()
    }


async def person(conn: Conn, member_id: UUID) -> tuple[str, str, Language]:
    """(given name, family name, language) of a member who is there."""
    row = await (await conn.execute(SQL["person_shown"], {"id": member_id})).fetchone()
    assert row is not None, "the member was found a statement ago"
    return row[0], row[1], row[2]


async def take_number(conn: Conn, label: str) -> tuple[str, int] | None:
    """(prefix, serial) of a batch with this label that nobody took; None: there is none left."""
    while True:
        row = await (await conn.execute(SQL["phone_batches"], {"label": label})).fetchone()
        if row is None:
            return None
        batch, prefix, first, count = row
        taken = await (await conn.execute(SQL["take_serial"], {"batch": batch})).fetchone()
        assert taken is not None, "an upsert has its row"
        if taken[0] < count:  # else others took the last ones meanwhile
            return prefix, first + taken[0]


async def home(conn: Conn, member_id: UUID) -> Home | None:
    """The person of the first page; None for who is no member any more."""
    row = await (await conn.execute(SQL["home"], {"id": member_id})).fetchone()
    return None if row is None else Home(*row)


async def read_until(conn: Conn, member_id: UUID, at: datetime) -> None:
    """What was told up to then is read."""
    await conn.execute(SQL["read_until"], {"id": member_id, "at": at})
