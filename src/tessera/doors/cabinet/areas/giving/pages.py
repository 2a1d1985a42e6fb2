"""Giving points away: what, to whom, a look at it, and a code where the program asks for one."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.cabinet import again
from tessera.doors.language.words import N_
from tessera.doors.web.page import Page, Shown, View
from tessera.doors.web.visit import Visit, Who

SENT = N_("The points are on their way.")
GIVEN = N_("Thank you: the points were given to the cause.")
_FIELDS = ("kind", "to", "points", "cause")


async def show(visit: Visit) -> Shown:
    """The form for what the program allows."""
    return await _form(visit)


async def _form(visit: Visit, **more: Any) -> Shown:
    told = await visit.ask("me.ways")
    if isinstance(told, Refusal):
        return told
    asked = visit.form.get("kind") or visit.query.get("kind", "")
    ways = {each.kind: each for each in told.ways}
    kind = asked if asked in ways else next(iter(ways), "")
    said = {name: visit.form.get(name) for name in _FIELDS} | {"kind": kind}
    values = {"told": told, "ways": ways, "way": ways.get(kind), "said": said, "look": False,
              "proof": None}  # fmt: skip
    return View("giving/giving.html", values | more)


async def look(visit: Visit) -> Shown:
    """What will happen, before it does. Nobody is looked up."""
    points = _points(visit)
    if not points:
        return _no_points(visit)
    return await _form(visit, look=True)


async def prove(visit: Visit) -> Shown:
    """Send the code that the program wants for so many points."""
    sent = await again.sent(visit)
    if isinstance(sent, Refusal):
        visit.wrong = sent
        return await _form(visit, look=True)
    return await _form(visit, look=True, proof=sent)


async def give(visit: Visit) -> Shown:
    """Do it; where a code came, it is shown first."""
    if visit.form.get("challenge"):
        visit.wrong = await again.refused(visit)
        if visit.wrong is not None:
            return await _form(visit, look=True, proof=again.kept(visit))
        await _anew(visit)
    told = await _asked(visit)
    if isinstance(told, Refusal) and told.code == "proof_needed":
        return await _form(visit, look=True, needed=True)
    if isinstance(told, Refusal):
        return told
    return visit.done(told, "/m", GIVEN if visit.form.get("kind") == "donation" else SENT)


async def _anew(visit: Visit) -> None:
    """Who is there has just proved it: the rest of this visit is to know that."""
    assert visit.who is not None, "the page is for members"
    said = f"Bearer {visit.who.token}".encode()
    passed = await visit.asking.api.gate.enter(said, visit.address)
    if not isinstance(passed, Refusal):
        visit.who = Who(passed, visit.who.token)


async def _asked(visit: Visit) -> Any:
    kind, to, points = visit.form.get("kind"), visit.form.get("to"), _points(visit)
    if not points:
        return _no_points(visit)
    if kind == "donation":
        body: dict[str, Any] = {"points": points, "cause": visit.form.get("cause")}
        return await visit.ask("me.donate", body=body)
    bare = to.replace(" ", "")
    card = bare.isascii() and bare.isdigit() and len(bare) == 13
    receiver = {"kind": "card" if card else "phone", "value": bare if card else to}
    body = {"kind": kind, "receiver": receiver, "points": points}
    return await visit.ask("me.transfer", body=body)


def _points(visit: Visit) -> int:
    """As people type a whole number; 0: that is none."""
    said = "".join(each for each in visit.form.get("points") if each not in " .,'\u202f\u00a0")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= 12 else 0


def _no_points(visit: Visit) -> Refusal:
    told = visit.local.gettext
    return Refusal("points_missing", "points", told("How many points?"), told("A whole number."))


PAGES = (
    Page(
        name="giving.give", path="/m/give", show=show, title=N_("Give points"),
        purpose=N_("Points of yours for somebody else, or for a good cause."),
        needs=("me.ways",), acts={"look": look, "prove": prove, "give": give},
    ),
)  # fmt: skip
