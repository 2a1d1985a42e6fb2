"""`tessera prove`: re-derive every balance from the moves, on a live system."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from psycopg import AsyncConnection

from tessera.checkout.flows.proof import Report, prove_all
from tessera.doors.ground import Settings, ground


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The command `prove`."""

    @app.command()
    def prove(
        chain: Annotated[bool, typer.Option(help="recompute every hash as well")] = False,
    ) -> None:
        """Recompute every balance, lot, hold and receipt from the moves; say the first difference.

        Runs beside open tills, on one snapshot. Exits with 1 if anything differs.
        """
        report = asyncio.run(_prove(ground(settings).dsn, chain))
        for name, count in report.checked.items():
            typer.echo(f"{name:<12}{count:>14,}")
        typer.echo(f"{'differences':<12}{len(report.differences):>14,}")
        for difference in report.differences[:1]:
            typer.echo(f"first: {difference}", err=True)
        raise typer.Exit(1 if report.differences else 0)


async def _prove(dsn: str, chain: bool) -> Report:
    async with await AsyncConnection.connect(dsn) as conn:
        return await prove_all(conn, chain=chain)
