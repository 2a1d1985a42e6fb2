"""Keys are issued and sessions opened here: the secret is made, told once, and forgotten."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from tessera.access import core, db
from tessera.access.core import Principal
from tessera.base.ids import new_id


async def issue_key(  # noqa: PLR0913 - what a key says, and when it is said
    conn: db.Conn,
    name: str,
    role: str,
    store: str | None,
    rate_per_s: int | None,
    expires_at: datetime | None,
    now: datetime,
) -> tuple[Principal, str]:
    """`make_key` for a key of at most one store that is limited in nothing else."""
    stores = None if store is None else (store,)
    terms = core.KeyTerms(
        name=name, role=role, stores=stores, rate_per_s=rate_per_s, expires_at=expires_at
    )
    return await make_key(conn, terms, now)


async def make_key(
    conn: db.Conn, terms: core.KeyTerms, now: datetime
) -> tuple[Principal, str]:  # fmt: skip
    """A fresh key and its token, which nobody can read again afterwards.

    errors  AssertionError where `core.key_fault` has something to say: ask it first
    """
    assert core.key_fault(terms.role, terms.stores) is None, "the door asks key_fault first"
    token = core.token(terms.role, secrets.token_bytes(core.CHANCE_BYTES))
    key_id = new_id()
    await db.add_key(conn, key_id, terms, core.token_hash(token), now)
    only = None if terms.operations is None else frozenset(terms.operations)
    principal = Principal(
        key_id, "key", terms.name, terms.role, terms.stores,
        terms.rate_per_s or core.rate_of(terms.role), terms.expires_at, None, only,
        terms.networks, terms.mint_per_day, terms.issued_by,
    )  # fmt: skip
    return await db.with_role(conn, principal), token


async def rotate_key(
    conn: db.Conn, key: core.ApiKey, overlap: timedelta, now: datetime
) -> tuple[core.ApiKey, str]:  # fmt: skip
    """A new token for a key that the caller holds; the old one works on for the overlap."""
    token = core.token(key.role, secrets.token_bytes(core.CHANCE_BYTES))
    return await db.rotate_key(conn, key.id, core.token_hash(token), now + overlap, now), token
