"""Signing in with an identity provider: what is remembered on the way out, and who came back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.access.signing import db
from tessera.access.signing.begun import db as begun
from tessera.access.signing.core.words import (
    Kind,
    Staff,
    Verified,
    ceremony_wrong,
    normal_email,
    not_proved,
)
from tessera.base.refusal import Refusal


class Remembered(Struct, frozen=True):
    """What must come back, and what proves that it was we who asked.

    verifier  of PKCE; binding: SHA-256 of what the browser keeps, so that nobody can be made to
              finish what somebody else began
    """

    nonce: str
    verifier: str
    binding: bytes


class Begun(Struct, frozen=True):
    """A way out: `state` and the words of its address; `binding` stays in the browser."""

    state: UUID
    nonce: str
    challenge: str
    binding: str


async def begin_provider(conn: db.Conn, kind: Kind, now: datetime) -> Begun:
    """Somebody sets out. Units: ten minutes to come back. Source: RFC 7636 (PKCE, S256)."""
    nonce, verifier, binding = (secrets.token_urlsafe(32) for _ in range(3))
    kept = Remembered(nonce, verifier, hashlib.sha256(binding.encode()).digest())
    state = await begun.remember(conn, f"provider {kind}", msgspec.json.encode(kept), now)
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return Begun(state, nonce, challenge, binding)


async def come_back(
    conn: db.Conn, kind: Kind, state: UUID, binding: str, now: datetime
) -> Remembered | Refusal:
    """Who comes back with this state, once. Commit also after a refusal. Errors: ceremony_wrong."""
    raw = await begun.recall(conn, state, f"provider {kind}", now)
    if raw is None:
        return ceremony_wrong()
    kept = msgspec.json.decode(raw, type=Remembered)
    same = hmac.compare_digest(hashlib.sha256(binding.encode()).digest(), kept.binding)
    return kept if same else ceremony_wrong()


async def whom(conn: db.Conn, said: Verified, now: datetime) -> Staff | Refusal:
    """Whom of staff the provider means; bound to its subject from the first time on.

    errors  sign_in_wrong: nobody, no longer, or by an address that it has not verified
    """
    email = normal_email(said.email) if said.email_verified else None
    staff = await db.staff_of_provider(conn, said.issuer, said.subject, email)
    if staff is None or not staff.works(now):
        return not_proved()
    await db.bind_provider(conn, staff.id, said.issuer, said.subject)
    return staff
