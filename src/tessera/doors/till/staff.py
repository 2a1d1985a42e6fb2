"""Staff over HTTP: invite, list, change, reset, sign out, end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from tessera.access import core as access
from tessera.access import db as access_db
from tessera.access.approvals.core import Awaiting
from tessera.access.core import KeyTerms, OwnRole
from tessera.access.signing import db, flows
from tessera.access.signing.core.words import Staff, email_fault, normal_email, staff_unknown
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Name
from tessera.doors.call import Call, Once, Operation
from tessera.doors.noting import second_person
from tessera.doors.pages import QUERY, Page, asked_page, page, uuid_of
from tessera.doors.till.signing import at
from tessera.warehouse.stores import db as stores_db

Stores = Annotated[tuple[Code, ...], Meta(min_length=1, max_length=1000)]
PersonName = Annotated[Name, Meta(min_length=1)]


class InviteStaff(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody of staff. `stores`: none named means every store; a contractor's term ends."""

    name: PersonName
    email: Name
    role: Code
    stores: Stores | None = None
    expires_at: datetime | None = None


class ChangeStaff(Struct, frozen=True, forbid_unknown_fields=True):
    """What is left out stays; null takes a limit away."""

    name: PersonName | UnsetType = UNSET
    role: Code | UnsetType = UNSET
    stores: Stores | UnsetType | None = UNSET
    expires_at: datetime | UnsetType | None = UNSET


class StaffView(Struct, frozen=True):
    """Somebody of staff. `invited_until`: an invitation waits to be used."""

    staff_id: UUID
    name: str
    email: str
    role: str
    stores: list[str] | None
    created_at: datetime
    expires_at: datetime | None
    ended_at: datetime | None
    invited_until: datetime | None
    has_password: bool
    has_app: bool


class Invitation(Struct, frozen=True):
    """Hand the invitation over: it is in the first answer only, the same call again says null."""

    staff_id: UUID
    invited_until: datetime
    invitation: str | None


class StaffChanged(Struct, frozen=True):
    """So it is from now on."""

    staff_id: UUID


class KeyLeft(Struct, frozen=True):
    """A key that works on."""

    key_id: UUID
    name: str
    role: str


class StaffEnded(Struct, frozen=True):
    """This one is let in no more. keys: what he issued works on; revoke what shall not."""

    staff_id: UUID
    keys: list[KeyLeft]


class SignedOut(Struct, frozen=True):
    """On so many devices; within two seconds in every process."""

    staff_id: UUID
    sessions: int


async def invite(call: Call) -> Once | Awaiting | Refusal:
    """POST /v1/staff"""
    body: InviteStaff = call.body
    email = normal_email(body.email)
    stores = None if body.stores is None else tuple(dict.fromkeys(body.stores))
    terms = KeyTerms(
        name=body.name, role=access.role_named(body.role), stores=stores,
        expires_at=body.expires_at,
    )  # fmt: skip
    refusal = email_fault(email) or await _terms_fault(call, terms)
    waits = refusal or await _waits(call, terms.role, "an owner, or one like it, is invited")
    if waits is not None:
        return waits
    made = await flows.invite(
        call.conn, terms.name, email, terms.role, stores, terms.expires_at, call.principal.person,
        call.now,
    )  # fmt: skip
    if isinstance(made, Refusal):
        return made
    staff, invitation = made
    call.changed("staff", staff.id, None, _told(staff))
    return _once(staff, invitation)


async def list_(call: Call) -> Page[StaffView] | Refusal:
    """GET /v1/staff"""
    asked = asked_page(call.query)
    if isinstance(asked, Refusal):
        return asked
    last, limit = asked
    rows = await db.list_staff(call.conn, last, limit + 1)
    return page(rows, limit, lambda staff: str(staff.id), _view)


async def read(call: Call) -> StaffView | Refusal:
    """GET /v1/staff/{staff_id}"""
    staff_id = uuid_of(call.path["staff_id"])
    staff = None if staff_id is None else await db.read_staff(call.conn, staff_id)
    return staff_unknown(call.path["staff_id"]) if staff is None else _view(staff)


async def change(call: Call) -> StaffChanged | Awaiting | Refusal:
    """PATCH /v1/staff/{staff_id}: sessions go on, with what the role may now.

    Only those end of whoever has a password alone, where the new role asks for more.
    """
    staff = await _held(call)
    if isinstance(staff, Refusal):
        return staff
    body: ChangeStaff = call.body
    said = {name: getattr(body, name) for name in body.__struct_fields__}
    changed = replace(staff, **{name: each for name, each in said.items() if each is not UNSET})
    changed = replace(changed, role=access.role_named(changed.role))
    refusal = await _reach_fault(call, staff) or await _terms_fault(call, _terms(changed))
    if refusal is not None:
        return refusal
    if _reach(changed) != _reach(staff):
        waits = await _waits(call, changed.role, "somebody gets an owner's rights, or more")
        if waits is not None:
            return waits
    refusal = await flows.change(call.conn, staff, changed, at(call).one_factor, call.now)
    if refusal is not None:
        return refusal
    call.changed("staff", staff.id, _told(staff), _told(changed))
    return StaffChanged(staff.id)


async def reset(call: Call) -> Once | Refusal | Awaiting:
    """POST /v1/staff/{staff_id}/reset: whoever may more than one oneself is not reset by one.

    An approved invitation is told to nobody. Whoever is not in yet is reset again by one person.
    """
    staff = await _held(call)
    if isinstance(staff, Refusal):
        return staff
    refusal = await _reach_fault(call, staff)
    if refusal is not None:
        return refusal
    if await db.let_in(call.conn, staff.id):
        waits = await _waits(call, staff.role, "an owner, or somebody like one, would begin anew")
        if waits is not None:
            return waits
    invitation = await flows.reset(call.conn, staff, call.now)
    fresh = await db.lock_staff(call.conn, staff.id)
    assert fresh is not None, "it is held"
    call.changed("staff", staff.id, {"has_password": staff.has_password}, {"has_password": False})
    return _once(fresh, invitation)


async def sign_out(call: Call) -> SignedOut | Refusal:
    """POST /v1/staff/{staff_id}/sign-out"""
    staff = await _held(call)
    if isinstance(staff, Refusal):
        return staff
    count = await db.end_sessions(call.conn, staff.id)
    call.changed("staff", staff.id, {"sessions": count}, {"sessions": 0})
    return SignedOut(staff.id, count)


async def end(call: Call) -> StaffEnded | Refusal:
    """POST /v1/staff/{staff_id}/end"""
    staff = await _held(call, ended=True)
    if isinstance(staff, Refusal):
        return staff
    refusal = await flows.end(call.conn, staff, call.now)
    if refusal is not None:
        return refusal
    call.changed("staff", staff.id, {"ended_at": None}, {"ended_at": call.now.isoformat()})
    left = await access_db.keys_issued_by(call.conn, staff.id, call.now)
    return StaffEnded(staff.id, [KeyLeft(key.id, key.name, key.role) for key in left])


async def _held(call: Call, *, ended: bool = False) -> Staff | Refusal:
    """The one the address names, held until the call ends. Errors: staff_unknown, staff_ended."""
    staff_id = uuid_of(call.path["staff_id"])
    staff = None if staff_id is None else await db.lock_staff(call.conn, staff_id)
    if staff is None:
        return staff_unknown(call.path["staff_id"])
    if staff.ended_at is not None and not ended:
        return Refusal("staff_ended", "staff_id", "this one is of staff no more", "invite anew")
    return staff


async def _reach_fault(call: Call, staff: Staff) -> Refusal | None:
    """Whether this one may what the caller may not. Errors: not_yours_to_give."""
    role = await _role(call, staff.role)
    return access.beyond(call.principal, _terms(staff), role) if role is not None else None


async def _waits(call: Call, name: str, why: str) -> Awaiting | None:
    """Whether a second person decides on whoever has this role, or shall have it."""
    role = await _role(call, name)
    if role is None or not access.like_owner(role):
        return None
    return second_person(call, "owner", why)


def _reach(staff: Staff) -> tuple[object, ...]:
    return staff.role, staff.stores, staff.expires_at


async def _terms_fault(call: Call, terms: KeyTerms) -> Refusal | None:
    """Whether somebody can be this, and the caller may say so."""
    role = await _role(call, terms.role)
    if role is None or terms.role in access.PEOPLE:
        return Refusal("role_unknown", "role", f"there is no role {terms.role} for staff",
                       "name a role that GET /v1/roles lists")  # fmt: skip
    known = {store.id for store in await stores_db.all_stores(call.conn)}
    missing = [each for each in terms.stores or () if each not in known]
    if missing:
        why = f"there is no store {missing[0]}"
        return Refusal("store_unknown", "stores", why, "put the store first")
    return (
        access.stores_fault(role, terms.stores)
        or access.end_fault(terms.role, terms.expires_at, call.now)
        or access.beyond(call.principal, terms, role)
    )


async def _role(call: Call, name: str) -> OwnRole | None:
    return access.built_in(name) or await access_db.read_role(call.conn, name)


def _terms(staff: Staff) -> KeyTerms:
    return KeyTerms(
        name=staff.name, role=staff.role, stores=staff.stores, expires_at=staff.expires_at
    )


def _told(staff: Staff) -> dict[str, Any]:
    """For the log; no secret is in it."""
    names = ("name", "email", "role", "stores", "expires_at")
    told: dict[str, Any] = msgspec.to_builtins(staff)
    return {name: told[name] for name in names}


def _once(staff: Staff, invitation: str) -> Once:
    assert staff.invited_until is not None, "it was just made"
    kept = Invitation(staff.id, staff.invited_until, None)
    return Once(live=replace(kept, invitation=invitation), kept=kept)


def _view(staff: Staff) -> StaffView:
    return StaffView(
        staff.id, staff.name, staff.email, staff.role,
        None if staff.stores is None else list(staff.stores), staff.created_at, staff.expires_at,
        staff.ended_at, staff.invited_until, staff.has_password, staff.has_app,
    )  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "staff.invite", "POST", "/v1/staff", invite, Invitation, "Invite somebody of staff",
        kind="writes", body=InviteStaff, status=201, four_eyes=True,
        example={"name": "Anna Rossi", "email": "anna@example.org", "role": "operator"},
    ),
    Operation(
        "staff.list", "GET", "/v1/staff", list_, Page[StaffView], "List staff, the oldest first",
        query=QUERY,
    ),
    Operation("staff.read", "GET", "/v1/staff/{staff_id}", read, StaffView, "Read one of staff"),
    Operation(
        "staff.change", "PATCH", "/v1/staff/{staff_id}", change, StaffChanged, "Change staff",
        kind="writes", refresh=True, body=ChangeStaff, example={"role": "manager"}, four_eyes=True,
    ),
    Operation(
        "staff.reset", "POST", "/v1/staff/{staff_id}/reset", reset, Invitation,
        "Let somebody of staff begin anew", kind="writes", refresh=True, four_eyes=True,
    ),
    Operation(
        "staff.sign_out", "POST", "/v1/staff/{staff_id}/sign-out", sign_out, SignedOut,
        "Sign somebody of staff out everywhere", kind="writes", refresh=True,
    ),
    Operation(
        "staff.end", "POST", "/v1/staff/{staff_id}/end", end, StaffEnded,
        "End somebody's time in staff", kind="writes", refresh=True,
    ),
)  # fmt: skip
