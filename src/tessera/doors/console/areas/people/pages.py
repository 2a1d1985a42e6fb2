"""Staff: invite, change, let begin anew, sign out, end."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from tessera.access.core import EXPIRES
from tessera.base.refusal import Refusal
from tessera.doors.console.areas.entrance.arriving import PATH as ARRIVE
from tessera.doors.console.areas.roles.naming import ROLES_TOLD, role_called
from tessera.doors.console.areas.roles.pages import all_roles
from tessera.doors.language.words import N_
from tessera.doors.noting import Proposed
from tessera.doors.till.staff import Invitation, StaffEnded, StaffView
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/people"
CHANGED = N_("Changed. It holds at the next click, in every window.")
OUT = N_("Signed out on every device.")
COUNTERS = ("till", "partner")  # roles of keys: nobody of staff has them


# The list ----------------------------------------------------------------------------------------


async def show(visit: Visit) -> Shown:
    """Who works here, page by page; those who have ended stand apart."""
    found = await visit.ask("staff.list", query={"cursor": visit.query.get("cursor"), "limit": 50})
    if isinstance(found, Refusal):
        return found
    return View("people/list.html", {
        "people": [(each, state_of(each, visit.now)) for each in found.items],
        "next": visit.here(cursor=found.next) if found.next else "",
        "first": PATH if visit.query.get("cursor") else "",
        "called": lambda role: role_called(visit, role),
    })  # fmt: skip


def state_of(staff: StaffView, now: datetime) -> str:
    """at_work, invited, lapsed (an invitation that nobody used), over (a term), ended."""
    if staff.ended_at is not None:
        return "ended"
    if staff.expires_at is not None and staff.expires_at <= now:
        return "over"
    if staff.invited_until is not None and not staff.has_password:
        return "invited" if staff.invited_until > now else "lapsed"
    return "at_work"


# Inviting ----------------------------------------------------------------------------------------


async def show_invite(visit: Visit) -> Shown:
    """Who it is, and what that one may."""
    return await _form(visit, "people/invite.html", {})


async def _form(visit: Visit, template: str, values: dict[str, Any]) -> Shown:
    """A form that offers roles and stores."""
    stores = await visit.ask("store.list")
    roles = await roles_for_staff(visit)
    if isinstance(roles, Refusal):
        return roles
    return View(template, values | {
        "stores": [] if isinstance(stores, Refusal) else stores.items, "roles": roles,
        "called": lambda role: role_called(visit, role), "terms": EXPIRES, "told": ROLES_TOLD,
    })  # fmt: skip


async def roles_for_staff(visit: Visit) -> list[tuple[str, str, str]] | Refusal:
    """(name, what it is called, what it is for) of each role that staff can have."""
    roles = await all_roles(visit)
    if isinstance(roles, Refusal):
        return roles
    _ = visit.local.gettext
    return [
        (role.name, role_called(visit, role.name),
         _(ROLES_TOLD[role.name]) if role.name in ROLES_TOLD else role.about)
        for role in roles
        if role.ended_at is None and role.name not in COUNTERS
    ]  # fmt: skip


async def invite(visit: Visit) -> Shown:
    """Somebody new; the invitation is shown now and never again."""
    end = end_of(visit)
    if isinstance(end, Refusal):
        return end
    body = {
        "name": visit.form.get("name"), "email": visit.form.get("email"),
        "role": visit.form.get("role"), "stores": visit.form.all("store") or None,
        "expires_at": end,
    }  # fmt: skip
    return told_once(visit, await visit.ask("staff.invite", body=body), visit.form.get("name"))


def end_of(visit: Visit, name: str = "until") -> datetime | Refusal | None:
    """The end of a day that was typed, where the shop is; None if none was."""
    text = visit.form.get(name)
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        _ = visit.local.gettext
        return Refusal("day_invalid", name, _("This is no day."),
                       _("Choose one in the calendar."))  # fmt: skip
    return datetime.combine(day, time(23, 59, 59), visit.local.zone)


def told_once(visit: Visit, answer: Any, name: str) -> Shown:
    """The link of an invitation, once."""
    if isinstance(answer, (Refusal, Proposed)):
        return visit.done(answer, PATH)
    assert isinstance(answer, Invitation)
    site = visit.house.plan.entrance.site.origin
    link = "" if answer.invitation is None else f"{site}{ARRIVE}#{answer.invitation}"
    return View("people/invited.html", {"link": link, "name": name, "made": answer})


# One of staff ------------------------------------------------------------------------------------


async def show_one(visit: Visit) -> Shown:
    """Who it is, what that one may, and what can be done about it."""
    staff = await _staff(visit)
    if isinstance(staff, Refusal):
        return staff
    posted = visit.posted and visit.form.do == "change"
    values = {
        "staff": staff, "state": state_of(staff, visit.now),
        "name": visit.form.get("name") if posted else staff.name,
        "role": visit.form.get("role") if posted else staff.role,
        "chosen": visit.form.all("store") if posted else staff.stores or [],
        "until": visit.form.get("until") if posted else _day(staff.expires_at, visit),
    }  # fmt: skip
    if not visit.may("staff.change") or staff.ended_at is not None:
        called = {"called": lambda role: role_called(visit, role)}
        return View("people/person.html", values | called | {"roles": None})
    return await _form(visit, "people/person.html", values)


def _day(at: datetime | None, visit: Visit) -> str:
    return "" if at is None else at.astimezone(visit.local.zone).date().isoformat()


async def _staff(visit: Visit) -> StaffView | Refusal:
    found: StaffView | Refusal = await visit.ask("staff.read", path=visit.words)
    return found


async def change(visit: Visit) -> Shown:
    """Name, role, stores and end: only what was changed is asked for."""
    staff, end = await _staff(visit), end_of(visit)
    if isinstance(staff, Refusal):
        return staff
    if isinstance(end, Refusal):
        return end
    stores = visit.form.all("store") or None
    body: dict[str, Any] = {}
    if visit.form.get("name") != staff.name:
        body["name"] = visit.form.get("name")
    if visit.form.get("role") != staff.role:
        body["role"] = visit.form.get("role")
    if set(stores or ()) != set(staff.stores or ()):
        body["stores"] = stores
    if visit.form.get("until") != _day(staff.expires_at, visit):
        body["expires_at"] = end
    said = await visit.ask("staff.change", path=visit.words, body=body)
    return visit.done(said, visit.path, CHANGED)


async def reset(visit: Visit) -> Shown:
    """Begin anew: a fresh invitation, shown once; nothing that let this one in does so any more."""
    staff = await _staff(visit)
    if isinstance(staff, Refusal):
        return staff
    return told_once(visit, await visit.ask("staff.reset", path=visit.words), staff.name)


async def sign_out(visit: Visit) -> Shown:
    """End every session of this one."""
    return visit.done(await visit.ask("staff.sign_out", path=visit.words), visit.path, OUT)


async def end(visit: Visit) -> Shown:
    """This one is let in no more; the keys that work on are named."""
    staff = await _staff(visit)
    if isinstance(staff, Refusal):
        return staff
    done = await visit.ask("staff.end", path=visit.words)
    if isinstance(done, (Refusal, Proposed)):
        return visit.done(done, PATH)
    assert isinstance(done, StaffEnded)
    return View("people/ended.html", {"staff": staff, "keys": done.keys,
                                      "called": lambda role: role_called(visit, role)})  # fmt: skip


PAGES: tuple[Page, ...] = (
    Page(
        name="people.list", path=PATH, show=show, title=N_("People"),
        purpose=N_("Who works here, and with which role. Whoever leaves is ended here first."),
        needs=("staff.list",), menu=Menu("control", 45, N_("People"), "people"),
    ),
    Page(
        name="people.invite", path=f"{PATH}/invite", show=show_invite, title=N_("Invite somebody"),
        purpose=N_("You get a link to hand over. It works once, within 24 hours."),
        needs=("staff.invite",), acts={"invite": invite},
    ),
    Page(
        name="people.person", path=f"{PATH}/{{staff_id}}", show=show_one, title=N_("Person"),
        purpose=N_("What this person may do here, in which stores, and until when."),
        needs=("staff.read",),
        acts={"change": change, "reset": reset, "sign_out": sign_out, "end": end},
    ),
)  # fmt: skip
