"""`tessera duplicates`: find members who are one person, and see how well they are found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from tessera.doors.cli.load.report import bar
from tessera.doors.ground import Settings, ground

_MEMORY = Annotated[str, typer.Option(help="what the comparing may take, such as 1GB")]


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `duplicates ...`. What they need besides the core is loaded when they run."""
    duplicates = typer.Typer(help="Members who may be one person.", no_args_is_help=True)
    app.add_typer(duplicates, name="duplicates")

    @duplicates.command()
    def find(memory: _MEMORY = "1GB") -> None:
        """Compare everybody with everybody and queue the pairs that people should look at.

        Repeat it as often as you like: what was judged stays judged, the rest is replaced. The
        tills go on meanwhile. GET /v1/duplicates shows the queue.
        """
        _needed()
        from tessera.doors.cli.duplicates import search

        base = ground(settings)
        place = settings.data_dir / "duplicates"
        with _progress() as tell:
            done = asyncio.run(search.search(base.dsn, place, memory, datetime.now(UTC), tell))
        if done is None:
            typer.echo("not now: another search is going on; try again when it is over")
            raise typer.Exit(1)
        typer.echo(
            f"{done.people:,} people: {done.pairs:,} pairs wait for a verdict, "
            f"{done.groups:,} groups; {done.dropped:,} old pairs dropped"
        )

    @duplicates.command()
    def trial(
        people: Annotated[int, typer.Option(help="how many to invent", min=2)] = 20_000,
        seed: Annotated[int, typer.Option(help="another seed, other people")] = 1,
        memory: _MEMORY = "1GB",
    ) -> None:
        """Measure on invented people who registered twice: mistyped, moved, married; and on twins.

        Touches no database. Precision: of the pairs found, how many are one person. Recall: of the
        pairs that are one person, how many are found.
        """
        _needed()
        from tessera.doors.cli.duplicates import invented
        from tessera.doors.cli.duplicates.trial import tried

        crowd = list(invented.everybody(people, seed))
        known = [each.looks() for each in crowd]
        with TemporaryDirectory() as folder, _progress() as tell:
            file = str(Path(folder, "people.duckdb"))
            score = tried(known, (each.person for each in crowd), file, memory, tell)
        typer.echo(
            f"{people:,} people, {score.true:,} pairs are one person: found {score.right:,} "
            f"and {score.found - score.right:,} others\n"
            f"precision {score.precision:.3f}, recall {score.recall:.3f}, F1 {score.f1:.3f}, "
            f"{score.seconds:.0f} s"
        )


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Shows how far the search is: (phase, how much is done, of how much)."""
    with bar(Console(stderr=True)) as shown:
        now, so_far = "", 0

        def tell(phase: str, done: int, of: int) -> None:
            nonlocal now, so_far
            if phase != now:
                now, so_far = phase, 0
                shown.phase(phase, of)
            shown.advance(done - so_far)
            so_far = done

        yield tell


def _needed() -> None:
    """Say what is missing, before anything is done."""
    if find_spec("splink") is None or find_spec("duckdb") is None:
        typer.echo("this needs the extra `dedup`: pip install 'tessera-loyalty[dedup]'", err=True)
        raise typer.Exit(2)
