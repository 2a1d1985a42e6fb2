"""Jobs: what was asked for, what runs by itself; one that was asked for."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.imports.pages import words
from tessera.doors.console.areas.imports.telling import OUTCOMES
from tessera.doors.console.areas.tasks import telling
from tessera.doors.language.words import N_
from tessera.doors.web.page import Menu, Page, See, Shown, View
from tessera.doors.web.visit import Visit

PATH, IMPORTS = "/console/tasks", "/console/imports"
FILES = ("receipts", "members", "balances", "consents")


async def show(visit: Visit) -> Shown:
    """The newest of what was asked for, and the newest turn of all that runs by itself."""
    query = {"cursor": visit.query.get("cursor"), "limit": 25}
    tasks, turns = await visit.ask("task.list", query=query), await visit.ask("turn.list")
    for each in (tasks, turns):
        if isinstance(each, Refusal):
            return each
    local, now = visit.local, visit.now
    return View("tasks/list.html", {
        "tasks": tasks.items, "next": visit.here(cursor=tasks.next) if tasks.next else "",
        "first": PATH if query["cursor"] else "", "href": _href,
        "turns": [
            (turn, telling.called(local, turn), telling.span(local, turn.every_s),
             telling.took(local, turn.took_ms), telling.due(local, turn, now))
            for turn in sorted(turns.items, key=telling.order)
        ],
        "took": lambda task: telling.lasted(local, task),
        **words(visit),
    })  # fmt: skip


def _href(task: object) -> str:
    """Where a task is told about."""
    kind, id_ = getattr(task, "kind", ""), getattr(task, "task_id", "")
    return f"{IMPORTS}/{id_}" if kind in FILES else f"{PATH}/{id_}"


async def ask(visit: Visit) -> Shown:
    """A search for duplicates."""
    said = await visit.ask("task.ask", body={"kind": "duplicates"})
    return said if isinstance(said, Refusal) else See(f"{PATH}/{said.task_id}")


async def show_one(visit: Visit) -> Shown:
    """How far it is, and what it found."""
    task = await visit.ask("task.read", path={"task_id": visit.words["task_id"]})
    if isinstance(task, Refusal):
        return task
    if task.kind in FILES and visit.may("import.begin"):
        return See(_href(task))
    return View("tasks/one.html", {"task": task, "words_of": _found(visit), **words(visit)})


def _found(visit: Visit) -> dict[str, str]:
    return {name: visit.local.gettext(word) for name, word in OUTCOMES.items()}


async def start(visit: Visit) -> Shown:
    """Once more, or further."""
    path = {"task_id": visit.words["task_id"]}
    return visit.done(await visit.ask("task.start", path=path), visit.path)


async def stop(visit: Visit) -> Shown:
    """No further."""
    path = {"task_id": visit.words["task_id"]}
    return visit.done(await visit.ask("task.stop", path=path), visit.path)


PAGES: tuple[Page, ...] = (
    Page(
        name="tasks.list", path=PATH, show=show, acts={"ask": ask}, title=N_("Jobs"),
        purpose=N_("Everything that runs by itself or was asked for: when it last ran, how long it "
                   "took, what went wrong, and when its next turn is."),
        needs=("task.list",), menu=Menu("control", 75, N_("Jobs"), "jobs"),
    ),
    Page(
        name="tasks.one", path=f"{PATH}/{{task_id}}", show=show_one,
        acts={"start": start, "stop": stop}, title=N_("Job"), needs=("task.read",),
        purpose=N_("How far this job is, what it found, and what went wrong if it failed."),
    ),
)  # fmt: skip
