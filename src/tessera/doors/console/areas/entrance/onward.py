"""Where somebody goes on after a proof, and how this device is called in the list of sessions."""

from __future__ import annotations

from urllib.parse import quote

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.web.page import See, Shown
from tessera.doors.web.visit import Visit

START, SIGN_IN, RENEW = "/console", "/console/sign-in", "/console/renew"
STALE = "sign_in_stale"
AGAIN = N_("Prove that it is you, then press the same button again.")
# The first that is found names it: browsers say the names of others too.
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
             ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
            ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


def onward(visit: Visit) -> str:
    """Where to go afterwards: only ever a page of the console that is no page of the entrance."""
    return visit.onward(SIGN_IN, RENEW, "/console/sign-out", "/console/invitation")


def renewed_first(visit: Visit, answer: object, path: str) -> Shown | None:
    """The way over a fresh proof to `path`, where an operation asks for one; else None."""
    if isinstance(answer, Refusal) and answer.code == STALE:
        return See(f"{RENEW}?next={quote(path)}", AGAIN)
    return None


def device_of(agent: str) -> str:
    """The name of a browser and its system: "Firefox, Linux"; "" for one we do not know."""
    found = (next((name for mark, name in marks if mark in agent), "")
             for marks in (_BROWSERS, _SYSTEMS))  # fmt: skip
    return ", ".join(filter(None, found))
