"""Passkeys and ceremonies, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.access.signing.core.words import CEREMONY, Passkey
from tessera.base import installation
from tessera.base.ids import new_id
from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def add_passkey(conn: Conn, key: Passkey, session: UUID) -> bool:
    """Keep a device's key that somebody in this session adds.

    False if it is known already, or the session has ended.
    """
    values = {
        "credential_id": key.credential_id, "id": key.id, "kind": key.kind,
        "person": key.person_id, "public_key": key.public_key, "sign_count": key.sign_count,
        "name": key.name, "now": key.created_at, "session": session,
    }  # fmt: skip
    return await (await conn.execute(SQL["add_passkey"], values)).fetchone() is not None


async def find_passkey(conn: Conn, credential_id: bytes) -> Passkey | None:
    """The key of a credential, held until the transaction ends."""
    cursor = await conn.execute(SQL["find_passkey"], {"credential_id": credential_id})
    row = await cursor.fetchone()
    return None if row is None else _passkey(row)


async def used_passkey(conn: Conn, id: UUID, sign_count: int, now: datetime) -> None:
    """It signed, for the so-manieth time by its own count."""
    values = {"id": id, "sign_count": sign_count, "now": now}
    await conn.execute(SQL["used_passkey"], values)


async def list_passkeys(conn: Conn, person: UUID) -> list[Passkey]:
    """A person's keys, the oldest first."""
    cursor = await conn.execute(SQL["list_passkeys"], {"person": person})
    return [_passkey(row) async for row in cursor]


async def drop_passkey(conn: Conn, id: UUID, person: UUID) -> bool:
    """Forget one of the person's own; False if there is none such."""
    cursor = await conn.execute(SQL["drop_passkey"], {"id": id, "person": person})
    return await cursor.fetchone() is not None


async def drop_passkeys(conn: Conn, person: UUID) -> None:
    """Forget all of somebody's."""
    await conn.execute(SQL["drop_passkeys"], {"person": person})


async def move_passkeys(conn: Conn, person: UUID, into: UUID) -> tuple[UUID, ...]:
    """All of somebody's sign in another one from now on; which they are."""
    cursor = await conn.execute(SQL["move_passkeys"], {"person": person, "target": into})
    return tuple(sorted([row[0] async for row in cursor]))


async def give_passkeys(conn: Conn, ids: Sequence[UUID], person: UUID, into: UUID) -> None:
    """These of somebody's sign in another one, as far as they are still there."""
    asked = {"ids": list(ids), "person": person, "target": into}
    await conn.execute(SQL["give_passkeys"], asked)


async def drop_passkeys_since(conn: Conn, person: UUID, since: datetime) -> None:
    """What somebody added from then on is gone."""
    await conn.execute(SQL["drop_passkeys_since"], {"person": person, "since": since})


async def drop_passkeys_by(conn: Conn, person: UUID, contact: bytes, since: datetime) -> None:
    """What was added by whom this phone or address, somebody's since then, let in is gone."""
    asked = {"person": person, "contact": contact, "since": since}
    await conn.execute(SQL["drop_passkeys_by"], asked)


async def remember(conn: Conn, kind: str, remembered: bytes, now: datetime) -> UUID:
    """Remember something, sealed, until it comes back; within ten minutes."""
    id_ = new_id()
    values = {
        "id": id_, "kind": kind, "expires_at": now + CEREMONY,
        "sealed": installation.here().seal(f"ceremony {kind} {id_}", remembered),
    }  # fmt: skip
    await conn.execute(SQL["begin_ceremony"], values)
    return id_


async def recall(conn: Conn, id: UUID, kind: str, now: datetime) -> bytes | None:
    """What was remembered, once; None if it is over, was finished, or never begun."""
    row = await (await conn.execute(SQL["end_ceremony"], {"id": id, "kind": kind})).fetchone()
    if row is None or row[1] <= now:
        return None
    return installation.here().unseal(f"ceremony {kind} {id}", row[0])


async def sweep(conn: Conn, now: datetime) -> None:
    """Away with ceremonies that are over."""
    await conn.execute(SQL["sweep"], {"now": now})


def _passkey(row: tuple[Any, ...]) -> Passkey:
    return Passkey(*row)
