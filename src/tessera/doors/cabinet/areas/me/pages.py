"""What a member says of himself, what he was told, and where he is signed in."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.cabinet.again import proved_first
from tessera.doors.language.words import LANGUAGES, N_
from tessera.doors.web.amounts import minor_in
from tessera.doors.web.page import Menu, Page, See, Shown, View
from tessera.doors.web.visit import Visit

SAVED = N_("Saved.")
ENDED = N_("That device is signed out.")
ADDED = N_("The passkey is there: next time you need no code.")
REMOVED = N_("The passkey signs in nobody any more.")
TAKEN_OFF = N_("It no longer leads to you.")
PROVED = N_("Your number or address is confirmed.")
OWN_CARD = N_("The card is yours now.")
AGAIN = N_("Sign in again, then add it once more.")


async def show(visit: Visit) -> Shown:
    """The list of everything that is about oneself."""
    told = await visit.ask("me.inbox")
    return View("me/me.html", {"unread": 0 if isinstance(told, Refusal) else told.unread})


async def leave(visit: Visit) -> Shown:
    """Signed out here: the session ends, the browser forgets, the kept card goes."""
    assert visit.who is not None, "the page is for members"
    session = visit.who.principal.session_id
    if session is not None:
        await visit.ask("me.session.end", path={"session_id": session})
    visit.sign_out()
    return See("/m/sign-in?out=1")


# Profile ----------------------------------------------------------------------------------------


async def profile(visit: Visit) -> Shown:
    """What is known, as the program lets one see it."""
    told = await visit.ask("me.read")
    if isinstance(told, Refusal):
        return told
    names = {name: each.name for name, each in visit.house.shop().program.attributes.items()}
    sent = {"challenge": "", "kind": "", "value": ""}
    assert visit.who is not None, "the page is for members"
    fresh = visit.who.principal.fresh(visit.now)
    return View("me/profile.html", {"me": told, "names": names, "sent": sent, "fresh": fresh})


async def save(visit: Visit) -> Shown:
    """Put right what is known; the language is that of the pages too."""
    told = await visit.ask("me.read")
    if isinstance(told, Refusal):
        return told
    form, body = visit.form, dict[str, Any]()
    body["given_name"], body["family_name"] = form.get("given_name"), form.get("family_name")
    if form.get("born_on"):
        body["born_on"] = form.get("born_on")
    language = form.get("language")
    if language in LANGUAGES:
        body["language"] = language
    known = {each.name: _value(form.get(f"a-{each.name}"), each.type)
             for each in told.attributes if each.mine and f"a-{each.name}" in form}  # fmt: skip
    if known:
        body["attributes"] = known
    done = await visit.ask("me.change", body=body)
    spoken = f"?language={language}" if language in LANGUAGES else ""
    return visit.done(done, f"/m/profile{spoken}", SAVED)


def _value(text: str, type_: str) -> Any:
    if not text:
        return None
    if type_ == "boolean":
        return text == "yes"
    return int(text) if type_ == "integer" and text.lstrip("-").isdigit() else text


async def name_contact(visit: Visit) -> Shown:
    """A phone or an address: a code goes there."""
    value = visit.form.get("value")
    kind = "email" if "@" in value else "phone"
    sent = await visit.ask("me.contact.send", body={"kind": kind, "value": value})
    again = proved_first(sent, "/m/profile", AGAIN)
    if again is not None:
        return again
    if isinstance(sent, Refusal):
        return Refusal(sent.code, "value", sent.why, sent.cure)
    shown = await profile(visit)
    assert isinstance(shown, View), "it was read a moment ago"
    told = {"challenge": sent.challenge_id, "kind": kind, "value": value}
    return View(shown.template, {**shown.values, "sent": told})


async def prove_contact(visit: Visit) -> Shown:
    """The code that came there."""
    form = visit.form
    body = {"kind": form.get("kind"), "value": form.get("value"),
            "code": form.get("code").replace(" ", "")}  # fmt: skip
    path = {"challenge_id": form.get("challenge")}
    done = await visit.ask("me.contact.prove", path=path, body=body)
    return proved_first(done, "/m/profile", AGAIN) or visit.done(done, "/m/profile", PROVED)


async def remove_contact(visit: Visit) -> Shown:
    """A phone or an address less."""
    path = {"identifier_id": visit.form.get("identifier")}
    return visit.done(await visit.ask("me.identifier.remove", path=path), "/m/profile", TAKEN_OFF)


async def add_card(visit: Visit) -> Shown:
    """A plastic card; one that was used needs a receipt of it."""
    form = visit.form
    body: dict[str, Any] = {"card": form.get("card").replace(" ", "")}
    if form.get("number"):
        minor = minor_in(visit, "paid")
        if isinstance(minor, Refusal):
            return minor
        slip = {"number": form.get("number"), "day": form.get("day"), "total_minor": minor}
        body["receipt"] = slip
    done = await visit.ask("me.card", body=body)
    return proved_first(done, "/m/profile", AGAIN) or visit.done(done, "/m/profile", OWN_CARD)


# Inbox ------------------------------------------------------------------------------------------


async def inbox(visit: Visit) -> Shown:
    """What happened, the newest first."""
    told = await visit.ask("me.inbox")
    return told if isinstance(told, Refusal) else View("me/inbox.html", {"inbox": told})


async def read(visit: Visit) -> Shown:
    """All of it is read."""
    return visit.done(await visit.ask("me.inbox.read"), "/m/inbox")


# Devices ----------------------------------------------------------------------------------------


async def devices(visit: Visit) -> Shown:
    """Where one is signed in, and with which keys one may."""
    sessions, keys = await visit.ask("me.session.list"), await visit.ask("me.passkey.list")
    if isinstance(sessions, Refusal):
        return sessions
    assert visit.who is not None, "the page is for members"
    shown = {"sessions": sessions.items, "keys": [] if isinstance(keys, Refusal) else keys.items,
             "fresh": visit.who.principal.fresh(visit.now)}  # fmt: skip
    return View("me/devices.html", shown)


async def end(visit: Visit) -> Shown:
    """Signed out there."""
    path = {"session_id": visit.form.get("session")}
    return visit.done(await visit.ask("me.session.end", path=path), "/m/devices", ENDED)


async def remove_key(visit: Visit) -> Shown:
    """A passkey less."""
    path = {"passkey_id": visit.form.get("passkey")}
    return visit.done(await visit.ask("me.passkey.remove", path=path), "/m/devices", REMOVED)


async def begin_key(visit: Visit) -> Shown:
    """What the browser is to be asked; for the script of the page."""
    told = await visit.ask("me.passkey.begin", body={})
    return told if isinstance(told, Refusal) else visit.told(told)


async def add_key(visit: Visit) -> Shown:
    """What the device answered."""
    said = visit.form.data
    body = {"credential": said.get("credential"), "name": str(said.get("name", ""))[:100]}
    path = {"ceremony_id": said.get("ceremony_id", "")}
    told = await visit.ask("me.passkey.add", path=path, body=body)
    if isinstance(told, Refusal):
        return told
    return visit.told({"to": "/m/devices"})


PAGES = (
    Page(
        name="me.me", path="/m/me", show=show, title=N_("Me"), needs=("me.read",),
        purpose=N_("Everything about you, and what you can change."),
        acts={"leave": leave}, menu=Menu("tabs", 50, N_("Me"), "members"),
    ),
    Page(
        name="me.profile", path="/m/profile", show=profile, title=N_("Profile"),
        purpose=N_("What the shop knows about you, and how it reaches you."),
        needs=("me.read",),
        acts={
            "save": save, "contact": name_contact, "prove": prove_contact, "card": add_card,
            "remove": remove_contact,
        },
    ),
    Page(
        name="me.inbox", path="/m/inbox", show=inbox, title=N_("Inbox"), needs=("me.inbox",),
        purpose=N_("Messages for you: what is new is marked."),
        acts={"read": read},
    ),
    Page(
        name="me.devices", path="/m/devices", show=devices, title=N_("Devices"),
        purpose=N_("Where you are signed in. What you do not know, sign out."),
        needs=("me.session.list",),
        acts={"end": end, "remove": remove_key, "begin": begin_key, "add": add_key},
    ),
)  # fmt: skip
