"""Consents over HTTP: what a member agrees to, said by the member or for the member; one click."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, get_args
from uuid import UUID

from msgspec import Meta, Struct

from tessera.access.audit.core import Change
from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.doors.till.contacts import member_of, note
from tessera.doors.till.people import Reference, no_member, paper_fault, said_by, terms_of
from tessera.members import db as members_db
from tessera.members.consents import db, flows
from tessera.members.consents.core import Channel, Consent, Saying, State, Way


class SayConsents(Struct, frozen=True, forbid_unknown_fields=True):
    """Yes or no to several purposes; all are taken down or none.

    proof  whoever says yes for somebody else: the number of the paper that was signed
    """

    consents: Annotated[tuple[Saying, ...], Meta(min_length=1, max_length=50)]
    proof: Reference = ""


class ConsentView(Struct, frozen=True):
    """What was said of one purpose on one channel.

    state  given; pending, until the phone or address is proved; withdrawn; unsaid again
    proof  the id of the call, of the code, of the merge, or the number of a paper
    """

    purpose: str
    channel: str
    state: State
    wording: str
    language: str
    way: Way
    at: datetime
    proof: str


class ConsentsView(Struct, frozen=True):
    """What holds now, and everything that was said, newest first."""

    member_id: UUID
    now: list[ConsentView]
    history: list[ConsentView]


class ConsentsSaid(Struct, frozen=True):
    """What holds from now on."""

    member_id: UUID
    now: list[ConsentView]


class UnsubscribeLink(Struct, frozen=True):
    """For the foot of a message: whoever posts to `path` ends this purpose on this channel.

    It needs no sign-in and never expires. RFC 8058: put it into List-Unsubscribe.
    """

    token: str
    path: str


class Unsubscribed(Struct, frozen=True):
    """It holds from now on; clicking again changes nothing."""

    purpose: str
    channel: str


async def read(call: Call) -> ConsentsView | Refusal:
    """GET /v1/members/{member_id}/consents, /v1/me/consents"""
    member_id = member_of(call)
    if member_id is None or await members_db.read_member(call.conn, member_id) is None:
        return no_member(call)
    now = await db.current(call.conn, member_id)
    said = await db.history(call.conn, member_id, flows.MOST_SHOWN)
    return ConsentsView(member_id, list(map(_view, now)), list(map(_view, said)))


async def say(call: Call) -> ConsentsSaid | Refusal:
    """POST /v1/members/{member_id}/consents, /v1/me/consents"""
    body: SayConsents = call.body
    member_id = member_of(call)
    if member_id is None:
        return no_member(call)
    refusal = paper_fault(call, body.consents, body.proof)
    if refusal is not None:
        return refusal
    by = said_by(call, "" if call.principal.kind == "member" else body.proof)
    now = await flows.say(call.conn, member_id, body.consents, by, terms_of(call).consents)
    if isinstance(now, Refusal):
        return now
    said = {(each.purpose, each.channel) for each in body.consents}
    after = {
        f"{each.purpose}/{each.channel}": each.state
        for each in now if (each.purpose, each.channel) in said
    }  # fmt: skip
    call.changed("consent", member_id, None, after)
    return ConsentsSaid(member_id, list(map(_view, now)))


async def link(call: Call) -> UnsubscribeLink | Refusal:
    """GET /v1/members/{member_id}/unsubscribe"""
    member_id = member_of(call)
    purpose, channel = call.query.get("purpose", ""), call.query.get("channel", "")
    declared = terms_of(call).consents.purposes.get(purpose)
    if declared is None or channel not in get_args(Channel):
        return Refusal(
            "consent_unknown", "purpose", f"nobody is asked for {purpose[:40]} by {channel[:40]}",
            "send a purpose of the program and its channel",
        )  # fmt: skip
    if member_id is None or await members_db.read_member(call.conn, member_id) is None:
        return no_member(call)
    token = await flows.unsubscribe_token(call.conn, member_id, purpose, channel)
    return UnsubscribeLink(token, f"/v1/unsubscribe/{token}")


async def unsubscribe(call: Call) -> Unsubscribed | Refusal:
    """POST /v1/unsubscribe/{token}"""
    done = await flows.unsubscribe(call.conn, call.path["token"], call.now, "")
    if isinstance(done, Refusal):
        return done
    member_id, purpose, channel = done
    after = {f"{purpose}/{channel}": "withdrawn"}
    await note(call, "consent.unsubscribe", Change("consent", member_id, None, after))
    return Unsubscribed(purpose, channel)


def _view(consent: Consent) -> ConsentView:
    return ConsentView(
        consent.purpose, consent.channel, consent.state, consent.wording, consent.language,
        consent.way, consent.at, consent.proof,
    )  # fmt: skip


_SAID = {"consents": [{"purpose": "news", "channel": "email", "given": True}]}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "consent.read", "GET", "/v1/members/{member_id}/consents", read, ConsentsView,
        "What a member agrees to, and all that was said",
    ),
    Operation(
        "consent.say", "POST", "/v1/members/{member_id}/consents", say, ConsentsSaid,
        "Take down a member's yes or no", kind="writes", body=SayConsents,
        example=_SAID | {"proof": "form-2026-117"},
    ),
    Operation(
        "consent.link", "GET", "/v1/members/{member_id}/unsubscribe", link, UnsubscribeLink,
        "What a message carries so that one click ends it",
        query={"purpose": "of the program", "channel": "email, sms, call, post, push or use"},
    ),
    Operation(
        "consent.unsubscribe", "POST", "/v1/unsubscribe/{token}", unsubscribe, Unsubscribed,
        "End one purpose on one channel, by the link of a message",
    ),
    Operation(
        "me.consents", "GET", "/v1/me/consents", read, ConsentsView,
        "What one agrees to, and all that was said",
    ),
    Operation(
        "me.consent", "POST", "/v1/me/consents", say, ConsentsSaid, "Say yes or no",
        kind="writes", body=SayConsents, example=_SAID,
    ),
)  # fmt: skip
