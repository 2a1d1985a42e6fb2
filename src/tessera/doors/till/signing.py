"""Signing in over HTTP: anybody may knock. Every refusal is kept: the try counts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.access.audit import flows as audit
from tessera.access.audit.core import Actor, Change, Entry
from tessera.access.codes import core as codes_core
from tessera.access.codes import flows as codes
from tessera.access.signing import db, flows, hashing
from tessera.access.signing.core.words import (
    IDLE,
    Kind,
    Staff,
    Way,
    normal_email,
    not_proved,
)
from tessera.access.signing.limiting import flows as limiting
from tessera.base.refusal import Refusal
from tessera.base.text import Key, Name
from tessera.doors.call import Call, Conn, Operation
from tessera.doors.entrance import Entrance
from tessera.doors.pages import uuid_of
from tessera.doors.till.people import country_of
from tessera.members import core as members
from tessera.members import db as members_db

PURPOSE = "sign in"
Password = Annotated[str, Meta(max_length=256)]
FactorCode = Annotated[str, Meta(max_length=32, pattern=r"^[0-9A-Za-z -]*\Z")]
Secret = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]*\Z")]


class SignedIn(Struct, frozen=True):
    """Somebody is signed in. The token goes where an API key goes; it is told once.

    kind    staff or member
    idle_s  seconds without a call after which it ends, at the latest at `expires_at`
    """

    session_id: UUID
    token: str
    kind: Kind
    person_id: UUID
    name: str
    role: str
    expires_at: datetime
    idle_s: int


class Invited(Struct, frozen=True, forbid_unknown_fields=True):
    """An invitation, as it was handed over."""

    invitation: Secret


class Welcome(Struct, frozen=True):
    """Who is invited, and what to put into an authenticator app.

    app_address  the same as `app_secret` for a QR code
    """

    name: str
    email: str
    role: str
    app_secret: str
    app_address: str


class Enrol(Struct, frozen=True, forbid_unknown_fields=True):
    """Use an invitation: choose a password, show that the app works.

    code    the six digits that the app shows now
    device  how this device is called in the list of sessions
    """

    invitation: Secret
    password: Password
    code: FactorCode = ""
    device: Name = ""


class Enrolled(Struct, frozen=True):
    """Somebody of staff can sign in, and is. Print the recovery codes: they are told once."""

    session: SignedIn
    recovery_codes: list[str]


class StaffSignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """E-mail, password, and a second factor: six digits of the app, or a recovery code."""

    email: Name
    password: Password
    code: FactorCode = ""
    device: Name = ""


class AskCode(Struct, frozen=True, forbid_unknown_fields=True):
    """A member asks for a code to a phone or an address. The answer is the same for everybody."""

    kind: Literal["phone", "email"]
    value: Key


class SignInCode(Struct, frozen=True):
    """If somebody is known by this, a code is on its way."""

    challenge_id: UUID
    expires_at: datetime


class ProveCode(Struct, frozen=True, forbid_unknown_fields=True):
    """The six digits."""

    code: FactorCode
    device: Name = ""


# Staff -------------------------------------------------------------------------------------------


async def welcome(call: Call) -> Welcome | Refusal:
    """POST /v1/sign-in/invitation"""
    offer = await flows.offer_app(call.conn, call.body.invitation, call.now)
    if isinstance(offer, Refusal):
        return offer
    who = offer.staff
    return Welcome(who.name, who.email, who.role, offer.secret, offer.address)


async def enrol(call: Call) -> Enrolled | Refusal:
    """POST /v1/sign-in/invitation/use"""
    body: Enrol = call.body
    try:
        done = await flows.enrol(
            call.conn, body.invitation, body.password, body.code, at(call).one_factor, call.now
        )
    except hashing.Crowded:
        return _crowded()
    if isinstance(done, Refusal):
        return done
    session = await let_in_staff(call, call.conn, done.staff, "invitation")
    return Enrolled(session, list(done.recovery_codes))


async def sign_in_staff(call: Call) -> SignedIn | Refusal:
    """POST /v1/sign-in: counted first, then looked at, and no connection is held meanwhile."""
    assert call.house is not None
    body: StaffSignIn = call.body
    email = normal_email(body.email)
    async with call.house.cabinet.connection() as conn:
        tried = await limiting.take(conn, email, call.address, call.now)
        found = await db.secrets_named(conn, email)
    if isinstance(tried, Refusal):
        return tried
    try:
        known = await flows.fits_password(found, body.password, call.now)
    except hashing.Crowded:
        return _crowded()
    if known is None:
        return not_proved()
    async with call.house.cabinet.connection() as conn:
        refusal = await flows.judge_factor(conn, known, body.code, at(call).one_factor, call.now)
        if refusal is not None:
            if refusal.code == "factor_missing":  # half of it was right: no miss
                await limiting.forgive(conn, tried, call.now)
            else:
                await _note(call, conn, known.staff, "refused", refusal.code)
            return refusal
        await limiting.signed_in(conn, tried, call.now)
        return await let_in_staff(call, conn, known.staff, "password")


async def let_in_staff(call: Call, conn: Conn, staff: Staff, way: Way) -> SignedIn:
    """A session for somebody of staff who has shown who it is; the log says so."""
    session, token = await flows.open_session(
        conn, "staff", staff.id, way, call.body.device, call.now
    )
    await _note(call, conn, staff, "done", way)
    ends = session.over_at()
    return SignedIn(
        session.id, token, "staff", staff.id, staff.name, staff.role,
        ends if staff.expires_at is None else min(ends, staff.expires_at), _idle_s("staff"),
    )  # fmt: skip


async def _note(
    call: Call, conn: Conn, staff: Staff, outcome: Literal["done", "refused"], way: str
) -> None:  # fmt: skip
    who = Actor("staff", staff.id, staff.name, staff.role, call.address)
    change = Change("staff", staff.id, None, {"way": way})
    await audit.note(conn, Entry(call.now, who, "sign_in.staff", change, outcome))


# Members -----------------------------------------------------------------------------------------


async def ask_code(call: Call) -> SignInCode | Refusal:
    """POST /v1/sign-in/code: the same statements whether somebody is known by this or not."""
    identifier = members.normal(call.body.kind, call.body.value, country_of(call))
    if isinstance(identifier, Refusal):
        return identifier
    found = await members_db.find(call.conn, identifier)
    owner = None if found is None else found.owner
    known = owner is not None and owner.registered and owner.status == "active"
    challenge = await codes.begin(
        call.conn, PURPOSE, call.body.kind, identifier.value,
        owner.member_id if owner is not None and known else None, call.now, deliver=known,
        language=found.language if found is not None else "en", address=call.address,
    )  # fmt: skip
    if isinstance(challenge, Refusal):
        return challenge
    return SignInCode(challenge.id, challenge.expires_at)


async def prove_code(call: Call) -> SignedIn | Refusal:
    """POST /v1/sign-in/code/{challenge_id}"""
    challenge_id = uuid_of(call.path["challenge_id"])
    if challenge_id is None:
        return codes_core.not_proved()
    proved = await codes.prove(call.conn, challenge_id, call.body.code, call.now, call.address)
    if isinstance(proved, Refusal):
        return proved
    if proved.purpose != PURPOSE or proved.subject is None:
        return codes_core.not_proved()
    if not await _names(call.conn, proved, proved.subject):
        return codes_core.not_proved()
    contact = proved.destination_hash
    return await let_in_member(call, call.conn, proved.subject, "code", contact)


async def _names(conn: Conn, proved: codes_core.Proved, member_id: UUID) -> bool:
    """Whether what was proved is still the member's, who is held: it may have been taken off."""
    await members_db.lock_members(conn, [member_id])
    member = await members_db.read_member(conn, member_id)
    return member is not None and proved.destination_hash in {
        codes.destination(each.identifier.kind, each.identifier.value)
        for each in member.identifiers if each.identifier.kind in ("phone", "email")
    }  # fmt: skip


async def let_in_member(
    call: Call, conn: Conn, member_id: UUID, way: Way, contact: bytes | None
) -> SignedIn:
    """A session for a member who has shown who it is, by this contact; the log says so."""
    session, token = await flows.open_session(
        conn, "member", member_id, way, call.body.device, call.now, contact
    )
    change = Change("member", member_id, None, {"way": way, "session": str(session.id)})
    who = Actor("member", member_id, "", "member", "")  # nobody's address beside a member
    await audit.note(conn, Entry(call.now, who, "sign_in.member", change))
    return SignedIn(
        session.id, token, "member", member_id, "", "member", session.over_at(), _idle_s("member")
    )


def at(call: Call) -> Entrance:
    """How people come in here."""
    assert call.house is not None
    return call.house.plan.entrance


def _idle_s(kind: Kind) -> int:
    return int(IDLE[kind].total_seconds())


def _crowded() -> Refusal:
    return Refusal("busy", "", "many people sign in right now", "try again in a moment")


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "sign_in.invitation", "POST", "/v1/sign-in/invitation", welcome, Welcome,
        "Look at an invitation", body=Invited, example={"invitation": "x3Jd0cJ8bq1oB8mJXy2y1w"},
    ),
    Operation(
        "sign_in.enrol", "POST", "/v1/sign-in/invitation/use", enrol, Enrolled,
        "Use an invitation", body=Enrol, status=201,
        example={"invitation": "x3Jd0cJ8bq1oB8mJXy2y1w", "password": "maple tram violet ox",
                 "code": "123456", "device": "laptop"},
    ),
    Operation(
        "sign_in.staff", "POST", "/v1/sign-in", sign_in_staff, SignedIn, "Sign in as staff",
        kind="writer", key_optional=True, body=StaffSignIn,
        example={"email": "anna@example.org", "password": "maple tram violet ox",
                 "code": "123456"},
    ),
    Operation(
        "sign_in.code", "POST", "/v1/sign-in/code", ask_code, SignInCode,
        "Send a member a code", body=AskCode, status=202,
        example={"kind": "phone", "value": "+39 333 1234567"},
    ),
    Operation(
        "sign_in.prove", "POST", "/v1/sign-in/code/{challenge_id}", prove_code, SignedIn,
        "Sign in as a member by a code", body=ProveCode, example={"code": "123456"},
    ),
)  # fmt: skip
