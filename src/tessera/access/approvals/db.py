"""Proposals, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from tessera.access.approvals.core import Decision, Proposal
from tessera.access.core import Principal
from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
_LAST = UUID(int=2**128 - 1)  # no id is above it
_PRINCIPAL = Proposal.__struct_fields__.index("principal")


async def count_open(conn: Conn, person_id: UUID, now: datetime) -> int:
    """How many proposals of a person wait; others of the same person wait for this transaction."""
    await conn.execute(SQL["wait_turn"], {"person": str(person_id)})
    asked = {"person": person_id, "now": now}
    row = await (await conn.execute(SQL["count_open"], asked)).fetchone()
    return 0 if row is None else int(row[0])


async def add(conn: Conn, proposal: Proposal) -> None:
    """Keep one that begins to wait."""
    values = msgspec.structs.asdict(proposal)
    values["limit_name"] = proposal.limit
    values["principal"] = msgspec.json.encode(proposal.principal).decode()
    await conn.execute(SQL["add"], values)


async def read(conn: Conn, id: UUID, *, lock: bool = False) -> Proposal | None:
    """One of them; None if there is none. With `lock` nobody else decides meanwhile."""
    statement = SQL["read_locked" if lock else "read"]
    row = await (await conn.execute(statement, {"id": id})).fetchone()
    return None if row is None else _proposal(row)


async def list_all(
    conn: Conn, before: UUID | None, limit: int, now: datetime, *, open: bool
) -> list[Proposal]:
    """The newest first, those before the one named, at most `limit`."""
    asked = {"before": before or _LAST, "page": limit, "now": now, "open": open}
    return [_proposal(row) async for row in await conn.execute(SQL["list"], asked)]


async def staffed(conn: Conn, now: datetime) -> bool:
    """Whether there are members of staff at work; then keys do not approve."""
    row = await (await conn.execute(SQL["staffed"], {"now": now})).fetchone()
    return row is not None and bool(row[0])


async def beholden(conn: Conn, proposer: UUID, approver: UUID, since: datetime) -> bool:
    """Whether the approver came in by the proposer's hand, invited or reset, since then."""
    asked = {"proposer": proposer, "approver": approver, "since": since}
    row = await (await conn.execute(SQL["beholden"], asked)).fetchone()
    return row is not None and bool(row[0])


async def gone(conn: Conn, proposal: Proposal, now: datetime) -> bool:
    """Whether whoever proposed is let in no more, or had to begin anew since."""
    asked = {
        "principal": proposal.principal.id, "person": proposal.person, "now": now,
        "since": proposal.proposed_at,
    }  # fmt: skip
    row = await (await conn.execute(SQL["gone"], asked)).fetchone()
    return row is not None and bool(row[0])


async def overdue(conn: Conn, now: datetime, most: int) -> list[Proposal]:
    """Those whose time is over and that nobody has written down as such; locked."""
    asked = {"now": now, "most": most}
    return [_proposal(row) async for row in await conn.execute(SQL["overdue"], asked)]


async def decide(conn: Conn, id: UUID, decision: Decision) -> None:
    """Write down what became of it."""
    by = decision.by
    values = msgspec.structs.asdict(decision) | {
        "id": id, "by": None if by is None else by.id, "name": "" if by is None else by.name,
    }  # fmt: skip
    await conn.execute(SQL["decide"], values)


def _proposal(row: Sequence[Any]) -> Proposal:
    values = list(row)
    values[_PRINCIPAL] = msgspec.json.decode(row[_PRINCIPAL], type=Principal)
    return Proposal(*values)


async def count_waiting(conn: Conn, person: UUID, now: datetime) -> int:
    """How many of others wait for a second person."""
    asked = {"person": person, "now": now}
    row = await (await conn.execute(SQL["count_waiting"], asked)).fetchone()
    return 0 if row is None else int(row[0])
