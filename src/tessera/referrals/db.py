"""Codes, referrals, purchases that count and payments, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import astuple
from psycopg import AsyncConnection

from tessera.base.columns import Booleans, Uuids
from tessera.base.sql import statements
from tessera.referrals.core import MOST_ABOVE, Brought, Line, Payment

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


# Codes and referrals -----------------------------------------------------------------------------


async def code_of(conn: Conn, members: Sequence[UUID]) -> str | None:
    """By which word one of these brings others; of several numbers of one person the oldest."""
    row = await (await conn.execute(SQL["code_of"], (list(members),))).fetchone()
    return None if row is None else str(row[0])


async def add_code(conn: Conn, member_id: UUID, code: str, now: datetime) -> bool:
    """Give a member a code; False if there is one, or somebody else has it."""
    asked = {"member": member_id, "code": code, "now": now}
    return (await conn.execute(SQL["add_code"], asked)).rowcount == 1


async def whose(conn: Conn, code: str) -> UUID | None:
    """Who brings others by this word."""
    row = await (await conn.execute(SQL["whose"], {"code": code})).fetchone()
    return None if row is None else row[0]


async def add(conn: Conn, made: Brought) -> bool:
    """Keep who was brought by whom; False if that one was brought already."""
    values = astuple(made)[:11]
    return (await conn.execute(SQL["add"], values)).rowcount == 1


async def above(conn: Conn, member_ids: Sequence[UUID]) -> list[UUID]:
    """Who brought these, who brought those, and so on."""
    asked = {"ids": list(member_ids), "most": MOST_ABOVE}
    return [row[0] for row in await (await conn.execute(SQL["above"], asked)).fetchall()]


async def lines(
    conn: Conn, member_ids: Sequence[UUID] | None, before: UUID | None, most: int
) -> list[Line]:
    """Referrals, the newest first; of these members, on either side, or all."""
    ids = None if member_ids is None else list(member_ids)
    asked = {"ids": ids, "before": before, "most": most}
    rows = await (await conn.execute(SQL["lines"], asked)).fetchall()
    return [
        Line(
            Brought(*row[:13]), row[13], Payment(*row[15:]) if row[15] is not None else None,
            row[14],
        )
        for row in rows
    ]  # fmt: skip


async def were_any(conn: Conn) -> bool:
    """Whether anybody was ever brought here."""
    row = await (await conn.execute(SQL["were_any"])).fetchone()
    return row is not None and bool(row[0])


# At the till -------------------------------------------------------------------------------------


async def lock_of(
    conn: Conn, referees: Sequence[UUID], sales: Sequence[UUID]
) -> tuple[list[Brought], dict[UUID, UUID]]:
    """Referrals of these newcomers and of these sales, held: (all, {sale: its referral})."""
    of: dict[UUID, UUID] = {}
    if sales:
        rows = await conn.execute(SQL["of_sales"], (Uuids(sales),), binary=True)
        of = dict(await rows.fetchall())
    values = (Uuids(referees), Uuids(list(of.values())))
    held = await (await conn.execute(SQL["lock_of"], values, binary=True)).fetchall()
    return [Brought(*row) for row in held], of


async def count(conn: Conn, rows: Sequence[tuple[UUID, UUID, bool]], now: datetime) -> None:
    """(referral, sale, whether it counts) of each; then when each referral is due."""
    await conn.execute(
        SQL["count"],
        (
            now, Uuids([row[0] for row in rows]), Uuids([row[1] for row in rows]),
            Booleans([row[2] for row in rows]),
        ),
        binary=True,
    )  # fmt: skip
    await conn.execute(SQL["reckon"], (Uuids([row[0] for row in rows]),), binary=True)


# The queue ---------------------------------------------------------------------------------------


async def owed(conn: Conn, now: datetime, most: int) -> list[UUID]:
    """Referrals that are due and not paid, or paid and not due any more."""
    rows = await conn.execute(SQL["owed"], {"now": now, "most": most})
    return [row[0] for row in await rows.fetchall()]


async def read(conn: Conn, referral_id: UUID) -> Brought | None:
    """A referral as it is."""
    row = await (await conn.execute(SQL["read"], {"id": referral_id})).fetchone()
    return None if row is None else Brought(*row)


async def lock(conn: Conn, referral_id: UUID) -> Brought | None:
    """A referral, held until the transaction ends; after the accounts."""
    row = await (await conn.execute(SQL["lock"], {"id": referral_id})).fetchone()
    return None if row is None else Brought(*row)


async def payment(conn: Conn, payment_id: UUID) -> Payment:
    """A payment. Errors: AssertionError if there is none."""
    row = await (await conn.execute(SQL["payment"], {"id": payment_id})).fetchone()
    assert row is not None, "a referral names payments that there are"
    return Payment(*row)


async def paid_since(conn: Conn, referrers: Sequence[UUID], since: datetime) -> int:
    """How often whoever has these numbers was paid for bringing somebody, and it stands."""
    asked = {"ids": list(referrers), "since": since}
    row = await (await conn.execute(SQL["paid_since"], asked)).fetchone()
    assert row is not None, "a count has a row"
    return int(row[0])


async def paid_for(conn: Conn, referees: Sequence[UUID], but: UUID) -> bool:
    """Whether another referral of the same newcomer is paid."""
    asked = {"ids": list(referees), "but": but}
    row = await (await conn.execute(SQL["paid_for"], asked)).fetchone()
    return row is not None and bool(row[0])


async def pay(conn: Conn, made: Payment) -> None:
    """Keep a payment, or its taking back; the referral is held."""
    await conn.execute(SQL["add_payment"], astuple(made))
    standing = None if made.undoes is not None else made.id
    await conn.execute(SQL["stand"], {"id": made.referral_id, "payment": standing})


async def refuse(conn: Conn, referral_id: UUID, why: str) -> None:
    """Nothing is ever paid for it."""
    await conn.execute(SQL["refuse"], {"id": referral_id, "why": why})
