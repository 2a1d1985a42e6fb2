"""`tessera tiers`: who stands where, and the reviews that let members sink."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tessera.checkout.levels import flows
from tessera.checkout.levels.flows import Reviewed
from tessera.checkout.levels.walk.flows import Walked
from tessera.doors import reviews, runs, walks
from tessera.doors.cli.tiers import loading
from tessera.doors.ground import Ground, Settings, ground
from tessera.tiers import db


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `tiers ...`."""
    tiers = typer.Typer(help="Levels of members and their reviews.", no_args_is_help=True)
    app.add_typer(tiers, name="tiers")

    @tiers.command()
    def review(
        at: Annotated[str, typer.Option(help="as of which day, 2026-12-31; default: today")] = "",
        dry_run: Annotated[bool, typer.Option(help="only tell what it would come to")] = False,
    ) -> None:
        """Review the levels that are due, and bring up who has what a changed ladder asks for.

        The server does the same every minute. Killed anywhere, the same command goes on; twice is
        the same as once.
        """
        found = asyncio.run(_review(ground(settings), _day(at), dry_run=dry_run))
        if found is None:
            typer.echo("not now: another run or a load is going on; try again when it is over")
            raise typer.Exit(1)
        done = found[0]
        risen = {code: many for code, many in found[1].items() if many}
        for code, many in risen.items():
            typer.echo(f"{code}: {many:,} {'would come' if dry_run else 'came'} up")
        for code, each in done.items():
            would = "would stay" if dry_run else "stayed"
            typer.echo(f"{code}: {each.kept:,} {would}, {each.sunk:,} down")
        if not done and not risen:
            typer.echo("nothing was due")

    @tiers.command()
    def load(
        file: Annotated[Path, typer.Argument(help="a .csv file")],
        dry_run: Annotated[bool, typer.Option(help="check everything and write nothing")] = False,
    ) -> None:
        """Levels that members had in another program, with their dates.

        The columns are named in the first line: kind and value (card, phone, email or external, and
        the number), ladder, level, since and until (days as 2026-12-31; until may be empty: to the
        next review). Load the members first. A level that a member has here already, or a higher
        one, stands: the same file again changes nothing. Ends with 1 if a row could not be taken.
        """
        found = asyncio.run(loading.load(ground(settings), file, dry_run=dry_run))
        _tell(found, dry_run=dry_run)

    @tiers.command(name="list")
    def list_() -> None:
        """How many stand on each level; on a lowest level for everybody nobody is counted."""
        table = Table()
        for name in ("ladder", "level"):
            table.add_column(name)
        table.add_column("members", justify="right")
        for code, level, many in asyncio.run(_levels(ground(settings))):
            table.add_row(code, level, "" if many is None else f"{many:,}")
        Console().print(table)


def _tell(found: loading.Loaded, *, dry_run: bool) -> None:
    for why in found.refused:
        typer.echo(why)
    would = "would be carried over" if dry_run else "carried over"
    typer.echo(f"{found.carried:,} {would}, {found.stands:,} stand, {len(found.refused):,} not")
    if found.refused:
        raise typer.Exit(1)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no day: write 2026-12-31") from error
    if day > datetime.now(UTC).date():
        raise typer.BadParameter(f"{text} is still to come: name a day that has come")
    return day


async def _review(
    base: Ground, at: date | None, *, dry_run: bool
) -> tuple[dict[str, Reviewed], dict[str, int]] | None:
    """({ladder: how its reviews ended}, {changed ladder: how many came up})."""
    async with (
        base.house() as house, house.upkeep.connection() as conn, runs.turn(conn) as mine,
    ):  # fmt: skip
        if not mine:
            return None
        ladders, today = house.shop().program.tiers, at or house.today(datetime.now(UTC))
        if not dry_run:
            done = await reviews.review_due(conn, ladders, today, reviews.FAST)
            return done, await walks.walk_due(conn, ladders, today, reviews.FAST, _watched())
        found = {}
        for code, ladder in ladders.items():
            seen = await flows.foresee(conn, code, ladder, today)
            if seen.kept or seen.sunk:
                found[code] = seen
        return found, await walks.foresee(conn, ladders, today)


def _watched() -> Callable[[str, Walked], None]:
    """Tells how far a walk is, every hundred pages."""
    looked: Counter[str] = Counter()

    def watch(code: str, page: Walked) -> None:
        before, looked[code] = looked[code], looked[code] + page.looked
        if looked[code] // 100_000 > before // 100_000:
            typer.echo(f"{code}: {looked[code]:,} members looked at", err=True)

    return watch


async def _levels(base: Ground) -> list[tuple[str, str, int | None]]:
    async with base.house() as house, house.upkeep.connection() as conn:
        found: list[tuple[str, str, int | None]] = []
        for code, ladder in house.shop().program.tiers.items():
            on = await db.on_levels(conn, code)
            for rank, level in enumerate(ladder.levels):
                members = None if rank == ladder.ground else on.get(level.code, 0)
                found.append((code, level.code, members))
        return found
