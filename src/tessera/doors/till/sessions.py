"""One's own signing in: sessions, the proof made again, passkeys. For staff and for members."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from tessera.access.audit.core import Change
from tessera.access.core.principals import FRESH
from tessera.access.signing import db, flows, hashing
from tessera.access.signing.begun import db as begun
from tessera.access.signing.core.words import (
    Kind,
    Passkey,
    Session,
    Way,
    ceremony_wrong,
    not_proved,
)
from tessera.access.signing.limiting import flows as limiting
from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.doors.pages import Page, uuid_of
from tessera.doors.till.contacts import note
from tessera.doors.till.signing import FactorCode, Password, at
from tessera.doors.till.vouching import Ceremony, WayOut

KeyName = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*\Z")]


class SessionView(Struct, frozen=True):
    """One device. `current`: the one that asks; `proved_at`: the last proof of who it is."""

    session_id: UUID
    way: Way
    device: str
    opened_at: datetime
    seen_at: datetime
    proved_at: datetime
    expires_at: datetime
    current: bool


class SessionEnded(Struct, frozen=True):
    """Signed out there; within two seconds in every process."""

    session_id: UUID


class Renew(Struct, frozen=True, forbid_unknown_fields=True):
    """Prove again who it is. Without a password here, sign in again instead."""

    password: Password
    code: FactorCode = ""


class Renewed(Struct, frozen=True):
    """What asks for a fresh sign-in is open until then."""

    session_id: UUID
    fresh_until: datetime


class PasskeyView(Struct, frozen=True):
    """A device's key, by its name."""

    passkey_id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None


class AddPasskey(Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser's `PublicKeyCredential.toJSON()` says, and a name for the list."""

    credential: Annotated[dict[str, Any], Meta(max_length=16)]
    name: KeyName = ""


class RecoveryLeft(Struct, frozen=True):
    """How many recovery codes are good still; none where there is no app."""

    left: int


class RecoveryCodes(Struct, frozen=True):
    """Fresh recovery codes, in the place of all before. Print them: they are told once."""

    recovery_codes: list[str]


class PasskeyRemoved(Struct, frozen=True):
    """It signs in nobody any more."""

    passkey_id: UUID


async def list_sessions(call: Call) -> Page[SessionView]:
    """GET /v1/sessions: a key of the API has none."""
    by = call.principal
    found = await db.list_sessions(call.conn, by.id, by.kind, call.now) if by.session_id else []
    return Page([_view(each, by.session_id) for each in found], None)


async def end_session(call: Call) -> SessionEnded | Refusal:
    """POST /v1/sessions/{session_id}/end"""
    session_id = uuid_of(call.path["session_id"])
    if session_id is None or not await db.end_session(call.conn, session_id, call.principal.id):
        return Refusal("session_unknown", "session_id", "you have no such session",
                       "list your sessions")  # fmt: skip
    _forget(call)
    await _note(call, "session.end", {"ended": str(session_id)})
    return SessionEnded(session_id)


async def renew_session(call: Call) -> Renewed | Refusal:
    """POST /v1/sessions/renew: counted first, then looked at."""
    by = call.principal
    found = None if by.session_id is None else await db.secrets_of(call.conn, by.id)
    if by.session_id is None or found is None:
        return _no_session()
    tried = await limiting.take(call.conn, found.staff.email, call.address, call.now)
    await call.conn.commit()
    if isinstance(tried, Refusal):
        return tried
    try:
        known = await flows.fits_password(found, call.body.password, call.now)
    except hashing.Crowded:
        return Refusal("busy", "", "many people sign in right now", "try again in a moment")
    if known is None:
        return not_proved()
    roles = at(call).one_factor
    refusal = await flows.judge_factor(call.conn, known, call.body.code, roles, call.now)
    if refusal is not None:
        return refusal
    await limiting.signed_in(call.conn, tried, call.now)
    if not await db.renew_session(call.conn, by.session_id, by.id, call.now):
        return _no_session()
    _forget(call)
    await _note(call, "session.renew", {"session": str(by.session_id)})
    return Renewed(by.session_id, call.now + FRESH)


# Passkeys ----------------------------------------------------------------------------------------


async def list_passkeys(call: Call) -> Page[PasskeyView]:
    """GET /v1/passkeys"""
    found = await begun.list_passkeys(call.conn, call.principal.id)
    return Page([_passkey(each) for each in found], None)


async def begin_passkey(call: Call) -> Ceremony | Refusal:
    """POST /v1/passkeys: the name the device shows is that of staff, never a member's.

    Only freshly signed in: or who finds a session open would have a way in that outlives it.
    """
    by = call.principal
    if by.session_id is None or by.kind not in ("staff", "member"):
        return _no_session()
    if not by.fresh(call.now):
        return _stale()
    called = by.name or f"member {str(by.id)[-6:]}"
    begun_ = await flows.begin_passkey(call.conn, at(call).site, by.id, called, call.now)
    return begun_ if isinstance(begun_, Refusal) else Ceremony(*begun_)


async def add_passkey(call: Call) -> PasskeyView | Refusal:
    """POST /v1/passkeys/{ceremony_id}"""
    by, ceremony = call.principal, uuid_of(call.path["ceremony_id"])
    if ceremony is None or by.session_id is None or by.kind not in ("staff", "member"):
        return ceremony_wrong()
    if not by.fresh(call.now):
        return _stale()
    owner: tuple[Kind, UUID] = ("staff" if by.kind == "staff" else "member", by.id)
    body: AddPasskey = call.body
    made = await flows.finish_passkey(
        call.conn,
        at(call).site,
        ceremony,
        owner,
        body.credential,
        body.name,
        by.session_id,
        call.now,
    )
    if isinstance(made, Refusal):
        return made
    await _note(call, "passkey.add", {"passkey": str(made.id)})
    return _passkey(made)


async def remove_passkey(call: Call) -> PasskeyRemoved | Refusal:
    """POST /v1/passkeys/{passkey_id}/remove"""
    passkey_id = uuid_of(call.path["passkey_id"])
    if passkey_id is None or not await begun.drop_passkey(call.conn, passkey_id, call.principal.id):
        return Refusal("passkey_unknown", "passkey_id", "you have no such passkey",
                       "list your passkeys")  # fmt: skip
    await _note(call, "passkey.remove", {"removed": str(passkey_id)})
    return PasskeyRemoved(passkey_id)


# Recovery codes -----------------------------------------------------------------------------------


async def read_recovery(call: Call) -> RecoveryLeft:
    """GET /v1/recovery-codes: of whoever is signed in; a key of the API has none."""
    by = call.principal
    left = await db.count_recovery(call.conn, by.id) if by.kind == "staff" else 0
    return RecoveryLeft(left)


async def make_recovery(call: Call) -> RecoveryCodes | Refusal:
    """POST /v1/recovery-codes: freshly signed in only, or a session left open would be a way in."""
    by = call.principal
    found = None if by.session_id is None else await db.secrets_of(call.conn, by.id)
    if found is None:
        return _no_session()
    if not by.fresh(call.now):
        return _stale("recovery codes are made by who has signed in within ten minutes")
    if found.totp is None:
        return Refusal("factor_none", "", "you have no authenticator app that codes could replace",
                       "use a passkey, or let yourself be invited anew")  # fmt: skip
    codes = await flows.renew_recovery(call.conn, by.id)
    await _note(call, "recovery.make", {"codes": str(len(codes))})
    return RecoveryCodes(list(codes))


def _view(each: Session, current: UUID | None) -> SessionView:
    return SessionView(
        each.id, each.way, each.device, each.opened_at, each.seen_at, each.proved_at,
        each.over_at(), each.id == current,
    )  # fmt: skip


def _passkey(each: Passkey) -> PasskeyView:
    return PasskeyView(each.id, each.name, each.created_at, each.used_at)


def _no_session() -> Refusal:
    return Refusal(
        "session_missing", "Authorization", "nobody is signed in with this key",
        "sign in, and call with the token of the session",
    )  # fmt: skip


def _stale(why: str = "a passkey is added by who has signed in within ten minutes") -> Refusal:
    return Refusal(
        "sign_in_stale", "", why,
        "sign in, or prove again that it is you",
    )  # fmt: skip


async def _note(call: Call, operation: str, after: dict[str, str]) -> None:
    """One line of the log about whoever calls: these calls keep no key."""
    by = call.principal
    name = f"me.{operation}" if by.kind == "member" else operation
    await note(call, name, Change(by.kind, by.id, None, after))


def _forget(call: Call) -> None:
    """The gate of this process is not to wait until it looks again."""
    call.forget = True


def _own(prefix: str, base: str) -> tuple[Operation, ...]:
    """The same operations for staff and for members, at their addresses."""
    return (
        Operation(f"{prefix}session.list", "GET", f"{base}/sessions", list_sessions,
                  Page[SessionView], "List where one is signed in"),
        Operation(f"{prefix}session.end", "POST", f"{base}/sessions/{{session_id}}/end",
                  end_session, SessionEnded, "Sign out on a device"),
        Operation(f"{prefix}passkey.list", "GET", f"{base}/passkeys", list_passkeys,
                  Page[PasskeyView], "List one's passkeys"),
        Operation(f"{prefix}passkey.begin", "POST", f"{base}/passkeys", begin_passkey, Ceremony,
                  "Begin to add a passkey", body=WayOut, example={}),
        Operation(f"{prefix}passkey.add", "POST", f"{base}/passkeys/{{ceremony_id}}",
                  add_passkey, PasskeyView, "Add a passkey", body=AddPasskey, status=201,
                  example={"credential": {"rawId": "AAAA"}, "name": "my phone"}),
        Operation(f"{prefix}passkey.remove", "POST", f"{base}/passkeys/{{passkey_id}}/remove",
                  remove_passkey, PasskeyRemoved, "Remove a passkey"),
    )  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    *_own("", "/v1"),
    Operation(
        "session.renew", "POST", "/v1/sessions/renew", renew_session, Renewed,
        "Prove again who is signed in", body=Renew,
        example={"password": "maple tram violet ox", "code": "123456"},
    ),
    Operation(
        "recovery.read", "GET", "/v1/recovery-codes", read_recovery, RecoveryLeft,
        "Count one's recovery codes",
    ),
    Operation(
        "recovery.make", "POST", "/v1/recovery-codes", make_recovery, RecoveryCodes,
        "Make fresh recovery codes", body=WayOut, example={},
    ),
    *_own("me.", "/v1/me"),
)  # fmt: skip
