"""Proving anew who one is, for who is signed in: a code to one's own contact."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.cabinet import again
from tessera.doors.cabinet.areas.entrance.onward import onward
from tessera.doors.language.words import N_
from tessera.doors.web.page import See, Shown, View
from tessera.doors.web.visit import Visit

AGAIN_IT_IS_YOU = N_("Thank you. For ten minutes nobody asks again.")
OTHER = "other"  # who has that contact no more signs in by another


async def offered(visit: Visit) -> bool:
    """Whether that is the way here: somebody is signed in, and a contact of his is known."""
    if visit.who is None or visit.query.get("again", OTHER) == OTHER:
        return False
    told = await visit.ask("me.read")
    return not isinstance(told, Refusal) and any(
        each.kind in ("phone", "email") and each.status == "active" for each in told.identifiers
    )


def show(visit: Visit) -> View:
    """The button that sends the code; after a wrong one, its field once more."""
    return _view(visit, again.kept(visit))


def _view(visit: Visit, proof: Any) -> View:
    told = {"next": onward(visit), "out": False, "proof": proof,
            "provider": "member" in visit.house.plan.entrance.providers}  # fmt: skip
    return View("entrance/again.html", told)


async def prove(visit: Visit) -> Shown:
    """Send the code; whoever is signed in no more signs in."""
    if visit.who is None:
        return See(visit.here())
    sent = await again.sent(visit)
    return sent if isinstance(sent, Refusal) else _view(visit, sent)


async def proved(visit: Visit) -> Shown:
    """The six digits: back to where it was asked for."""
    if visit.who is None:
        return See(visit.here())
    return await again.refused(visit) or visit.go(onward(visit), AGAIN_IT_IS_YOU)
