"""Keys, sessions and writing calls, remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from tessera.access.core import (
    KEY_USED_EVERY,
    ROLES,
    ApiKey,
    Claim,
    KeyTerms,
    Known,
    OwnRole,
    Principal,
    RoleRow,
    rate_of,
    role_named,
)
from tessera.base.columns import Bytes, Dates, Smallints, Texts, Times, Uuids
from tessera.base.packing import pack, unpack
from tessera.base.sql import statements
from tessera.base.wire import Rows, ask, put

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def add_key(
    conn: Conn, key_id: UUID, terms: KeyTerms, token_hash: bytes, now: datetime
) -> None:  # fmt: skip
    """Keep a fresh key. Errors: UniqueViolation if the id or the token is there already."""
    stores, plain = terms.stores, _as_before(terms)
    values = {
        "id": key_id,
        "name": terms.name,
        "role": "admin" if plain and terms.role == "owner" else terms.role,
        "store": stores[0] if plain and stores and terms.role == "till" else None,
        "stores": list(stores) if stores else None,
        "token_hash": token_hash,
        "rate_per_s": terms.rate_per_s or rate_of(terms.role),
        "now": now,
        "expires_at": terms.expires_at,
        "operations": None if terms.operations is None else list(terms.operations),
        "networks": list(terms.networks) or None,
        "mint_per_day": terms.mint_per_day,
        "issued_by": terms.issued_by,
    }
    await conn.execute(SQL["add_key"], values)


def _as_before(terms: KeyTerms) -> bool:
    """Whether the release before, which knows no limits, would let this key in for the same."""
    limited = terms.operations is not None or terms.networks or terms.mint_per_day is not None
    return not limited and (terms.stores is None or len(terms.stores) == 1)


async def find_principal(conn: Conn, token_hash: bytes, now: datetime) -> Principal | None:
    """Who holds this token at `now`; None if nobody, or no longer. Own roles: `with_role`."""
    asked = {"token_hash": token_hash, "now": now}
    row = await (await conn.execute(SQL["find_principal"], asked)).fetchone()
    if row is None:
        return None
    if row[-1] is None or row[-1] <= now - KEY_USED_EVERY:
        await conn.execute(
            SQL["key_used"], {"id": row[0], "now": now, "stale": now - KEY_USED_EVERY}
        )
    return _principal(row[:-1])


def _principal(row: tuple[Any, ...]) -> Principal:
    id_, name, role, store, stores, rate, ends, operations, networks, mint, issued_by = row
    return Principal(
        id_, "key", name, role_named(role), _stores(store, stores), rate, ends, None,
        None if operations is None else frozenset(operations), tuple(networks or ()), mint,
        issued_by,
    )  # fmt: skip


def _stores(store: str | None, stores: list[str] | None) -> tuple[str, ...] | None:
    """Which stores; the release before writes one."""
    if stores is not None:
        return tuple(stores)
    return None if store is None else (store,)


def _key(row: tuple[Any, ...]) -> ApiKey:
    id_, name, role, store, stores, rate, made, ends, revoked, operations, networks, *rest = row
    return ApiKey(
        id_, name, role_named(role), _stores(store, stores), rate, made, ends, revoked,
        None if operations is None else tuple(operations), tuple(networks or ()), *rest,
    )  # fmt: skip


async def list_keys(conn: Conn, after: UUID | None, limit: int) -> list[ApiKey]:
    """Keys issued after the one named, oldest first, at most `limit`."""
    asked = {"after": after or UUID(int=0), "page": limit}
    return [_key(row) async for row in await conn.execute(SQL["list_keys"], asked)]


async def keys_issued_by(conn: Conn, person: UUID, now: datetime) -> list[ApiKey]:
    """Keys of this person's that still work, the oldest first."""
    asked = {"person": person, "now": now}
    return [_key(row) async for row in await conn.execute(SQL["keys_issued_by"], asked)]


async def read_key(conn: Conn, key_id: UUID) -> ApiKey | None:
    """A key, also one that was revoked; None if there is none."""
    row = await (await conn.execute(SQL["read_key"], {"id": key_id})).fetchone()
    return None if row is None else _key(row)


async def lock_key(conn: Conn, key_id: UUID) -> ApiKey | None:
    """A key, held until the transaction ends; None if there is none."""
    row = await (await conn.execute(SQL["lock_key"], {"id": key_id})).fetchone()
    return None if row is None else _key(row)


async def revoke_key(conn: Conn, key_id: UUID, now: datetime) -> ApiKey | None:
    """Make a key nobody's, from `now` on or since it was revoked; None if there is none."""
    cursor = await conn.execute(SQL["revoke_key"], {"id": key_id, "now": now})
    row = await cursor.fetchone()
    return None if row is None else _key(row)


async def rotate_key(
    conn: Conn, key_id: UUID, token_hash: bytes, old_until: datetime, now: datetime
) -> ApiKey:
    """Give a key a new token; the one until now works until `old_until`."""
    asked = {"id": key_id, "token_hash": token_hash, "old_until": old_until, "now": now}
    row = await (await conn.execute(SQL["rotate_key"], asked)).fetchone()
    assert row is not None, "the caller holds the key"
    return _key(row)


async def lock_minted(conn: Conn, keys: Sequence[UUID], day: date) -> dict[UUID, int]:
    """{key: points it has given on this day}, held until the transaction ends; keys sorted."""
    cursor = await conn.execute(SQL["lock_minted"], {"keys": list(keys), "day": day})
    return dict(await cursor.fetchall())


async def save_minted(conn: Conn, given: Mapping[UUID, int], day: date) -> None:
    """Keep the counts of keys that `lock_minted` holds."""
    asked = {"keys": list(given), "points": list(given.values()), "day": day}
    await conn.execute(SQL["save_minted"], asked)


async def forget_minted(conn: Conn, day: date) -> None:
    """Forget the counts of the days before this one."""
    await conn.execute(SQL["forget_minted"], {"day": day})


async def with_role(conn: Conn, principal: Principal) -> Principal:
    """The same, with what its own role may today; a built-in role needs no look."""
    if principal.role in ROLES or principal.own is not None:
        return principal
    row = await (await conn.execute(SQL["read_role"], {"name": principal.role})).fetchone()
    own = OwnRole(principal.role, {}, "pseudonym") if row is None else OwnRole(*row)
    return msgspec.structs.replace(principal, own=own)


async def read_role(conn: Conn, name: str) -> OwnRole | None:
    """An own role that has not ended."""
    row = await (await conn.execute(SQL["read_role"], {"name": name})).fetchone()
    return None if row is None else OwnRole(*row)


async def list_roles(conn: Conn, after: str, limit: int) -> list[RoleRow]:
    """Own roles after this name, ended ones too, by name, at most `limit`."""
    asked = {"after": after, "page": limit}
    return [RoleRow(*row) async for row in await conn.execute(SQL["list_roles"], asked)]


async def role_row(conn: Conn, name: str) -> RoleRow | None:
    """An own role with all that is kept of it; None if the name was never used."""
    row = await (await conn.execute(SQL["role_row"], {"name": name})).fetchone()
    return None if row is None else RoleRow(*row)


async def lock_role(conn: Conn, name: str) -> RoleRow | None:
    """An own role, held until the transaction ends; None if the name was never used."""
    row = await (await conn.execute(SQL["lock_role"], {"name": name})).fetchone()
    return None if row is None else RoleRow(*row)


async def add_role(
    conn: Conn, role: OwnRole, about: str, made_by: UUID | None, now: datetime
) -> RoleRow | None:  # fmt: skip
    """Keep an own role; None if its name was ever used."""
    asked = {**_said(role), "about": about, "made_by": made_by, "now": now}
    row = await (await conn.execute(SQL["add_role"], asked)).fetchone()
    return None if row is None else RoleRow(*row)


async def change_role(conn: Conn, role: OwnRole, about: str, now: datetime) -> RoleRow:
    """What the role may from now on. It is held by the caller."""
    asked = {**_said(role), "about": about, "now": now}
    row = await (await conn.execute(SQL["change_role"], asked)).fetchone()
    assert row is not None, "the caller holds the role"
    return RoleRow(*row)


async def end_role(conn: Conn, name: str, now: datetime) -> RoleRow | None:
    """Its bearers may nothing from now on; None if there is none."""
    row = await (await conn.execute(SQL["end_role"], {"name": name, "now": now})).fetchone()
    return None if row is None else RoleRow(*row)


def _said(role: OwnRole) -> dict[str, Any]:
    return {"name": role.name, "grants": Jsonb(dict(role.grants)), "sight": role.sight}


async def ask_claims(conn: Conn, claims: Sequence[Claim]) -> Rows:
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
    return await ask(conn, SQL["claim"], columns)


async def claimed(rows: Rows) -> set[tuple[UUID, str]]:
    """The (principal, key) pairs that were free and are taken now; the others see `known`."""
    return {(row[0], row[1]) for row in await rows.fetchall()}


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


async def silent_tills(conn: Conn, since: datetime, now: datetime) -> int:
    """How many tills were heard of in these 30 days, but not since then."""
    asked = {"since": since, "now": now}
    row = await (await conn.execute(SQL["silent_tills"], asked)).fetchone()
    return 0 if row is None else int(row[0])


async def till_keys(conn: Conn, now: datetime) -> int:
    """How many tills have a key that works."""
    row = await (await conn.execute(SQL["till_keys"], {"now": now})).fetchone()
    return 0 if row is None else int(row[0])
