"""Joining by oneself over HTTP: ask, send the code back, and be in. What each campaign brought."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal, get_args
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from tessera.access.audit.core import Change
from tessera.access.codes import flows as codes
from tessera.access.signing.flows.entering import open_session
from tessera.base.refusal import Refusal
from tessera.base.text import OptionalCode
from tessera.checkout.claims.db import Slip
from tessera.doors.call import Call, Operation
from tessera.doors.till.claiming import claim
from tessera.doors.till.contacts import CodeSent, ContactNamed, Six, code_sent, note
from tessera.doors.till.people import PersonName, country_of, terms_of
from tessera.doors.till.referrals import code_fault, note_brought
from tessera.doors.till.vouching import CameBack, Provided, WayOut, vouched, way_out
from tessera.members import core
from tessera.members.consents.core import Channel, Saying
from tessera.members.joining import core as joining
from tessera.members.joining import db, flows
from tessera.members.joining.core import Admitted, Application, Campaign, Joiners
from tessera.warehouse.core import Identifier

MOST_DAYS = 400
DEVICE = "joined on the web"


class Join(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody wants to join, with a phone or an address that a code can reach.

    born_on   needed where the program has a minimum age
    consents  what was agreed to; on the same phone or address it counts once the code came back
    source    the joining campaign that the link or the QR code names
    referral  the code of the friend who brings one
    card      a plastic card to bring along; one that was used needs `receipt`, which proves it
    """

    contact: ContactNamed
    given_name: PersonName = ""
    family_name: PersonName = ""
    born_on: date | None = None
    language: core.Language = "en"
    consents: Annotated[tuple[Saying, ...], Meta(max_length=50)] = ()
    source: OptionalCode = ""
    referral: OptionalCode = ""
    card: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+\Z")] | None = None
    receipt: Slip | None = None


class JoinCode(Struct, frozen=True, forbid_unknown_fields=True):
    """The code that came: six digits."""

    code: Six


class Joined(Struct, frozen=True):
    """In, with a session of one's own. `joined` is false for a member we knew: signed in.

    history  a card's earlier points came along
    card     the card that was named and never used is one's own; false where none was named, and
             where it was used by now: then its receipt proves it (POST /v1/me/cards)
    """

    member_id: UUID
    joined: bool
    history: bool
    token: str
    expires_at: datetime
    card: bool = False


class JoinBack(CameBack, frozen=True, forbid_unknown_fields=True):
    """What came back from the identity provider, and what the page has asked besides."""

    born_on: date | None = None
    language: core.Language = "en"
    consents: Annotated[tuple[Saying, ...], Meta(max_length=50)] = ()
    source: OptionalCode = ""
    referral: OptionalCode = ""


class WordingView(Struct, frozen=True):
    """What somebody is asked to agree to, in the words to show.

    confirmed  channels that count once the phone or address is proved
    """

    purpose: str
    name: str
    channels: list[Channel]
    wording: str
    text: str
    confirmed: list[Channel]


class JoinTerms(Struct, frozen=True):
    """What the page where people join has to ask.

    country  whose phones may be typed without a country code; "" for none
    """

    open: bool
    minimum_age: int | None
    country: str
    consents: list[WordingView]


class JoiningReport(Struct, frozen=True):
    """Who joined, by day and campaign; "" is no campaign. Money in minor units of `currency`.

    campaigns  dearest joiner first; with the fixed cost when no days are named
    """

    currency: str
    campaigns: list[Campaign]
    days: list[Joiners]


async def terms(call: Call) -> JoinTerms | Refusal:
    """GET /v1/join"""
    known = terms_of(call)
    language = call.query.get("language", "en")
    if language not in get_args(core.Language):
        return Refusal(
            "language_unknown", "language", "we do not write that language",
            f"send one of {', '.join(get_args(core.Language))}",
        )  # fmt: skip
    asked = []
    for code, purpose in known.consents.purposes.items():
        texts = purpose.wordings[purpose.wording]
        text = texts.get(language) or next(iter(texts.values()))  # type: ignore[call-overload]
        confirmed: list[Channel] = [
            each for each in purpose.channels if each in known.consents.confirm
        ]
        asked.append(
            WordingView(code, purpose.name, list(purpose.channels), purpose.wording, text,
                        confirmed)
        )  # fmt: skip
    enrolment = known.enrolment
    return JoinTerms(enrolment.open, enrolment.minimum_age, enrolment.country, asked)


async def join(call: Call) -> CodeSent | Refusal:
    """POST /v1/join"""
    body: Join = call.body
    known = terms_of(call)
    if not known.enrolment.open:
        return flows.closed()
    contact = core.fresh(body.contact.kind, body.contact.value, country_of(call))
    if isinstance(contact, Refusal):
        return Refusal(contact.code, "contact.value", contact.why, contact.cure)
    refusal = await code_fault(call, body.referral)
    if refusal is not None:
        return refusal
    names, unused = [contact], ""
    if body.card is not None:
        card = await claim(call, body.card, body.receipt)
        if isinstance(card, Refusal):
            return card
        if card is None:
            unused = body.card
        else:
            names.append(Identifier("card", body.card))
    new = core.NewMember(
        tuple(names), body.given_name, body.family_name, body.born_on, body.language
    )
    said = Application(contact, new, body.consents, body.source, unused, body.referral)
    sent = await flows.apply(call.conn, said, known, call.now, call.address)
    return sent if isinstance(sent, Refusal) else code_sent(sent)


async def finish(call: Call) -> Joined | Refusal:
    """POST /v1/join/{challenge_id}"""
    challenge_id = id_of(call.path["challenge_id"])
    done = await flows.finish(
        call.conn, challenge_id, call.body.code, terms_of(call), call.now, call.address
    )
    if isinstance(done, Refusal):
        return done
    return await _let_in(call, done, "code")


async def begin_provider(call: Call) -> Provided | Refusal:
    """POST /v1/join/provider"""
    return await way_out(call, "member")


async def finish_provider(call: Call) -> Joined | Refusal:
    """POST /v1/join/provider/{state}"""
    body: JoinBack = call.body
    known = terms_of(call)
    refusal = flows.sayings_fault(body.consents, known)
    said = refusal or await vouched(call, "member")
    if isinstance(said, Refusal):
        return said
    contact = core.fresh("email", said.email) if said.email_verified else None
    if not isinstance(contact, Identifier):
        return Refusal(
            "email_not_verified", "", "the provider does not say that the address is yours",
            "confirm it there, or join with a code",
        )  # fmt: skip
    given, family = _names(said.name)
    new = core.NewMember((contact,), given, family, body.born_on, body.language)
    wanted = Application(contact, new, body.consents, body.source, referral=body.referral)
    assert call.house is not None, "the door is a house's"
    async with call.house.cabinet.connection() as call.conn:
        done = await flows.admit(call.conn, wanted, known, "sign_in", call.now, said.issuer)
        return done if isinstance(done, Refusal) else await _let_in(call, done, "provider")


def _names(said: str) -> tuple[str, str]:
    """What a provider calls a person, as given and family name; nothing that is no name."""
    given, _, family = said.strip()[:100].rpartition(" ")
    try:
        return tuple(msgspec.convert([given or family, family if given else ""], list[PersonName]))  # type: ignore[return-value]
    except msgspec.ValidationError:
        return "", ""


async def _let_in(call: Call, done: Admitted, way: Literal["code", "provider"]) -> Joined:
    if done.joined:
        await note_brought(call, done.referral, done.member_id, new=not done.history)
    assert done.contact.kind in ("email", "phone"), "it was proved"
    contact = codes.destination(done.contact.kind, done.contact.value)
    session, token = await open_session(
        call.conn, "member", done.member_id, way, DEVICE, call.now, contact
    )
    after = {"joined": done.joined, "session": str(session.id)}
    operation = "join.finish" if way == "code" else "join.back"
    await note(call, operation, Change("member", done.member_id, None, after))
    return Joined(
        done.member_id, done.joined, done.history, token, session.over_at(), done.card
    )  # fmt: skip


def id_of(word: str) -> UUID:
    """The id that a word is; of one that is none, nobody's."""
    try:
        return UUID(word)
    except ValueError:
        return UUID(int=0)


async def report(call: Call) -> JoiningReport | Refusal:
    """GET /v1/joining"""
    asked = _days(call)
    if isinstance(asked, Refusal):
        return asked
    assert call.house is not None, "the door is a house's"
    days = await db.joiners(call.conn, *asked)
    whole = not call.query
    found = joining.campaigns(terms_of(call).enrolment, days, whole=whole)
    return JoiningReport(call.house.currency, found, days[-MOST_DAYS:])


def _days(call: Call) -> tuple[date, date] | Refusal:
    """From the first to the last day, both included; left out, everything."""
    ends = []
    for name, without in (("from", date.min), ("to", date.max)):
        text = call.query.get(name)
        try:
            ends.append(without if text is None else date.fromisoformat(text))
        except ValueError:
            return Refusal("day_invalid", name, "this is no day", "send it as year-month-day")
    first, last = ends
    if call.query and last - first > timedelta(days=MOST_DAYS):
        return Refusal(
            "days_too_many", "to", f"at most {MOST_DAYS} days at a time", "name both ends"
        )
    return first, last


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "join.terms", "GET", "/v1/join", terms, JoinTerms, "What somebody who joins is asked",
        query={"language": "en, it, pl, ru or zh; en unless said otherwise"},
    ),
    Operation(
        "join.begin", "POST", "/v1/join", join, CodeSent,
        "Ask to join: a code comes to the phone or address, whether we know it or not", body=Join,
        example={
            "contact": {"kind": "email", "value": "mario@example.org"}, "given_name": "Mario",
            "born_on": "1990-05-01", "language": "it",
            "consents": [{"purpose": "news", "channel": "email", "given": True}],
        },
    ),
    Operation(
        "join.finish", "POST", "/v1/join/{challenge_id}", finish, Joined,
        "Send the code back: joined, or signed in", body=JoinCode, example={"code": "123456"},
    ),
    Operation(
        "join.provider", "POST", "/v1/join/provider", begin_provider, Provided,
        "Join, or sign in, with an identity provider", kind="writer", key_optional=True,
        body=WayOut, example={},
    ),
    Operation(
        "join.back", "POST", "/v1/join/provider/{state}", finish_provider, Joined,
        "Come back from the identity provider: joined, or signed in", kind="writer",
        key_optional=True, body=JoinBack,
        example={"code": "x", "binding": "x3Jd0cJ8bq1oB8mJXy2y1w", "born_on": "1990-05-01"},
    ),
    Operation(
        "joining.report", "GET", "/v1/joining", report, JoiningReport,
        "Who joined, from which campaign, and what it cost",
        query={"from": "the first day, year-month-day", "to": "the last day"},
    ),
)  # fmt: skip
