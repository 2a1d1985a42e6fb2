"""Long work over HTTP: what was asked for, how far it is; and what runs by itself."""

from __future__ import annotations

from datetime import datetime
from importlib.util import find_spec
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.access.approvals.core import Awaiting
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.doors.findings import Findings, of_part
from tessera.doors.pages import QUERY, Page, asked_page, page, uuid_of
from tessera.tasks import core, db, flows
from tessera.tasks.core import By, Fault, Kind, Part, State, Task


class AskTask(Struct, frozen=True, forbid_unknown_fields=True):
    """Long work that needs no file.

    kind  duplicates: compare all members with all, and queue those who may be one person
    """

    kind: Literal["duplicates"]


class TaskView(Struct, frozen=True):
    """Long work.

    label       the file's name, as whoever sent it calls it
    state       receiving its file, queued, running, ready (checked: a person decides), done,
                failed, cancelled
    part        check (nothing is changed) or run
    size, received  bytes of its file
    mapping     by which the file is read; mends: how many rows it tries again
    asked_by    who asked, as that one is called
    phase       what is being done; `done` of `total` of it, null if nobody knows how much there is
    per_second, seconds_left  at the pace of this phase; null while that is not known
    checked, came  what the check found, what became of it
    found       of a search: how much of what it found
    fault       why it could not go on
    can_start, can_stop  what may be asked of it now
    """

    task_id: UUID
    kind: Kind
    label: str
    state: State
    part: Part
    size: int
    received: int
    mapping: str
    mends: int
    asked_by: str
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    phase: str
    done: int
    total: int | None
    per_second: int | None
    seconds_left: int | None
    checked: Findings | None
    came: Findings | None
    found: dict[str, int]
    fault: Fault | None
    can_start: bool
    can_stop: bool


class TurnView(Struct, frozen=True):
    """The newest round of what the house does by itself, in whatever process.

    every_s   seconds between two rounds
    fault     what went wrong in it; "" if nothing did
    failures  rounds that failed since it last went well, at `well_at`
    """

    name: str
    every_s: int
    began_at: datetime
    took_ms: int
    fault: str
    failures: int
    well_at: datetime | None


async def ask(call: Call) -> TaskView | Refusal:
    """POST /v1/tasks"""
    if find_spec("splink") is None or find_spec("duckdb") is None:
        return Refusal(
            "extra_missing", "kind", "the search for duplicates needs the extra `dedup`",
            "install tessera-loyalty[dedup] on the server",
        )  # fmt: skip
    task = await flows.ask(call.conn, new_id(), call.body.kind, {}, by(call), call.now)
    call.changed("task", task.id, None, {"kind": task.kind})
    return view(task, call.now)


async def list_tasks(call: Call) -> Page[TaskView] | Refusal:
    """GET /v1/tasks: the newest first; `kind` asks for some of them only."""
    asked = asked_page(call.query)
    if isinstance(asked, Refusal):
        return asked
    last, limit = asked
    kinds = _kinds(call.query.get("kind", ""))
    if isinstance(kinds, Refusal):
        return kinds
    rows = await db.page(call.conn, last, limit + 1, kinds)
    return page(rows, limit, lambda each: str(each.id), lambda each: view(each, call.now))


async def read_task(call: Call) -> TaskView | Refusal:
    """GET /v1/tasks/{task_id}"""
    task = await found(call)
    return task if isinstance(task, Refusal) else view(task, call.now)


async def start(call: Call) -> TaskView | Refusal | Awaiting:
    """POST /v1/tasks/{task_id}/start: do what was checked, or go on with what had stopped."""
    task = await found(call)
    if isinstance(task, Refusal):
        return task
    refusal = _worth(call, task)
    if refusal is not None:
        return refusal
    waits = not_alone(call, task.kind) if task.state == "ready" else None  # once for each run
    if waits is not None:
        return waits
    started = await flows.start(call.conn, task.id)
    return _moved(call, task, started)


async def stop(call: Call) -> TaskView | Refusal:
    """POST /v1/tasks/{task_id}/stop: what is done stays done, and it can be started again."""
    task = await found(call)
    if isinstance(task, Refusal):
        return task
    stopped = await flows.stop(call.conn, task.id, call.now)
    return _moved(call, task, stopped)


async def list_turns(call: Call) -> Page[TurnView]:
    """GET /v1/turns: what runs by itself, as of the last 15 seconds."""
    rows = await db.turns(call.conn)
    shown = [
        TurnView(each.name, each.every_s, each.began_at, each.took_ms, each.fault, each.failures,
                 each.well_at)
        for each in rows
    ]  # fmt: skip
    return Page(shown, None)


async def found(call: Call) -> Task | Refusal:
    """The task of the address. Errors: task_unknown."""
    task_id = uuid_of(call.path["task_id"])
    task = None if task_id is None else await db.read(call.conn, task_id)
    return core.unknown(call.path["task_id"]) if task is None else task


def by(call: Call) -> By:
    """Who asks, to be written down with a task."""
    who = call.principal
    return By(who.kind, who.id, who.name, who.role)


def not_alone(call: Call, kind: core.Kind) -> Awaiting | None:
    """A file of balances adjusts many: a second person decides, as by hand above a limit."""
    assert call.house is not None
    limit = call.house.shop().program.adjustments.approval_above
    if limit is None or kind != "balances":
        return None
    why = f"a file of balances would be posted; alone up to {limit} points are"
    return call.approval("adjustments.approval_above", why)


def _worth(call: Call, task: Task) -> Refusal | None:
    """Whether there is anything to run. Errors: nothing_to_import, file_gone."""
    checked = of_part(task.report, "check")
    if task.state == "ready" and checked is not None and not checked.good:
        return Refusal(
            "nothing_to_import", "task_id", "no row of this file can be taken",
            "see why, mend the file or its mapping, and send it again",
        )  # fmt: skip
    assert call.house is not None
    uploads = call.house.uploads
    if task.kind not in core.FILES or task.lost:
        return None
    if not (uploads and uploads.source(task.id).is_file()):
        return Refusal("file_gone", "task_id", "its file is no longer kept here", "send it again")
    return None


def _moved(call: Call, before: Task, after: Task | Refusal) -> TaskView | Refusal:
    if isinstance(after, Refusal):
        return after
    call.changed("task", after.id, {"state": before.state}, {"state": after.state})
    return view(after, call.now)


def _kinds(said: str) -> list[Kind] | Refusal | None:
    if not said:
        return None
    if said == "imports":
        return sorted(core.FILES)
    if said == "duplicates":
        return ["duplicates"]
    return Refusal("query_invalid", "kind", "there is no such kind", "send imports or duplicates")


def view(task: Task, now: datetime) -> TaskView:
    """A task as it is told."""
    ended = (task.report or {}).get("run") if task.kind not in core.FILES else None
    return TaskView(
        task.id, task.kind, task.label, task.state, task.part, task.size, task.received,
        str(task.asked.get("name", "")), len(task.asked.get("mends") or ()), task.by.name,
        task.asked_at, task.started_at, task.finished_at, task.phase, task.done, task.total,
        core.per_second(task, now), core.seconds_left(task, now), of_part(task.report, "check"),
        of_part(task.report, "run"), dict(ended or {}), task.fault,
        task.state in core.STARTS and not task.lost,
        task.state in core.OPEN and not task.stop,
    )  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "task.ask", "POST", "/v1/tasks", ask, TaskView, "Ask for long work", kind="writes",
        body=AskTask, status=201, example={"kind": "duplicates"},
    ),
    Operation(
        "task.list", "GET", "/v1/tasks", list_tasks, Page[TaskView],
        "List long work, the newest first",
        query=QUERY | {"kind": "only these: imports or duplicates"},
    ),
    Operation(
        "task.read", "GET", "/v1/tasks/{task_id}", read_task, TaskView, "How far long work is"
    ),
    Operation(
        "task.start", "POST", "/v1/tasks/{task_id}/start", start, TaskView,
        "Do what was checked, or go on with what had stopped", kind="writes", four_eyes=True,
    ),
    Operation(
        "task.stop", "POST", "/v1/tasks/{task_id}/stop", stop, TaskView, "Stop long work",
        kind="writes",
    ),
    Operation(
        "turn.list", "GET", "/v1/turns", list_turns, Page[TurnView], "What runs by itself"
    ),
)  # fmt: skip
