"""What was carried over, remembered; and the place where a rehearsal remembers what it would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.columns import Bigints, Bytes, Texts, Times, Uuids
from tessera.base.sql import statements
from tessera.ledger.carried.core import Opening, Order
from tessera.ledger.core import wallet_id

SQL = statements(__file__)
# A rehearsal runs the same statements over a temporary table of the same form.
_TEMPORARY = {name: text.replace(b"ledger.carried", b"pg_temp.carried")
              for name, text in SQL.items()}  # fmt: skip
Conn = AsyncConnection[tuple[Any, ...]]


async def find(conn: Conn, marks: Sequence[bytes], *, tried: bool = False) -> dict[bytes, Opening]:
    """{mark: what is written of it}; those that nobody carried over are not in it.

    tried  what this connection's rehearsal would have written counts as well
    """
    found: dict[bytes, Opening] = {}
    for statement in (SQL["find"], _TEMPORARY["find"])[: 2 if tried else 1]:
        rows = await conn.execute(statement, (Bytes(marks),), binary=True)
        found |= {row[0]: Opening(*row) for row in await rows.fetchall()}
    return found


async def add(
    conn: Conn, order: Order, new: Sequence[tuple[UUID, Opening]], *, tried: bool = False
) -> set[bytes]:
    """Write down openings with their operations; told are those nobody had written down before."""
    if not new:
        return set()
    statement = (_TEMPORARY if tried else SQL)["add"]
    said = [opening for _, opening in new]
    values: tuple[Any, ...] = (
        order.now, order.source, Bytes([each.mark for each in said]),
        Uuids([id_ for id_, _ in new]), Uuids([each.account_id for each in said]),
        Texts([each.currency for each in said]), Bigints([each.points for each in said]),
        Times([each.earned_at for each in said]), Times([each.expires_at for each in said]),
        Times([each.active_at for each in said]),
    )  # fmt: skip
    rows = await conn.execute(statement, values, binary=True)
    return {row[0] for row in await rows.fetchall()}


async def moved(conn: Conn, asked: Sequence[Opening]) -> dict[bytes, int]:
    """{mark: points that its moves carried over}, of those that there are any of."""
    wallets = [wallet_id(each.account_id, each.currency) for each in asked]
    values = (Bytes([each.mark for each in asked]), Uuids(wallets))
    rows = await conn.execute(SQL["moved"], values, binary=True)
    return dict(await rows.fetchall())


async def begin_rehearsal(conn: Conn) -> None:
    """A place for what a rehearsal would write; gone with the connection."""
    await conn.execute(SQL["begin_rehearsal"])
