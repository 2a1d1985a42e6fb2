"""Staff are invited, changed, reset, and leave."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from tessera.access.core import token_hash
from tessera.access.signing import db
from tessera.access.signing.begun import db as begun
from tessera.access.signing.core.words import INVITED, Staff
from tessera.access.signing.limiting import db as limits
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal

_CHANCE_BYTES = 24


async def invite(  # noqa: PLR0913 - what somebody of staff is
    conn: db.Conn,
    name: str,
    email: str,
    role: str,
    stores: tuple[str, ...] | None,
    expires_at: datetime | None,
    by: UUID | None,
    now: datetime,
) -> tuple[Staff, str] | Refusal:
    """Somebody new, and the invitation, which nobody can read again afterwards.

    email   in its normal form, found to be one
    by      who invites; None: the command line
    errors  staff_known
    """
    invitation = secrets.token_urlsafe(_CHANCE_BYTES)
    staff = Staff(
        new_id(), name, email, role, stores, now, expires_at, None, now + INVITED,
        has_password=False, has_app=False,
    )  # fmt: skip
    if await db.add_staff(conn, staff, by, token_hash(invitation)):
        return staff, invitation
    return Refusal(
        "staff_known", "email", "somebody of staff has this address",
        "change or reset that one, or name another address",
    )  # fmt: skip


async def reset(conn: db.Conn, staff: Staff, now: datetime) -> str:
    """A new invitation; nothing that let this one in does so any more. The caller holds the row."""
    invitation = secrets.token_urlsafe(_CHANCE_BYTES)
    await forget_person(conn, staff.id)
    await db.put_recovery(conn, staff.id, [])
    await db.invite(conn, staff.id, token_hash(invitation), now + INVITED)
    return invitation


async def change(
    conn: db.Conn, staff: Staff, changed: Staff, one_factor: Collection[str], now: datetime
) -> Refusal | None:
    """Name, role, stores and end. The caller holds the row. Errors: last_owner.

    one_factor  roles that a password alone lets in; whoever gets another role and has no app is
                signed out, and comes in by a passkey, a provider or a new invitation
    """
    if staff.role == "owner" and (changed.role != "owner" or changed.expires_at is not None):
        refusal = await _last_owner(conn, staff, now)
        if refusal is not None:
            return refusal
    await db.change_staff(conn, changed)
    if changed.role != staff.role and changed.role not in one_factor and not staff.has_app:
        await db.end_sessions(conn, staff.id)
    return None


async def end(conn: db.Conn, staff: Staff, now: datetime) -> Refusal | None:
    """This one is signed out everywhere and let in no more. Errors: last_owner."""
    if staff.role == "owner" and staff.works(now):
        refusal = await _last_owner(conn, staff, now)
        if refusal is not None:
            return refusal
    await forget_person(conn, staff.id)
    await db.put_recovery(conn, staff.id, [])
    await db.end_staff(conn, staff.id, now)
    return None


async def forget_person(conn: db.Conn, person: UUID) -> None:
    """All sessions and passkeys of a member or of staff are gone."""
    await db.end_sessions(conn, person)
    await begun.drop_passkeys(conn, person)


async def sweep(conn: db.Conn, now: datetime) -> None:
    """Away with what is over: sessions, ceremonies, limits that have forgotten."""
    await db.sweep_sessions(conn, now)
    await begun.sweep(conn, now)
    await limits.sweep(conn, now)


async def _last_owner(conn: db.Conn, staff: Staff, now: datetime) -> Refusal | None:
    if await db.other_owners(conn, staff.id, now):
        return None
    return Refusal(
        "last_owner", "", "nobody else at work is an owner",
        "invite another owner first, without an end to the time there",
    )  # fmt: skip
