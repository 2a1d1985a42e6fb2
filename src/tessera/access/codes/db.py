"""Challenges, budgets and waiting messages, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection

from tessera.access.codes.core import TRIES, Bucket, Challenge, Channel, Proved
from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Waiting(Struct, frozen=True):
    """A message as its row has it: sealed. `failures` counts this time too."""

    id: UUID
    channel: Channel
    sealed: bytes
    deliver: bool
    expires_at: datetime
    failures: int


async def spend(
    conn: Conn, buckets: Sequence[tuple[bytes, Bucket]], now: datetime
) -> list[datetime]:  # fmt: skip
    """Take a message out of each bucket, by its mark; when each is full again, in order."""
    fills = [bucket.most * bucket.every for _, bucket in buckets]
    values = _taken(buckets) | {"fills": fills, "now": now}
    full = {bytes(row[0]): row[1] async for row in await conn.execute(SQL["spend"], values)}
    return [full[mark] for mark, _ in buckets]


async def take_back(conn: Conn, buckets: Sequence[tuple[bytes, Bucket]]) -> None:
    """They were not sent after all. In the transaction that took them out."""
    await conn.execute(SQL["take_back"], _taken(buckets))


def _taken(buckets: Sequence[tuple[bytes, Bucket]]) -> dict[str, Any]:
    return {"what": [mark for mark, _ in buckets], "takes": [each.every for _, each in buckets]}


async def is_home(conn: Conn, what: bytes, now: datetime) -> bool:
    """Whether a destination was proved from a network before, by the mark of both."""
    row = await (await conn.execute(SQL["is_home"], {"what": what, "now": now})).fetchone()
    return row is not None and bool(row[0])


async def settle(conn: Conn, what: bytes, destination: bytes, until: datetime) -> None:
    """A network is a destination's own until then."""
    values = {"what": what, "destination": destination, "until": until}
    await conn.execute(SQL["settle"], values)


async def unsettle(conn: Conn, destinations: Sequence[bytes]) -> None:
    """These destinations have no network of their own any more."""
    await conn.execute(SQL["unsettle"], {"destinations": list(destinations)})


async def add_challenge(
    conn: Conn, challenge: Challenge, proof: Proved, code_mark: bytes, now: datetime
) -> None:
    """Keep what will be proved by the code that has this mark."""
    values = {
        "id": challenge.id, "expires_at": challenge.expires_at, "purpose": proof.purpose,
        "channel": proof.channel, "destination": proof.destination_hash, "subject": proof.subject,
        "code_mark": code_mark, "now": now,
    }  # fmt: skip
    await conn.execute(SQL["add_challenge"], values)


async def add_message(
    conn: Conn, challenge: Challenge, channel: Channel, sealed: bytes, now: datetime, *,
    deliver: bool,
) -> None:  # fmt: skip
    """A sealed message waits for the sweeper; one that is not to be delivered is thrown away."""
    values = {
        "id": challenge.id, "channel": channel, "sealed": sealed, "deliver": deliver, "now": now,
        "expires_at": challenge.expires_at,
    }  # fmt: skip
    await conn.execute(SQL["add_message"], values)


async def attempt(conn: Conn, id: UUID, code_mark: bytes, now: datetime) -> Proved | None:
    """One try, counted; None if it proves nothing, whatever the reason."""
    asked = {"id": id, "code_mark": code_mark, "now": now, "most": TRIES}
    row = await (await conn.execute(SQL["attempt"], asked)).fetchone()
    if row is None or not row[4]:
        return None
    return Proved(row[0], row[1], bytes(row[2]), row[3])


async def end(conn: Conn, destination: bytes, subject: UUID) -> None:
    """Away with the challenges about somebody at a destination, by its mark."""
    await conn.execute(SQL["end"], {"destination": destination, "subject": subject})


async def take_due(
    conn: Conn, now: datetime, leased_until: datetime, limit: int
) -> list[Waiting]:  # fmt: skip
    """Messages for the caller to send; nobody else gets them before `leased_until`."""
    asked = {"now": now, "leased_until": leased_until, "page": limit}
    return [Waiting(*row) async for row in await conn.execute(SQL["take_due"], asked)]


async def away(conn: Conn, ids: Sequence[UUID]) -> None:
    """These messages are handed over or given up."""
    await conn.execute(SQL["away"], {"ids": list(ids)})


async def put_off(conn: Conn, due: Sequence[tuple[UUID, datetime]]) -> None:
    """These failed and are tried again then."""
    values = {"ids": [id for id, _ in due], "due_at": [at for _, at in due]}
    await conn.execute(SQL["put_off"], values)


async def forget(conn: Conn, before: datetime) -> None:
    """Away with challenges, buckets and homes that were over by then, some at a time."""
    await conn.execute(SQL["forget"], {"before": before})
