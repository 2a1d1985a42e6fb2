"""Roles over HTTP: the built-in ones, and those an installation makes for itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from tessera.access import core as access
from tessera.access import db
from tessera.access.approvals.core import Awaiting
from tessera.base.pages import after
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Name
from tessera.doors.call import Call, Operation
from tessera.doors.noting import second_person
from tessera.doors.pages import QUERY, Page, asked_limit, page, unknown_cursor
from tessera.doors.till.keys import RoleName

Grants = Annotated[dict[Code, access.Scope], Meta(min_length=1, max_length=500)]


class MakeRole(Struct, frozen=True, forbid_unknown_fields=True):
    """A role of your own. You cannot put into it what you may not do yourself.

    about   what it is for, for people
    grants  {operation: `all`, or `own_store` where tills have that}
    sight   how persons look: `masked`, or `pseudonym` for no names and no ways to reach them
    """

    name: RoleName
    grants: Grants
    about: Name = ""
    sight: access.Sight = "masked"


class ChangeRole(Struct, frozen=True, forbid_unknown_fields=True):
    """What the role is from now on; what is left out stays. `grants` takes the old one's place."""

    grants: Grants | None = None
    about: Name | None = None
    sight: access.Sight | None = None


class RoleView(Struct, frozen=True):
    """A role. Of a built-in one `made_by` and the times are null."""

    name: str
    about: str
    grants: dict[str, access.Scope]
    sight: access.Sight
    built_in: bool
    created_at: datetime | None = None
    changed_at: datetime | None = None
    made_by: UUID | None = None
    ended_at: datetime | None = None


async def make(call: Call) -> RoleView | Refusal | Awaiting:
    """POST /v1/roles"""
    body: MakeRole = call.body
    role = access.OwnRole(body.name, body.grants, body.sight)
    refusal = access.role_fault(role.name, role.grants) or access.sight_fault(role)
    refusal = refusal or access.exceeds(call.principal, role, "grants")
    if refusal is not None:
        return refusal
    waits = _waits(call, role)
    if waits is not None:
        return waits
    row = await db.add_role(call.conn, role, body.about, call.principal.person, call.now)
    if row is None:
        return Refusal(
            "role_taken", "name", f"there is or was a role {role.name}",
            "choose another name: one that was used is never used again",
        )  # fmt: skip
    call.changed("role", row.name, None, _told(row))
    return _view(row)


async def change(call: Call) -> RoleView | Refusal | Awaiting:
    """PATCH /v1/roles/{role}: its bearers may so much from now on, in every process."""
    body: ChangeRole = call.body
    row = await _held(call)
    if isinstance(row, Refusal):
        return row
    role = access.OwnRole(
        row.name, row.grants if body.grants is None else body.grants, body.sight or row.sight
    )
    refusal = access.role_fault(role.name, body.grants or {}) or access.sight_fault(role)
    refusal = refusal or access.exceeds(call.principal, role, "grants")
    if refusal is not None:
        return refusal
    waits = None if body.grants is None else _waits(call, role)
    if waits is not None:
        return waits
    about = row.about if body.about is None else body.about
    done = await db.change_role(call.conn, role, about, call.now)
    call.changed("role", row.name, _told(row), _told(done))
    return _view(done)


async def end(call: Call) -> RoleView | Refusal:
    """POST /v1/roles/{role}/end: its bearers may nothing any more."""
    row = await _held(call)
    if isinstance(row, Refusal):
        return row
    done = await db.end_role(call.conn, row.name, call.now)
    assert done is not None and done.ended_at is not None, "it is held"
    call.changed("role", row.name, {"ended_at": None}, {"ended_at": done.ended_at.isoformat()})
    return _view(done)


async def list_(call: Call) -> Page[RoleView] | Refusal:
    """GET /v1/roles: the built-in ones first, on the first page."""
    limit = asked_limit(call.query)
    if isinstance(limit, Refusal):
        return limit
    name = ""
    if "cursor" in call.query:
        last = after(call.query["cursor"], 1)
        if isinstance(last, Refusal):
            return last
        name = last[0]
        if access.role_fault(name, {}) is not None:
            return unknown_cursor()
    rows = await db.list_roles(call.conn, name, limit + 1)
    found = page(rows, limit, lambda role: role.name, _view)
    return found if name else Page(_built_in() + found.items, found.next)


async def read(call: Call) -> RoleView | Refusal:
    """GET /v1/roles/{role}: a built-in one, or one's own, also when it has ended."""
    name = call.path["role"]
    for role in _built_in():
        if role.name == name:
            return role
    row = await db.role_row(call.conn, name)
    return _unknown(name) if row is None else _view(row)


def _built_in() -> list[RoleView]:
    """Those that people and keys bear; `anybody` is none of them."""
    return [
        RoleView(role, about, dict(access.GRANTS[role]), sight, built_in=True)
        for role, about in access.ROLES.items()
        if role not in access.PEOPLE
        for sight in [access.sight_of(role)]
    ]


async def _held(call: Call) -> access.RoleRow | Refusal:
    """The role in the address, held. Errors: role_unknown, role_built_in, role_ended."""
    name = call.path["role"]
    if name in access.ROLES:
        return Refusal("role_built_in", "role", f"role {name} is built in and stays as it is",
                       "make a role of your own")  # fmt: skip
    row = await db.lock_role(call.conn, name)
    if row is None:
        return _unknown(name)
    if row.ended_at is not None:
        return Refusal("role_ended", "role", f"role {name} has ended", "make another")
    return row


def _unknown(name: str) -> Refusal:
    return Refusal("role_unknown", "role", f"there is no role {name[:40]}",
                   "look it up in the list of roles")  # fmt: skip


def _waits(call: Call, role: access.OwnRole) -> Awaiting | None:
    """Whether a second person decides on a role that gives as an owner does."""
    if not access.like_owner(role):
        return None
    return second_person(call, "owner", "a role would give keys, roles or staff as an owner does")


def _told(row: access.RoleRow) -> dict[str, object]:
    return {"about": row.about, "grants": dict(row.grants), "sight": row.sight}


def _view(row: access.RoleRow) -> RoleView:
    return RoleView(
        row.name, row.about, dict(row.grants), row.sight, False, row.created_at, row.changed_at,
        row.made_by, row.ended_at,
    )  # fmt: skip


_GRANTS = {"card.block": "all", "card.unblock": "all", "identify": "all"}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "role.make", "POST", "/v1/roles", make, RoleView, "Make a role of your own",
        kind="writes", refresh=True, body=MakeRole, status=201, four_eyes=True,
        example={"name": "card-desk", "about": "Lost and found cards", "grants": _GRANTS},
    ),
    Operation(
        "role.list", "GET", "/v1/roles", list_, Page[RoleView],
        "List roles, and what each may", query=QUERY,
    ),
    Operation("role.read", "GET", "/v1/roles/{role}", read, RoleView, "Read a role"),
    Operation(
        "role.change", "PATCH", "/v1/roles/{role}", change, RoleView, "Change a role",
        kind="writes", refresh=True, body=ChangeRole, four_eyes=True,
        example={"grants": {"identify": "all"}},
    ),
    Operation(
        "role.end", "POST", "/v1/roles/{role}/end", end, RoleView, "End a role", kind="writes",
        refresh=True,
    ),
)  # fmt: skip
