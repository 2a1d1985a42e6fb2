"""What calls have left of a person, and how it goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def mark_personal(conn: Conn, principal_id: UUID, key: str) -> None:
    """Say of a claimed call that its body spoke of a person."""
    await conn.execute(SQL["mark_personal"], {"principal": principal_id, "key": key})


async def blank_calls(conn: Conn, outcomes: Sequence[UUID]) -> int:
    """Forget what these calls said; how many they were."""
    return (await conn.execute(SQL["blank_calls"], {"outcomes": list(outcomes)})).rowcount


async def blank_old_calls(conn: Conn, before: datetime, page: int) -> int:
    """Forget what personal calls before a time said, at most `page`; how many they were."""
    return (await conn.execute(SQL["blank_old_calls"], {"before": before, "page": page})).rowcount


async def outcomes_of(conn: Conn, ids: Sequence[UUID]) -> list[UUID]:
    """The calls that changed something of these members or accounts, by the audit log."""
    asked = {"ids": [str(each) for each in ids]}
    return [row[0] for row in await (await conn.execute(SQL["outcomes_of"], asked)).fetchall()]


async def told(conn: Conn, ids: Sequence[UUID], about: Sequence[UUID]) -> dict[str, Any]:
    """{heading: rows}: devices, sessions, and what was done, by which role.

    about  what is the members': themselves, their accounts, their merges
    """
    asked = {"ids": list(ids), "words": [str(each) for each in about]}
    rows = await (await conn.execute(SQL["told"], asked)).fetchall()
    return {heading: msgspec.json.decode(value) for heading, value in rows}


async def forget_challenges(conn: Conn, ids: Sequence[UUID]) -> None:
    """Codes on their way prove nothing of these any more."""
    await conn.execute(SQL["forget_challenges"], {"ids": list(ids)})


async def forget(conn: Conn, ids: Sequence[UUID], accounts: Sequence[UUID] = ()) -> None:
    """Nobody signs in as these any more, and no call tells what it said of them.

    accounts  theirs: calls that changed the points there said whose they are
    """
    for name in ("forget_passkeys", "forget_sessions"):
        await conn.execute(SQL[name], {"ids": list(ids)})
    await forget_challenges(conn, ids)
    outcomes = await outcomes_of(conn, [*ids, *accounts])
    await blank_calls(conn, outcomes)
    await conn.execute(SQL["forget_answers"], {"outcomes": outcomes})


async def active(conn: Conn, ids: Sequence[UUID], since: datetime) -> bool:
    """Whether these members signed in, did or were done anything since that is written down."""
    asked = {"ids": list(ids), "words": [str(each) for each in ids], "since": since}
    row = await (await conn.execute(SQL["active"], asked)).fetchone()
    return row is not None and bool(row[0])
