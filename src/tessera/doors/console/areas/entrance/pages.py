"""Signing in and out, with whatever one has; a proof again. Nobody is told who is known here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.entrance import arriving
from tessera.doors.console.areas.entrance.arriving import FIRST, setting_up
from tessera.doors.console.areas.entrance.onward import RENEW, SIGN_IN, START, device_of, onward
from tessera.doors.language.words import N_
from tessera.doors.till.signing import SignedIn
from tessera.doors.web.page import Page, See, Shown, View
from tessera.doors.web.visit import Visit

SIGNED_OUT = N_("You are signed out on this device.")
AGAIN_IT_IS_YOU = N_("Thank you. For ten minutes nobody asks again.")


def entered(visit: Visit, signed: SignedIn) -> None:
    """This browser carries the session from now on, as long as the session lasts at most."""
    visit.sign_in(signed.token, max(1, int((signed.expires_at - visit.now).total_seconds())))


# Signing in --------------------------------------------------------------------------------------


async def show_sign_in(visit: Visit) -> Shown:
    """The form; whoever is signed in already goes on."""
    if visit.who is not None and not visit.posted:
        return See(onward(visit))
    setup = await setting_up(visit)
    if not visit.posted and setup.fresh:
        return See(FIRST)
    return View("entrance/sign_in.html", _ways(visit) | {"unfinished": setup.open})


def _ways(visit: Visit) -> dict[str, Any]:
    """What one may sign in with here, and where one goes on."""
    provided = "staff" in visit.house.plan.entrance.providers
    return {"next": onward(visit), "provider": provided}


async def by_password(visit: Visit) -> Shown:
    """E-mail, password and the second factor."""
    form = visit.form
    body = {
        "email": form.get("email"), "password": raw(visit, "password"), "code": form.get("code"),
        "device": device_of(visit.headers.get("user-agent", "")),
    }  # fmt: skip
    return await _in(visit, await visit.ask("sign_in.staff", body=body))


async def _in(visit: Visit, signed: Any) -> Shown:
    """Signed in: whoever was until now on this device is so no longer."""
    if isinstance(signed, Refusal):
        return signed
    await leave(visit)
    entered(visit, signed)
    return visit.go(onward(visit))


async def begin_passkey(visit: Visit) -> Shown:
    """What the browser is to be asked, for the script of the page."""
    begun = await visit.ask("sign_in.passkey", body={})
    if isinstance(begun, Refusal):
        return begun
    return visit.told(begun)


async def by_passkey(visit: Visit) -> Shown:
    """What the device has signed."""
    said = visit.form.data
    body = {"credential": said.get("credential"),
            "device": device_of(visit.headers.get("user-agent", ""))}  # fmt: skip
    path = {"ceremony_id": said.get("ceremony_id", "")}
    signed = await visit.ask("sign_in.signed", path=path, body=body)
    if isinstance(signed, SignedIn) and signed.kind != "staff":
        return Refusal("ceremony_wrong", "", "this passkey opens nothing here",
                       "use one that you have added in the console")  # fmt: skip
    return await _in(visit, signed)


async def begin_provider(visit: Visit) -> Shown:
    """The way to the identity provider, for the script: it keeps the binding in its tab."""
    begun = await visit.ask("sign_in.provider", body={})
    if isinstance(begun, Refusal):
        return begun
    return visit.told(begun)


# Back from the provider --------------------------------------------------------------------------


async def show_back(visit: Visit) -> Shown:
    """The script of this page sends what it kept: no cookie comes along from another site."""
    return View("entrance/back.html", {"provider_says": visit.query.get("error", "")[:100]})


async def come_back(visit: Visit) -> Shown:
    """What the provider sent back, and what the tab kept."""
    said = visit.form.data
    body = {"code": said.get("code", ""), "binding": said.get("binding", ""),
            "device": device_of(visit.headers.get("user-agent", ""))}  # fmt: skip
    path = {"state": said.get("state", "")}
    return await _in(visit, await visit.ask("sign_in.back", path=path, body=body))


# Proving again -----------------------------------------------------------------------------------


async def show_renew(visit: Visit) -> Shown:
    """Ask for the proof that some acts want to be fresh."""
    return View("entrance/renew.html", {"next": onward(visit)})


async def renew(visit: Visit) -> Shown:
    """Password and code again, in the session that is open."""
    body = {"password": raw(visit, "password"), "code": visit.form.get("code")}
    done = await visit.ask("session.renew", body=body)
    return done if isinstance(done, Refusal) else See(onward(visit), AGAIN_IT_IS_YOU)


# Signing out -------------------------------------------------------------------------------------


async def show_out(visit: Visit) -> Shown:
    """A link or a typed address signs nobody out: it asks."""
    if visit.who is None:
        return See(SIGN_IN)
    return View("entrance/sign_out.html")


async def sign_out(visit: Visit) -> Shown:
    """End this session, here and in every process."""
    await leave(visit)
    visit.sign_out()
    return See(SIGN_IN, SIGNED_OUT)


async def leave(visit: Visit) -> None:
    """End the session that this browser carries, if it carries one."""
    current: UUID | None = visit.who.principal.session_id if visit.who else None
    if current is not None:
        await visit.ask("session.end", path={"session_id": current})


def raw(visit: Visit, name: str) -> str:
    """A field exactly as it was typed: blanks belong to a password."""
    return next(iter(visit.form.all(name)), "")


PAGES: tuple[Page, ...] = (
    Page(
        name="entrance.sign_in", path=SIGN_IN, show=show_sign_in, open=True,
        title=N_("Sign in"), purpose=N_("The console is for those who work here."),
        acts={
            "": by_password, "password": by_password, "passkey": begin_passkey,
            "signed": by_passkey, "provider": begin_provider,
        },
    ),
    Page(
        name="entrance.back", path="/console/sign-in/back", show=show_back, open=True,
        title=N_("Back from your company's sign-in"), acts={"back": come_back},
        purpose=N_("What your company's sign-in has answered is checked here; then you go on."),
    ),
    Page(
        name="entrance.renew", path=RENEW, show=show_renew, title=N_("Prove that it is you"),
        purpose=N_("Some things are done only by whoever has signed in within ten minutes."),
        acts={"": renew, "renew": renew},
    ),
    Page(
        name="entrance.sign_out", path=f"{START}/sign-out", show=show_out, open=True,
        title=N_("Sign out"), acts={"": sign_out, "sign_out": sign_out},
        purpose=N_("You will be signed out on this device. Other devices stay signed in."),
    ),
    *arriving.PAGES,
)  # fmt: skip
