"""The first owner of an installation, over HTTP: with the code that only who starts it can read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from tessera.access.audit import flows as audit
from tessera.access.audit.core import Actor, Change, Entry
from tessera.access.signing import db, flows
from tessera.access.signing.core.words import email_fault, normal_email
from tessera.base.refusal import Refusal
from tessera.base.text import Name
from tessera.doors.call import Call, Operation
from tessera.doors.setup import NAME


class FirstOwner(Struct, frozen=True, forbid_unknown_fields=True):
    """Who begins. `code`: as it was printed where the service was started."""

    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z -]*\Z")]
    name: Annotated[Name, Meta(min_length=1)]
    email: Name


class SetupState(Struct, frozen=True):
    """Whether this installation waits for its first owner; fresh: nobody is even invited."""

    open: bool
    fresh: bool


class Founded(Struct, frozen=True):
    """The first owner is invited: the invitation is used at once (POST /v1/sign-in/invitation)."""

    staff_id: UUID
    invitation: str
    invited_until: datetime


async def read(call: Call) -> SetupState:
    """GET /v1/setup"""
    assert call.house is not None
    setup = call.house.setup
    if not setup.over:
        setup.over = await db.somebody_in(call.conn)
    return SetupState(not setup.over, not setup.over and not await db.somebody_known(call.conn))


async def found_owner(call: Call) -> Founded | Refusal:
    """POST /v1/setup/owner"""
    assert call.house is not None
    if not (await read(call)).open:
        return _over()
    body: FirstOwner = call.body
    if not call.house.setup.fits(body.code):
        return Refusal(
            "setup_code_wrong", "code", "this is not the code of this installation",
            f"it is printed where Tessera was started, and in the file {NAME} of its data folder",
        )  # fmt: skip
    email = normal_email(body.email)
    refusal = email_fault(email)
    if refusal is not None:
        return refusal
    made = await flows.found(call.conn, body.name, email, call.now)
    if isinstance(made, Refusal):
        return made
    staff, invitation = made
    assert staff.invited_until is not None, "it was just made"
    who = Actor("staff", staff.id, staff.name, staff.role, call.address)
    change = Change("staff", staff.id, None, {"role": staff.role, "way": "setup"})
    await audit.note(call.conn, Entry(call.now, who, "setup.owner", change))
    return Founded(staff.id, invitation, staff.invited_until)


def _over() -> Refusal:
    return Refusal(
        "setup_over", "", "somebody works here already", "sign in, or ask an owner to invite you"
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "setup.read", "GET", "/v1/setup", read, SetupState,
        "Whether this installation waits for its first owner",
    ),
    Operation(
        "setup.owner", "POST", "/v1/setup/owner", found_owner, Founded,
        "Become the first owner", body=FirstOwner, status=201,
        example={"code": "abcd-efgh-jkmn", "name": "Anna Rossi", "email": "anna@example.org"},
    ),
)  # fmt: skip
