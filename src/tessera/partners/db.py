"""Postings, adjustments and statements, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec.structs import astuple
from psycopg import AsyncConnection

from tessera.base.columns import Bigints, Texts, Uuids
from tessera.base.sql import statements
from tessera.partners.core import Adjustment, Charge, Piece, Posting, Statement, Sums

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
PAGE = 20_000  # postings: more than one operation ever has


async def add_postings(conn: Conn, rows: Sequence[Posting], now: datetime) -> None:
    """Keep what operations mean for partners."""
    charges = [[getattr(row.charge, name) for row in rows] for name in Charge.__struct_fields__]
    values = (
        Uuids([row.outcome_id for row in rows]), Texts([row.partner for row in rows]),
        Texts([row.currency for row in rows]), Texts([row.store for row in rows]),
        *[Bigints(column) for column in charges],
    )  # fmt: skip
    await conn.execute(SQL["add_postings"], (now, *values), binary=True)
    pieces = [(row.outcome_id, row.partner, piece) for row in rows for piece in row.pieces]
    if pieces:
        outcomes, partners, things = zip(*pieces, strict=True)
        columns = (
            Uuids(outcomes), Texts(partners), Texts([each.item for each in things]),
            Bigints([each.cost_minor for each in things]),
            Bigints([each.pieces for each in things]),
        )  # fmt: skip
        await conn.execute(SQL["add_pieces"], columns, binary=True)


async def lock_partner(conn: Conn, partner: str) -> None:
    """One at a time closes a period of this partner, or adjusts it."""
    await conn.execute(SQL["lock_partner"], {"partner": partner})


async def known(conn: Conn) -> list[str]:
    """Every partner of which anything is kept."""
    rows = await conn.execute(SQL["known"])
    return [row[0] for row in await rows.fetchall()]


async def open_sums(conn: Conn, partner: str, before: datetime) -> Sums:
    """What is in no statement and was posted before an instant."""
    asked = {"partner": partner, "before": before}
    return await _sums(conn, ("open_points", "open_adjustments", "open_pieces"), asked)


async def oldest_open(conn: Conn, partner: str, before: datetime) -> datetime | None:
    """When the oldest posting was posted that is in no statement and from before an instant."""
    asked = {"partner": partner, "before": before}
    row = await (await conn.execute(SQL["oldest_open"], asked)).fetchone()
    return None if row is None else row[0]


async def state(
    conn: Conn, partner: str, statement_id: UUID, before: datetime, page: int = PAGE
) -> Sums:  # fmt: skip
    """What was open goes into a statement, which is added next: what it comes to.

    The partner is locked. What commits meanwhile is in it whole or not at all: what one operation
    has posted stands at one place. Page by page, so that no statement of SQL takes long.
    """
    asked = {"partner": partner, "statement": statement_id, "before": before}
    place: tuple[datetime, UUID] | None = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
    while place is not None:
        at = dict(zip(("at", "id"), place, strict=True))
        rows = await conn.execute(SQL["state_postings"], asked | at | {"most": page})
        place = await rows.fetchone()
    await conn.execute(SQL["state_adjustments"], asked)
    return await _sums(conn, ("stated_points", "stated_adjustments", "stated_pieces"), asked)


async def _sums(conn: Conn, which: tuple[str, str, str], asked: dict[str, Any]) -> Sums:
    points, adjusted, things = [
        await (await conn.execute(SQL[each], asked)).fetchall() for each in which
    ]
    opening = await (await conn.execute(SQL["opening"], asked)).fetchone()
    found = tuple(Adjustment(*row) for row in adjusted)
    return Sums(
        sum(row[0] for row in points), {row[1]: Charge(*row[2:]) for row in points},
        opening[0] if opening else 0, sum(each.minor for each in found), found,
        tuple(Piece(*row) for row in things),
    )  # fmt: skip


async def add_statement(conn: Conn, made: Statement, principal_id: UUID) -> None:
    """Keep a statement. The partner is locked, and `state` has said what it comes to."""
    total = made.sums.total()
    await conn.execute(SQL["add_statement"], {
        "id": made.id, "partner": made.partner, "period": made.period, "ends_at": made.ends_at,
        "postings": made.sums.postings, "opening": made.sums.opening_x100,
        "issued": total.issued_x100, "redeemed": total.redeemed_x100, "funded": total.funded_x100,
        "adjusted": made.sums.adjusted_minor, "due": made.due_minor, "closing": made.closing_x100,
        "principal": principal_id, "approval": made.approval_id, "now": made.closed_at,
    })  # fmt: skip
    for currency, charge in made.sums.points.items():
        await conn.execute(SQL["add_points"], (made.id, currency, *astuple(charge)))


async def add_adjustment(
    conn: Conn, partner: str, made: Adjustment, principal_id: UUID, approval_id: UUID | None
) -> None:
    """Keep what was agreed besides."""
    await conn.execute(SQL["add_adjustment"], {
        "id": made.id, "partner": partner, "minor": made.minor, "reason": made.reason,
        "principal": principal_id, "approval": approval_id, "now": made.posted_at,
    })  # fmt: skip


async def closed(conn: Conn, partner: str) -> list[Statement]:
    """The statements of a partner, the newest first."""
    rows = await (await conn.execute(SQL["closed"], {"partner": partner})).fetchall()
    points = await (await conn.execute(SQL["points"], {"partner": partner})).fetchall()
    adjusted = await (await conn.execute(SQL["adjustments"], {"partner": partner})).fetchall()
    things = await (await conn.execute(SQL["pieces"], {"partner": partner})).fetchall()
    found = []
    for id_, period, ends_at, count, opening, minor, due, closing, at, approval in rows:
        mine = {row[1]: Charge(*row[2:]) for row in points if row[0] == id_}
        besides = tuple(Adjustment(*row[1:]) for row in adjusted if row[0] == id_)
        given = tuple(Piece(*row[1:]) for row in things if row[0] == id_)
        sums = Sums(count, mine, opening, minor, besides, given)
        found.append(
            Statement(id_, partner, period, ends_at, sums, due, closing, at, approval)
        )  # fmt: skip
    return found


async def postings(
    conn: Conn, partner: str, statement_id: UUID | None,
    after: tuple[datetime, UUID, str] | None, most: int,
) -> list[Posting]:  # fmt: skip
    """Postings of a statement, or the open ones, as they were posted, after one of them."""
    place = dict(zip(("at", "id", "currency"), after or (None, None, None), strict=True))
    asked = {"partner": partner, "statement": statement_id, "most": most} | place
    rows = await (await conn.execute(SQL["postings"], asked)).fetchall()
    return [
        Posting(id_, partner, currency, store, Charge(*charge), posted_at)
        for id_, currency, store, posted_at, *charge in rows
    ]
