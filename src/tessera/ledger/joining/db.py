"""Accounts that were joined, remembered; and where the points of an account are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.ledger.core import Lot, Wallet
from tessera.ledger.core.joining import Went

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Joining(Struct, frozen=True):
    """Two accounts were joined, or parted again where it `undoes` a joining.

    account_id  went to `to_account_id`, or came back from it
    kept        at a parting: the points stayed where they were
    undone_by   the parting, if there was one
    """

    id: UUID
    account_id: UUID
    to_account_id: UUID
    undoes: UUID | None
    kept: bool
    principal_id: UUID
    happened_at: datetime
    posted_at: datetime
    undone_by: UUID | None = None


async def above(conn: Conn, accounts: Sequence[UUID]) -> dict[UUID, UUID]:
    """{account: the one it was joined to}, of these and those above them; only of those gone."""
    return dict(await (await conn.execute(SQL["above"], (list(accounts),))).fetchall())


def way(account_id: UUID, through: Mapping[UUID, UUID]) -> list[UUID]:
    """The account, and the accounts above it; the last one is where its points are."""
    found = [account_id]
    while (up := through.get(found[-1])) is not None:
        assert up not in found, "nobody is joined to himself"
        found.append(up)
    return found


async def current(conn: Conn, account_id: UUID) -> UUID:
    """Where the points of an account are now."""
    return way(account_id, await above(conn, [account_id]))[-1]


async def below(conn: Conn, accounts: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """{account: those joined to it now, directly or not}; those with none are left out."""
    return await _grouped(conn, "below", accounts)


async def with_below(conn: Conn, account_id: UUID) -> list[UUID]:
    """An account and those that are joined to it now."""
    return [account_id, *(await below(conn, [account_id])).get(account_id, [])]


async def kin(conn: Conn, accounts: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """{account: those that were ever joined with it}; those with none are left out."""
    return await _grouped(conn, "kin", accounts)


async def _grouped(conn: Conn, name: str, accounts: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    for of, other in await (await conn.execute(SQL[name], (list(accounts),))).fetchall():
        found.setdefault(of, []).append(other)
    return found


async def fill(conn: Conn, wallet: Wallet, lots: Sequence[UUID]) -> None:
    """Put these lots into a locked wallet that has rows of them, empty ones too."""
    rows = await conn.execute(SQL["lots"], {"wallet": wallet.account_id, "lots": list(lots)})
    for row in await rows.fetchall():
        lot = Lot(*row)
        if lot.rolls:
            lot.expires_at = wallet.rolls_until
        wallet.lots.setdefault(lot.id, lot)


async def came(
    conn: Conn, wallet: Wallet, other: UUID, joining_id: UUID, seq: int
) -> dict[UUID, UUID]:
    """{lot that came with a joining: the operation that had earned it}, empty ones too.

    seq  of the wallet's last move when it had come. What was back from `other` since is among them
    """
    asked = {"wallet": wallet.account_id, "other": other, "joining": joining_id, "seq": seq}
    return dict(await (await conn.execute(SQL["came"], asked)).fetchall())


async def joined_since(conn: Conn, joining_id: UUID) -> bool:
    """Whether the account that took was joined or parted once more since; it is locked."""
    row = await (await conn.execute(SQL["joined_since"], (joining_id,))).fetchone()
    assert row is not None
    return bool(row[0])


async def lots_elsewhere(
    conn: Conn, wallets: Sequence[UUID], outcomes: Sequence[UUID]
) -> list[Lot]:
    """Lots of operations as they are in other wallets of the clan: nothing of them is here yet."""
    asked = {"wallets": list(wallets), "outcomes": list(outcomes)}
    return [
        Lot(id_, outcome, earned, expires, points, 0, False, activates, waits, rolls, came_from=of)
        for of, id_, outcome, earned, expires, points, activates, waits, rolls in await (
            await conn.execute(SQL["lots_elsewhere"], asked)
        ).fetchall()
    ]


async def stands(conn: Conn, wallets: Sequence[UUID]) -> None:
    """Mark wallets that have kin, or are there again."""
    await conn.execute(SQL["stands"], (list(wallets),))


async def goes(conn: Conn, pairs: Sequence[tuple[UUID, UUID]]) -> None:
    """Mark wallets that are gone: (wallet, where it went)."""
    await conn.execute(SQL["goes"], [list(column) for column in zip(*pairs, strict=True)])


async def add(conn: Conn, row: Joining, went: Mapping[str, Went]) -> None:
    """Keep a joining or a parting with what went over in each currency."""
    await conn.execute(
        SQL["add"],
        (row.id, row.account_id, row.to_account_id, row.undoes, row.kept, row.principal_id,
         row.happened_at, row.posted_at),
    )  # fmt: skip
    columns = [list(column) for column in zip(*went.values(), strict=True)]
    if columns:
        await conn.execute(SQL["add_wallets"], (row.id, list(went), *columns))


async def read(conn: Conn, joining_id: UUID) -> Joining | None:
    """One joining or parting."""
    row = await (await conn.execute(SQL["read"], (joining_id,))).fetchone()
    return None if row is None else Joining(*row)


async def went(conn: Conn, joining_id: UUID) -> dict[str, Went]:
    """{currency: what went over}, the program's own points first."""
    rows = await (await conn.execute(SQL["wallets"], (joining_id,))).fetchall()
    return {currency: Went(*rest) for currency, *rest in rows}
