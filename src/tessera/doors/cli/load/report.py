"""What became of a file: counted while it is loaded, kept with the load, shown at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text


class Tally(Struct, omit_defaults=True):
    """The counts so far. Receipts are those of the file: a return of two sales counts once.

    rows           rows of the file that were read
    repeated_rows  of them, rows that said a receipt once more
    already_known  receipts that were posted before this load began
    seconds        time spent, over all runs of the load
    """

    rows: int = 0
    repeated_rows: int = 0
    posted_sales: int = 0
    posted_returns: int = 0
    already_known: int = 0
    quarantined: dict[str, int] = msgspec.field(default_factory=dict)
    seconds: float = 0.0

    def put_aside(self, code: str, count: int = 1) -> None:
        """Receipts went to quarantine for this reason."""
        self.quarantined[code] = self.quarantined.get(code, 0) + count


class Report(Struct, frozen=True):
    """What became of a file.

    receipts      different receipts in it: posted, known and quarantined together
    loaded_before the whole file had been loaded earlier: nothing was changed now
    """

    source: str
    mapping: str
    load: str
    receipts: int
    rows: int
    repeated_rows: int
    posted_sales: int
    posted_returns: int
    already_known: int
    quarantined: dict[str, int]
    seconds: float
    loaded_before: bool


def report_of(tally: Tally, source: str, mapping: str, load: str, before: bool) -> Report:
    """The counts as a report."""
    aside = dict(sorted(tally.quarantined.items()))
    receipts = tally.posted_sales + tally.posted_returns + tally.already_known
    return Report(
        source, mapping, load, receipts + sum(aside.values()), tally.rows, tally.repeated_rows,
        tally.posted_sales, tally.posted_returns, tally.already_known, aside,
        round(tally.seconds, 1), before,
    )  # fmt: skip


def as_json(report: Report) -> str:
    """The report for machines: one object."""
    return msgspec.json.encode(report).decode()


def as_table(report: Report) -> Table:
    """The report for people."""
    said = "loaded before, nothing changed" if report.loaded_before else f"{report.seconds:.1f} s"
    table = Table(title=f"{report.source} by {report.mapping}: {said}", title_justify="left")
    table.add_column("receipts")
    table.add_column("", justify="right")
    rows = [("sales posted", report.posted_sales), ("returns posted", report.posted_returns)]
    rows += [("known before", report.already_known)] if report.already_known else []
    rows += [(f"quarantined: {code}", count) for code, count in report.quarantined.items()]
    for what, count in rows:
        table.add_row(what, f"{count:,}")
    table.add_section()
    again = f" ({report.repeated_rows:,} of them said twice)" if report.repeated_rows else ""
    table.add_row(f"all, from {report.rows:,} rows{again}", f"{report.receipts:,}")
    return table


class Shows(Protocol):
    """Where a load tells how far it is."""

    def phase(self, what: str, total: int | None) -> None:
        """Something else begins; `total` in its own units, None if nobody knows."""

    def advance(self, count: int) -> None:
        """So much more is done."""


class Quiet:
    """For pipes and tests: says nothing."""

    def phase(self, what: str, total: int | None) -> None:
        """Nothing."""

    def advance(self, count: int) -> None:
        """Nothing."""


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="progress.data.speed")


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("reading", total=None)

    def phase(self, what: str, total: int | None) -> None:
        self._progress.update(self._task, visible=False)
        self._task = self._progress.add_task(what, total=total)

    def advance(self, count: int) -> None:
        self._progress.advance(self._task, count)


@contextmanager
def bar(console: Console | None = None) -> Iterator[Shows]:
    """A bar with what is done, the rate and the time that remains, on standard error."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(),
               MofNCompleteColumn(), _Rate(), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=console or Console(stderr=True), transient=True) as progress:
        yield _Bar(progress)
