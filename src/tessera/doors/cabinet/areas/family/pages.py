"""One's household: found it, let somebody in, answer, leave."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.cabinet.again import proved_first
from tessera.doors.language.words import N_
from tessera.doors.web.page import Page, Shown, View
from tessera.doors.web.visit import Visit

FOUNDED = N_("Your household is there. Now invite the others by their card.")
INVITED = N_("The invitation waits in their inbox.")
ACCEPTED = N_("Welcome: from now on you collect together.")
DECLINED = N_("You have said no; nothing changed.")
AGAIN = N_("Sign in again, then do it once more: your points will be shared.")
LEFT = N_("You have left the household.")
HERE = "/m/family"


async def show(visit: Visit) -> Shown:
    """Who is in it, who is invited."""
    told = await visit.ask("me.household")
    if isinstance(told, Refusal):
        return told
    assert visit.who is not None, "the page is for members"
    offered = visit.house.shop().program.households
    me = visit.who.principal.id
    mine = None
    if told.household is not None:
        mine = next((each for each in told.household.members if each.member_id == me), None)
    head = mine is not None and mine.role == "head"
    may = head or (mine is not None and mine.role == "member" and offered is not None
                   and offered.members_invite)  # fmt: skip
    return View("family/family.html", {
        "home": told.household, "invitations": told.invitations, "me": me, "head": head,
        "may_invite": may, "offered": offered,
    })  # fmt: skip


async def found(visit: Visit) -> Shown:
    """Begin one."""
    return visit.done(await visit.ask("me.household.found"), HERE, FOUNDED)


async def invite(visit: Visit) -> Shown:
    """Let somebody in, by the card that they show."""
    role = "child" if visit.form.get("role") == "child" else "member"
    body = {"card": visit.form.get("card").replace(" ", "") or "-", "role": role}
    told = await visit.ask("me.household.invite", body=body)
    return proved_first(told, HERE, AGAIN) or visit.done(told, HERE, INVITED)


async def answer(visit: Visit) -> Shown:
    """Yes or no to an invitation."""
    yes = visit.form.get("answer") == "yes"
    told = await visit.ask(
        "me.household.answer",
        path={"invitation_id": visit.form.get("invitation")},
        body={"accept": yes},
    )
    return proved_first(told, HERE, AGAIN) or visit.done(told, HERE, ACCEPTED if yes else DECLINED)


async def leave(visit: Visit) -> Shown:
    """Be by oneself again."""
    return visit.done(await visit.ask("me.household.leave"), HERE, LEFT)


PAGES = (
    Page(
        name="family.family", path=HERE, show=show, title=N_("Family"),
        purpose=N_("People of one household collect on one account and spend from it."),
        needs=("me.household",),
        acts={"found": found, "invite": invite, "answer": answer, "leave": leave},
    ),
)  # fmt: skip
