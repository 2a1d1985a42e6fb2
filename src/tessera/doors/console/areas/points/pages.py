"""The report of points: for finance, executives and analysts."""

from __future__ import annotations

from datetime import UTC, datetime

from tessera.base.refusal import Refusal
from tessera.doors.charts import csv_of
from tessera.doors.console.areas.points import telling
from tessera.doors.language.words import N_
from tessera.doors.till.reports import OutstandingView
from tessera.doors.web.page import File, Menu, Page, Shown, View
from tessera.doors.web.visit import Visit
from tessera.ledger.reports.core import Change, Outstanding

CSV = "text/csv; charset=utf-8"
_NOTHING = Outstanding("", 0, 0, 0, 0, (), (), Change())


async def show(visit: Visit) -> Shown:
    """The page; with `csv`, the figures of one of its charts."""
    local, now = visit.local, visit.now.astimezone(visit.local.zone)
    asked = telling.period(visit.query.get("period", ""), now)
    found = await visit.ask("points.outstanding", query={
        "since": asked.since and _instant(asked.since), "at": asked.at and _instant(asked.at),
    })  # fmt: skip
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, OutstandingView)
    wanted = visit.query.get("currency", "")
    mine = next((each for each in found.currencies if each.currency == wanted), None)
    mine = mine or next(iter(found.currencies), _NOTHING)
    today = found.at.astimezone(local.zone).date()
    charts = [
        telling.by_expiry(mine, today, local), telling.by_age(mine, local),
        telling.rolled(mine.change, local),
    ]  # fmt: skip
    for chart in charts:
        if visit.query.get("csv") == chart.name:
            return File(csv_of(chart), CSV, f"points-{chart.name}-{today.isoformat()}.csv")
    currencies = visit.house.shop().program.currencies
    drawer = visit.house.drawer
    return View("points/points.html", {
        "found": found, "mine": mine, "period": asked, "periods": telling.PERIODS,
        "moves": telling.moves(mine.change, local),
        "kinds": [(each.currency, _name(each.currency, currencies)) for each in found.currencies],
        "figures": [await drawer.figure(each, local) for each in charts if each.rows],
    })  # fmt: skip


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _name(currency: str, declared: object) -> str:
    """What points of a kind are called; "" for the program's own."""
    known = declared.get(currency) if isinstance(declared, dict) else None
    return getattr(known, "name", "") or currency


PAGES: tuple[Page, ...] = (
    Page(
        name="points.points", path="/console/points", show=show, title=N_("Points outstanding"),
        purpose=N_("What the program owes its members: how old, until when, what changed it."),
        needs=("points.outstanding",), menu=Menu("control", 10, N_("Points"), "finance"),
    ),
)  # fmt: skip
