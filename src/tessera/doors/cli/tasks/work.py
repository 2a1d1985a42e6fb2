"""What a kind of task gets, and what it leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.doors.ground import Ground
from tessera.doors.uploads import Uploads
from tessera.tasks.core import Step, Task


class Ended(Exception):
    """Somebody wants the task to stop: raised where it says how far it is."""


class Steps:
    """How far a task is; the loads of files tell it here. Safe to be told from a thread.

    rows  of the file as the check counted them, for phases that do not know how much there is
    """

    def __init__(self, rows: int | None = None) -> None:
        self._rows, self._ended = rows, False
        self._now = Step("", 0, None, datetime.now(UTC), 0)

    def phase(self, what: str, total: int | None) -> None:
        """Something else begins."""
        total = self._rows if total is None else total
        self._now = Step(what, 0, total, datetime.now(UTC), 0)
        self._look()

    def advance(self, count: int) -> None:
        """So much more is done. Errors: Ended."""
        step = self._now
        begun = step.done == 0 and step.since_done == 0
        done = step.done + count
        # What is skipped because it was done before is told at once: it is no pace.
        since_done = count if begun and count > 4096 else step.since_done
        self._now = Step(step.phase, done, step.total, step.since, since_done)
        self._look()

    def reach(self, what: str, done: int, of: int) -> None:
        """So much of a phase is done. Errors: Ended."""
        if what != self._now.phase:
            self.phase(what, of)
        step = self._now
        self._now = Step(what, done, of, step.since, step.since_done)
        self._look()

    @property
    def now(self) -> Step:
        """As of this moment."""
        return self._now

    def end(self) -> None:
        """From now on whoever says how far he is hears that it is over."""
        self._ended = True

    def _look(self) -> None:
        if self._ended:
            raise Ended


@dataclass(slots=True)
class Job:
    """A task on its way.

    subject  what it works on, by id: a kind sets it
    """

    task: Task
    base: Ground
    uploads: Uploads
    steps: Steps = field(default_factory=Steps)
    subject: UUID | None = None


Does = Callable[[Job], Awaitable[dict[str, Any] | Refusal]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of task. What it answers is kept in the task's report, under the part's name.

    check  changes nothing; None: it is run at once
    """

    run: Does
    check: Does | None = None
