"""`tessera prove`: re-derive every balance from the moves, on a live system."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from psycopg import AsyncConnection

from tessera.checkout.flows.proof import Report, prove_all
from tessera.doors.cli.incidents import post
from tessera.doors.ground import Settings, ground
from tessera.incidents.core import Sign


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The command `prove`."""

    @app.command()
    def prove(
        chain: Annotated[bool, typer.Option(help="recompute every hash as well")] = False,
    ) -> None:
        """Recompute every balance, lot, hold and receipt from the moves; say the first difference.

        Runs beside open tills, on one snapshot. Exits with 1 if anything differs.
        """
        dsn = ground(settings).dsn
        report = asyncio.run(_prove(dsn, chain))
        post(settings, dsn, _signs(report, chain))
        for name, count in report.checked.items():
            typer.echo(f"{name:<12}{count:>14,}")
        typer.echo(f"{'differences':<12}{len(report.differences):>14,}")
        for difference in report.differences[:1]:
            typer.echo(f"first: {difference}", err=True)
        raise typer.Exit(1 if report.differences else 0)


def _signs(report: Report, chain: bool) -> list[Sign]:
    """For the register: only a proof of the hashes too can say that all differences are gone."""
    now = datetime.now(UTC)
    if report.differences:
        return [Sign("begin", "proof_difference", report.differences[0], now)]
    return [Sign("end", "proof_difference", "", now)] if chain else []


async def _prove(dsn: str, chain: bool) -> Report:
    async with await AsyncConnection.connect(dsn) as conn:
        return await prove_all(conn, chain=chain)
