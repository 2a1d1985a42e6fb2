"""Boards in our database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.columns import Bigints, Integers, Uuids
from tessera.base.sql import statements
from tessera.checkout.boards.core import Counted, Place, Standing, Winner, Won
from tessera.rules.core.boards import Board

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Top(NamedTuple):
    """One of the first on a board."""

    account: UUID
    amount: int
    place: int


class Sums(NamedTuple):
    """How many won on a board, how many of them were paid, how many points that is."""

    winners: int
    paid: int
    points: int


async def boards(conn: Conn) -> dict[str, Counted]:
    """{code: when it was counted}, of all that ever were."""
    return {row[0]: Counted(*row) async for row in await conn.execute(SQL["boards"])}


async def turn(conn: Conn, board: str) -> bool:
    """Whether it is ours to count or close, until the end of the transaction."""
    row = await (await conn.execute(SQL["turn"], {"board": board})).fetchone()
    return bool(row is not None and row[0])


async def count(conn: Conn, code: str, board: Board, stores: Sequence[str] | None) -> int:
    """Count what everybody has; how many have something. stores: None is everywhere."""
    asked = {
        "board": code, "scope": board.scope, "first": board.starts, "last": board.ends,
        "times": board.times, "stores": None if stores is None else list(stores),
    }  # fmt: skip
    await conn.execute(SQL["plan"])
    row = await (await conn.execute(SQL["count"], asked)).fetchone()
    assert row is not None, "a count has a value"
    await conn.execute(SQL["drop_rungs"], {"board": code})
    await conn.execute(SQL["add_rungs"], {"board": code})
    return int(row[0])


async def note(conn: Conn, code: str, at: datetime, took_ms: int, members: int) -> None:
    """It was counted."""
    asked = {"board": code, "at": at, "took_ms": took_ms, "members": members}
    await conn.execute(SQL["note"], asked)


async def close(conn: Conn, code: str, at: datetime, terms: bytes) -> None:
    """It is closed, on these terms."""
    await conn.execute(SQL["close"], {"board": code, "at": at, "terms": terms})


async def first(conn: Conn, code: str, most: int) -> list[Standing]:
    """Who has most, so many, and all who have as much as the last of them."""
    rows = await conn.execute(SQL["first"], {"board": code, "most": most})
    return [Standing(*row) async for row in rows]


async def top(conn: Conn, code: str, most: int) -> list[Top]:
    """Who has most, with their places."""
    rows = await conn.execute(SQL["top"], {"board": code, "most": most})
    return [Top(*row) async for row in rows]


async def place(conn: Conn, code: str, account: UUID) -> Place | None:
    """Where an account stands; None: it has nothing there."""
    rows = await conn.execute(SQL["place"], {"board": code, "account": account})
    row = await rows.fetchone()
    return None if row is None else Place(*row)


async def add_winners(conn: Conn, code: str, ids: Sequence[UUID], won: Sequence[Won]) -> None:
    """Who wins points."""
    accounts, places, sharing, amounts, points = zip(*won, strict=True)
    columns = (
        Uuids(list(ids)), code, Uuids(accounts), Integers(places), Integers(sharing),
        Bigints(amounts), Bigints(points),
    )  # fmt: skip
    await conn.execute(SQL["add_winners"], columns, binary=True)


async def owed(conn: Conn, most: int) -> list[UUID]:
    """Winners who wait for their points."""
    return [row[0] async for row in await conn.execute(SQL["owed"], {"most": most})]


async def winner(conn: Conn, id: UUID, *, lock: bool = False) -> Winner | None:
    """One winner."""
    statement = SQL["lock_winner" if lock else "winner"]
    row = await (await conn.execute(statement, {"id": id})).fetchone()
    return None if row is None else Winner(*row)


async def pay(conn: Conn, id: UUID, at: datetime | None, unpaid: str = "") -> None:
    """The points have come, or why they never do."""
    await conn.execute(SQL["pay"], {"id": id, "at": at, "unpaid": unpaid})


async def winners(conn: Conn, code: str, most: int) -> list[Winner]:
    """Who won on a board, the first place first."""
    rows = await conn.execute(SQL["winners"], {"board": code, "most": most})
    return [Winner(*row) async for row in rows]


async def sums(conn: Conn) -> dict[str, Sums]:
    """{board: what was won on it}."""
    return {row[0]: Sums(*row[1:]) async for row in await conn.execute(SQL["sums"])}


async def won(
    conn: Conn, accounts: Sequence[UUID]
) -> dict[str, tuple[int, int, int, datetime | None]]:
    """{board: (place, amount, points, when they came)} of what accounts won."""
    rows = await conn.execute(SQL["won"], {"accounts": list(accounts)})
    return {row[0]: (row[1], row[2], row[3], row[4]) async for row in rows}
