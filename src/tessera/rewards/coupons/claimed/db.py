"""Coupons of claims in our database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Brought(NamedTuple):
    """A claim's coupon: used so often of so many times; void: it counts no more."""

    claim_id: UUID
    code: UUID
    used: int
    uses: int
    void: bool


class Fresh(NamedTuple):
    """A code that a claim brings; `ends`: its own last day."""

    claim: UUID
    code: UUID
    batch: int
    member: UUID
    ends: date | None
    now: datetime


async def add(conn: Conn, fresh: Fresh) -> None:
    """A claim brings a code. Errors: UniqueViolation if the code is there already."""
    said = fresh._asdict()
    await conn.execute(SQL["add_code"], said)
    await conn.execute(SQL["add_claimed"], said)


async def lock(conn: Conn, claim_id: UUID) -> UUID | None:
    """The code of a claim, locked; None: it has brought none."""
    row = await (await conn.execute(SQL["lock"], {"claim": claim_id})).fetchone()
    return None if row is None else row[0]


async def standing(conn: Conn, code: UUID, over: datetime) -> tuple[int, bool]:
    """(how often it was used, whether a quote keeps it that goes on after `over`)."""
    row = await (await conn.execute(SQL["standing"], {"code": code, "over": over})).fetchone()
    assert row is not None, "it is locked"
    return row[0], row[1]


async def void(conn: Conn, code: UUID, now: datetime) -> None:
    """It counts no more."""
    await conn.execute(SQL["void"], {"code": code, "now": now})


async def of_claims(conn: Conn, claims: Sequence[UUID]) -> list[Brought]:
    """The coupons of these claims."""
    rows = await conn.execute(SQL["of_claims"], {"claims": list(claims)})
    return [Brought(*row) for row in await rows.fetchall()]
