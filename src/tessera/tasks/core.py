"""Tasks and turns: their states, and what may follow which. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal

Kind = Literal["receipts", "members", "balances", "consents", "duplicates"]
State = Literal["receiving", "queued", "running", "ready", "done", "failed", "cancelled"]
Part = Literal["check", "run"]

FILES: frozenset[Kind] = frozenset({"receipts", "members", "balances", "consents"})
OPEN: frozenset[State] = frozenset({"receiving", "queued", "running", "ready"})
OVER: frozenset[State] = frozenset({"done", "failed", "cancelled"})
STARTS: frozenset[State] = frozenset({"ready", "failed", "cancelled"})
DEATHS = 5  # of a worker in one part
KEPT = timedelta(days=1)  # a file, after it was last worked on: no longer than an erasure may take
REMEMBERED = timedelta(days=730)  # a task, after it was over


class By(Struct, frozen=True):
    """Who asked for a task, as that one was called then. `kind`: key, staff, command line."""

    kind: str
    id: UUID | None
    name: str
    role: str = ""


class Fault(Struct, frozen=True):
    """Why a task could not go on: a refusal's words."""

    code: str
    field: str = ""
    why: str = ""
    cure: str = ""


# Of a task that is not done: its file named somebody who has been erased.
REMOVED = Fault(
    "file_removed", "file", "the file was removed: somebody in it was erased",
    "send it again, without whoever wanted to be forgotten",
)  # fmt: skip


class Left(Struct, frozen=True):
    """What a task leaves behind at the end of a part; None: as it was before.

    report, subject  see `Task`
    fault            why it could not go on
    """

    report: dict[str, Any] | None = None
    fault: Fault | None = None
    subject: UUID | None = None


class Task(Struct, frozen=True):
    """Long work.

    label     the file's name as its owner calls it; "" where there is no file
    part      what is done, or was done last
    size, received  bytes of the file; 0 where there is none
    asked     what is to be done: JSON of the kind's own
    phase     what is being done; done, total: how much of it, total None if nobody knows
    phase_at  when this phase began, phase_from: with how much done already
    beat_at   when the worker last said something
    tries     workers that began this part
    stop      somebody wants it to end
    report    what the check found, or what became of it: JSON of the kind's own
    subject   what it works on, by id: the load of a file
    """

    id: UUID
    kind: Kind
    label: str
    state: State
    part: Part
    size: int
    received: int
    asked: dict[str, Any]
    by: By
    asked_at: datetime
    phase: str = ""
    done: int = 0
    total: int | None = None
    phase_at: datetime | None = None
    phase_from: int = 0
    started_at: datetime | None = None
    beat_at: datetime | None = None
    finished_at: datetime | None = None
    tries: int = 0
    stop: bool = False
    report: dict[str, Any] | None = None
    fault: Fault | None = None
    subject: UUID | None = None

    @property
    def lost(self) -> bool:
        """Whether its file was removed: it never goes on."""
        return self.fault is not None and self.fault.code == REMOVED.code


class Step(Struct, frozen=True):
    """How far a phase is. `total` None: nobody knows how much there is."""

    phase: str
    done: int
    total: int | None
    since: datetime
    since_done: int


class Turn(Struct, frozen=True):
    """The newest round of what the house does by itself.

    every_s   seconds between two of them
    took_ms   how long it took
    fault     what went wrong, as a code; "" if nothing did
    failures  rounds that failed since it last went well
    well_at   when it last went well; None: never since it is remembered
    """

    name: str
    every_s: int
    began_at: datetime
    took_ms: int
    fault: str = ""
    failures: int = 0
    well_at: datetime | None = None


def keepable(value: Any) -> Any:
    """A value as JSON that a database can keep: files hold NUL and halves of letters."""
    if isinstance(value, str):
        whole = value.encode("utf-8", "replace").decode()
        return whole.replace("\x00", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, dict):
        return {keepable(name): keepable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [keepable(each) for each in value]
    return value


def next_state(task: Task) -> State:
    """What a part leads to that came to its end: a check leads to a decision."""
    return "ready" if task.part == "check" else "done"


def startable(task: Task) -> Part | Refusal:
    """Which part begins when somebody starts a task. Errors: task_busy, task_over, file_removed."""
    if task.lost:
        return removed()
    if task.state == "done":
        return Refusal("task_over", "task_id", "this is done already", "ask for a new one")
    if task.state not in STARTS:
        why = f"it is {task.state}"
        return Refusal("task_busy", "task_id", why, "wait until it has been checked, or stop it")
    return "run" if task.state == "ready" else task.part


def stoppable(task: Task) -> Refusal | None:
    """Whether a task can be stopped. Errors: task_over."""
    if task.state in OVER:
        why = f"it is {task.state} already"
        return Refusal("task_over", "task_id", why, "there is nothing to stop")
    return None


def unknown(task_id: str) -> Refusal:
    """No task has this id."""
    return Refusal("task_unknown", "task_id", f"there is no task {task_id[:40]}",
                   "look it up in the list of tasks")  # fmt: skip


def removed() -> Refusal:
    """Its file named somebody who has been erased."""
    return Refusal(REMOVED.code, REMOVED.field, REMOVED.why, REMOVED.cure)


def per_second(task: Task, now: datetime) -> int | None:
    """How many of its phase's units a running task does in a second; None: too early to tell."""
    if task.phase_at is None or task.state != "running":
        return None
    past_ms = (now - task.phase_at) // timedelta(milliseconds=1)
    made = task.done - task.phase_from
    return made * 1000 // past_ms if past_ms >= 500 and made > 0 else None


def seconds_left(task: Task, now: datetime) -> int | None:
    """Until its phase is over, at this pace, rounded up; None: nobody knows."""
    rate = per_second(task, now)
    if not rate or task.total is None:
        return None
    return -(-max(task.total - task.done, 0) // rate)
