"""Somebody shows who it is, and is signed in.

The caller counts the try first (`limiting.py`) and commits, then asks here.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tessera.access.core import CHANCE_BYTES, letter_token, token_hash
from tessera.access.signing import db, hashing
from tessera.access.signing.core import factors, passwords
from tessera.access.signing.core.words import (
    LETTER,
    RECOVERY_CODES,
    Kind,
    Session,
    Staff,
    Way,
    factor_missing,
    invitation_wrong,
    not_proved,
)
from tessera.access.signing.core.words import Secrets as Factors
from tessera.access.signing.limiting import flows as limiting
from tessera.base import installation
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal

_APP = "authenticator app"
ISSUER = "Tessera"


class Offer(Struct, frozen=True):
    """What an invited person puts into the authenticator app.

    secret   base32; address: the same for a QR code
    """

    staff: Staff
    secret: str
    address: str


class Enrolled(Struct, frozen=True):
    """Somebody who can sign in from now on. `recovery_codes` are told once; none without an app."""

    staff: Staff
    recovery_codes: tuple[str, ...]


async def open_session(  # noqa: PLR0913 - who, by what, on which device
    conn: db.Conn, kind: Kind, person: UUID, way: Way, device: str, now: datetime,
    contact: bytes | None = b"",
) -> tuple[Session, str]:  # fmt: skip
    """Signed in: the session and its token, which nobody can read again afterwards.

    device   how the caller calls himself, for the list of sessions; at most 200 characters
    contact  the mark of the phone or address that lets in; empty: none does; None: nobody knows
    """
    token = letter_token(LETTER[kind], secrets.token_bytes(CHANCE_BYTES))
    session = Session(new_id(), kind, person, way, device[:200], now, now, now)
    await db.open_session(conn, session, token_hash(token), contact)
    return session, token


async def fits_password(found: Factors | None, password: str, now: datetime) -> Factors | None:
    """Whom the password lets on; None takes as long for nobody as for somebody.

    found   `db.secrets_named`, with whatever address was typed
    errors  hashing.Crowded
    """
    works = found is not None and found.staff.works(now)
    kept = found.password if found is not None and works else None
    return found if await hashing.fits(kept, password) else None


async def judge_factor(
    conn: db.Conn, found: Factors, code: str, one_factor: Collection[str], now: datetime
) -> Refusal | None:
    """None if the second factor is there, or this role needs none. Commit also after a refusal.

    code    six digits of the app or a recovery code, "" if none was sent
    errors  factor_missing, sign_in_wrong, too_many_tries
    """
    if found.totp is None:
        return None if found.staff.role in one_factor else not_proved()
    if not code:
        return factor_missing()
    refusal = await limiting.take_factor(conn, found.staff.id, now)
    if refusal is not None:
        return refusal
    if not await _used(conn, found, code, now):
        return not_proved()
    await limiting.forgive_factor(conn, found.staff.id, now)
    return None


async def _used(conn: db.Conn, found: Factors, code: str, now: datetime) -> bool:
    """Whether the code is good; it is used then."""
    typed = factors.normal_code(code)
    if len(typed) == factors.RECOVERY_LETTERS:
        return await db.use_recovery(conn, found.staff.id, _recovery_mark(found.staff.id, typed))
    step = _step(found, typed, now)
    return step is not None and await db.use_step(conn, found.staff.id, step)


def _step(found: Factors, code: str, now: datetime) -> int | None:
    secret = None if found.totp is None else _unsealed(found.staff.id, found.totp)
    return None if secret is None else factors.step_of(secret, code, now, found.totp_step)


def _unsealed(staff_id: UUID, sealed: bytes) -> str | None:
    plain = installation.here().unseal(f"{_APP} {staff_id}", sealed)
    return None if plain is None else plain.decode()


def _recovery_mark(staff_id: UUID, code: str) -> bytes:
    return installation.here().mark("recovery code", str(staff_id), code)


# Invitations -------------------------------------------------------------------------------------


async def offer_app(conn: db.Conn, invitation: str, now: datetime) -> Offer | Refusal:
    """A fresh secret for the app of whoever was invited. Asking again makes another one.

    errors  invitation_wrong
    """
    found = await db.invited(conn, token_hash(invitation), now)
    if found is None:
        return invitation_wrong()
    secret = base64.b32encode(secrets.token_bytes(factors.SECRET_BYTES)).decode()
    sealed = installation.here().seal(f"{_APP} {found.staff.id}", secret.encode())
    await db.offer_app(conn, found.staff.id, sealed)
    return Offer(found.staff, secret, factors.app_address(secret, found.staff.email, ISSUER))


async def enrol(
    conn: db.Conn,
    invitation: str,
    password: str,
    code: str,
    one_factor: Collection[str],
    now: datetime,
) -> Enrolled | Refusal:
    """Use the invitation: a password, and the app, which must have shown this code just now.

    code    "" for a role that needs no second factor and wants none
    errors  invitation_wrong, password_weak, factor_missing, sign_in_wrong; hashing.Crowded
    """
    found = await db.invited(conn, token_hash(invitation), now)
    if found is None:
        return invitation_wrong()
    staff = found.staff
    refusal = passwords.fault(password, staff.name, staff.email)
    if refusal is not None:
        return refusal
    if not code and staff.role not in one_factor:
        return factor_missing()
    step = _step(found, factors.normal_code(code), now) if code else None
    if code and step is None:
        return _app_wrong()
    await db.enrol(conn, staff.id, await hashing.hashed(password), step)
    codes = await renew_recovery(conn, staff.id, RECOVERY_CODES if code else 0)
    return Enrolled(staff, codes)


async def renew_recovery(
    conn: db.Conn, staff_id: UUID, many: int = RECOVERY_CODES
) -> tuple[str, ...]:
    """Fresh recovery codes in the place of all before; nobody can read them again afterwards."""
    codes = tuple(factors.recovery_code(secrets.token_bytes(factors.RECOVERY_LETTERS))
                  for _ in range(many))  # fmt: skip
    marks = [_recovery_mark(staff_id, factors.normal_code(each)) for each in codes]
    await db.put_recovery(conn, staff_id, marks)
    return codes


def _app_wrong() -> Refusal:
    return Refusal(
        "factor_wrong", "code", "the app does not show this code now",
        "put the secret into the app and send the six digits that it shows; check its clock",
    )  # fmt: skip
