"""`tessera points`: what time does to points, and how many there are at any instant."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
import typer
from psycopg import AsyncConnection
from rich.console import Console
from rich.table import Table

from tessera.doors import runs
from tessera.doors.cli.load.report import bar
from tessera.doors.ground import Ground, Settings, ground
from tessera.ledger import db
from tessera.ledger.core import EPOCH, Run
from tessera.ledger.reports import db as reports
from tessera.ledger.reports.core import Outstanding


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `points ...`."""
    points = typer.Typer(help="What time does to points.", no_args_is_help=True)
    app.add_typer(points, name="points")

    @points.command()
    def run(
        at: Annotated[
            str, typer.Option(help="as of when, such as 2026-01-01T00:00:00+01:00; default: now")
        ] = "",
    ) -> None:
        """Post the points that became active and those that expired.

        The server does the same every minute. Killed anywhere, the same command continues.
        """
        done = asyncio.run(_run(ground(settings), instant(at)))
        if done is None:
            typer.echo("not now: another run or a load is going on; try again when it is over")
            raise typer.Exit(1)
        for each in done:
            typer.echo(shown(each))
        if not done:
            typer.echo("nothing was due")

    @points.command(name="runs")
    def runs_(most: Annotated[int, typer.Option(help="how many", min=1, max=10_000)] = 20) -> None:
        """List runs, the newest first."""
        for each in asyncio.run(_newest(ground(settings), most)):
            typer.echo(shown(each))

    @points.command()
    def outstanding(
        at: Annotated[str, typer.Option(help="the instant; default: now")] = "",
        since: Annotated[str, typer.Option(help="also how it changed after this instant")] = "",
        currency: Annotated[str, typer.Option(help="only this one; default: all")] = "",
    ) -> None:
        """How many points there were at an instant: by age, by month of expiry, and how they came.

        Equal to the moves posted by then, to the last point.
        """
        asked = instant(at), instant(since) if since else EPOCH
        for each in asyncio.run(_outstanding(ground(settings), *asked)):
            if not currency or each.currency == currency:
                _tell(each)


def instant(text: str) -> datetime:
    """An instant as it is typed, not later than now. Errors: BadParameter says what is wrong."""
    now = datetime.now(UTC)
    if not text:
        return now
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no time: write 2026-01-01T00:00:00+01:00") from error
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text} says no offset: write {text}Z for UTC")
    if at > now:
        raise typer.BadParameter(f"{text} is still to come: name an instant that has passed")
    return at


async def _run(base: Ground, at: datetime) -> list[Run] | None:
    async with (
        base.house() as house, house.upkeep.connection() as conn, runs.turn(conn) as mine,
    ):  # fmt: skip
        if not mine:
            return None
        with bar(Console(stderr=True)) as progress:
            progress.phase("wallets", await db.count_due(conn, at))
            seen = Counter[UUID]()

            def watch(run: Run) -> None:
                progress.advance(run.wallets - seen[run.id])
                seen[run.id] = run.wallets

            return await runs.run_due(conn, house.lives, at, watch=watch)


async def _newest(base: Ground, most: int) -> list[Run]:
    async with base.house() as house, house.upkeep.connection() as conn:
        return await db.newest_runs(conn, most)


async def _outstanding(base: Ground, at: datetime, since: datetime) -> list[Outstanding]:
    async with await AsyncConnection.connect(base.dsn) as conn:
        return await reports.outstanding_at(conn, at, since)


def _tell(each: Outstanding) -> None:
    """One currency, as tables."""
    sums = Table(title=f"points of {each.currency or 'the program'}")
    sums.add_column("what")
    sums.add_column("points", justify="right")
    rows = [("active", each.active), ("pending", each.pending), ("debt", -each.debt),
            ("outstanding", each.balance)]  # fmt: skip
    rows += [(name, points) for name, points in msgspec.structs.asdict(each.change).items()]
    rows += [(f"{aged.months} months old", aged.points) for aged in each.by_age]
    rows += [(f"last day in {ends.month}", ends.points) for ends in each.by_expiry]
    for name, points in rows:
        sums.add_row(name, f"{points:,}", end_section=name in ("outstanding", "closing"))
    Console().print(sums)


def shown(run: Run) -> str:
    """A run in one line."""
    took = "not finished" if run.finished_at is None else f"{_seconds(run):,.1f} s"
    what = "as of" if run.kind == "due" else "holds that ended,"
    return (
        f"{run.id}  {what} {run.at:%Y-%m-%d %H:%M:%S}Z  {run.wallets:,} wallets: "
        f"{run.activated:,} points active, {run.expired:,} expired, {run.carried:,} carried over  "
        f"({took})"
    )


def _seconds(run: Run) -> float:
    assert run.finished_at is not None
    return (run.finished_at - run.started_at).total_seconds()
