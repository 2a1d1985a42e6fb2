"""Signing in and joining. Nobody is told who is known here."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tessera.base.refusal import Refusal
from tessera.doors.cabinet.areas.entrance import provided, proving
from tessera.doors.cabinet.areas.entrance.onward import (
    SIGN_IN,
    START,
    come_in,
    contact_of,
    device,
    onward,
)
from tessera.doors.language.words import N_
from tessera.doors.web.page import Page, See, Shown, View
from tessera.doors.web.visit import Visit

JOINED = N_("Welcome! This is your pass.")
KNOWN = N_("You were a member already: you are signed in.")
NO_CARD = N_("Welcome! The card was used before: add it in your profile, with a receipt.")


async def sign_in(visit: Visit) -> Shown:
    """Phone or address, or a passkey; whoever is signed in already goes on, or proves it anew."""
    if visit.who is not None and not visit.posted and "again" not in visit.query:
        return See(onward(visit))
    return proving.show(visit) if await proving.offered(visit) else await _plain(visit)


async def _plain(visit: Visit) -> View:
    asked = await visit.ask("join.terms", query={"language": visit.local.language})
    ways = {
        "next": onward(visit), "out": "out" in visit.query,
        "open_": not isinstance(asked, Refusal) and asked.open,
        "provider": "member" in visit.house.plan.entrance.providers, "sent": None, "to": "",
    }  # fmt: skip
    return View("entrance/sign_in.html", ways)


async def send_code(visit: Visit) -> Shown:
    """The same for everybody: if somebody is known by this, a code is on its way."""
    to = visit.form.get("to")
    sent = await visit.ask("sign_in.code", body=contact_of(to))
    if isinstance(sent, Refusal):
        return Refusal(sent.code, "to", sent.why, sent.cure)
    return await _code_form(visit, sent.challenge_id)


async def _code_form(visit: Visit, challenge: Any) -> Shown:
    shown = await _plain(visit)
    told = {"sent": challenge, "to": visit.form.get("to")}
    return View(shown.template, {**shown.values, **told})


async def by_code(visit: Visit) -> Shown:
    """The six digits."""
    body = {"code": visit.form.get("code").replace(" ", ""), "device": device(visit)}
    challenge = visit.form.get("challenge")
    signed = await visit.ask("sign_in.prove", path={"challenge_id": challenge or "-"}, body=body)
    if isinstance(signed, Refusal):
        visit.wrong = Refusal(signed.code, "code", signed.why, signed.cure)
        return await _code_form(visit, challenge)
    return await come_in(visit, signed)


async def begin_passkey(visit: Visit) -> Shown:
    """What the browser is to be asked, for the script of the page."""
    begun = await visit.ask("sign_in.passkey", body={})
    return begun if isinstance(begun, Refusal) else visit.told(begun)


async def by_passkey(visit: Visit) -> Shown:
    """What the device has signed; staff's keys open the console only."""
    said = visit.form.data
    body = {"credential": said.get("credential"), "device": device(visit)}
    path = {"ceremony_id": said.get("ceremony_id", "-")}
    signed = await visit.ask("sign_in.signed", path=path, body=body)
    if not isinstance(signed, Refusal) and signed.kind != "member":
        told = visit.local.gettext
        return Refusal("ceremony_wrong", "", told("This key is not a member's."),
                       told("Sign in by a code."))  # fmt: skip
    return await come_in(visit, signed)


# Joining ----------------------------------------------------------------------------------------


async def join(visit: Visit) -> Shown:
    """Who, how old, what is agreed to, and which card comes along."""
    if visit.who is not None and not visit.posted:
        return See(START)
    asked = await visit.ask("join.terms", query={"language": visit.local.language})
    if isinstance(asked, Refusal):
        return asked
    source, friend = _source(visit), visit.form.get("referral") or visit.query.get("friend", "")
    kept = {name: word for name, word in (("source", source), ("friend", friend[:32])) if word}
    return View("entrance/join.html", {
        "terms": asked, "sent": None, "to": "", "source": source, "friend": friend[:32],
        "again": f"?{urlencode(kept)}" if kept else "",
    })  # fmt: skip


def _source(visit: Visit) -> str:
    """The campaign by which somebody comes; posters outlive theirs."""
    said = visit.form.get("source") or visit.query.get("source", "")
    return said if said in visit.house.shop().program.enrolment.sources else ""


async def apply(visit: Visit) -> Shown:
    """Ask to join: a code goes out, whether we know the number or not."""
    asked = await visit.ask("join.terms", query={"language": visit.local.language})
    if isinstance(asked, Refusal):
        return asked
    sent = await visit.ask("join.begin", body=_application(visit, asked))
    if isinstance(sent, Refusal):
        field = "to" if sent.field.startswith("contact") else sent.field
        return Refusal(sent.code, field, sent.why, sent.cure)
    return await _joining(visit, sent.challenge_id)


def _application(visit: Visit, asked: Any) -> dict[str, Any]:
    form, language = visit.form, visit.local.language
    said = [
        {"purpose": purpose.purpose, "channel": channel, "given": True,
         "wording": purpose.wording, "language": language}
        for purpose in asked.consents for channel in purpose.channels
        if f"{purpose.purpose}/{channel}" in form
    ]  # fmt: skip
    body: dict[str, Any] = {
        "contact": contact_of(form.get("to")), "given_name": form.get("given_name"),
        "family_name": form.get("family_name"), "language": language, "consents": said,
        "source": _source(visit), "referral": form.get("referral").strip().upper(),
    }  # fmt: skip
    if form.get("born_on"):
        body["born_on"] = form.get("born_on")
    if form.get("card"):
        body["card"] = form.get("card").replace(" ", "")
    return body


async def _joining(visit: Visit, challenge: Any) -> Shown:
    shown = await join(visit)
    assert isinstance(shown, View), "a form was sent"
    return View(shown.template, {**shown.values, "sent": challenge, "to": visit.form.get("to")})


async def finish(visit: Visit) -> Shown:
    """The code back: joined, with a number of one's own where the shop has one, and in."""
    challenge = visit.form.get("challenge")
    body = {"code": visit.form.get("code").replace(" ", "")}
    done = await visit.ask("join.finish", path={"challenge_id": challenge or "-"}, body=body)
    if isinstance(done, Refusal):
        visit.wrong = Refusal(done.code, "code", done.why, done.cure)
        return await _joining(visit, challenge)
    return await come_in(visit, done, _word(visit, done))


def _word(visit: Visit, done: Any) -> str:
    if not done.joined:
        return KNOWN
    return NO_CARD if visit.form.get("card") and not (done.card or done.history) else JOINED


PAGES = (
    Page(
        name="entrance.sign_in", path=SIGN_IN, show=sign_in, title=N_("Sign in"), open=True,
        purpose=N_("To see your points, your card and your offers."),
        acts={"ask": send_code, "code": by_code, "begin": begin_passkey, "signed": by_passkey,
              "provider": provided.begin, "prove": proving.prove, "proved": proving.proved},
    ),
    Page(
        name="entrance.back", path="/m/sign-in/back", show=provided.show, title=N_("Sign in"),
        purpose=N_("What your other account has answered is checked here; then you go on."),
        open=True, acts={"back": provided.come_back},
    ),
    Page(
        name="entrance.join", path="/m/join", show=join, title=N_("Join"), open=True,
        purpose=N_("Collect points with every purchase. It costs nothing, and you can leave at "
                   "any time."),
        acts={"apply": apply, "finish": finish},
    ),
)  # fmt: skip
