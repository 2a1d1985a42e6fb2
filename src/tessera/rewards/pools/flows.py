"""Codes come into a pool; the member of a claim reads the one that is his."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tessera.access.sealing import db as keys
from tessera.access.sealing import flows as sealing
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.rewards.pools import db
from tessera.rewards.pools.db import Pool

NEVER = 9999  # how people write that something has no end; on some clock it is the year 10000


class Taken(Struct, frozen=True):
    """What became of a batch: new codes, and those that were there, or in it, before."""

    added: int
    again: int


async def make(
    conn: db.Conn, code: str, name: str, warn_at: int, now: datetime
) -> Pool | Refusal:  # fmt: skip
    """A pool begins, empty. Errors: pool_exists."""
    if not await db.add_pool(conn, code, new_id(), name, warn_at, now):
        return Refusal("pool_exists", "code", f"there is a pool {code}", "choose another code")
    return (await db.pools(conn, now, code))[0]


async def add(
    conn: db.Conn, pool: str, codes: Sequence[str], expires: datetime | None, now: datetime
) -> Taken | Refusal:
    """A batch of codes; sent again it adds nothing.

    expires  from the year 9999 on: they are good for ever
    errors   pool_unknown, codes_expired
    """
    id_ = await db.pool_id(conn, pool)
    if id_ is None:
        return Refusal("pool_unknown", "pool", f"there is no pool {pool}", "make it first")
    if expires is not None and expires <= now:
        return Refusal("codes_expired", "expires_at", "these codes are too old already",
                       "send codes that can still be used")  # fmt: skip
    if expires is not None and expires.year >= NEVER:
        expires = None
    fresh = list(dict.fromkeys(codes))
    sealed = await sealing.seal_many(conn, id_, [each.encode() for each in fresh])
    key = (await keys.keys(conn, [id_]))[id_]
    assert key is not None, "a pool's key is never destroyed"
    new = [
        (hmac.digest(key, each.encode(), hashlib.sha256), one)
        for each, one in zip(fresh, sealed, strict=True)
        if one is not None
    ]
    added = await db.add_codes(conn, pool, new, expires, now)
    return Taken(added, len(codes) - added)


async def read(conn: db.Conn, claim_id: UUID) -> str | None:
    """The code that a claim has, in plain text: for its member's eyes."""
    found = await db.of_claim(conn, claim_id)
    if found is None:
        return None
    plain = await sealing.unseal(conn, found[0], found[1])
    return None if plain is None else plain.decode()
