"""The household that a member is in: who else, who may spend how much, who is invited."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.members.heads import at_field, called, head, meant, whole
from tessera.doors.language.words import N_
from tessera.doors.till.membership import MemberView
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit

ROLES = {"head": N_("Head of the household"), "member": N_("Member"), "child": N_("Child")}
FOUNDED = N_("The household is there. Invite who belongs to it.")
INVITED = N_("The invitation is open. Note here what the member says.")
ANSWERED = N_("The answer is noted.")
CHANGED = N_("It is changed.")
LEFT = N_("The member has left the household.")


async def show(visit: Visit) -> Shown:
    """The household, or the way to one."""
    known = await head(visit)
    if not isinstance(known, dict):
        return known
    path = {"member_id": known["member"].member_id}
    there = await visit.ask("member.household", path=path)
    if isinstance(there, Refusal):
        return there
    names: dict[str, str] = {}
    for each in there.household.invitations if there.household else ():
        guest = await visit.ask("member.read", path={"member_id": each.member_id})
        names[str(each.member_id)] = called(visit, guest) if isinstance(guest, MemberView) else ""
    return View("members/household.html", known | {
        "household": there.household, "invitations": there.invitations, "roles": ROLES,
        "names": names, "offered": known["program"].households is not None,
        "options": lambda words: [
            (each, visit.local.gettext(label)) for each, label in words.items()
        ],
    })  # fmt: skip


async def found(visit: Visit) -> Shown:
    """A household begins, with this member as its head."""
    body = {"member_id": visit.words["member_id"]}
    return visit.done(await visit.ask("household.found", body=body), visit.path, FOUNDED)


def _limit(visit: Visit, field: str) -> dict[str, Any] | Refusal:
    """How many points a day: nothing typed is as the program says it, or without a limit."""
    if not visit.form.get(field):
        return {}
    if visit.form.get(field) == "0":
        return {"most_per_day": 0}
    most = whole(visit, field)
    return most if isinstance(most, Refusal) else {"most_per_day": most}


async def invite(visit: Visit) -> Shown:
    """Another member is invited."""
    guest, limit = await meant(visit, "invite_member_id"), _limit(visit, "invite_most_per_day")
    if isinstance(guest, Refusal):
        return guest
    if isinstance(limit, Refusal):
        return limit
    body = {"member_id": guest, "role": visit.form.get("invite_role"), **limit}
    path = {"household_id": visit.form.get("household_id")}
    done = await visit.ask("household.invite", path=path, body=body)
    return visit.done(at_field(done, "invite_"), visit.path, INVITED)


async def answer(visit: Visit) -> Shown:
    """What an invited member says, noted by staff."""
    path = {"invitation_id": visit.form.get("invitation_id")}
    body = {"accept": visit.form.get("accept") == "yes"}
    return visit.done(
        await visit.ask("household.answer", path=path, body=body), visit.path, ANSWERED
    )


async def change(visit: Visit) -> Shown:
    """Another role and limit."""
    limit = _limit(visit, "change_most_per_day")
    if isinstance(limit, Refusal):
        return limit
    path = {"household_id": visit.form.get("household_id"), "member_id": visit.form.get("who")}
    body = {"role": visit.form.get("change_role"), **limit}
    done = await visit.ask("household.change", path=path, body=body)
    return visit.done(at_field(done, "change_"), visit.path, CHANGED)


async def leave(visit: Visit) -> Shown:
    """Somebody leaves, with what came along and is left of it."""
    path = {"household_id": visit.form.get("household_id"), "member_id": visit.form.get("who")}
    return visit.done(await visit.ask("household.leave", path=path), visit.path, LEFT)


ACTS = {"found": found, "invite": invite, "answer": answer, "change": change, "leave": leave}
