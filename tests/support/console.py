"""Somebody of staff at the console, in a real browser: keys are pressed, devices sign."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support import api as shops
from support.api import Api
from support.entering import Person
from tessera.doors.gate import REMEMBER_S

REFUSED = "Failed to load resource"  # the browser's word for a refusal's status
_DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@contextmanager
def at_localhost(server: str, template: str, **settings: Any) -> Iterator[Api]:
    """A shop where a second person decides on much; passkeys belong to a name, never a number."""
    port = shops.free_port()
    here = f"http://localhost:{port}"
    with shops.fresh(server, template, port=port, public_url=here, **settings) as api:
        api.url = here
        program = api.call("GET", "/v1/program").json()["program"]
        adjustments = {"reasons": {"goodwill": "A gesture"}, "approval_above": 50}
        api.publish(program | {"approvals": ["owner"], "adjustments": adjustments})
        yield api


def somebody(site: Api, role: str = "owner", **more: Any) -> Person:
    """One of staff with an app, signed in; of an owner, whose invitation waits, the role is put."""
    if role != "owner":
        return Person(site, role, **more).enrol()
    person = Person(site, "security", **more)
    site.eye.execute("UPDATE access.staff SET role = 'owner' WHERE id = %s", [person.id])
    return person.enrol()


def typed(page: Any, *texts: str) -> None:
    """Fill field after field from the one that has the focus, and press Enter in the last."""
    for at, text in enumerate(texts):
        if at:
            page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")


def tab_to(page: Any, name: str, role: str = "button") -> None:
    """Press Tab until this is reached."""
    there = page.get_by_role(role, name=name, exact=True)
    for _ in range(80):
        page.keyboard.press("Tab")
        if there.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"{name} is not reached by Tab")


def aged(site: Api, person: Person) -> None:
    """This one's proof is eleven minutes old."""
    site.eye.execute(
        "UPDATE access.person_session SET proved_at = now() - interval '11 minutes'"
        " WHERE person_id = %s",
        [person.id],
    )
    time.sleep(REMEMBER_S + 0.2)


def device(page: Any) -> None:
    """A device that checks its user's finger belongs to this browser from now on."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE})
