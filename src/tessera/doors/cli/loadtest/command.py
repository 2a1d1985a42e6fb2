"""`tessera loadtest`: the peak of one's own shop on this machine."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import Annotated

import typer
from rich.console import Console

from tessera.base import postgres
from tessera.doors.cli.demo.meter import meter
from tessera.doors.cli.loadtest.drive import Load, drive, percentile_ms
from tessera.doors.cli.loadtest.ground import furnish, run_word, served
from tessera.doors.cli.loadtest.plan import Plan, requests
from tessera.doors.cli.loadtest.report import Found, write
from tessera.doors.cli.program.sources import NoSource
from tessera.doors.ground import Settings, ground

SCRATCH = "loadtest-scratch"  # a folder of our own: it is deleted afterwards
LINKS, LIMIT_LINKS = 256, 64
WARM_S, LIMIT_S = 3.0, 10.0


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The command `loadtest`."""

    @app.command()
    def loadtest(
        members: Annotated[int, typer.Option(help="of the program", min=1)] = 100_000,
        receipts_per_day: Annotated[int, typer.Option(help="all stores together", min=1)] = 50_000,
        peak_hour_share: Annotated[
            float, typer.Option(help="percent of them in the busiest hour", min=0.1, max=100)
        ] = 12,
        lines: Annotated[int, typer.Option(help="of a receipt", min=1, max=2_000)] = 12,
        minutes: Annotated[float, typer.Option(help="how long the peak lasts", min=0.01)] = 2,
        program: Annotated[
            Path | None, typer.Option(help="a program's directory; left out, the starter's")
        ] = None,
        place: Annotated[Path | None, typer.Option(help="folder for the scratch database")] = None,
        database: Annotated[
            str, typer.Option(help="an empty database of your own server instead of the scratch")
        ] = "",
        keep: Annotated[
            bool, typer.Option(help="keep the filled database for the next run")
        ] = False,
        report: Annotated[Path, typer.Option(help="folder for the report")] = Path(),
        workers: Annotated[int, typer.Option(help="processes that serve", min=1)] = 1,
    ) -> None:
        """Fill a scratch database with your members, send it your peak, say what it can take.

        Your real database is never touched. An interrupted filling goes on where it stopped; with
        --keep the next run finds the members there. Ends with 1 if the peak was not served.
        """
        plan = Plan(members, receipts_per_day, peak_hour_share, lines, minutes)
        scratch = replace(
            settings, data_dir=(place or settings.data_dir) / SCRATCH,
            database_url=database or None, metrics_port=None,
        )  # fmt: skip
        try:
            found = _measure(scratch, plan, program, workers)
        except NoSource as wrong:
            typer.echo(str(wrong), err=True)
            raise typer.Exit(2) from wrong
        finally:
            if not database:
                postgres.stop(scratch.data_dir)
        for path in write(found, report):
            typer.echo(f"written {path}")
        if not (keep or database):
            rmtree(scratch.data_dir)
        typer.echo(found.verdict())
        raise typer.Exit(0 if found.served else 1)


def _measure(settings: Settings, plan: Plan, program: Path | None, workers: int) -> Found:
    """Fill, serve, warm up, the peak, the limit."""
    typer.echo(
        f"{plan.members:,} members, {plan.receipts_per_day:,} receipts a day, "
        f"{plan.peak_hour_share:g} % of them in one hour: a peak of {plan.peak:,.1f} receipts/s"
    )
    base = ground(settings)
    with meter(Console()) as progress:
        token, currency = asyncio.run(furnish(settings, base.dsn, plan, program, progress))
    run, peak_s = run_word(), plan.minutes * 60
    sold = requests(plan, currency, token, run, int(run, 16))
    with served(settings, workers) as port:
        drive(port, sold, links=LIMIT_LINKS, seconds=min(WARM_S, peak_s))
        typer.echo("the peak; latencies count from the moment a receipt was due")
        peak = drive(port, sold, links=LINKS, seconds=peak_s, rate=plan.peak, tell=_tell)
        typer.echo("the limit: as many as can be settled")
        limit = drive(port, sold, links=LIMIT_LINKS, seconds=min(LIMIT_S, peak_s), tell=_tell)
    return Found(plan, workers, peak, limit)


def _tell(second: int, load: Load) -> None:
    """One second, live."""
    p50, p99 = (percentile_ms(load.accepted, share) for share in (0.5, 0.99))
    typer.echo(
        f"  {second:>4} s  {len(load.accepted):>6,}/s  p50 {p50:>7.1f} ms  p99 {p99:>7.1f} ms"
        f"  shed {len(load.shed):,}"
    )
