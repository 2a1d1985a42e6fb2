"""Draws in our database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection

from tessera.base.columns import Bigints, Integers, Texts, Times, Uuids
from tessera.base.sql import statements
from tessera.base.wire import put
from tessera.rewards.draws.core import Entry, Held
from tessera.rules.core.draws import Draw

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
Prize = tuple[str, str]  # a draw and an item of it
Ticket = tuple[UUID, UUID, int]
_TERMS = msgspec.json.Decoder(Draw)


class Published(Struct, frozen=True):
    """A draw that was published; `shown`: its seed, and its `terms` then, once it is over."""

    code: str
    bound: bytes
    made_at: datetime
    shown: bytes | None
    shown_at: datetime | None
    digest: bytes | None
    terms: Draw | None
    tickets: int


class Win(Struct, frozen=True):
    """What was won: at the till (`outcome_id`), or by a ticket (`place`, `label`, `number`)."""

    id: UUID
    item: str
    account_id: UUID
    outcome_id: UUID | None
    place: int | None
    label: str | None
    number: int | None
    won_at: datetime
    owed_at: datetime | None = None
    handed_at: datetime | None = None


class Mine(Struct, frozen=True):
    """What somebody has won."""

    draw: str
    item: str
    won_at: datetime
    owed_at: datetime | None
    handed_at: datetime | None


async def add_draw(conn: Conn, code: str, seal: bytes, bound: bytes, now: datetime) -> None:
    """Bind a draw to its seed, if nobody has."""
    await conn.execute(SQL["add_draw"], (code, seal, bound, now))


async def sealed(conn: Conn) -> dict[str, bytes]:
    """{draw: its sealed seed}, of those that are not over."""
    return dict(await (await conn.execute(SQL["sealed"])).fetchall())


async def draws(conn: Conn, code: str | None = None) -> list[Published]:
    """All that were published, or the one."""
    return await _draws(conn, None if code is None else [code], counted=True)


async def named(conn: Conn, codes: Sequence[str] | None = None) -> list[Published]:
    """The same, or several; tickets of those that are not over are left out: there may be many."""
    return await _draws(conn, None if codes is None else list(codes), counted=False)


async def _draws(conn: Conn, codes: list[str] | None, *, counted: bool) -> list[Published]:
    rows = await conn.execute(SQL["draws"], {"codes": codes, "counted": counted})
    return [
        Published(code, bound, made, shown, at, digest, terms and _TERMS.decode(terms), tickets)
        for code, bound, made, shown, at, digest, terms, tickets in await rows.fetchall()
    ]


async def given(conn: Conn, code: str | None = None) -> dict[Prize, int]:
    """{prize: how many were given at once}."""
    rows = await (await conn.execute(SQL["given"], {"code": code})).fetchall()
    return {(draw, item): count for draw, item, count in rows}


async def lock_prizes(conn: Conn, asked: Sequence[Prize]) -> None:
    """Hold these until the end; `asked` in its order."""
    await put(conn, SQL["begin_prizes"], _columns(asked))
    await put(conn, SQL["lock_prizes"], _columns(asked))


async def prizes(conn: Conn, asked: Sequence[Prize]) -> dict[Prize, int]:
    """{prize: how many were given}; they are locked."""
    rows = await conn.execute(SQL["prizes"], _columns(asked), binary=True)
    return {(draw, item): count for draw, item, count in await rows.fetchall()}


async def give_prizes(conn: Conn, given: Mapping[Prize, int]) -> None:
    """So many were given in all."""
    await put(conn, SQL["give_prizes"], (*_columns(list(given)), Bigints(list(given.values()))))


async def add_keepsakes(
    conn: Conn, changes: Mapping[tuple[UUID, str, str, UUID], int], now: datetime
) -> None:
    """Write {(account, kind, item, operation): pieces more}."""
    accounts, kinds, items, outcomes = zip(*changes, strict=True)
    await put(
        conn, SQL["add_keepsakes"],
        (Uuids(accounts), Texts(kinds), Texts(items), Uuids(outcomes),
         Bigints(list(changes.values())), Times([now] * len(changes))),
    )  # fmt: skip


async def add_wins(conn: Conn, draws: Sequence[str], wins: Sequence[Win], now: datetime) -> None:
    """Write what was won, each in its draw."""
    values = (
        Uuids([win.id for win in wins]), Texts(draws), Texts([win.item for win in wins]),
        Uuids([win.account_id for win in wins]), Uuids([win.outcome_id for win in wins]),
        Integers([win.place for win in wins]), Texts([win.label for win in wins]),
        Bigints([win.number for win in wins]), Times([now] * len(wins)),
    )  # fmt: skip
    await put(conn, SQL["add_wins"], values)


async def owe_wins(conn: Conn, back: Sequence[tuple[UUID, str]], now: datetime) -> None:
    """What these operations won of these items has to come back."""
    outcomes, items = zip(*back, strict=True)
    await put(conn, SQL["owe_wins"], (Uuids(outcomes), Texts(items), Times([now] * len(outcomes))))


async def lock_draw(conn: Conn, code: str) -> tuple[bytes, bytes | None] | None:
    """(sealed seed, the seed if it is shown); None: it was never published."""
    return await (await conn.execute(SQL["lock_draw"], (code,))).fetchone()


async def take_time(conn: Conn) -> None:
    """Nobody ends this transaction because it waits for us."""
    await conn.execute(SQL["take_time"])


async def tickets(conn: Conn, code: str, most: int) -> AsyncIterator[list[Ticket]]:
    """(account, operation, pieces) of all tickets as they stand, so many at a time."""
    async with conn.cursor(name="tickets") as cursor:
        await cursor.execute(SQL["tickets"], (code,))
        while found := await cursor.fetchmany(most):
            yield found


async def add_entries(conn: Conn, code: str, list_: Mapping[Entry, UUID]) -> None:
    """Keep some of the list as it took part: {entry: account}."""
    values = (
        code, Texts([each.label for each in list_]), Texts([each.holder for each in list_]),
        Uuids(list(list_.values())), Bigints([each.pieces for each in list_]),
    )  # fmt: skip
    await conn.execute(SQL["add_entries"], values)


async def show_draw(
    conn: Conn, code: str, over: tuple[bytes, datetime, int, bytes], terms: Draw
) -> None:
    """It is over: (its seed, since when, tickets, digest of their list), by these terms."""
    said = msgspec.json.encode(terms).decode()
    await conn.execute(SQL["show_draw"], (*over, said, code))


async def entries(conn: Conn, code: str, after: str, limit: int) -> list[Entry]:
    """A page of the list."""
    rows = await conn.execute(SQL["entries"], (code, after, limit))
    return [Entry(*row) for row in await rows.fetchall()]


async def wins(conn: Conn, code: str, limit: int) -> list[Win]:
    """What was won in a draw."""
    return [Win(*row) for row in await (await conn.execute(SQL["wins"], (code, limit))).fetchall()]


async def hand_over(conn: Conn, code: str, win_id: UUID, now: datetime) -> str | None:
    """The item that is in the winner's hands now; None: there is none to be handed over."""
    asked = {"id": win_id, "draw": code, "now": now}
    row = await (await conn.execute(SQL["hand_over"], asked)).fetchone()
    return None if row is None else row[0]


async def held(conn: Conn, accounts: Sequence[UUID]) -> list[Held]:
    """The tickets, badges and privileges of these accounts together."""
    rows = await conn.execute(SQL["held"], (list(accounts),))
    return [Held(*row) for row in await rows.fetchall()]


async def won_by(conn: Conn, accounts: Sequence[UUID]) -> list[Mine]:
    """What these accounts have won."""
    rows = await conn.execute(SQL["won_by"], (list(accounts),))
    return [Mine(*row) for row in await rows.fetchall()]


async def my_tickets(conn: Conn, accounts: Sequence[UUID], code: str) -> list[tuple[UUID, int]]:
    """(operation, pieces) of these accounts' tickets for a draw."""
    return await (await conn.execute(SQL["my_tickets"], (list(accounts), code))).fetchall()


def _columns(asked: Sequence[Prize]) -> tuple[Texts, Texts]:
    return Texts([draw for draw, _ in asked]), Texts([item for _, item in asked])
