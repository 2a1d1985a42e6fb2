"""Consents that come from another program, remembered; or where a rehearsal would remember them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.columns import Texts, Times, Uuids
from tessera.base.sql import statements
from tessera.members.carried.consents.core import Last, Pair, Written

SQL = statements(__file__)
# A rehearsal runs the same statements over a temporary table of the same form.
_TEMPORARY = {name: text.replace(b"members.", b"pg_temp.") for name, text in SQL.items()}
Conn = AsyncConnection[tuple[Any, ...]]


async def last(
    conn: Conn, pairs: Collection[Pair], *, tried: bool = False
) -> dict[Pair, Last]:  # fmt: skip
    """What was said last of each; what nobody spoke of is not in it."""
    found: dict[Pair, Last] = {}
    members, purposes, channels = zip(*pairs, strict=True) if pairs else ((), (), ())
    columns = (Uuids(members), Texts(purposes), Texts(channels))
    for statement in [SQL["last"], _TEMPORARY["last"]][: 2 if tried else 1]:
        rows = await conn.execute(statement, columns, binary=True)
        for member, purpose, channel, state, at, way, here in await rows.fetchall():
            pair = member, purpose, channel
            before = found.get(pair)  # a rehearsal's own lines say nothing of what was said here
            found[pair] = Last(state, at, way, here or (before is not None and before.here))
    return found


async def proved(conn: Conn, members: Collection[UUID]) -> dict[UUID, list[str]]:
    """{member: kinds of contacts that are proved}."""
    rows = await conn.execute(SQL["proved"], (Uuids(list(members)),), binary=True)
    return dict(await rows.fetchall())


async def add(conn: Conn, lines: Sequence[Written], *, tried: bool = False) -> None:
    """Write lines down and make what is agreed of them. The members are locked."""
    if not lines:
        return
    statement = (_TEMPORARY if tried else SQL)["add"]
    await conn.execute(statement, (
        Uuids([each.of.member_id for each in lines]), Texts([each.line.purpose for each in lines]),
        Texts([each.line.channel for each in lines]), Texts([each.line.state for each in lines]),
        Texts([each.line.wording for each in lines]), Texts([each.line.language for each in lines]),
        Times([each.of.at for each in lines]), Texts([each.of.proof for each in lines]),
    ))  # fmt: skip
    if not tried:
        members = sorted({each.of.member_id for each in lines})
        await conn.execute(SQL["settle"], (Uuids(members),))


async def begin_rehearsal(conn: Conn) -> None:
    """A place for what a rehearsal would write; gone with the connection."""
    await conn.execute(SQL["begin_rehearsal"])
