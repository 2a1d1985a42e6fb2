"""Where a member goes on after signing in, and who this device is from then on."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.entrance.onward import device_of
from tessera.doors.web.page import Shown
from tessera.doors.web.visit import Visit

START, SIGN_IN, JOIN = "/m", "/m/sign-in", "/m/join"


def onward(visit: Visit) -> str:
    """Where to go afterwards: only ever a page of the cabinet."""
    return visit.onward(SIGN_IN, JOIN)


def device(visit: Visit) -> str:
    """How this device is called in the list."""
    return device_of(visit.headers.get("user-agent", ""))


async def come_in(visit: Visit, signed: Any, note: str = "") -> Shown:
    """Whoever was signed in here until now is not any more; this one is, and goes on."""
    if isinstance(signed, Refusal):
        return signed
    if visit.who is not None and visit.who.principal.session_id is not None:
        await visit.ask("me.session.end", path={"session_id": visit.who.principal.session_id})
    visit.sign_in(signed.token, max(1, int((signed.expires_at - visit.now).total_seconds())))
    return visit.go(onward(visit), note)


def contact_of(said: str) -> dict[str, str]:
    """What was typed, as an address or a phone."""
    return {"kind": "email" if "@" in said else "phone", "value": said}
