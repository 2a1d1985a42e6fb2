"""Imports: the list, a new one, one on its way."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.imports import aside, telling
from tessera.doors.console.areas.imports.examples import example
from tessera.doors.language.words import N_
from tessera.doors.till.imports import MOST, PIECE, ImportLayout, PreviewView
from tessera.doors.till.tasks import TaskView
from tessera.doors.web.page import File, Menu, Page, See, Shown, View
from tessera.doors.web.visit import Upload, Visit

PATH = "/console/imports"
UPLOAD_MOST = 64 * 1024 * 1024  # through a page; by the API a file may be larger
KINDS = ("receipts", "members", "balances", "consents")
_ZONE = re.compile(r'^(time_zone = )"[^"]*"', re.MULTILINE)
STOPPED = N_("It stops. What was taken until then stays.")


async def show(visit: Visit) -> Shown:
    """Files that came, the newest first, and what of them waits to be mended."""
    query = {"kind": "imports", "cursor": visit.query.get("cursor"), "limit": 25}
    found, sums = await visit.ask("task.list", query=query), await visit.ask("quarantine.sums")
    if isinstance(found, Refusal):
        return found
    return View("imports/list.html", {
        "tasks": found.items, "sums": [] if isinstance(sums, Refusal) else sums.items,
        "next": visit.here(cursor=found.next) if found.next else "",
        "first": PATH if visit.query.get("cursor") else "", **words(visit),
    })  # fmt: skip


def words(visit: Visit) -> Mapping[str, Any]:
    """What every template of files says alike."""
    local = visit.local
    return {
        "kind_of": lambda kind: local.gettext(telling.KINDS[kind][0]),
        "state_of": lambda state: (local.gettext(telling.STATES[state][0]),
                                   telling.STATES[state][1]),
        "far": lambda task: telling.far(local, task),
        "size_of": lambda bytes_: telling.size(local, bytes_),
        "reason": lambda code, why="": telling.reason(local, code, why),
        "outcomes": lambda found: telling.outcomes(local, found),
        "name_of": lambda task: name_of(visit, task),
        "faulted": lambda task: telling.faulted(local, task),
    }  # fmt: skip


def name_of(visit: Visit, task: TaskView) -> str:
    """A file as it is called; rows that were mended here have no name."""
    local = visit.local
    if task.label:
        return task.label
    if task.mends:
        told = local.ngettext("%(num)s mended", "%(num)s mended", task.mends)
        return told % {"num": local.count(task.mends)}
    return local.gettext(telling.KINDS[task.kind][0])


# A new one ----------------------------------------------------------------------------------------


async def show_new(visit: Visit) -> Shown:
    """What kind of file, how it is laid out, and the file."""
    kind = visit.query.get("kind", "receipts")
    kind = kind if kind in KINDS else "receipts"
    known = await visit.ask("import.layouts")
    if isinstance(known, Refusal):
        return known
    there: dict[str, ImportLayout] = {}
    for each in known.items:  # what was used here comes first, and stays before what is shipped
        if each.kind == kind:
            there.setdefault(each.name, each)
    usual = next(iter(there), "")
    name = visit.query.get("layout", "")
    name = name if name in there else usual
    text = visit.form.get("mapping") or (there[name].mapping if name else "")
    if name and there[name].shipped and not visit.posted:
        text = await _at_home(visit, text)
    return View("imports/new.html", {
        "kinds": [(f"{PATH}/new?kind={each}", visit.local.gettext(telling.KINDS[each][0]),
                   each == kind) for each in KINDS],
        "kind": kind, "about": visit.local.gettext(telling.KINDS[kind][1]),
        "layouts": list(there.values()), "layout": name, "mapping": text,
        "most": telling.size(visit.local, UPLOAD_MOST),
    })  # fmt: skip


async def _at_home(visit: Visit, text: str) -> str:
    """A shipped mapping with the time zone of the first store."""
    stores = await visit.ask("store.list")
    if isinstance(stores, Refusal) or not stores.items:
        return text
    zone = stores.items[0].time_zone
    return _ZONE.sub(lambda found: f'{found[1]}"{zone}"', text, count=1)


async def send(visit: Visit) -> Shown:
    """The file goes in, piece by piece, and is checked."""
    told, upload = visit.local.gettext, visit.form.files.get("file")
    if upload is None or not upload.size:
        return Refusal("file_missing", "file", told("There is no file, or it is empty."),
                       told("Choose a CSV or Parquet file."))  # fmt: skip
    body = {
        "kind": visit.form.get("kind"), "bytes": upload.size, "mapping": visit.form.get("mapping"),
        "name": clean(upload.name),
    }  # fmt: skip
    with upload.file:
        begun = await visit.ask("import.begin", body=body)
        if isinstance(begun, Refusal):
            return begun
        refusal = await _sent(visit, begun.task_id, upload)
    return refusal or See(f"{PATH}/{begun.task_id}")


async def _sent(visit: Visit, task_id: Any, upload: Upload) -> Refusal | None:
    at = 0
    while piece := upload.file.read(PIECE):
        body = {"offset": at, "data": base64.b64encode(piece).decode()}
        key = f"{visit.form.key}-{at}"
        said = await visit.ask("import.send", path={"task_id": task_id}, body=body, key=key)
        if isinstance(said, Refusal):
            return said
        at += len(piece)
    return None


def clean(name: str) -> str:
    """A file's name as it may be shown: its last part, without what cannot be seen."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:120].strip()


async def show_example(visit: Visit) -> Shown:
    """A small file to begin with."""
    kind = visit.query.get("kind", "")
    if kind not in KINDS:
        kind = "receipts"
    stores = await visit.ask("store.list")
    store = "" if isinstance(stores, Refusal) or not stores.items else stores.items[0].id
    text = example(kind, store, visit.house.currency)
    return File(text.encode(), "text/csv; charset=utf-8", f"{kind}.csv")


# One on its way -----------------------------------------------------------------------------------


async def show_one(visit: Visit) -> Shown:
    """How far it is; once checked, what it would do."""
    path = {"task_id": visit.words["task_id"]}
    task = await visit.ask("task.read", path=path)
    if isinstance(task, Refusal):
        return task
    assert isinstance(task, TaskView)
    preview: Any = None
    if task.checked is not None and task.came is None:
        preview = await visit.ask("import.preview", path=path)
    preview = preview if isinstance(preview, PreviewView) else None
    told = visit.local.gettext
    heads = [told(telling.HEADS.get(head, head)) for head in (preview.heads if preview else ())]
    return View("imports/one.html", {
        "task": task, "preview": preview, "heads": heads, "at": _step(task), **words(visit),
    })  # fmt: skip


def _step(task: TaskView) -> int:
    """Where it is: sent, checked, imported."""
    if task.state == "done":
        return 3
    return 2 if task.part == "run" or task.state == "ready" else 1


async def start(visit: Visit) -> Shown:
    """Do it; or go on with it."""
    path = {"task_id": visit.words["task_id"]}
    return visit.done(await visit.ask("task.start", path=path), visit.path)


async def stop(visit: Visit) -> Shown:
    """No further."""
    path = {"task_id": visit.words["task_id"]}
    return visit.done(await visit.ask("task.stop", path=path), visit.path, STOPPED)


PAGES: tuple[Page, ...] = (
    Page(
        name="imports.list", path=PATH, show=show, title=N_("Imports"),
        purpose=N_("Bring in receipts, members, points and consents from files. Everything is "
                   "looked at before anything is changed."),
        needs=("import.begin",), menu=Menu("control", 70, N_("Imports"), "import"),
    ),
    Page(
        name="imports.new", path=f"{PATH}/new", show=show_new, acts={"send": send},
        title=N_("Import a file"), needs=("import.begin",), uploads=UPLOAD_MOST,
        purpose=N_("First the file is only looked at: you see what it says and what is wrong with "
                   "it. Then you decide."),
    ),
    Page(
        name="imports.example", path=f"{PATH}/example", show=show_example,
        title=N_("An example file"), needs=("import.begin",),
    ),
    Page(
        name="imports.one", path=f"{PATH}/{{task_id}}", show=show_one,
        acts={"start": start, "stop": stop}, title=N_("Import"), needs=("import.begin",),
        purpose=N_("How far this import is, what it brings, and what of it cannot be taken."),
    ),
    *aside.PAGES,
)  # fmt: skip
assert UPLOAD_MOST <= MOST, "what a page takes the API takes too"
