"""Progress of the build: how fast it goes, and how long it will still take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from tessera.doors.cli.demo.feed import Progress

_ALL = 10  # tenths


@contextmanager
def meter(console: Console) -> Iterator[Progress]:
    """A bar on a terminal; elsewhere a line every tenth of the way."""
    if not console.is_terminal:
        yield _Lines(console).report
        return
    columns = (
        TextColumn("{task.description:<9}"), BarColumn(), TextColumn("{task.fields[pace]}"),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Bars(*columns, console=console) as bars:
        known = {}
        pace = Pace()

        def report(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = bars.add_task(what, total=total, pace="")
            bars.update(known[what], completed=done, total=total, pace=pace.told(done, total))

        yield report


class Pace:
    """How fast it goes, since it began."""

    def __init__(self) -> None:
        self.began = time.monotonic()

    def told(self, done: int, total: int) -> str:
        """As in "12,300 of about 57,000, 1,450/s, 31 s to go"; at the end what it came to."""
        gone = max(time.monotonic() - self.began, 0.001)
        rate = done / gone
        if done >= total:
            return f"{done:,}, {rate:,.0f}/s"
        to_go = (total - done) / max(rate, 0.001)
        return f"{done:,} of about {total:,}, {rate:,.0f}/s, {_duration(to_go)} to go"


class _Lines:
    """For logs: one line now and then."""

    def __init__(self, console: Console) -> None:
        self.console, self.pace = console, Pace()
        self.said: dict[str, int] = {}

    def report(self, what: str, done: int, total: int) -> None:
        """Tell it, if it is a tenth further than what was told last."""
        step = 10 * done // max(total, 1) if done < total else _ALL
        if step > self.said.get(what, -1):
            self.said[what] = step
            self.console.print(f"{what:<9} {self.pace.told(done, total)}", highlight=False)


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h"
