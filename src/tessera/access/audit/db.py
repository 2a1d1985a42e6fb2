"""Entries and the heads of their chains, remembered."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection

from tessera.access.audit.core import Head, Line, Outcome
from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
_AT_A_TIME = 5000  # entries fetched by the proof


class Asked(Struct, frozen=True):
    """What entries somebody looks for; None: any.

    name          a part of the name that who did it had then, whatever the case of its letters
    outcome       done, or refused
    since, until  from the first on, before the second
    reason        a text that is in it, whatever the case of its letters
    """

    principal: UUID | None = None
    operation: str | None = None
    subject: str | None = None
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    name: str | None = None
    outcome: Outcome | None = None


Place = tuple[datetime, int, int]  # of an entry in a list: when, its chain, its number


async def lock_head(conn: Conn, chain: int) -> Head:
    """The end of a chain; nobody else adds to it until this transaction ends."""
    row = await (await conn.execute(SQL["lock_head"], {"chain": chain})).fetchone()
    assert row is not None, "the migration has made every chain"
    return Head(row[0], row[1], bytes(row[2]))


async def add(conn: Conn, lines: Sequence[Line]) -> None:
    """Put entries at the end of their chain, whose head is locked, and move the head."""
    last = lines[-1]
    head = {"chain": last.chain, "seq": last.seq, "hash": last.hash}
    async with conn.pipeline(), conn.cursor() as cursor:
        await cursor.executemany(SQL["add"], [msgspec.structs.astuple(line) for line in lines])
        await cursor.execute(SQL["move_head"], head)


async def heads(conn: Conn) -> list[Head]:
    """The ends of all chains."""
    rows = await conn.execute(SQL["heads"])
    return [Head(row[0], row[1], bytes(row[2])) async for row in rows]


async def search(conn: Conn, asked: Asked, last: Place | None, limit: int) -> list[Line]:
    """Entries that fit, the newest first, after the one at `last`; at most `limit`."""
    place = dict(zip(("last_at", "last_chain", "last_seq"), last or (None,) * 3, strict=True))
    values = msgspec.structs.asdict(asked) | place | {"page": limit}
    return [Line(*row) async for row in await conn.execute(SQL["search"], values)]


async def read(conn: Conn, chain: int, seq: int) -> Line | None:
    """An entry by its name."""
    row = await (await conn.execute(SQL["read"], {"chain": chain, "seq": seq})).fetchone()
    return None if row is None else Line(*row)


async def hash_at(conn: Conn, chain: int, seq: int) -> bytes | None:
    """The hash of an entry, None if it is not there."""
    row = await (await conn.execute(SQL["hash_at"], {"chain": chain, "seq": seq})).fetchone()
    return None if row is None else bytes(row[0])


async def look(conn: Conn) -> None:
    """See one moment from here on. Errors: ActiveSqlTransaction if something was asked before."""
    await conn.execute(SQL["look"], prepare=False)


async def every(conn: Conn) -> AsyncGenerator[Line, None]:
    """Every entry, chain by chain in its order, without holding them all."""
    async with conn.cursor(name="audit") as cursor:
        await cursor.execute(SQL["all"], binary=True)
        while rows := await cursor.fetchmany(_AT_A_TIME):
            for row in rows:
                yield Line(*row)
