"""Search the log, look at one entry, take it along, see whether it is whole."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from tessera.access.core import POLICY
from tessera.base.refusal import Refusal
from tessera.doors.audited import EntryView
from tessera.doors.console.areas.audit import telling
from tessera.doors.console.areas.roles.naming import called, grouped, role_called
from tessera.doors.language.words import N_
from tessera.doors.till.audit import MOST_EXPORTED
from tessera.doors.web.page import File, Menu, Page, See, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/audit"
FORMATS = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
_ASKED = ("name", "operation", "subject", "reason", "outcome", "principal")


# Searching ---------------------------------------------------------------------------------------


async def show(visit: Visit) -> Shown:
    """The newest entries that fit what is asked for."""
    asked = _asked(visit)
    wrong: Refusal | None = asked if isinstance(asked, Refusal) else None
    found: Any = None
    if not isinstance(asked, Refusal):
        more = {"cursor": visit.query.get("cursor", ""), "limit": 50}
        found = await visit.ask("audit.list", query=asked | more)
        wrong = found if isinstance(found, Refusal) else None
    entries = [] if wrong is not None or found is None else found.items
    following = None if wrong is not None or found is None else found.next
    return View("audit/list.html", {
        "entries": [(entry, *_words(visit, entry)) for entry in entries],
        "next": visit.here(cursor=following) if following else "",
        "first": visit.here(cursor="") if visit.query.get("cursor") else "",
        "said": {name: _echoed(visit, name, wrong) for name in (*_ASKED, "from", "to")},
        "asked": any(visit.query.get(name) for name in (*_ASKED, "from", "to")),
        "operations": _operations(visit), "refusal": wrong,
        "file": visit.here(cursor="").replace(PATH, f"{PATH}/file", 1), "most": MOST_EXPORTED,
    })  # fmt: skip


def _echoed(visit: Visit, name: str, wrong: Refusal | None) -> str:
    """What was asked for, in its field again; a day only if it is one: browsers complain else."""
    text: str = visit.query.get(name, "")
    return "" if wrong is not None and wrong.field == name and name in ("from", "to") else text


def _asked(visit: Visit) -> dict[str, str] | Refusal:
    """The search as the operation takes it; days are days where the shop is."""
    asked = {name: visit.query.get(name, "").strip() for name in _ASKED}
    for name, days in (("from", 0), ("to", 1)):
        text = visit.query.get(name, "")
        if not text:
            continue
        try:
            day = date.fromisoformat(text) + timedelta(days=days)
            asked[name] = datetime.combine(day, time(), visit.local.zone).isoformat()
        except (ValueError, OverflowError):
            _ = visit.local.gettext
            return Refusal("day_invalid", name, _("This is no day."),
                           _("Choose one in the calendar."))  # fmt: skip
    return asked


def _operations(visit: Visit) -> list[tuple[str, list[tuple[str, str]]]]:
    """What entries can be of, under headings: (heading, [(name, words)])."""
    names = [name for name in POLICY if not name.endswith((".list", ".read", ".history"))]
    _ = visit.local.gettext
    return [
        (_(group), [(name, called(visit, name)) for name in inner])
        for group, inner in grouped(names).items()
    ]  # fmt: skip


def _words(visit: Visit, entry: EntryView) -> tuple[str, str, str]:
    """(what was done, about what, by whom) of an entry."""
    by = entry.by
    who = by.name or visit.local.gettext(telling.PRINCIPALS.get(by.kind, by.kind))
    return called(visit, entry.operation), telling.kind_called(visit.local, entry.subject_kind), who


# One entry ---------------------------------------------------------------------------------------


async def show_entry(visit: Visit) -> Shown:
    """What was there before and after; of a person only when somebody says why."""
    entry = await visit.ask("audit.read", path=visit.words)
    if isinstance(entry, Refusal):
        return entry
    return _entry(visit, entry, telling.lines(visit.local, entry.before, entry.after))


def _entry(
    visit: Visit, entry: EntryView, lines: list[telling.Line], revealed: Any = None
) -> View:  # fmt: skip
    what, kind, who = _words(visit, entry)
    return View("audit/entry.html", {
        "entry": entry, "what": what, "kind": kind, "who_did": who, "lines": lines,
        "revealed": revealed, "link": _link(entry),
        "fields": [telling.field_called(visit.local, each) for each in entry.fields],
        "role": role_called(visit, entry.by.role),
        "principal": visit.local.gettext(telling.PRINCIPALS.get(entry.by.kind, entry.by.kind)),
    })  # fmt: skip


def _link(entry: EntryView) -> str:
    """The page of what an entry is about; "" where there is none."""
    place = {
        "staff": "people", "key": "keys", "role": "roles", "approval": "approvals",
        "incident": "incidents", "member": "members",
    }.get(entry.subject_kind)  # fmt: skip
    return f"/console/{place}/{entry.subject_id}" if place else ""


async def reveal(visit: Visit) -> Shown:
    """A person's values, for a reason that is written down; shown in this answer only."""
    entry = await visit.ask("audit.read", path=visit.words)
    if isinstance(entry, Refusal):
        return entry
    body = {"reason": visit.form.get("reason")}
    told = await visit.ask("audit.reveal", path=visit.words, body=body)
    if isinstance(told, Refusal):
        return told
    return _entry(visit, entry, telling.lines(visit.local, told.before, told.after), told)


# Taking it along, and whether it is whole --------------------------------------------------------


async def show_file(visit: Visit) -> Shown:
    """What the search finds, as a file."""
    form = visit.query.get("format", "csv")
    asked = _asked(visit)
    if isinstance(asked, Refusal):
        return See(visit.here().replace(f"{PATH}/file", PATH, 1))
    if form not in FORMATS:
        return See(PATH)
    reply = await visit.ask("audit.export", query=asked | {"format": form})
    if isinstance(reply, Refusal):
        return reply
    return File(reply.body, FORMATS[form], f"audit-{visit.now:%Y-%m-%d}.{form}")


async def show_state(visit: Visit) -> Shown:
    """Where the chains end, and whether they are as they were sealed."""
    told = await visit.ask("audit.chains")
    if isinstance(told, Refusal):
        return told
    chains = told.chains
    return View("audit/state.html", {
        "sealing": told.sealing, "chains": chains,
        "entries": sum(chain.entries for chain in chains),
        "torn": [chain.chain for chain in chains if chain.fits is False],
        "sealed_at": max((each.sealed_at for each in chains if each.sealed_at), default=None),
    })  # fmt: skip


PAGES: tuple[Page, ...] = (
    Page(
        name="audit.list", path=PATH, show=show, title=N_("Audit log"),
        purpose=N_("Who did what, and what was there before. Nothing here can be changed."),
        needs=("audit.list",), menu=Menu("control", 40, N_("Audit log"), "audit"),
    ),
    Page(
        name="audit.file", path=f"{PATH}/file", show=show_file, title=N_("Audit log"),
        needs=("audit.export",),
    ),
    Page(
        name="audit.state", path=f"{PATH}/chains", show=show_state, title=N_("Is the log whole?"),
        purpose=N_("Each entry carries the fingerprint of the one before it, and the ends are "
                   "sealed elsewhere."),
        needs=("audit.chains",),
    ),
    Page(
        name="audit.entry", path=f"{PATH}/entries/{{entry}}", show=show_entry,
        title=N_("Log entry"), needs=("audit.read",), acts={"reveal": reveal},
        purpose=N_("Who did this, when and why, and what it changed."),
    ),
)  # fmt: skip
