"""Budgets of a draft: each in plain words, and the form that adds, changes and takes one out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.budgets import outlook
from tessera.doors.console.areas.budgets.sentences import plainly
from tessera.doors.console.areas.budgets.sheet import (
    CEILINGS,
    NAMING,
    PERIOD,
    Known,
    Words,
    boxes,
    budget_of,
)
from tessera.doors.console.areas.rules.bench import RULES, Bench, bench_of, changed, examined
from tessera.doors.console.areas.rules.boxes import Box
from tessera.doors.console.areas.rules.editor import named_numbers
from tessera.doors.console.areas.rules.program import BEGUN, mine
from tessera.doors.console.areas.rules.telling import Words as RuleWords
from tessera.doors.language.words import N_
from tessera.doors.web.page import See, Shown, View
from tessera.doors.web.visit import Visit
from tessera.program.core.rewriting import loses_comments, with_head
from tessera.program.core.text import HEAD
from tessera.rules.core.budgets import Budget
from tessera.rules.core.filling import Fault, Filler

NEW = "new"
SAVED = N_("Saved in the draft.")
REMOVED = N_("The budget is taken out of the draft.")
_FIRST: Mapping[str, Any] = {"per": "month"}  # of a new one, until somebody says more
_UNKNOWN = Refusal(
    "budget_unknown", "code", "the program has no such budget", "look it up in the list of budgets"
)


async def begin(visit: Visit) -> Shown:
    """The form of a new budget, or of the named one, in a draft of whoever asks."""
    draft = await mine(visit)
    if isinstance(draft, Refusal):
        return draft
    code = visit.form.get("code") or NEW
    return See(f"{RULES}/drafts/{draft.draft.draft_id}/budgets/{quote(code, safe='')}", BEGUN)


async def show_all(visit: Visit) -> Shown:
    """The draft's budgets."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    found, program = _budgets(bench), bench.read.program
    if program is None and bench.read.body is not None:
        program, _ = await examined(bench, {**bench.read.body, "budgets": _sound(bench)})
    sound = program.budgets if program is not None else {}
    return View("budgets/drafted.html", {
        "bench": bench, "draft": bench.draft, "tab": "budgets",
        "budgets": [
            (code, str(data.get("name") or code) if isinstance(data, dict) else code,
             plainly(sound[code], program, visit.local) if program and code in sound else "")
            for code, data in found.items()
        ],
    })  # fmt: skip


async def show(visit: Visit) -> Shown:
    """The form; of what was typed, if something was."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    if not isinstance(bench.read.head.data, dict) or bench.read.head.broken:
        return See(f"{bench.path}/text?file={HEAD}")
    code = visit.words["code"]
    data = _budgets(bench).get(code) if code != NEW else dict(_FIRST)
    if visit.posted:
        data = budget_of(visit.form.fields, _known(bench))
    if data is None:
        return _UNKNOWN
    if not isinstance(data, dict):
        return See(f"{bench.path}/text?file={HEAD}")
    return View("budgets/form.html", await _values(visit, bench, code, data))


async def save(visit: Visit) -> Shown:
    """Write the form into the draft's text."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    data = budget_of(visit.form.fields, _known(bench))
    budgets, code = _budgets(bench), visit.words["code"]
    if code == NEW:
        code = visit.form.get("code") or _free_code(str(data.get("name", "")), budgets)
        if code in budgets or code == NEW:
            _ = visit.local.gettext
            return Refusal("budget_taken", "code", _("Another budget has this code."),
                           _("Choose another one."))  # fmt: skip
    if _same(bench, budgets.get(code), data):
        data = budgets[code]  # the text stays as somebody wrote it
    made = await _write(visit, bench, {**budgets, code: data})
    return visit.done(made, f"{bench.path}/budgets/{quote(code, safe='')}", SAVED)


async def remove(visit: Visit) -> Shown:
    """Take the budget out of the draft."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    rest = {code: each for code, each in _budgets(bench).items() if code != visit.words["code"]}
    return visit.done(await _write(visit, bench, rest), f"{bench.path}/budgets", REMOVED)


async def _write(visit: Visit, bench: Bench, budgets: Mapping[str, Any]) -> Any:
    if not isinstance(bench.read.head.data, dict) or bench.read.head.broken:
        return Refusal("draft_unreadable", HEAD, "this file cannot be read", "put its text right")
    files = with_head(bench.view.files, bench.read, {"budgets": dict(budgets) or None})
    return await changed(visit, bench, files)


def _budgets(bench: Bench) -> Mapping[str, Any]:
    """As the text has them, whatever is wrong with them."""
    head = bench.read.head.data
    said = head.get("budgets") if isinstance(head, dict) else None
    return said if isinstance(said, dict) else {}


def _sound(bench: Bench) -> Mapping[str, Any]:
    """Those without a mistake of their own: another's does not hide what they do."""
    wrong = {each.path.split(".")[1] for each in bench.faults if each.path.startswith("budgets.")}
    wrong = {re.sub(r"\[.*", "", each) for each in wrong}
    return {code: each for code, each in _budgets(bench).items() if code not in wrong}


def _same(bench: Bench, before: Any, data: dict[str, Any]) -> bool:
    """Whether two spellings are one budget."""
    if before is None or named_numbers(before) != named_numbers(data):
        return False
    filler = Filler(bench.reader.conditions, bench.numbers)
    one = filler.fill(Budget, before, "")
    return one is not None and one == filler.fill(Budget, data, "")


def _known(bench: Bench) -> Known:
    rules = [each.data for each in bench.places if isinstance(each.data, dict)]
    named = {str(data["id"]): str(data.get("name") or data["id"]) for data in rules if "id" in data}
    campaigns = [str(data["campaign"]) for data in rules if data.get("campaign")]
    return Known(named, list(dict.fromkeys(campaigns)))


def _free_code(name: str, taken: Mapping[str, Any]) -> str:
    """A code of a name: short, plain and not there yet."""
    word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24] or "budget"
    number = 1
    while (code := word if number == 1 else f"{word}-{number}") in taken or code == NEW:
        number += 1
    return code


async def _values(visit: Visit, bench: Bench, code: str, data: dict[str, Any]) -> dict[str, Any]:
    known = _known(bench)
    words, (found, other) = Words(visit.local, known), boxes(data, known)
    budgets = {**_sound(bench), code: data}
    program, faults = None, list[Fault]()
    if bench.read.body is not None:
        program, faults = await examined(bench, {**bench.read.body, "budgets": budgets})
    budget = program.budgets.get(code) if program is not None else None
    told, others = _by_box(found, faults, f"budgets.{code}")
    limits = bool(any(box.said for box in found if box.name in CEILINGS))
    rule_words = RuleWords(visit.local)
    by_name = {box.name: box for box in found}
    groups = {*CEILINGS, *PERIOD, *NAMING}
    return {
        "bench": bench, "draft": bench.draft, "code": code, "new": code == NEW, "words": words,
        "other": other, "currency": bench.currency, "numbers": bench.numbers, "at": "",
        "name": str(data.get("name") or (code if code != NEW else "")),
        "ceilings": [by_name[name] for name in CEILINGS],
        "period": [by_name[name] for name in PERIOD], "naming": [by_name[name] for name in NAMING],
        "draws": [box for box in found if box.name not in groups],
        "faults": {name: rule_words.fault(each) for name, each in told.items()},
        "others": [rule_words.fault(each) for each in others] if limits else [],
        "limits": limits, "elsewhere": bool(program is None and not told and not others),
        "sentence": plainly(budget, program, visit.local) if budget and program else "",
        "outlook": await outlook.told(visit, code, budget) if budget else [],
        "payers": [
            (visit.local.gettext(who), visit.local.listed(names))
            for who, names in (outlook.payers(code, program) if program and budget else ())
        ],
        "into": " ".join(["said", "outlook", *(f"{box.name}-fault" for box in found)]),
        "loses": loses_comments(bench.view.files.get(HEAD, "")), "file": HEAD,
    }  # fmt: skip


def _by_box(
    found: Sequence[Box], faults: Sequence[Fault], head: str
) -> tuple[dict[str, Fault], list[Fault]]:
    """({control: what is wrong with it}, what belongs to the budget as a whole)."""
    mine = [each for each in faults if each.path == head or each.path.startswith(f"{head}.")]
    boxed, others = dict[str, Fault](), list[Fault]()
    for each in mine:
        field = re.split(r"[.\[]", each.path.removeprefix(head).lstrip("."))[0]
        name = next((box.name for box in found if box.path == field or box.name == field), "")
        if name:
            boxed.setdefault(name, each)
        else:
            others.append(each)
    return boxed, others
