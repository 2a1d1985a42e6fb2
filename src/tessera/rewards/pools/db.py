"""Pools of codes, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection

from tessera.base.columns import Bytes
from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Pool(Struct, frozen=True):
    """A pool; `free` codes can be had, `expired` ones are nobody's and too old."""

    code: str
    id: UUID
    name: str
    warn_at: int
    made_at: datetime
    codes: int
    free: int
    expired: int

    @property
    def low(self) -> bool:
        """Whether somebody has to buy more."""
        return self.free < self.warn_at


async def add_pool(
    conn: Conn, code: str, id: UUID, name: str, warn_at: int, now: datetime
) -> bool:  # fmt: skip
    """Begin a pool; false if there is one of this code."""
    row = await conn.execute(SQL["add_pool"], (code, id, name, warn_at, now))
    return await row.fetchone() is not None


async def pools(conn: Conn, now: datetime, code: str | None = None) -> list[Pool]:
    """All pools by code, or the one."""
    rows = await conn.execute(SQL["pools"], {"now": now, "code": code})
    return [Pool(*row) for row in await rows.fetchall()]


async def pool_id(conn: Conn, code: str) -> UUID | None:
    """Whose key the codes of a pool are sealed with; None: there is no such pool."""
    row = await (await conn.execute(SQL["pool_id"], (code,))).fetchone()
    return None if row is None else row[0]


async def add_codes(
    conn: Conn, pool: str, codes: Sequence[tuple[bytes, bytes]], expires: datetime | None,
    now: datetime,
) -> int:  # fmt: skip
    """Put (digest, sealed) of new codes in; how many were new."""
    asked = {
        "pool": pool, "marks": Bytes([mark for mark, _ in codes]),
        "sealed": Bytes([sealed for _, sealed in codes]), "expires": expires, "now": now,
    }  # fmt: skip
    row = await (await conn.execute(SQL["add_codes"], asked)).fetchone()
    return 0 if row is None else int(row[0])


async def reserve(
    conn: Conn, pool: str, claim_id: UUID, now: datetime
) -> tuple[datetime | None] | None:  # fmt: skip
    """Give a free code to a claim: (when it expires,), or None if there is none."""
    await conn.execute(SQL["lock_pool"], (pool,))
    asked = {"pool": pool, "claim": claim_id, "now": now}
    row = await (await conn.execute(SQL["reserve"], asked)).fetchone()
    return None if row is None else (row[0],)


async def free(conn: Conn, claim_id: UUID) -> None:
    """The code of a claim is free again."""
    await conn.execute(SQL["free"], (claim_id,))


async def of_claim(conn: Conn, claim_id: UUID) -> tuple[UUID, bytes, datetime | None] | None:
    """(whose key, the sealed code, when it expires) of a claim's code."""
    row = await (await conn.execute(SQL["of_claim"], (claim_id,))).fetchone()
    return None if row is None else (row[0], bytes(row[1]), row[2])
