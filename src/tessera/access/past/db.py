"""What staff did to members: one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.past import Before, Happened
from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
_PLAIN, _WATCHED = ["member"], ["member", "sight", "export"]
# Told by what they have made: how somebody came, what names him, what he said.
_ELSEWHERE = [
    "member.register", "member.identifier", "contact.prove", "me.contact.prove", "join.finish",
    "join.back", "sign_in.back",
]  # fmt: skip


async def past(conn: Conn, ids: Sequence[UUID], before: Before, *, watches: bool) -> list[Happened]:
    """What the log says was done to these members, newest first.

    watches  with who saw their data, and why
    """
    asked = before.asked | {
        "ids": list(ids), "kinds": _WATCHED if watches else _PLAIN, "elsewhere": _ELSEWHERE,
    }  # fmt: skip
    return [Happened(*row) for row in await (await conn.execute(SQL["past"], asked)).fetchall()]
