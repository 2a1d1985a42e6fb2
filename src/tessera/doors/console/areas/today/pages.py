"""Today: what needs attention, and the pulse."""

from __future__ import annotations

from dataclasses import dataclass

from tessera.base.refusal import Refusal
from tessera.doors.charts import csv_of
from tessera.doors.console.areas.setup.steps import Step, steps
from tessera.doors.console.areas.today import pulse
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.doors.till.today import TodayView, Waiting
from tessera.doors.web.page import File, Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

CSV = "text/csv; charset=utf-8"
BOTH = N_("What waits for you, and how the last thirty days went.")
WAITS = N_("What waits for you, and where to go on with it.")
WENT = N_("How the last thirty days went.")
NEITHER = N_("Your work begins here; the menu leads to it.")


@dataclass(frozen=True, slots=True)
class Item:
    """Something that waits: in words, and where one acts."""

    icon: str
    text: str
    href: str
    label: str


async def show(visit: Visit) -> Shown:
    """The page; with `csv`, the figures of one of its charts."""
    found = await visit.ask("today.read")
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, TodayView)
    local = visit.local
    charts = []
    if found.days:
        charts = [pulse.receipts_chart(found.days, local), pulse.points_chart(found.days, local)]
    for chart in charts:
        if visit.query.get("csv") == chart.name:
            return File(csv_of(chart), CSV, f"{chart.name}-{found.today.isoformat()}.csv")
    begun = await _begun(visit, found)
    quiet = not any(day.receipts or day.joined for day in found.days)
    drawer = visit.house.drawer
    return View("today/today.html", {
        "purpose": local.gettext(purpose(found)),
        "today": found.today, "asked": bool(found.waiting),
        "waiting": [item(each, local) for each in found.waiting if each.count],
        "steps": begun, "quiet": quiet, "counted_at": found.counted_at,
        "so_far": found.days[-1] if found.days else None,
        "tiles": pulse.tiles(found.days, local) if found.days else (),
        "figures": [] if quiet else [await drawer.figure(each, local) for each in charts],
    })  # fmt: skip


def purpose(found: TodayView) -> str:
    """What the page is for whoever asks: it promises nothing that his role may not see."""
    if found.waiting:
        return BOTH if found.days else WAITS
    return WENT if found.days else NEITHER


async def _begun(visit: Visit, found: TodayView) -> list[Step]:
    """The steps of a new installation, until all are done; for those who may take them."""
    if not all(map(visit.may, ("store.put", "key.issue", "program.publish", "card.issue"))):
        return []
    program = visit.house.shop().program
    made = steps(found.begun, program)
    return [] if all(step.done for step in made) else made


def item(each: Waiting, local: Local) -> Item:
    """What waits, as the reader says it."""
    icon, href, label, say = _SAID[each.kind]
    count = local.count(each.count)
    if each.more:
        count = local.gettext("more than %(count)s") % {"count": count}
    return Item(icon, say(local, each.count, count), href, local.gettext(label))


def _approvals(local: Local, n: int, count: str) -> str:
    return local.ngettext(
        "%(count)s proposal waits for a second person",
        "%(count)s proposals wait for a second person", n,
    ) % {"count": count}  # fmt: skip


def _incidents(local: Local, n: int, count: str) -> str:
    return local.ngettext(
        "%(count)s incident is not over", "%(count)s incidents are not over", n
    ) % {"count": count}  # fmt: skip


def _quarantine(local: Local, n: int, count: str) -> str:
    return local.ngettext(
        "%(count)s receipt of an import could not be posted",
        "%(count)s receipts of imports could not be posted", n,
    ) % {"count": count}  # fmt: skip


def _tills(local: Local, n: int, count: str) -> str:
    return local.ngettext(
        "%(count)s till was not heard of for a day",
        "%(count)s tills were not heard of for a day", n,
    ) % {"count": count}  # fmt: skip


def _duplicates(local: Local, n: int, count: str) -> str:
    return local.ngettext(
        "%(count)s pair of members may be one person",
        "%(count)s pairs of members may be one person", n,
    ) % {"count": count}  # fmt: skip


def _expiring(local: Local, n: int, count: str) -> str:
    return local.ngettext(
        "points of %(count)s account expire within 30 days",
        "points of %(count)s accounts expire within 30 days", n,
    ) % {"count": count}  # fmt: skip


def _budgets(local: Local, n: int, count: str) -> str:
    return local.ngettext(
        "%(count)s budget is used up", "%(count)s budgets are used up", n
    ) % {"count": count}  # fmt: skip


_SAID = {
    "approvals": ("check", "/console/approvals", N_("Decide"), _approvals),
    "incidents": ("warn", "/console/incidents", N_("Look"), _incidents),
    "quarantine": ("import", "/console/imports", N_("Repair"), _quarantine),
    "tills": ("offline", "/console/keys", N_("Look"), _tills),
    "duplicates": ("people", "/console/duplicates", N_("Compare"), _duplicates),
    "expiring": ("clock", "/console/points", N_("Look"), _expiring),
    "budgets": ("finance", "/console/budgets", N_("Look"), _budgets),
}

PAGES: tuple[Page, ...] = (
    Page(
        name="today.today", path="/console", show=show, title=N_("Today"),
        purpose=BOTH,
        needs=("today.read",), menu=Menu("work", 0, N_("Today"), "today"),
    ),
)  # fmt: skip
