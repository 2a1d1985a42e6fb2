"""The register: open an incident, note what was seen, close it with what was done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from babel.dates import format_timedelta

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.till.incidents import IncidentView
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/incidents"
OPENED = N_("The incident is open. Note what you see; close it when it is over.")
NOTED = N_("Noted.")
CLOSED = N_("Closed. What was done stays in the register.")
# What the house notices itself, and what people often tell; others are called as they were typed.
KINDS: Mapping[str, str] = {
    "till_offline": N_("A till is offline"), "database_lost": N_("The database was away"),
    "overload": N_("Too many calls"), "disk_full": N_("The disk is full"),
    "sending_failed": N_("Messages do not leave"), "budget_used_up": N_("A budget is used up"),
    "return_refused": N_("A return that waited for its sale could not be settled"),
    "return_waits": N_("Returns wait long for their sale"),
    "erasure_waits": N_("Somebody who was erased is back"),
    "parted_again": N_("A merge was undone for an erasure: see whether they are one"),
    "data_leak": N_("Data got into the wrong hands"), "fraud": N_("Somebody cheats"),
    "provider_down": N_("A provider is down"), "other": N_("Something else"),
}  # fmt: skip
OFFERED = ("till_offline", "provider_down", "data_leak", "fraud", "other")


async def show(visit: Visit) -> Shown:
    """The newest first; open ones only, where that is asked for."""
    asked = {"cursor": visit.query.get("cursor"), "limit": 25, "open": visit.query.get("open")}
    found = await visit.ask("incident.list", query=asked)
    if isinstance(found, Refusal):
        return found
    told = [(each, called(visit, each.kind), lasted(visit, each)) for each in found.items]
    return View("incidents/list.html", {
        "incidents": told,
        "next": visit.here(cursor=found.next) if found.next else "",
        "first": visit.here(cursor="") if visit.query.get("cursor") else "",
        "only_open": visit.query.get("open") == "yes",
    })  # fmt: skip


def called(visit: Visit, kind: str) -> str:
    """A kind of incident in words."""
    return visit.local.gettext(KINDS[kind]) if kind in KINDS else kind.replace("_", " ")


def lasted(visit: Visit, incident: IncidentView) -> str:
    """How long it lasted, or how long it has lasted until now, in words."""
    end: datetime = incident.ended_at or visit.now
    return format_timedelta(end - incident.began_at, locale=visit.local.language)


async def show_new(visit: Visit) -> Shown:
    """What kind, and what is known."""
    _ = visit.local.gettext
    return View("incidents/new.html", {"kinds": [(kind, _(KINDS[kind])) for kind in OFFERED]})


async def open_(visit: Visit) -> Shown:
    """A person opens one."""
    own = re.sub(r"[^a-z0-9]+", "_", visit.form.get("own").lower()).strip("_")[:40]
    body = {"kind": own or visit.form.get("kind"), "detail": visit.form.get("detail")}
    made = await visit.ask("incident.open", body=body)
    if isinstance(made, Refusal):
        return made
    there = f"{PATH}/{made.incident_id}" if visit.may("incident.read") else PATH
    return visit.done(made, there if visit.may("incident.list") else "/console", OPENED)


async def show_one(visit: Visit) -> Shown:
    """What happened, and what people noted."""
    found = await visit.ask("incident.read", path=visit.words)
    if isinstance(found, Refusal):
        return found
    return View("incidents/incident.html", {
        "incident": found, "called": called(visit, found.kind), "lasted": lasted(visit, found),
        "text": visit.form.get("text"), "did": visit.form.do,
    })  # fmt: skip


async def note(visit: Visit) -> Shown:
    """What was seen or done."""
    body = {"text": visit.form.get("text")}
    said = await visit.ask("incident.note", path=visit.words, body=body)
    return visit.done(said, visit.path, NOTED)


async def close(visit: Visit) -> Shown:
    """It is over, and this was done about it."""
    body = {"text": visit.form.get("text")}
    said = await visit.ask("incident.close", path=visit.words, body=body)
    return visit.done(said, visit.path, CLOSED)


PAGES: tuple[Page, ...] = (
    Page(
        name="incidents.list", path=PATH, show=show, title=N_("Incidents"),
        purpose=N_("What went wrong, noticed by the house or told by people, and what was done."),
        needs=("incident.list",), menu=Menu("control", 60, N_("Incidents"), "bell"),
    ),
    Page(
        name="incidents.new", path=f"{PATH}/new", show=show_new, title=N_("Open an incident"),
        purpose=N_("Something is wrong: say what you see. "
                   "Others find it here and add what they know."),
        needs=("incident.open",), acts={"open": open_},
    ),
    Page(
        name="incidents.incident", path=f"{PATH}/{{incident_id}}", show=show_one,
        title=N_("Incident"), needs=("incident.read",), acts={"note": note, "close": close},
        purpose=N_("What was seen and done about it so far, and whether it is over."),
    ),
)  # fmt: skip
