"""One's own sign-in: devices, passkeys, recovery codes. Everybody of staff has this page."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.entrance.onward import SIGN_IN, device_of, renewed_first
from tessera.doors.console.areas.entrance.pages import SIGNED_OUT
from tessera.doors.console.areas.roles.naming import role_called
from tessera.doors.language.words import N_
from tessera.doors.till.sessions import SessionView
from tessera.doors.web.page import File, Menu, Page, See, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/me"
ENDED = N_("That device is signed out.")
ENDED_ALL = N_("All other devices are signed out.")
PASSKEY_GONE = N_("That passkey signs in nobody any more.")
PASSKEY_ADDED = N_("From now on you sign in with this passkey, without a password.")
WAYS = {
    "password": N_("password and code"), "passkey": N_("passkey"), "code": N_("code"),
    "provider": N_("company account"), "invitation": N_("invitation"),
}  # fmt: skip


async def show(visit: Visit) -> Shown:
    """Where one is signed in, and with what one can."""
    sessions = await visit.ask("session.list")
    passkeys = await visit.ask("passkey.list")
    left = await visit.ask("recovery.read")
    for answer in (sessions, passkeys, left):
        if isinstance(answer, Refusal):
            return answer
    devices = sorted(sessions.items, key=_recent)
    return View("me/me.html", {
        "sessions": devices, "passkeys": passkeys.items, "left": left.left,
        "suggested": device_of(visit.headers.get("user-agent", "")), "ways": WAYS,
        "role": "" if visit.who is None else role_called(visit, visit.who.role),
    })  # fmt: skip


def _recent(session: SessionView) -> tuple[bool, float]:
    return not session.current, -session.seen_at.timestamp()


async def end(visit: Visit) -> Shown:
    """Sign out on one device; on this one, go to the entrance."""
    session_id = visit.form.get("session_id")
    done = await visit.ask("session.end", path={"session_id": session_id})
    if isinstance(done, Refusal):
        return done
    assert visit.who is not None, "the page is not open"
    if str(visit.who.principal.session_id) == session_id:
        visit.sign_out()
        return See(SIGN_IN, SIGNED_OUT)
    return See(PATH, ENDED)


async def end_others(visit: Visit) -> Shown:
    """Sign out everywhere but here."""
    sessions = await visit.ask("session.list")
    if isinstance(sessions, Refusal):
        return sessions
    for each in sessions.items:
        if not each.current:
            await visit.ask("session.end", path={"session_id": each.session_id})
    return See(PATH, ENDED_ALL)


# Passkeys ----------------------------------------------------------------------------------------


async def begin(visit: Visit) -> Shown:
    """What the browser is to be asked, for the script; or where to prove first who one is."""
    begun = await visit.ask("passkey.begin", body={})
    first = renewed_first(visit, begun, PATH)
    if isinstance(first, See):
        return _json(visit, {"to": first.path})
    return begun if isinstance(begun, Refusal) else _json(visit, begun)


async def add(visit: Visit) -> Shown:
    """The key that the device has made."""
    said = visit.form.data
    body = {"credential": said.get("credential"), "name": said.get("name", "")}
    path = {"ceremony_id": said.get("ceremony_id", "")}
    made = await visit.ask("passkey.add", path=path, body=body)
    first = renewed_first(visit, made, PATH)
    if isinstance(first, See):
        return _json(visit, {"to": first.path})
    return made if isinstance(made, Refusal) else _json(visit, {"to": f"{PATH}?added=1"})


def _json(visit: Visit, said: Any) -> File:
    return visit.told(said)


async def remove(visit: Visit) -> Shown:
    """That passkey opens nothing any more."""
    done = await visit.ask("passkey.remove", path={"passkey_id": visit.form.get("passkey_id")})
    return visit.done(done, PATH, PASSKEY_GONE)


# Recovery codes ----------------------------------------------------------------------------------


async def codes(visit: Visit) -> Shown:
    """Fresh codes in the place of the old ones: shown now and never again."""
    made = await visit.ask("recovery.make", body={})
    first = renewed_first(visit, made, PATH)
    if first is not None:
        return first
    if isinstance(made, Refusal):
        return made
    return View("entrance/codes.html", {"codes": made.recovery_codes, "fresh": True})


PAGES: tuple[Page, ...] = (
    Page(
        name="me.self", path=PATH, show=show, title=N_("My sign-in"),
        purpose=N_("Where you are signed in, and with what you can sign in. "
                   "Look at it now and then."),
        needs=("session.list",),
        acts={
            "end": end, "end_others": end_others, "begin": begin, "add": add, "remove": remove,
            "codes": codes,
        },
        menu=Menu("control", 95, N_("My sign-in"), "lock"),
    ),
)  # fmt: skip
