"""Keys are issued and sessions opened here: the secret is made, told once, and forgotten."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from tessera.access import core, db
from tessera.access.core import Principal, Role
from tessera.base.ids import new_id


async def issue_key(  # noqa: PLR0913 - what a key says, and when it is said
    conn: db.Conn,
    name: str,
    role: Role,
    store: str | None,
    rate_per_s: int | None,
    expires_at: datetime | None,
    now: datetime,
) -> tuple[Principal, str]:
    """A fresh key and its token, which nobody can read again afterwards.

    units   `rate_per_s` calls per second; None takes the role's default
    errors  AssertionError where `core.key_fault` has something to say: ask it first
    """
    assert core.key_fault(role, store) is None, "the door asks key_fault first"
    token = core.token(role, secrets.token_bytes(core.CHANCE_BYTES))
    principal = Principal(new_id(), name, role, store, rate_per_s or core.RATES[role], expires_at)
    await db.add_key(conn, principal, core.token_hash(token), now)
    return principal, token


async def open_session(conn: db.Conn, key_id: UUID, now: datetime) -> str:
    """A session for a key that was found good, in place of those that are over.

    units   the cookie's value: 256 random bits, 43 letters, digits, `-` and `_`
    errors  ForeignKeyViolation if there is no such key
    """
    cookie = secrets.token_urlsafe(32)
    await db.open_session(conn, core.token_hash(cookie), key_id, now)
    await db.forget_sessions(conn, now, core.SESSION_IDLE, core.SESSION_LIFE, core.SESSIONS_MOST)
    return cookie
