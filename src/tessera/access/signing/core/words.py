"""Staff, sessions, what is kept of a factor, and the refusals."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal

Kind = Literal["staff", "member"]
Way = Literal["password", "passkey", "provider", "code", "invitation"]
LETTER: dict[str, str] = {"staff": "s", "member": "m"}
RATE: dict[str, int] = {"staff": 50, "member": 20}  # calls a second
LIFE = {"staff": timedelta(hours=12), "member": timedelta(days=30)}
IDLE = {"staff": timedelta(minutes=30), "member": timedelta(days=7)}
SEEN_EVERY = timedelta(minutes=1)  # so coarsely it is written down that a session was used
INVITED = timedelta(hours=24)
CEREMONY = timedelta(minutes=10)
RECOVERY_CODES = 10
SESSIONS_MOST = 20  # of one person; the oldest ends
PASSKEYS_MOST = 20
EMAIL_MOST = 254


class Staff(Struct, frozen=True):
    """Somebody of staff, as the row tells it; no secret is in it.

    stores         None: every store
    invited_until  an invitation waits; None: none does
    has_app        the app's six digits are asked for
    """

    id: UUID
    name: str
    email: str
    role: str
    stores: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None
    invited_until: datetime | None
    has_password: bool
    has_app: bool

    def works(self, now: datetime) -> bool:
        """Whether this one may be signed in at all."""
        return self.ended_at is None and (self.expires_at is None or self.expires_at > now)


class Secrets(Struct, frozen=True):
    """What somebody's factors are checked against.

    password  as Argon2id writes it; totp: sealed, None unless the app was shown to work
    """

    staff: Staff
    password: str | None
    totp: bytes | None
    totp_step: int


class Session(Struct, frozen=True):
    """Somebody signed in on a device."""

    id: UUID
    kind: Kind
    person_id: UUID
    way: Way
    device: str
    opened_at: datetime
    seen_at: datetime
    proved_at: datetime

    def over_at(self) -> datetime:
        """When it ends at the latest."""
        return self.opened_at + LIFE[self.kind]


class Passkey(Struct, frozen=True):
    """A device's public key. `sign_count`: how often the device says that it has signed.

    contact  the mark of the phone or address that let in who added it; empty: none did; None: an
             earlier release did not say
    """

    credential_id: bytes
    id: UUID
    kind: Kind
    person_id: UUID
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime
    used_at: datetime | None
    contact: bytes | None = b""


class Verified(Struct, frozen=True):
    """What an identity provider says of somebody, checked."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    name: str


def normal_email(text: str) -> str:
    """How staff's addresses are compared: without blanks around, in small letters."""
    return text.strip().lower()


def email_fault(email: str) -> Refusal | None:
    """An address has one @ with something on both sides, and nothing that cannot be seen."""
    user, _, host = email.partition("@")
    fine = user and "." in host and "@" not in host and email.isprintable() and " " not in email
    if fine and len(email) <= EMAIL_MOST:
        return None
    return Refusal("email_invalid", "email", "this is no e-mail address",
                   "send the address of a person, such as anna@example.org")  # fmt: skip


def not_proved() -> Refusal:
    """One refusal for whatever was wrong: nobody learns who is known here."""
    return Refusal(
        "sign_in_wrong", "", "these do not belong together, or nobody is let in with them",
        "type them again; if you have forgotten something, ask who invited you for a reset",
    )  # fmt: skip


def factor_missing() -> Refusal:
    """Told only to whoever knows the password."""
    return Refusal(
        "factor_missing", "code", "a second factor is needed, none was sent",
        "send the six digits of your app, or a recovery code, as `code`",
    )  # fmt: skip


def too_many_tries(free_at: datetime) -> Refusal:
    """A try that was not looked at."""
    return Refusal(
        "too_many_tries", "", "too many tries from here were in vain; this one was not looked at",
        f"try again after {free_at:%Y-%m-%dT%H:%M:%SZ}",
    )  # fmt: skip


def invitation_wrong() -> Refusal:
    """Used, late, replaced or never given: which of them, nobody is told."""
    return Refusal(
        "invitation_wrong", "invitation", "this invitation is not good, or no longer",
        "ask for a new one",
    )  # fmt: skip


def ceremony_wrong() -> Refusal:
    """What was brought back does not finish what was begun."""
    return Refusal(
        "ceremony_wrong", "", "this does not finish anything that was begun here",
        "begin again",
    )  # fmt: skip


def staff_unknown(who: str) -> Refusal:
    """Nobody has this id."""
    return Refusal("staff_unknown", "staff_id", f"there is nobody of staff with id {who[:40]}",
                   "see GET /v1/staff")  # fmt: skip
