"""Accept an invitation: a password, the app, and the recovery codes, which are shown once."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.entrance.onward import device_of
from tessera.doors.language.words import N_
from tessera.doors.till.beginning import SetupState
from tessera.doors.till.signing import Enrolled, Welcome
from tessera.doors.web.page import Page, Shown, View
from tessera.doors.web.pictures import qr
from tessera.doors.web.visit import Visit

PATH = "/console/invitation"
FIRST = "/console/setup"  # where the first owner of an installation begins
_APP, _MOST = "otpauth://totp/", 500
_KEPT = ("invitation", "name", "email", "role", "app_secret", "app_address")


async def show(visit: Visit) -> Shown:
    """Where the invitation goes; after a mistake, the same form with the same app secret."""
    if visit.wrong is not None and visit.form.get("app_secret"):
        return _form(visit, {name: visit.form.get(name) for name in _KEPT})
    return View("entrance/invitation.html", {"invitation": visit.form.get("invitation")})


async def setting_up(visit: Visit) -> SetupState:
    """Whether the first owner is not in yet, and whether nobody was ever so much as invited."""
    over = SetupState(open=False, fresh=False)
    if visit.house.setup.over:
        return over
    found = await visit.ask("setup.read")
    return found if isinstance(found, SetupState) else over


async def look(visit: Visit) -> Shown:
    """Whose invitation it is, and the secret for the app."""
    return await greet(visit, visit.form.get("invitation"))


async def greet(visit: Visit, invitation: str) -> Shown:
    """The form of whoever has this invitation; another page may ask, with the same acts."""
    found = await visit.ask("sign_in.invitation", body={"invitation": invitation})
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, Welcome)
    told = {name: getattr(found, name, "") for name in _KEPT} | {"invitation": invitation}
    return _form(visit, told)


def _form(visit: Visit, told: dict[str, Any]) -> View:
    address = told["app_address"]
    drawn = address.startswith(_APP) and len(address) <= _MOST
    values = {
        "told": told, "picture": qr(address) if drawn else None,
        "secret": " ".join(_fours(told["app_secret"])),
        "later": told["role"] in visit.house.plan.entrance.one_factor,
    }  # fmt: skip
    return View("entrance/arrive.html", values)


def _fours(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, min(len(text), 100), 4)]


async def use(visit: Visit) -> Shown:
    """The password and the app's first code: who shows both is in, and sees the recovery codes."""
    password, again = (next(iter(visit.form.all(name)), "") for name in ("password", "again"))
    if password != again:
        return Refusal(
            "password_differs", "again", visit.local.gettext("The two passwords differ."),
            visit.local.gettext("Type the same one twice."),
        )  # fmt: skip
    body = {
        "invitation": visit.form.get("invitation"), "password": password,
        "code": visit.form.get("code"), "device": device_of(visit.headers.get("user-agent", "")),
    }  # fmt: skip
    done = await visit.ask("sign_in.enrol", body=body)
    if isinstance(done, Refusal):
        return done
    assert isinstance(done, Enrolled)
    left = int((done.session.expires_at - visit.now).total_seconds())
    visit.sign_in(done.session.token, max(1, left))
    values = {"codes": done.recovery_codes, "name": done.session.name, "fresh": False}
    return View("entrance/codes.html", values)


PAGES: tuple[Page, ...] = (
    Page(
        name="entrance.invitation", path=PATH, show=show, open=True,
        title=N_("Welcome"),
        purpose=N_("Choose a password and connect an authenticator app: two minutes, once."),
        acts={"look": look, "use": use},
    ),
)  # fmt: skip
