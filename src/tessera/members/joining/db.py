"""Joining, remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from tessera.base.sql import statements
from tessera.members.joining.core import Joiners, Origin, Posting
from tessera.warehouse.core import Identifier

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Contact(Struct, frozen=True):
    """A phone or an address of a member, and since when it is proved."""

    identifier: Identifier
    verified_at: datetime | None


async def arrived(conn: Conn, member_id: UUID, origin: Origin, now: datetime) -> None:
    """How a member came. Errors: UniqueViolation if that is written already."""
    values = {
        "member": member_id,
        "way": origin.way,
        "source": origin.source,
        "store": origin.store_id,
        "cost": origin.cost_minor,
        "now": now,
        "joined_on": origin.on,
        "principal": origin.principal_id,
    }
    await conn.execute(SQL["arrived"], values)


async def joiners(conn: Conn, first: date, last: date) -> list[Joiners]:
    """Who came from which campaign, day by day, both days included."""
    rows = await conn.execute(SQL["joiners"], {"first": first, "last": last})
    return [Joiners(*row) async for row in rows]


async def apply(conn: Conn, challenge_id: UUID, sealed: bytes, until: datetime) -> None:
    """Keep an application until its code comes back."""
    values = {"challenge": challenge_id, "sealed": sealed, "until": until}
    await conn.execute(SQL["apply"], values)


async def take(conn: Conn, challenge_id: UUID) -> bytes | None:
    """The application of a challenge as it was sealed, once; None if there is none."""
    row = await (await conn.execute(SQL["take"], {"challenge": challenge_id})).fetchone()
    return None if row is None else bytes(row[0])


async def forget(conn: Conn, now: datetime) -> None:
    """Away with applications and tries whose time is over."""
    await conn.execute(SQL["drop_applications"], {"now": now})
    await conn.execute(SQL["drop_tries"], {"day": now.date()})


async def count_tries(conn: Conn, what: Sequence[bytes], day: date) -> Mapping[bytes, int]:
    """Count a try at each of these keyed hashes; {hash: how many there were on this day}."""
    rows = await conn.execute(SQL["count_tries"], {"what": list(what), "day": day})
    return {bytes(row[0]): row[1] async for row in rows}


async def owe(conn: Conn, posting: Posting) -> bool:
    """An event is to be posted; False if it was owed before."""
    values = {
        "number": posting.number,
        "member": posting.member_id,
        "type": posting.type,
        "data": Jsonb(posting.data),
        "happened_at": posting.happened_at,
    }
    return await (await conn.execute(SQL["owe"], values)).fetchone() is not None


async def owed(conn: Conn, most: int) -> list[Posting]:
    """What is still to be posted, oldest first."""
    return [Posting(*row) async for row in await conn.execute(SQL["owed"], {"most": most})]


async def settled(conn: Conn, number: str, now: datetime, refused: str = "") -> None:
    """It was posted, or it was refused for good: why, as a code."""
    values = {"number": number, "now": now, "refused": refused}
    await conn.execute(SQL["settled"], values)


async def verify(conn: Conn, member_id: UUID, contact: Identifier, now: datetime) -> bool:
    """The member has proved this phone or address; False if it is not the member's."""
    values = {
        "member": member_id,
        "kind": contact.kind,
        "value": contact.value,
        "now": now,
    }
    return await (await conn.execute(SQL["verify"], values)).fetchone() is not None


async def contacts(conn: Conn, member_id: UUID) -> list[Contact]:
    """The member's phones and addresses, oldest first."""
    rows = await conn.execute(SQL["contacts"], {"member": member_id})
    return [Contact(Identifier(kind, value), at) async for kind, value, at in rows]


async def set_person(conn: Conn, member_id: UUID, fields: Mapping[str, Any]) -> bool:
    """Put names, birthday or language right, None leaves one; False if nobody registered."""
    values = {"member": member_id, **fields}
    return await (await conn.execute(SQL["set_person"], values)).fetchone() is not None
