"""Budgets of a draft: each in plain words, and the form that adds, changes and takes one out."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.budgets import outlook
from tessera.doors.console.areas.budgets.sentences import NOTHING, plainly
from tessera.doors.console.areas.budgets.sheet import (
    CEILINGS,
    CHOICES,
    HINTS,
    LABELS,
    NAMING,
    PERIOD,
    Known,
    boxes,
    budget_of,
)
from tessera.doors.console.areas.rules.bench import Bench
from tessera.doors.console.areas.rules.declaring import (
    Declared,
    Entry,
    Words,
    nothing_moves,
    nothing_names,
)
from tessera.doors.language.words import N_
from tessera.doors.web.visit import Visit
from tessera.rules.core.budgets import Budget


def _words(visit: Visit, bench: Bench) -> Words:
    return Words(visit.local, LABELS, HINTS, CHOICES, _known(bench).rules)


def _known(bench: Bench) -> Known:
    rules = [each.data for each in bench.places if isinstance(each.data, dict)]
    named = {str(data["id"]): str(data.get("name") or data["id"]) for data in rules if "id" in data}
    campaigns = [str(data["campaign"]) for data in rules if data.get("campaign")]
    return Known(named, list(dict.fromkeys(campaigns)))


async def _more(visit: Visit, bench: Bench, entry: Entry) -> dict[str, Any]:
    """The panels of its form, and what is to be thought of before it is saved."""
    groups, budget, program = {*CEILINGS, *PERIOD, *NAMING}, entry.made, entry.program
    limits = any(entry.boxes[name].said for name in CEILINGS)
    payers = outlook.payers(entry.code, program) if program and budget else ()
    return {
        "ceilings": [entry.boxes[name] for name in CEILINGS],
        "period": [entry.boxes[name] for name in PERIOD],
        "draws": [box for box in entry.boxes.values() if box.name not in groups],
        "outlook": await outlook.told(visit, entry.code, budget) if budget else [],
        "payers": [(visit.local.gettext(who), visit.local.listed(names)) for who, names in payers],
    } | ({} if limits else {"nothing": visit.local.gettext(NOTHING), "others": []})


BUDGETS = Declared(
    table="budgets", one="budget", kind=Budget, code="budget",
    first=lambda local: {"per": "month"},
    boxes=lambda bench, data: boxes(data, _known(bench)),
    read=lambda bench, sent: budget_of(sent, _known(bench)),
    words=_words, more=_more, named=nothing_names, moved=nothing_moves,
    tell=plainly,
    unknown=Refusal("budget_unknown", "code", "the program has no such budget",
                    "look it up in the list of budgets"),
    taken=N_("Another budget has this code."), removed=N_("The budget is taken out of the draft."),
)  # fmt: skip
