"""Calls about joining, contacts, consents and choices."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import uuid4

from support.things import Made, Make, Things, Whose, plain

_phones = count(1)
SAID = {"consents": [{"purpose": "news", "channel": "email", "given": True}]}
TRACK = {"choice": "track", "options": ["miles"]}


def phone() -> dict[str, str]:
    """A phone that nobody has."""
    return {"kind": "phone", "value": f"+39 333 {next(_phones):07d}"}


def of(body: Any = None, **more: Any) -> Make:
    """About a member; `more` are further words of the address."""
    return lambda things, whose: (
        {"member_id": str(uuid4()) if whose == "random" else things.member(), **more}, body
    )  # fmt: skip


def sent(things: Things, whose: Whose) -> Made:
    return of(phone())(things, whose)


def clicked(things: Things, whose: Whose) -> Made:
    if whose == "random":
        return {"token": uuid4().hex}, None
    said = things.api.call(
        "GET", f"/v1/members/{things.member()}/unsubscribe?purpose=news&channel=email"
    )
    return {"token": said.json()["token"]}, None


def linked(things: Things, whose: Whose) -> Made:
    """Without its words it is refused, whoever's it is."""
    return of()(things, whose)


NOTHING = {"challenge_id": str(uuid4())}  # a code that never went out
CODE = phone() | {"code": "000000"}
MAKES: dict[str, Make] = {
    "contact.send": sent,
    "contact.prove": of(CODE, **NOTHING),
    "consent.read": of(),
    "consent.say": of(SAID | {"proof": "form-1"}),
    "consent.link": linked,
    "consent.unsubscribe": clicked,
    "choice.read": of(),
    "choice.make": of(TRACK),
    "join.terms": plain(),
    "join.begin": lambda things, whose: ({}, {"contact": phone(), "born_on": "1990-05-01"}),
    "join.finish": lambda things, whose: (NOTHING, {"code": "000000"}),
    "join.provider": plain({}),
    "join.back": lambda things, whose: (
        {"state": str(uuid4())},
        {"code": "x", "binding": "x3Jd0cJ8bq1oB8mJXy2y1w"},
    ),
    "joining.report": plain(),
    "me.read": plain(),
    "me.change": plain({"given_name": "Mia"}),
    "me.contact.send": lambda things, whose: ({}, phone()),
    "me.contact.prove": lambda things, whose: (NOTHING, CODE),
    "me.consents": plain(),
    "me.consent": plain(SAID),
    "me.choices": plain(),
    "me.choose": plain(TRACK),
    "me.card": lambda things, whose: ({}, {"card": things.fresh()}),
}
ANYBODYS = {
    "contact.prove", "consent.link", "join.terms", "join.begin", "join.finish", "joining.report",
    "join.provider", "join.back",
    "me.read", "me.change", "me.contact.send", "me.contact.prove", "me.consents", "me.consent",
    "me.choices", "me.choose", "me.card",
}  # fmt: skip
# One network may ask for 20 codes in ten minutes, and no code was ever sent for these.
REFUSED = {
    "contact.prove": 403, "consent.link": 422, "join.begin": 429, "join.finish": 403,
    "join.provider": 409, "join.back": 403,
    "me.contact.prove": 403, "me.contact.send": 429, "consent.unsubscribe": 404,
}  # fmt: skip
