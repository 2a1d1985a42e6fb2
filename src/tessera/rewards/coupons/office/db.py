"""Orders of codes in our database, and what is told of kinds, members' own coupons and one code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.rewards.coupons.core.words import Batch, Row

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Own(Struct, frozen=True):
    """A member's own coupon, and when it was given."""

    row: Row
    given_at: datetime


class Found(Struct, frozen=True):
    """One code with its order. given_at: None for one of an order."""

    row: Row
    batch_id: UUID
    label: str
    given_at: datetime | None


async def add_batch(conn: Conn, batch: Batch) -> None:
    """Keep an order; nothing of it is made yet."""
    values = {
        "id": batch.id, "kind": batch.kind, "label": batch.label, "count": batch.count,
        "uses": batch.uses, "starts": batch.starts, "ends": batch.ends, "now": batch.made_at,
        "by": batch.made_by,
    }  # fmt: skip
    await conn.execute(SQL["add_batch"], values)


async def batch(conn: Conn, batch_id: UUID, *, hold: bool = False) -> Batch | None:
    """One order; held: nobody else makes it or hands it out meanwhile."""
    if hold:  # the lock is a statement of its own: the next one sees what is there behind it
        await conn.execute(SQL["hold_batch"], (batch_id,))
    row = await (await conn.execute(SQL["batch"], (batch_id,))).fetchone()
    return None if row is None else Batch(**dict(zip(_NAMES, row, strict=True)))


async def batches(conn: Conn, after: UUID | None, most: int) -> list[Batch]:
    """Orders, the newest first."""
    rows = await conn.execute(SQL["batches"], {"after": after, "most": most})
    return [Batch(**dict(zip(_NAMES, row, strict=True))) for row in await rows.fetchall()]


_NAMES = Batch.__struct_fields__


async def open_batch(conn: Conn) -> UUID | None:
    """An order that is not all made and that nobody works at; it is held."""
    row = await (await conn.execute(SQL["open_batch"])).fetchone()
    return None if row is None else row[0]


async def load_codes(conn: Conn, rows: bytes, number: int, count: int) -> None:
    """Put codes into the table; `rows` in PostgreSQL's binary form.

    errors  UniqueViolation if one of them is there already
    """
    async with conn.cursor().copy(SQL["load_codes"]) as copy:
        await copy.write(rows)
    await conn.execute(SQL["made"], {"count": count, "number": number})


async def page(conn: Conn, number: int, after: UUID | None, most: int) -> list[UUID]:
    """Codes of an order, in their order."""
    asked = {"batch": number, "after": after, "most": most}
    return [row[0] async for row in await conn.execute(SQL["page"], asked)]


async def page_again(conn: Conn, held: Batch) -> list[UUID]:
    """The page that was handed out last."""
    asked = {"batch": held.number, "after": held.page_from, "upto": held.cursor}
    return [row[0] async for row in await conn.execute(SQL["page_again"], asked)]


async def handed_out(conn: Conn, held: Batch, codes: Sequence[UUID], now: datetime) -> None:
    """These were handed out."""
    said = {"count": len(codes), "upto": codes[-1], "now": now, "number": held.number}
    await conn.execute(SQL["handed_out"], said)


async def revoke(conn: Conn, batch_id: UUID, by: str, reason: str, now: datetime) -> bool:
    """Nothing of it counts any more; false if that was so."""
    said = {"id": batch_id, "by": by, "reason": reason, "now": now}
    return await (await conn.execute(SQL["revoke"], said)).fetchone() is not None


async def void(conn: Conn, code: UUID, now: datetime) -> bool:
    """This code counts no more; false if that was so."""
    said = {"code": code, "now": now}
    return await (await conn.execute(SQL["void"], said)).fetchone() is not None


async def of_member(conn: Conn, numbers: Sequence[UUID], most: int) -> list[Own]:
    """A person's own coupons, the newest first."""
    asked = {"members": list(numbers), "most": most}
    rows = await conn.execute(SQL["of_member"], asked)
    return [Own(Row(*row[:-1]), row[-1]) async for row in rows]


async def find(conn: Conn, code: UUID) -> Found | None:
    """What is known of a code."""
    row = await (await conn.execute(SQL["find"], (code,), binary=True)).fetchone()
    return None if row is None else Found(Row(*row[:-3]), *row[-3:])


async def figures(conn: Conn) -> dict[str, dict[str, int]]:
    """{kind: issued, given, owed, used, minor, points}: what there is of each."""
    found: dict[str, dict[str, int]] = {}
    for name, words in (
        ("ordered", ("issued",)), ("given", ("given", "owed")),
        ("used", ("used", "minor", "points")),
    ):  # fmt: skip
        async for kind, *numbers in await conn.execute(SQL[name]):
            found.setdefault(kind, {}).update(zip(words, map(int, numbers), strict=True))
    return found
