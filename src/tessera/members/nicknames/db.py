"""Nicknames in our database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Face(NamedTuple):
    """A member behind an account. nickname: "" where none was chosen."""

    member: UUID
    nickname: str


async def faces(conn: Conn, accounts: Sequence[UUID]) -> dict[UUID, Face]:
    """{account: whose it is}; one that is nobody's any more is left out."""
    rows = await conn.execute(SQL["faces"], {"accounts": list(accounts)})
    return {row[0]: Face(row[1], row[2]) async for row in rows}


async def is_present(conn: Conn, account: UUID) -> bool:
    """Whether somebody who is registered is behind an account."""
    row = await (await conn.execute(SQL["present"], {"account": account})).fetchone()
    return bool(row is not None and row[0])


async def read(conn: Conn, member: UUID) -> str:
    """A member's nickname, "" for none."""
    row = await (await conn.execute(SQL["read"], {"member": member})).fetchone()
    return "" if row is None else str(row[0])


async def choose(conn: Conn, member: UUID, nickname: str) -> None:
    """A nickname is chosen; "" takes it away."""
    await conn.execute(SQL["choose"], {"member": member, "nickname": nickname})
