"""Proving anew who one is, over HTTP: a code to one's own phone or address, sent back.

These calls try codes, so what they refuse is counted too: they carry no Idempotency-Key.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from tessera.access.audit.core import Change
from tessera.access.codes import core as codes_core
from tessera.access.codes import flows as codes
from tessera.access.core.principals import FRESH
from tessera.access.signing import db as signing_db
from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.doors.pages import uuid_of
from tessera.doors.till.cabinet import gone
from tessera.doors.till.contacts import CodeSent, Six, code_sent, note
from tessera.doors.till.vouching import WayOut
from tessera.members import core as members
from tessera.members import db as members_db

PURPOSE = "prove anew"


class ProofSent(CodeSent, frozen=True):
    """A code is on its way to `to`, which is masked."""

    to: str


class ProofCode(Struct, frozen=True, forbid_unknown_fields=True):
    """The code that came: six digits."""

    code: Six


class Proved(Struct, frozen=True):
    """What asks for a fresh proof is open until then."""

    fresh_until: datetime


async def send(call: Call) -> ProofSent | Refusal:
    """POST /v1/me/proof: to the contact that was proved last."""
    member = await members_db.read_member(call.conn, call.principal.id)
    if member is None:
        return gone()
    held = [
        each for each in member.identifiers
        if each.identifier.kind in ("phone", "email") and each.status == "active"
    ]  # fmt: skip
    held.sort(key=lambda each: (each.verified_at is not None, each.verified_at or each.since))
    if not held or call.principal.session_id is None:
        return Refusal(
            "contact_missing", "", "no phone or address of yours is known here",
            "sign in again the way you came in",
        )  # fmt: skip
    to = held[-1].identifier
    assert to.kind in ("phone", "email"), "picked so"
    sent = await codes.begin(
        call.conn,
        PURPOSE,
        to.kind,
        to.value,
        member.id,
        call.now,
        language=member.language,
        address=call.address,
        asks="member",
    )
    if isinstance(sent, Refusal):
        return sent
    told = code_sent(sent)
    return ProofSent(told.challenge_id, told.expires_at, members.masked(to))


async def prove(call: Call) -> Proved | Refusal:
    """POST /v1/me/proof/{challenge_id}"""
    by, challenge_id = call.principal, uuid_of(call.path["challenge_id"])
    if challenge_id is None:
        return codes_core.not_proved()
    proved = await codes.prove(call.conn, challenge_id, call.body.code, call.now, call.address)
    if isinstance(proved, Refusal):
        return proved
    if proved.purpose != PURPOSE or proved.subject != by.id or by.session_id is None:
        return codes_core.not_proved()
    if not await signing_db.renew_session(call.conn, by.session_id, by.id, call.now):
        return gone()
    call.forget = True
    await note(call, "me.prove", Change("member", by.id, None, {"session": str(by.session_id)}))
    return Proved(call.now + FRESH)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "me.proof", "POST", "/v1/me/proof", send, ProofSent,
        "Send me a code to prove anew who I am", body=WayOut, example={},
    ),
    Operation(
        "me.prove", "POST", "/v1/me/proof/{challenge_id}", prove, Proved,
        "Prove anew who I am by the code", body=ProofCode, example={"code": "123456"},
    ),
)  # fmt: skip
