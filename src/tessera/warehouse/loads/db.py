"""Loads of files in our database: how far they came, what waits, what is in quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Load(Struct):
    """A file that is being loaded.

    phase  sales, returns or done
    done   receipts that need not be looked at again, in the order in which the file completes them
    tally  JSON of whoever loads: what became of them
    """

    id: UUID
    mapping: str
    phase: str
    done: int
    tally: str
    started_at: datetime


class Quarantined(Struct, frozen=True):
    """A receipt that could not be posted. `record`: JSON of the receipt as it was read.

    row    line of a CSV file, row of a Parquet file
    field  the column
    """

    number: str
    row: int
    code: str
    field: str
    why: str
    record: str


class Aside(Struct, frozen=True):
    """The same with its mapping and the load that put it there. `record` "{}": not asked for."""

    mapping: str
    load_id: UUID
    number: str
    row: int
    code: str
    field: str
    why: str
    record: str = "{}"


class Listed(Struct, frozen=True):
    """The same for reading: `source` is the file as the load named it."""

    number: str
    source: str
    row: int
    code: str
    field: str
    why: str


class Waiting(Struct, frozen=True):
    """A return that waits for the last sale of its file. `member` is "" for nobody."""

    number: str
    row: int
    member: str
    record: str


async def add_stores(conn: Conn, ids: Sequence[str], name: str, time_zone: str) -> None:
    """Create the stores that are not there. `name` "" takes the id."""
    values = {"ids": list(ids), "name": name, "time_zone": time_zone}
    await conn.execute(SQL["add_stores"], values)


async def open_load(
    conn: Conn, fresh_id: UUID, source: str, source_hash: bytes, mapping: str, now: datetime
) -> Load:
    """The load of this file by this mapping: begun now, or earlier and found again."""
    asked = {
        "id": fresh_id, "source": source, "hash": source_hash, "mapping": mapping, "now": now,
    }  # fmt: skip
    await conn.execute(SQL["open_load"], asked)
    row = await (await conn.execute(SQL["find_load"], asked)).fetchone()
    assert row is not None, "a load that is there, or was made just now"
    return Load(row[0], mapping, *row[1:])


async def find_load(conn: Conn, source_hash: bytes, mapping: str) -> Load | None:
    """The load of this file by this mapping; None if it was never begun."""
    asked = {"hash": source_hash, "mapping": mapping}
    row = await (await conn.execute(SQL["find_load"], asked)).fetchone()
    return None if row is None else Load(row[0], mapping, *row[1:])


async def lock_load(conn: Conn, load: Load) -> bool:
    """Whether this connection alone loads the file from now on."""
    row = await (await conn.execute(SQL["lock_load"], {"id": load.id})).fetchone()
    return row is not None and bool(row[0])


async def unlock_load(conn: Conn, load: Load) -> None:
    """The file is free for others."""
    await conn.execute(SQL["unlock_load"], {"id": load.id})


async def checkpoint(conn: Conn, load: Load, finished_at: datetime | None = None) -> None:
    """Keep how far the load has come."""
    values = {
        "load": load.id, "phase": load.phase, "done": load.done, "tally": load.tally,
        "finished_at": finished_at,
    }  # fmt: skip
    await conn.execute(SQL["checkpoint"], values)


async def quarantine(conn: Conn, load: Load, rows: Sequence[Quarantined]) -> None:
    """Put receipts aside. Errors: CardinalityViolation if one number is there twice."""
    values = {
        "mapping": load.mapping,
        "load": load.id,
        "numbers": [row.number for row in rows],
        "rows": [row.row for row in rows],
        "codes": [row.code for row in rows],
        "fields": [row.field for row in rows],
        "whys": [row.why for row in rows],
        "records": [row.record for row in rows],
    }
    await conn.execute(SQL["quarantine"], values)


async def heal(conn: Conn, load: Load, numbers: Sequence[str]) -> None:
    """Take receipts out of quarantine: they have been posted."""
    await conn.execute(SQL["heal"], {"mapping": load.mapping, "numbers": list(numbers)})


async def quarantined(conn: Conn, load_id: UUID) -> list[Quarantined]:
    """What a load left in quarantine, in the order of its file."""
    cursor = await conn.execute(SQL["quarantined"], {"load": load_id})
    return [Quarantined(*row) async for row in cursor]


async def set_aside(conn: Conn, mapping: str, after: str, most: int) -> list[Listed]:
    """A page of what a mapping has in quarantine, by number, after the one named."""
    asked = {"mapping": mapping, "after": after, "most": most}
    cursor = await conn.execute(SQL["set_aside"], asked)
    return [Listed(*row) async for row in cursor]


async def sums(conn: Conn) -> list[tuple[str, str, int]]:
    """(mapping, code, how many) of all that is in quarantine."""
    return [(row[0], row[1], row[2]) async for row in await conn.execute(SQL["sums"])]


async def list_aside(
    conn: Conn, only: tuple[str, str], last: tuple[str, str], most: int
) -> list[Aside]:  # fmt: skip
    """A page of the quarantine, by mapping and number, without what was read.

    only  a mapping, a code; "" for all
    last  mapping and number of the last one before it
    """
    asked = {
        "mapping": only[0], "code": only[1], "after_mapping": last[0], "after": last[1],
        "most": most,
    }  # fmt: skip
    return [Aside(*row) async for row in await conn.execute(SQL["list_aside"], asked)]


async def read_aside(conn: Conn, mapping: str, numbers: Sequence[str]) -> list[Aside]:
    """These with what was read of them, for whoever changes them: others wait."""
    asked = {"mapping": mapping, "numbers": list(numbers)}
    return [Aside(*row) async for row in await conn.execute(SQL["read_aside"], asked)]


async def drop(conn: Conn, mapping: str, numbers: Sequence[str]) -> list[str]:
    """Take these out: they are not wanted. Shape: those that were there."""
    asked = {"mapping": mapping, "numbers": list(numbers)}
    return [row[0] async for row in await conn.execute(SQL["drop"], asked)]


async def drop_older(conn: Conn, mapping: str, numbers: Sequence[str], load_id: UUID) -> None:
    """Take these out, except what this load has put there."""
    asked = {"mapping": mapping, "numbers": list(numbers), "load": load_id}
    await conn.execute(SQL["drop_older"], asked)


async def rows_aside(conn: Conn, load_id: UUID, most: int) -> list[int]:
    """In which rows of its file a load found what it put aside."""
    asked = {"load": load_id, "most": most}
    return [row[0] async for row in await conn.execute(SQL["rows_aside"], asked)]


async def aside_of(conn: Conn, mapping: str, numbers: Sequence[str]) -> set[str]:
    """Which of these numbers a mapping has in quarantine."""
    asked = {"mapping": mapping, "numbers": list(numbers)}
    return {row[0] async for row in await conn.execute(SQL["aside_of"], asked)}


async def wait(conn: Conn, load: Load, rows: Sequence[Waiting]) -> None:
    """Keep returns until the last sale is in."""
    values = {
        "mapping": load.mapping,
        "load": load.id,
        "numbers": [row.number for row in rows],
        "rows": [row.row for row in rows],
        "members": [row.member for row in rows],
        "records": [row.record for row in rows],
    }
    await conn.execute(SQL["wait"], values)


async def waiting(conn: Conn, load: Load) -> int:
    """How many returns still wait."""
    row = await (await conn.execute(SQL["waiting"], {"load": load.id})).fetchone()
    return int(row[0]) if row is not None else 0


async def waiting_members(conn: Conn, load: Load, limit: int) -> list[str]:
    """The next members with unmatched returns, at most `limit`."""
    asked = {"load": load.id, "most": limit}
    return [row[0] async for row in await conn.execute(SQL["waiting_members"], asked)]


async def waiting_of(conn: Conn, load: Load, members: Sequence[str]) -> list[str]:
    """The records of these members' unmatched returns."""
    asked = {"load": load.id, "members": list(members)}
    return [row[1] async for row in await conn.execute(SQL["waiting_of"], asked)]


async def plan(conn: Conn, load: Load, plans: Sequence[tuple[str, str]]) -> None:
    """Keep what will be posted: (number, JSON)."""
    values = {
        "mapping": load.mapping,
        "numbers": [number for number, _ in plans],
        "plans": [said for _, said in plans],
    }
    await conn.execute(SQL["plan"], values)


async def planned(conn: Conn, load: Load) -> list[tuple[str, str]]:
    """(record, plan) of returns whose posting may have begun."""
    cursor = await conn.execute(SQL["planned"], {"load": load.id})
    return [(row[0], row[1]) async for row in cursor]


async def done_waiting(conn: Conn, load: Load, numbers: Sequence[str]) -> None:
    """These returns wait no longer."""
    await conn.execute(SQL["done_waiting"], {"mapping": load.mapping, "numbers": list(numbers)})


async def count_quarantined(conn: Conn, most: int) -> int:
    """How many receipts lie in quarantine; no more than `most` are looked at."""
    row = await (await conn.execute(SQL["count_quarantined"], {"most": most})).fetchone()
    return 0 if row is None else int(row[0])
