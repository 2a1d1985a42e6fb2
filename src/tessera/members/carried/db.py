"""People who arrive, remembered; and the place where a rehearsal remembers who would."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from tessera.base.columns import Dates, Texts, Times, Uuids
from tessera.base.sql import statements
from tessera.members.carried.core import Person, Settled
from tessera.members.core import Owner
from tessera.warehouse.core import Identifier

SQL = statements(__file__)
_PLACES = ("begin_member", "begin_person", "begin_identifier", "begin_joining")
# A rehearsal runs the same statements over temporary tables of the same form.
_TEMPORARY = {name: text.replace(b"members.", b"pg_temp.") for name, text in SQL.items()}
Conn = AsyncConnection[tuple[Any, ...]]


async def owners(
    conn: Conn, identifiers: Sequence[Identifier], *, tried: bool = False
) -> dict[Identifier, Owner]:
    """Who has these; unknown ones are not in it.

    tried  what this connection's rehearsal would have written counts more
    """
    found: dict[Identifier, Owner] = {}
    columns = (Texts([i.kind for i in identifiers]), Texts([i.value for i in identifiers]))
    for statement in _both("owners", tried):
        rows = await conn.execute(statement, columns, binary=True)
        found |= {Identifier(k, v): Owner(*owner) for k, v, *owner in await rows.fetchall()}
    return found


async def people(
    conn: Conn, members: Collection[UUID], *, tried: bool = False
) -> dict[UUID, Person]:
    """What is known of those of them who are registered."""
    found: dict[UUID, Person] = {}
    for statement in _both("people", tried):
        rows = await conn.execute(statement, (Uuids(list(members)),), binary=True)
        found |= {row[0]: Person(*row[1:]) for row in await rows.fetchall()}
    return found


async def write(conn: Conn, settled: Settled, source: str, *, tried: bool = False) -> bool:
    """Write a batch; false if somebody else was quicker with an identifier: roll back.

    source  the other program's name
    """
    statements = _TEMPORARY if tried else SQL
    places = list(settled.places.values())
    if not places:
        return True
    new = [each for each in places if each.new or tried]
    await conn.execute(statements["add_members"], (
        Uuids([each.member_id for each in new]), Uuids([each.account_id for each in new]),
        Times([each.joined_at for each in new]), Texts([each.language for each in new]),
    ))  # fmt: skip
    old = [each for each in places if each.fresh and not each.new]
    await conn.execute(statements["register"], (
        Uuids([each.member_id for each in old]), Times([each.joined_at for each in old]),
        Texts([each.language for each in old]),
    ))  # fmt: skip
    joined = [each for each in places if each.fresh]
    await conn.execute(statements["add_joinings"], (
        source, Uuids([each.member_id for each in joined]),
        Times([each.joined_at for each in joined]), Dates([each.joined_on for each in joined]),
    ))  # fmt: skip
    known = list(settled.people.values())
    await conn.execute(statements["put_people"], (
        Uuids(list(settled.people)), Texts([each.given_name for each in known]),
        Texts([each.family_name for each in known]), Dates([each.born_on for each in known]),
        Texts([msgspec.json.encode(each.attributes).decode() for each in known]),
    ))  # fmt: skip
    return await _add_names(conn, statements["add_names"], settled)


async def _add_names(conn: Conn, statement: bytes, settled: Settled) -> bool:
    names = [named for named, _, _ in settled.names]
    rows = await conn.execute(statement, (
        Texts([each.identifier.kind for each in names]),
        Texts([each.identifier.value for each in names]),
        Uuids([member for _, member, _ in settled.names]),
        Times([since for _, _, since in settled.names]),
        Texts(["blocked" if each.blocked else "active" for each in names]),
        Texts([each.blocked for each in names]),
    ))  # fmt: skip
    row = await rows.fetchone()
    return row is not None and row[0] == len(names)


async def begin_rehearsal(conn: Conn) -> None:
    """A place for what a rehearsal would write; gone with the connection."""
    for name in _PLACES:
        await conn.execute(SQL[name])


def _both(name: str, tried: bool) -> list[bytes]:
    return [SQL[name], _TEMPORARY[name]] if tried else [SQL[name]]
