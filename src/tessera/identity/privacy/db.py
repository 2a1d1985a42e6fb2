"""Who was erased and who saw whom, remembered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.access.core import Principal
from tessera.base.ids import new_id
from tessera.base.sql import statements
from tessera.identity.privacy.core import Asking, Erasure, Sight

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def add_erasure(conn: Conn, ids: Sequence[UUID], asking: Asking, now: datetime) -> None:
    """Write down that these members are erased; who is there already stays."""
    asked = {"ids": [new_id() for _ in ids], "members": list(ids), "asked_by": asking.by,
             "principal": asking.principal_id, "reason": asking.reason, "now": now}  # fmt: skip
    await conn.execute(SQL["add_erasure"], asked)


async def erasures(conn: Conn, after: UUID | None, page: int) -> list[Erasure]:
    """The list of erasures after a line of it, the first first."""
    rows = await conn.execute(SQL["erasures"], {"after": after, "page": page})
    return [Erasure(*row) for row in await rows.fetchall()]


async def add_sights(
    conn: Conn, who: Principal, members: Collection[UUID], fields: Sequence[str], reason: str,
    now: datetime,
) -> None:  # fmt: skip
    """Somebody sees personal data of these."""
    asked = {"ids": [new_id() for _ in members], "now": now, "members": list(members),
             "kind": who.kind, "principal": who.id, "name": who.name, "fields": list(fields),
             "reason": reason}  # fmt: skip
    await conn.execute(SQL["add_sights"], asked)


async def sights(conn: Conn, ids: Sequence[UUID], before: UUID | None, page: int) -> list[Sight]:
    """Who saw personal data of these members, the newest first."""
    asked = {"ids": list(ids), "before": before, "page": page}
    rows = await (await conn.execute(SQL["sights"], asked)).fetchall()
    return [Sight(*row) for row in rows]


async def forget_sights(conn: Conn, before: datetime) -> int:
    """Sights of before a time go; how many they were."""
    return (await conn.execute(SQL["forget_sights"], {"before": before})).rowcount


async def take_turn(conn: Conn) -> bool:
    """Whether this transaction may look after retention; another one does, if not."""
    row = await (await conn.execute(SQL["take_turn"])).fetchone()
    return row is not None and bool(row[0])
