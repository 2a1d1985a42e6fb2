"""`tessera till simulate`: tills that are cut off by a plan, and a proof that nothing was lost."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.live import Live
from rich.table import Table

from tessera.access.core import KeyTerms
from tessera.doors.cli.keys import issue_key
from tessera.doors.cli.tills.day import Day, total
from tessera.doors.cli.tills.line import CutTill, plan
from tessera.doors.cli.tills.office import Broken, Office, differences
from tessera.doors.ground import Settings, ground
from tessera.till import Away, How

_HOW = How(timeout_s=10, tries=2, patience_s=10, failures=2, rest_s=0.05, rest_most_s=0.2)
_RATE = 10_000  # calls a second of the key that looks at what was posted
_TALLY = ("done", "queued", "void", "refused", "return", "duplicate")


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `till ...`."""
    till = typer.Typer(help="Tills: a rehearsal of bad lines.", no_args_is_help=True)
    app.add_typer(till, name="till")

    @till.callback()
    def group() -> None:
        """Tills: a rehearsal of bad lines."""

    @till.command()
    def simulate(
        url: Annotated[str, typer.Option(help="a running server")] = "",
        key: Annotated[
            str, typer.Option(help="a key of administration; left out, one is issued here")
        ] = "",
        tills: Annotated[int, typer.Option(help="how many", min=1, max=64)] = 4,
        steps: Annotated[int, typer.Option(help="of each till", min=1)] = 100,
        members: Annotated[int, typer.Option(help="who share them", min=1, max=200)] = 5,
        cut: Annotated[int, typer.Option(help="percent of the time", min=0, max=100)] = 40,
        seed: Annotated[int, typer.Option(help="the same plan again")] = 0,
    ) -> None:
        """Let tills sell while their lines are cut, then prove that all is posted exactly once.

        Everything happens at a store of its own, with members of its own, by the program that is
        published. It posts receipts: rehearse on a server that is not the shop's. Exits with 1 if
        anything differs.
        """
        seed = seed or time.time_ns() % 1_000_000
        typer.echo(f"seed {seed}")
        if not key:
            terms = KeyTerms(name="rehearsal", role="owner", rate_per_s=_RATE)
            key = asyncio.run(issue_key(ground(settings).dsn, terms))
        address = url or f"http://{settings.host}:{settings.port}"
        try:
            found = rehearse(address, key, (tills, steps, members, cut), seed, Console())
        except (Away, Broken) as error:
            typer.echo(f"{address}: {error}", err=True)
            raise typer.Exit(2) from error
        for difference in found[:20]:
            typer.echo(difference, err=True)
        typer.echo(f"{len(found)} differences")
        raise typer.Exit(1 if found else 0)


def rehearse(
    url: str, key: str, size: tuple[int, int, int, int], seed: int, console: Console
) -> list[str]:
    """Run it, with a table that lives; what differs in the end.

    size  tills, steps of each, members, percent of the steps without a whole line
    """
    tills, steps, members, cut = size
    office = Office(url, key)
    with tempfile.TemporaryDirectory() as place:
        furnished = office.furnish(members)
        days = [
            Day(
                CutTill(Path(place, str(n)), url, furnished.key, furnished.store, str(n), _HOW),
                Random(f"{seed}/{n}"), furnished.cards, plan(Random(f"{seed}:{n}"), steps, cut),
            )
            for n in range(1, tills + 1)
        ]  # fmt: skip
        try:
            _run(days, console)
            return differences(office, furnished, days)
        finally:
            for day in days:
                day.till.close()
            office.close()


def _run(days: Sequence[Day], console: Console) -> None:
    threads = [threading.Thread(target=day.run, name=day.till.till) for day in days]
    for thread in threads:
        thread.start()
    with Live(table(days), console=console, refresh_per_second=4) as live:
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.1)
            live.update(table(days))
    for thread in threads:
        thread.join()


def table(days: Sequence[Day]) -> Table:
    """How far each till is, and what became of its receipts."""
    made = Table("till", "line", "step", *_TALLY, "waiting", box=SIMPLE, padding=0)
    for day in days:
        counts = day.till.counts()
        made.add_row(
            day.till.till, day.till.line.condition, f"{day.steps}/{len(day.conditions)}",
            *[str(day.tally.get(what, 0)) for what in _TALLY], str(counts.get("queued", 0)),
        )  # fmt: skip
    made.add_row("all", "", "", *[str(total(days, what)) for what in _TALLY], "")
    return made
