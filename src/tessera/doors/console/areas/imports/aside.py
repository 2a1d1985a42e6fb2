"""Quarantine: what could not be taken, to be looked at, mended, tried again or dropped."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.imports import telling
from tessera.doors.language.words import N_
from tessera.doors.till.quarantine import AsideSheet
from tessera.doors.web.page import File, Page, See, Shown, View
from tessera.doors.web.visit import Visit

PATH, IMPORTS = "/console/quarantine", "/console/imports"
DROPPED = N_("Dropped. The audit log keeps who did it, and why.")
FILES_MOST = 50  # of 2,000 each, that are put into one download


async def show(visit: Visit) -> Shown:
    """What lies in quarantine, of one mapping or of all, for one reason or for all."""
    asked = {name: visit.query.get(name) for name in ("mapping", "code", "cursor")}
    found = await visit.ask("quarantine.list", query=asked | {"limit": 50})
    sums = await visit.ask("quarantine.sums")
    for each in (found, sums):
        if isinstance(each, Refusal):
            return each
    local, only = visit.local, asked["mapping"] or ""
    codes: dict[str, int] = next((each.codes for each in sums.items if each.mapping == only), {})
    return View("imports/aside.html", {
        "rows": found.items, "sums": sums.items, "mapping": only, "code": asked["code"] or "",
        "codes": [(code, telling.reason(local, code), count) for code, count in codes.items()],
        "next": visit.here(cursor=found.next) if found.next else "",
        "first": visit.here(cursor=None) if asked["cursor"] else "",
        "reason": lambda code, why="": telling.reason(local, code, why),
        "people": people,
    })  # fmt: skip


def people(mapping: str) -> bool:
    """Whether these are rows of people: nothing of them is in the list."""
    return mapping.rpartition("/")[2] in ("members", "balances", "consents")


async def again(visit: Visit) -> Shown:
    """Those that are ticked, as they are: what was missing may be here now."""
    numbers = _ticked(visit)
    if isinstance(numbers, Refusal):
        return numbers
    body = {"mapping": visit.form.get("mapping"), "items": [{"number": n} for n in numbers]}
    return _tried(visit, await visit.ask("quarantine.mend", body=body))


async def drop(visit: Visit) -> Shown:
    """Those that are ticked, or one, go for good."""
    numbers = _ticked(visit)
    if isinstance(numbers, Refusal):
        return numbers
    body = {"mapping": visit.form.get("mapping"), "numbers": numbers,
            "reason": visit.form.get("reason")}  # fmt: skip
    said = await visit.ask("quarantine.drop", body=body)
    return visit.done(said, _of(visit.form.get("mapping")), DROPPED)


def _ticked(visit: Visit) -> list[str] | Refusal:
    numbers = visit.form.all("number")
    told = visit.local.gettext
    if numbers and len(set(numbers)) <= 200:
        return list(dict.fromkeys(numbers))
    return Refusal("none_ticked", "number", told("Nothing is ticked."),
                   told("Tick what you mean."))  # fmt: skip


def _tried(visit: Visit, answer: Any) -> Shown:
    if isinstance(answer, Refusal):
        return answer
    return See(f"{IMPORTS}/{answer.task_id}")


def _of(mapping: str) -> str:
    return f"{PATH}?mapping={mapping}"


async def export(visit: Visit) -> Shown:
    """All of one mapping as a CSV file."""
    mapping, cursor = visit.form.get("mapping"), ""
    parts: list[str] = []
    for number in range(FILES_MOST):
        body = {"mapping": mapping, "cursor": cursor}
        key = f"{visit.form.key}-{number}-{uuid4().hex[:8]}"
        said = await visit.ask("quarantine.export", body=body, key=key)
        if isinstance(said, Refusal):
            return said
        assert isinstance(said, AsideSheet)
        parts.append(said.csv if not parts else said.csv.partition("\r\n")[2])
        if said.next is None:
            break
        cursor = said.next
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", mapping).strip("-")[:60]
    return File("".join(parts).encode(), "text/csv; charset=utf-8", f"quarantine-{name}.csv")


# One ---------------------------------------------------------------------------------------------


async def show_one(visit: Visit) -> Shown:
    """What stands in its rows, to be mended in place. Who looked is written down."""
    body = {"mapping": visit.query.get("mapping", "-"), "number": visit.query.get("number", "-")}
    found = await visit.ask("quarantine.open", body=body, key=uuid4().hex)
    if isinstance(found, Refusal):
        return found
    wrong = {(name, fault["row"]) for fault in found.faults
             for name in fault["field"].split(", ")}  # fmt: skip
    local = visit.local
    return View("imports/row.html", {
        "found": found, "amiss": wrong, "back": _of(found.mapping),
        "people": people(found.mapping), "typed": _typed(visit, found.columns),
        "reason": lambda code, why="": telling.reason(local, code, why),
    })  # fmt: skip


def _typed(visit: Visit, columns: list[str]) -> list[dict[str, str]]:
    """What somebody typed before a refusal, row by row."""
    by_column = [visit.form.all(f"cell{at}") for at in range(len(columns))]
    count = min(map(len, by_column), default=0)
    return [{name: by_column[at][row] for at, name in enumerate(columns)} for row in range(count)]


async def mend(visit: Visit) -> Shown:
    """With what was typed, once more."""
    columns = visit.form.all("column")
    body = {
        "mapping": visit.form.get("mapping"),
        "items": [{"number": visit.form.get("number"), "rows": _typed(visit, columns)}],
    }  # fmt: skip
    return _tried(visit, await visit.ask("quarantine.mend", body=body))


PAGES: tuple[Page, ...] = (
    Page(
        name="imports.aside", path=PATH, show=show, title=N_("Quarantine"),
        acts={"again": again, "drop": drop, "export": export}, needs=("quarantine.list",),
        purpose=N_("Rows of files that could not be taken, with the reason. Mend them and try just "
                   "these again, or drop them."),
    ),
    Page(
        name="imports.row", path=f"{PATH}/row", show=show_one, acts={"mend": mend, "drop": drop},
        title=N_("Mend a row"), needs=("quarantine.open",),
        purpose=N_("Put right what is marked and try again: only this one is loaded."),
    ),
)  # fmt: skip
