"""`tessera bench`: measure what the README claims, on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from tessera.doors.ground import Settings


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The command `bench`."""

    @app.command()
    def bench(
        names: Annotated[list[str] | None, typer.Argument(help="only these; default: all")] = None,
        quick: Annotated[bool, typer.Option(help="small sizes, to see that it works")] = False,
    ) -> None:
        """Measure, each figure against a named baseline in the same run.

        Writes bench/results.json: name, value, unit, baseline, ratio, from the median of
        interleaved rounds. Run it in a checkout: the benchmarks are not part of the package.
        """
        if not Path("bench/__main__.py").is_file():
            typer.echo("there is no bench/ here: run this in a checkout of Tessera", err=True)
            raise typer.Exit(2)
        words = [*(names or ()), *(["--quick"] if quick else [])]
        done = subprocess.run([sys.executable, "-m", "bench", *words], check=False)
        raise typer.Exit(done.returncode)
