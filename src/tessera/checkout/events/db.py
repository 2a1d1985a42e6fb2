"""Events in our database; `ask_` functions do not wait."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from tessera.base.columns import Bigints, Bytes, Column, Integers, LocalTimes, Texts, Times, Uuids
from tessera.base.sql import statements
from tessera.base.wire import Rows, ask, put
from tessera.checkout.core.words import EventKey, EventRow, Meant

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
_FIELDS = tuple(field.name for field in msgspec.structs.fields(EventRow))
_KINDS: tuple[type[Column[Any]], ...] = (
    Uuids, Texts, Texts, Texts, Texts, Uuids, Uuids, Times, LocalTimes, Times, Bigints, Integers,
    Bytes,
)  # fmt: skip


async def ask_known(conn: Conn, keys: Sequence[EventKey]) -> Rows:
    """Look for events that were told before; read with `known`."""
    asked = (Texts([key.source for key in keys]), Texts([key.number for key in keys]))
    return await ask(conn, SQL["known"], asked)


async def known(rows: Rows) -> dict[EventKey, tuple[UUID, datetime]]:
    """{identity: id, when it was posted} of what was found."""
    return {EventKey(row[0], row[1]): (row[2], row[3]) for row in await rows.fetchall()}


async def meant(
    conn: Conn, asked: Sequence[tuple[UUID, str, str]]
) -> dict[tuple[UUID, str], Meant]:
    """{(account, word): what it names} for (account, number or id, store or "") of each event."""
    rows = await conn.execute(SQL["meant"], _columns(asked), binary=True)
    return {(row[0], row[1]): Meant(row[2], frozenset(row[3])) for row in await rows.fetchall()}


class Order(NamedTuple):
    """A receipt that an event names.

    whole  nothing of it has come back; had: the rules whose prize it had
    """

    id: UUID
    whole: bool
    happened_at: datetime
    had: Sequence[str]


async def kept(conn: Conn, asked: Sequence[tuple[UUID, str, str]]) -> dict[tuple[UUID, str], Order]:
    """{(account, word): the receipt that it names}."""
    rows = await conn.execute(SQL["kept"], _columns(asked), binary=True)
    return {(row[0], row[1]): Order(*row[2:]) for row in await rows.fetchall()}


async def add_prizes(conn: Conn, given: Sequence[tuple[UUID, str, UUID]]) -> None:
    """(order, rule that gave for it, event). Errors: UniqueViolation if it did before."""
    sales, rules, events = zip(*given, strict=True)
    await put(conn, SQL["add_prizes"], (Uuids(sales), Texts(rules), Uuids(events)))


async def heard(
    conn: Conn, asked: Sequence[tuple[UUID, str, datetime]], kinds: Collection[str]
) -> list[list[tuple[str, bytes]]]:
    """(type, story) of the events of each (account, store, since), of these types."""
    rows = await conn.execute(SQL["heard"], (*_columns(asked), list(kinds)), binary=True)
    found: list[list[tuple[str, bytes]]] = [[] for _ in asked]
    for n, kind, story in await rows.fetchall():
        found[n - 1].append((kind, story))
    return found


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def add_events(conn: Conn, rows: Sequence[EventRow]) -> None:
    """Keep events. Errors: UniqueViolation if one of an identity is there already."""
    columns = [
        kind([getattr(row, name) for row in rows])
        for name, kind in zip(_FIELDS, _KINDS, strict=True)
    ]
    await put(conn, SQL["add_events"], columns)


async def one(conn: Conn, event_id: UUID) -> EventRow | None:
    """An event by its id."""
    row = await (await conn.execute(SQL["one"], (event_id,), binary=True)).fetchone()
    return None if row is None else event_row(row)


async def page(
    conn: Conn, accounts: Sequence[UUID], after: tuple[datetime, UUID] | None, limit: int
) -> list[EventRow]:
    """The events of accounts, newest first, after the last one seen."""
    at, last = after or (None, None)
    asked = {"accounts": list(accounts), "at": at, "id": last, "most": limit}
    rows = await conn.execute(SQL["page"], asked, binary=True)
    return [event_row(row) for row in await rows.fetchall()]


def event_row(row: Sequence[Any]) -> EventRow:
    """An event of the columns that every statement here reads."""
    return EventRow(**dict(zip(_FIELDS, row, strict=True)))
