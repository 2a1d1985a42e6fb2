"""Consents, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.members.consents.core import By, Consent, Line

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def add(conn: Conn, member_id: UUID, lines: Sequence[Line], by: By) -> None:
    """Write lines down and make what is agreed of them. The member is locked."""
    if not lines:
        return
    values = {
        "member": member_id,
        "way": by.way,
        "at": by.at,
        "proof": by.proof,
        "principal": by.principal_id,
        "purposes": [each.purpose for each in lines],
        "channels": [each.channel for each in lines],
        "states": [each.state for each in lines],
        "wordings": [each.wording for each in lines],
        "languages": [each.language for each in lines],
        "theirs": [each.theirs for each in lines],
    }
    await conn.execute(SQL["add"], values)
    await conn.execute(SQL["settle"], {"member": member_id})


async def current(conn: Conn, member_id: UUID) -> list[Consent]:
    """What was said last of each purpose and channel, in their order."""
    rows = await conn.execute(SQL["current"], {"member": member_id})
    return [Consent(*row) async for row in rows]


async def history(conn: Conn, member_id: UUID, most: int) -> list[Consent]:
    """Everything that was said, newest first, at most so many lines."""
    rows = await conn.execute(SQL["history"], {"member": member_id, "most": most})
    return [Consent(*row) async for row in rows]


async def proved(conn: Conn, member_id: UUID) -> set[str]:
    """The kinds of contacts (email, phone) that the member has proved."""
    rows = await conn.execute(SQL["proved"], {"member": member_id})
    return {row[0] async for row in rows}


async def key(conn: Conn) -> bytes | None:
    """The installation's key for keyed hashes, if there is one yet: 32 bytes."""
    row = await (await conn.execute(SQL["key"])).fetchone()
    return None if row is None else bytes(row[0])


async def make_key(conn: Conn, fresh: bytes) -> None:
    """Keep this key unless there is one."""
    await conn.execute(SQL["make_key"], {"key": fresh})
