"""Keys, sessions and writing calls, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, AsyncCursor

from tessera.access.core import SESSION_SEEN_EVERY, ApiKey, Claim, Known, Principal
from tessera.base.columns import Bytes, Dates, Smallints, Texts, Times, Uuids
from tessera.base.packing import pack, unpack
from tessera.base.sql import statements
from tessera.base.wire import put

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
Cursor = AsyncCursor[tuple[Any, ...]]


async def add_key(conn: Conn, principal: Principal, token_hash: bytes, now: datetime) -> None:
    """Keep a fresh key. Errors: UniqueViolation if the id or the token is there already."""
    values = {
        "id": principal.id,
        "name": principal.name,
        "role": principal.role,
        "store": principal.store,
        "token_hash": token_hash,
        "rate_per_s": principal.rate_per_s,
        "now": now,
        "expires_at": principal.expires_at,
    }
    await conn.execute(SQL["add_key"], values)


async def find_principal(conn: Conn, token_hash: bytes, now: datetime) -> Principal | None:
    """Who holds this token at `now`; None if nobody, or no longer."""
    asked = {"token_hash": token_hash, "now": now}
    row = await (await conn.execute(SQL["find_principal"], asked)).fetchone()
    return None if row is None else Principal(*row)


async def list_keys(conn: Conn, after: UUID | None, limit: int) -> list[ApiKey]:
    """Keys issued after the one named, oldest first, at most `limit`."""
    asked = {"after": after or UUID(int=0), "page": limit}
    return [ApiKey(*row) async for row in await conn.execute(SQL["list_keys"], asked)]


async def revoke_key(conn: Conn, key_id: UUID, now: datetime) -> ApiKey | None:
    """Make a key nobody's, from `now` on or since it was revoked; None if there is none."""
    cursor = await conn.execute(SQL["revoke_key"], {"id": key_id, "now": now})
    row = await cursor.fetchone()
    return None if row is None else ApiKey(*row)


async def open_session(conn: Conn, id_hash: bytes, key_id: UUID, now: datetime) -> None:
    """Keep a fresh session. Errors: ForeignKeyViolation if there is no such key."""
    await conn.execute(SQL["open_session"], {"id_hash": id_hash, "key": key_id, "now": now})


async def forget_sessions(
    conn: Conn, now: datetime, idle: timedelta, life: timedelta, most: int
) -> None:
    """Drop the sessions that are over, and all but the `most` that were seen last."""
    asked = {"opened_by": now - life, "seen_by": now - idle, "most": most}
    await conn.execute(SQL["forget_sessions"], asked)


async def session_principal(
    conn: Conn, id_hash: bytes, now: datetime, idle: timedelta, life: timedelta
) -> Principal | None:
    """Who holds the key that opened this session, which counts as being seen.

    units   `life` since it was opened, `idle` since it was seen; seen is written down once a minute
            at most, so that `idle` may end up to a minute early
    errors  None if there is no such session, or no longer, or its key is nobody's by now
    """
    asked = {"id_hash": id_hash, "now": now, "opened_by": now - life, "seen_by": now - idle}
    row = await (await conn.execute(SQL["session_principal"], asked)).fetchone()
    if row is None:
        return None
    touched_by = now - SESSION_SEEN_EVERY
    if row[-1] <= touched_by:
        seen = {"id_hash": id_hash, "now": now, "touched_by": touched_by}
        await conn.execute(SQL["touch_session"], seen)
    return Principal(*row[:-1])


async def close_session(conn: Conn, id_hash: bytes) -> None:
    """Signed out; an unknown session is closed already."""
    await conn.execute(SQL["close_session"], {"id_hash": id_hash})


async def ask_claims(conn: Conn, claims: Sequence[Claim]) -> Cursor:
    """Take the keys of writing calls; `claimed` reads which were free.

    shape   one claim per (principal, key): two calls with one key do not share a batch
    errors  AssertionError if they do
    """
    assert len({(claim.principal_id, claim.key) for claim in claims}) == len(claims), "key twice"
    columns = (
        Uuids([claim.principal_id for claim in claims]),
        Texts([claim.key for claim in claims]),
        Texts([claim.operation for claim in claims]),
        Bytes([claim.fingerprint for claim in claims]),
        Uuids([claim.outcome_id for claim in claims]),
        Times([claim.posted_at for claim in claims]),
    )
    return await conn.execute(SQL["claim"], columns, binary=True)


async def claimed(cursor: Cursor) -> set[tuple[UUID, str]]:
    """The (principal, key) pairs that were free and are taken now; the others see `known`."""
    return set(await cursor.fetchall())


async def all_claimed(cursor: Cursor, count: int) -> bool:
    """Whether every one of `count` keys was free, without reading them one by one.

    After False the cursor is where it was: `claimed` reads it.
    """
    await cursor.fetchone()
    if cursor.rowcount == count:
        return True
    if cursor.rowcount:
        await cursor.scroll(0, mode="absolute")
    return False


async def known(conn: Conn, keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Known]:
    """What is kept of the calls that used these keys. Ask after the claim, in its transaction."""
    asked = ([principal for principal, _ in keys], [key for _, key in keys])
    cursor = await conn.execute(SQL["known"], asked, binary=True)
    return {(row[0], row[1]): _known(row) async for row in cursor}


async def unclaim(conn: Conn, keys: Sequence[tuple[UUID, str]]) -> None:
    """Give back keys taken in this transaction: their calls were refused and wrote nothing."""
    await conn.execute(SQL["unclaim"], ([p for p, _ in keys], [key for _, key in keys]))


async def save_answers(conn: Conn, rows: Sequence[tuple[date, UUID, int, bytes]]) -> None:
    """Keep answers: (`answer_day` of posting, outcome, HTTP status, plain bytes; packed here)."""
    columns = (
        Dates([day for day, _, _, _ in rows]),
        Uuids([outcome for _, outcome, _, _ in rows]),
        Smallints([status for _, _, status, _ in rows]),
        Bytes([pack(body) for _, _, _, body in rows]),
    )
    await put(conn, SQL["save_answers"], columns)


async def prepare_days(conn: Conn, today: date) -> bool:
    """Partitions for the answers of `today` and the week after; those past 35 days are dropped.

    False if somebody held a lock for longer than half a second: nothing is broken (answers of a day
    without a partition go to a common one), ask again later.
    """
    cursor = await conn.execute(SQL["prepare_days"], {"today": today})
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


def _known(row: tuple[Any, ...]) -> Known:
    body = None if row[7] is None else unpack(row[7])
    return Known(row[2], row[3], row[4], row[5], row[6], body)
