"""Budgets: the list, and one with its days."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.charts import csv_of
from tessera.doors.console.areas.budgets import telling
from tessera.doors.console.areas.budgets.drafting import BUDGETS
from tessera.doors.console.areas.rules.bench import RULES
from tessera.doors.language.words import N_
from tessera.doors.till.budgets import BudgetList, BudgetView
from tessera.doors.web.page import File, Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/budgets"
CSV = "text/csv; charset=utf-8"
_DRAFT = f"{RULES}/drafts/{{draft_id}}/budgets"


async def show(visit: Visit) -> Shown:
    """All of them, in the program's order."""
    found = await visit.ask("budget.list")
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, BudgetList)
    local = visit.local
    return View("budgets/list.html", {
        "budgets": [
            (each, telling.ceilings(each.budget, found.currency, local), telling.state(each))
            for each in found.items
        ],
        "currency": found.currency, "minor": telling.minor,
        "periods": telling.PERIODS, "whose": telling.WHOSE,
    })  # fmt: skip


async def show_one(visit: Visit) -> Shown:
    """One in the period of a day; with `csv`, its days as a file."""
    on = visit.query.get("on") or None
    found = await visit.ask("budget.read", path=visit.words, query={"on": on})
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, BudgetView)
    local, state = visit.local, found.state
    chart = telling.burn_down(found, local) if found.days else None
    if chart is not None and visit.query.get("csv") == chart.name:
        return File(csv_of(chart), CSV, f"budget-{state.code}-{found.on.isoformat()}.csv")
    figure = None
    if chart is not None:
        figure = await visit.house.drawer.figure(chart, local)
    return View("budgets/budget.html", {
        "found": found, "state": state, "how": telling.state(state),
        "ceilings": telling.ceilings(state.budget, found.currency, local),
        "left": telling.left(found.ceilings, found.currency, local),
        "forecast": telling.forecast(found, local), "figure": figure, "minor": telling.minor,
        "payers": telling.PAYERS, "periods": telling.PERIODS, "whose": telling.WHOSE,
    })  # fmt: skip


PAGES: tuple[Page, ...] = (
    Page(
        name="budgets.list", path=PATH, show=show, title=N_("Budgets"),
        purpose=N_("What may be given at most, what was given so far, and until when it lasts."),
        needs=("budget.list",), menu=Menu("program", 30, N_("Budgets"), "finance"),
        acts={"begin": BUDGETS.begin},
    ),
    Page(
        name="budgets.budget", path=f"{PATH}/{{code}}", show=show_one, title=N_("Budget"),
        purpose=N_("What was given of it in this period, and until when it lasts."),
        needs=("budget.read",), acts={"begin": BUDGETS.begin},
    ),
    Page(
        name="budgets.drafted", path=_DRAFT, show=BUDGETS.show_all,
        title=N_("Budgets of the draft"), needs=("draft.read",),
        purpose=N_("Ceilings on what rules give to all together; they hold once published."),
    ),
    Page(
        name="budgets.form", path=f"{_DRAFT}/{{code}}", show=BUDGETS.show, title=N_("Budget"),
        purpose=N_("How much may be given at most; at the side stands what that means."),
        needs=("draft.read",),
        acts={"save": BUDGETS.save, "preview": BUDGETS.show, "remove": BUDGETS.remove},
    ),
)  # fmt: skip
