"""What was done with points besides receipts, remembered; and a wallet's moves, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.ledger.core.giving import Longer
from tessera.ledger.core.ways import Done, OperationKind
from tessera.ledger.core.words import Bucket

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
Beside = tuple[UUID, datetime | None, datetime | None]  # an account, from when, until when
_BEYOND = 2**63 - 1  # no wallet has so many moves


class Row(Struct, frozen=True, kw_only=True):
    """An operation: `points` left, `to_points` arrived, `fee_points` of what left did not.

    person_id    who answers for it, behind keys; None: of a time when that was not written down
    approval_id  under which a second person has approved it
    """

    id: UUID
    kind: OperationKind
    account_id: UUID
    currency: str
    points: int
    to_account_id: UUID | None = None
    to_currency: str = ""
    to_points: int = 0
    fee_points: int = 0
    cause: str = ""
    reason: str = ""
    principal_id: UUID
    happened_at: datetime
    posted_at: datetime
    person_id: UUID | None = None
    approval_id: UUID | None = None


class Adjustments(Struct, frozen=True):
    """Points adjusted before, both directions added up. alone: without a second person."""

    points: int
    alone: int


class Moved(Struct, frozen=True):
    """A move with the operation it belongs to; `kind` is None for receipts, events and runs."""

    seq: int
    outcome_id: UUID
    source: Bucket
    target: Bucket
    points: int
    lot_id: UUID | None
    happened_at: datetime
    posted_at: datetime
    kind: OperationKind | None
    cause: str | None
    reason: str | None
    account_id: UUID | None
    to_account_id: UUID | None


async def one_at_a_time(conn: Conn, person_id: UUID) -> None:
    """Wait for this person's other adjustments; before any account is locked."""
    await conn.execute(SQL["one_at_a_time"], {"person": str(person_id)})


async def done(
    conn: Conn, account_id: UUID, way: tuple[OperationKind, str, str],
    since: tuple[datetime, datetime],
) -> Done:  # fmt: skip
    """What went this way before; the account must be locked.

    way    kind, currency, currency in which it arrives
    since  beginning of the day, of the month
    """
    asked = dict(zip(("kind", "currency", "to_currency", "day", "month"), (*way, *since),
                     strict=True))  # fmt: skip
    row = await (await conn.execute(SQL["done"], asked | {"account": account_id})).fetchone()
    assert row is not None, "a sum has a row"
    return Done(*row)


async def adjusted_by(conn: Conn, person_id: UUID, currency: str, since: datetime) -> Adjustments:
    """What a person has adjusted since then, with whatever key."""
    asked = {"person": person_id, "currency": currency, "since": since}
    row = await (await conn.execute(SQL["adjusted_by"], asked)).fetchone()
    assert row is not None, "a sum has a row"
    return Adjustments(*row)


async def adjusted_of(
    conn: Conn, account_id: UUID, beside: Sequence[Beside], currency: str, since: datetime
) -> Adjustments:
    """What was adjusted in an account, and in those beside it, since then."""
    asked = {
        "account": account_id, "beside": [each[0] for each in beside],
        "came_at": [each[1] for each in beside], "left_at": [each[2] for each in beside],
        "currency": currency, "since": since,
    }  # fmt: skip
    row = await (await conn.execute(SQL["adjusted_of"], asked)).fetchone()
    assert row is not None, "a sum has a row"
    return Adjustments(*row)


async def add_operation(conn: Conn, row: Row) -> None:
    """Keep an operation."""
    await conn.execute(SQL["add_operation"], msgspec.structs.astuple(row))


async def add_extensions(
    conn: Conn, wallet_id: UUID, operation_id: UUID, longer: Sequence[Longer]
) -> None:
    """Keep which lots of a wallet live longer."""
    asked = {
        "account": wallet_id, "operation": operation_id, "lots": [each.lot_id for each in longer],
        "points": [each.points for each in longer], "old": [each.old for each in longer],
        "new": [each.new for each in longer],
    }  # fmt: skip
    await conn.execute(SQL["add_extensions"], asked)


async def moves(conn: Conn, wallet_id: UUID, before: int | None, most: int) -> list[Moved]:
    """A wallet's moves before the one with that number, the newest first."""
    asked = {"wallet": wallet_id, "before": before or _BEYOND, "most": most}
    rows = await conn.execute(SQL["moves"], asked)
    return [Moved(*row) for row in await rows.fetchall()]
