"""Members who are the same person, remembered: ids that lead on, and what names whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import asdict
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from tessera.base.sql import statements
from tessera.members.merging.core import Known, Name, Portrait, Standing

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def resolve_ids(conn: Conn, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """{id: the member it leads to}, itself for who was never merged; unknown ids are left out."""
    return dict(await (await conn.execute(SQL["resolve"], (list(ids),))).fetchall())


async def standings(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, Standing]:
    """{member: what is known of it}; they are locked."""
    rows = await (await conn.execute(SQL["standings"], (list(ids),))).fetchall()
    found = [
        Standing(
            id_, account, merged, erased, household,
            Portrait(registered, language, tuple(favourites), *known),
        )
        for (
            id_, account, merged, erased, household, registered, language, favourites, *known
        ) in rows
    ]  # fmt: skip
    return {each.id: each for each in found}


async def move_all(conn: Conn, member: UUID, into: UUID) -> dict[Name, datetime]:
    """All identifiers of a member name another one; {which: since when they name somebody}."""
    rows = await conn.execute(SQL["move_all"], {"member": member, "target": into})
    return {(kind, value): since for kind, value, since in sorted(await rows.fetchall())}


async def held(conn: Conn, member: UUID) -> dict[Name, Known]:
    """What names a member, and how."""
    rows = await (await conn.execute(SQL["held"], (member,))).fetchall()
    return {(kind, value): Known(*known) for kind, value, *known in rows}


async def move(conn: Conn, some: Sequence[Name], member: UUID, into: UUID) -> None:
    """These identifiers of a member name another one."""
    asked = {"member": member, "target": into, "kinds": [kind for kind, _ in some],
             "values": [value for _, value in some]}  # fmt: skip
    await conn.execute(SQL["move"], asked)


async def paint(conn: Conn, member: UUID, portrait: Portrait) -> None:
    """Write a member down as told; of whom nobody has said anything there is no person."""
    told: dict[str, Any] = asdict(portrait) | {"id": member}
    told["favourites"] = list(portrait.favourites)
    told["chosen"], told["attributes"] = Jsonb(portrait.chosen), Jsonb(portrait.attributes)
    await conn.execute(SQL["paint"], told)
    if portrait.person:
        await conn.execute(SQL["put_person"], told)
    else:
        await conn.execute(SQL["drop_person"], {"id": member})


async def drop_person(conn: Conn, member: UUID) -> None:
    """Take personal data away that is kept elsewhere."""
    await conn.execute(SQL["drop_person"], {"id": member})


async def lead(conn: Conn, member: UUID, into: UUID | None) -> None:
    """An id leads to another member; None: it is its own again."""
    await conn.execute(SQL["lead"], {"id": member, "target": into})
