"""Calls that cannot succeed as whoever crawls makes them, on a stage where they can.

They are of the form of `support/makes`; a third word is whose token it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from support.entering import GOOD, Person
from support.things import Things, Whose, signed_in
from tessera.base import installation
from tessera.base.ids import new_id
from tessera.doors.till import OPERATIONS

PROGRAM: dict[str, Any] = next(e.example for e in OPERATIONS if e.name == "program.publish")
CODE = "270941"
_serials = count(1)
_phones = count(7000)
Staged = tuple[dict[str, str], Any] | tuple[dict[str, str], Any, str]


def as_on_a_new_day(things: Things) -> None:
    """All calls come from one address: nobody has asked for a code, or tried one."""
    for asked in ("DELETE FROM access.sign_in_limit", "DELETE FROM access.code_bucket"):
        things.api.eye.execute(asked)


def plainly(things: Things, whose: Whose) -> Staged:
    return {}, None


# What is over, and what waits for a second person -----------------------------------------------


def approved(things: Things, whose: Whose) -> Staged:
    """More points than anybody gives alone, which somebody of staff approves."""
    second = invited(things, "manager").enrol()
    body = {"member": things.party(0), "points": 5001, "reason": "goodwill"}
    said = things.api.call("POST", "/v1/adjustments", body, token=things.api.somebody())
    assert said.status_code == 202, said.text
    waits = {"approval_id": said.json()["approval_id"]}
    return waits, {"hash": said.json()["hash"]}, second.token


def board(things: Things, whose: Whose) -> Staged:
    """A board whose last day is over; the house would wait for late receipts, and staff do not."""
    code, last = f"race{next(_serials)}", datetime.now(UTC).date() - timedelta(days=2)
    days = {"starts": "2026-03-01", "ends": str(last), "wait_days": 14}
    things.api.publish(PROGRAM | {"boards": {code: PROGRAM["boards"]["spring"] | days}})
    return {"board": code}, None


def draw(things: Things, whose: Whose) -> Staged:
    """A draw whose last day is over; somebody has tickets for it."""
    code = f"luck{next(_serials)}"
    tickets = {"id": code, "mechanic": "every_x_tickets", "draw": code, "per_minor": 100}
    draws = {code: PROGRAM["draws"]["summer"]}
    things.api.publish(PROGRAM | {"draws": draws, "rules": [tickets]})
    things.made("/v1/receipts", things.api.basket(happened_at="2026-06-01T10:00:00+02:00"))
    return {"draw": code}, None


def won(things: Things, whose: Whose) -> Staged:
    """A prize that is won at the till, and not handed over."""
    cups = {"cups": {"name": "Cups", "prizes": [{"item": "CUP", "count": 10**6, "one_in": 1}]}}
    spin = {"id": "spin", "mechanic": "instant_win", "draw": "cups"}
    things.api.publish(PROGRAM | {"draws": cups, "rules": [spin]})
    sold = things.made("/v1/receipts", things.api.basket(card=things.card()))["id"]
    asked = "SELECT id FROM rewards.win WHERE outcome_id = %s"
    found = things.api.eye.execute(asked, (sold,)).fetchone()
    assert found is not None
    return {"draw": "cups", "win_id": str(found[0])}, None


# Codes that are sent back: known here, for the installation's key is ------------------------------


def sent(things: Things, path: str, body: Any, token: str) -> str:
    """The challenge of a code that was asked for; the code is `CODE`."""
    as_on_a_new_day(things)
    said = things.api.call("POST", path, body, token=token, key=None)
    assert said.is_success, said.text
    id_: str = said.json()["challenge_id"]
    mark = installation.here().mark("code", id_, CODE)
    asked = "UPDATE access.code_challenge SET code_mark = %s WHERE id = %s"
    assert things.api.eye.execute(asked, (mark, id_)).rowcount == 1
    return id_


def phone() -> dict[str, str]:
    """A phone that nobody has."""
    return {"kind": "phone", "value": f"+39 333 {next(_phones):07d}"}


def with_phone(things: Things) -> tuple[str, dict[str, str]]:
    """A member, and the phone to sign in with."""
    known = phone()
    return things.made("/v1/members", {"identifiers": [known]})["member_id"], known


def contact(things: Things, whose: Whose) -> Staged:
    member, own = things.member(), phone()
    challenge = sent(things, f"/v1/members/{member}/contacts", own, things.api.admin)
    return {"member_id": member, "challenge_id": challenge}, own | {"code": CODE}


def my_contact(things: Things, whose: Whose) -> Staged:
    own, token = phone(), signed_in(things.api, things.me["member_id"])
    challenge = sent(things, "/v1/me/contacts", own, token)
    return {"challenge_id": challenge}, own | {"code": CODE}, token


def joins(things: Things, whose: Whose) -> Staged:
    body = {"contact": phone(), "born_on": "1990-05-01"}
    return {"challenge_id": sent(things, "/v1/join", body, "")}, {"code": CODE}


def signs_in(things: Things, whose: Whose) -> Staged:
    _, known = with_phone(things)
    return {"challenge_id": sent(things, "/v1/sign-in/code", known, "")}, {"code": CODE}


def proves(things: Things, whose: Whose) -> Staged:
    member, _ = with_phone(things)
    token = signed_in(things.api, member)
    return {"challenge_id": sent(things, "/v1/me/proof", {}, token)}, {"code": CODE}, token


def my_phone_goes(things: Things, whose: Whose) -> Staged:
    """The card stays: one still has a name here."""
    member, own = things.me["member_id"], phone()
    things.made(f"/v1/members/{member}/identifiers", own)
    held = things.api.call("GET", f"/v1/members/{member}").json()["identifiers"]
    return {"identifier_id": next(e["identifier_id"] for e in held if e["kind"] == "phone")}, None


def unsubscribes(things: Things, whose: Whose) -> Staged:
    member = things.member()
    given = [{"purpose": "news", "channel": "sms", "given": True}]
    things.made(f"/v1/members/{member}/consents", {"consents": given, "proof": "form-1"})
    link = f"/v1/members/{member}/unsubscribe?purpose=news&channel=sms"
    said = things.api.call("GET", link)
    assert said.is_success, said.text
    return {"token": said.json()["token"]}, None


# Sessions and devices -----------------------------------------------------------------------------


def invited(things: Things, role: str = "operator") -> Person:
    as_on_a_new_day(things)
    return Person(things.api, role)


def enrols(things: Things, whose: Whose) -> Staged:
    """Somebody of staff uses an invitation, with the app's code."""
    new = invited(things)
    offer = new.say("/v1/sign-in/invitation", invitation=new.invitation)
    new.secret = offer.json()["app_secret"]
    return {}, {"invitation": new.invitation, "password": GOOD, "code": new.code()}


def other_session(things: Things, whose: Whose) -> Staged:
    """Of two devices of one's own the first is signed out by the second."""
    one = invited(things).enrol()
    first = one.api.call("GET", "/v1/sessions", token=one.token).json()["items"][0]
    said = one.sign_in()
    assert said.is_success, said.text
    return {"session_id": first["session_id"]}, None, said.json()["token"]


def my_other_session(things: Things, whose: Whose) -> Staged:
    member = things.me["member_id"]
    first, second = signed_in(things.api, member), signed_in(things.api, member)
    listed = things.api.call("GET", "/v1/me/sessions", token=first).json()["items"]
    own = next(each["session_id"] for each in listed if each["current"])
    return {"session_id": own}, None, second


def device(things: Things, kind: str, person: str) -> str:
    """A passkey, as a browser would have made it."""
    id_ = str(new_id())
    things.api.eye.execute(
        "INSERT INTO access.passkey (credential_id, id, kind, person_id, public_key, sign_count,"
        " name, created_at) VALUES (%s, %s, %s, %s, '', 0, 'phone', now())",
        (uuid4().bytes, id_, kind, person),
    )
    return id_


def device_goes(things: Things, whose: Whose) -> Staged:
    one = invited(things).enrol()
    return {"passkey_id": device(things, "staff", one.id)}, None, one.token


def my_device_goes(things: Things, whose: Whose) -> Staged:
    return {"passkey_id": device(things, "member", things.me["member_id"])}, None


STAGED = {
    "approval.approve": approved, "board.close": board, "draw.run": draw, "draw.hand_over": won,
    "me.household.found": plainly, "me.identifier.remove": my_phone_goes,
    "contact.prove": contact, "me.contact.prove": my_contact,
    "join.finish": joins, "sign_in.prove": signs_in, "me.prove": proves,
    "consent.unsubscribe": unsubscribes, "sign_in.enrol": enrols, "session.end": other_session,
    "me.session.end": my_other_session, "passkey.remove": device_goes,
    "me.passkey.remove": my_device_goes,
}  # fmt: skip
# Without a key: what a repeat is answered besides, where what was asked for is done already.
AGAIN = {
    "contact.prove": 403, "me.contact.prove": 403, "join.finish": 403, "sign_in.prove": 403,
    "me.prove": 403, "consent.unsubscribe": 200, "sign_in.enrol": 403, "session.end": 404,
    "me.session.end": 404, "passkey.remove": 404, "me.passkey.remove": 404, "receipt.bulk": 200,
}  # fmt: skip
NOTED = {"consent.unsubscribe"}  # each click is what somebody has said
# A try is counted before, in a transaction of its own: the first commit is not the call's.
COUNTED = {"coupon.void", "me.card"}
