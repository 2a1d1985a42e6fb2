"""`tessera prove`: re-derive every balance from the moves, on a live system."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from psycopg import AsyncConnection

from tessera.checkout.flows.proof import Report, prove_all
from tessera.doors import seals
from tessera.doors.cli import audit
from tessera.doors.cli.incidents import post
from tessera.doors.ground import Settings, ground
from tessera.incidents.core import Sign


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The command `prove`."""

    @app.command()
    def prove(
        chain: Annotated[bool, typer.Option(help="recompute every hash as well")] = False,
        log: Annotated[bool, typer.Option("--audit", help="prove the audit log instead")] = False,
        seal: Annotated[
            Path | None,
            typer.Option(
                help="the folder of TESSERA_SEALS_DIR, or what `tessera audit seal` wrote"
            ),
        ] = None,
    ) -> None:
        """Recompute every balance, lot, hold and receipt from the moves; say the first difference.

        Runs beside open tills, on one snapshot. Exits with 1 if anything differs.
        """
        dsn = ground(settings).dsn
        if log:
            _prove_log(dsn, seal)
        report = asyncio.run(_prove(dsn, chain))
        if seal is not None:
            report = asyncio.run(_hold_against(dsn, seal, report))
        post(settings, dsn, _signs(report, chain))
        for name, count in report.checked.items():
            typer.echo(f"{name:<12}{count:>14,}")
        typer.echo(f"{'differences':<12}{len(report.differences):>14,}")
        for difference in report.differences[:1]:
            typer.echo(f"first: {difference}", err=True)
        raise typer.Exit(1 if report.differences else 0)


def _prove_log(dsn: str, seal: Path | None) -> None:
    report = asyncio.run(audit.prove(dsn, [] if seal is None else audit.read_seal(seal)))
    typer.echo(f"{'audit':<12}{report.entries:>14,}")
    typer.echo(f"{'differences':<12}{len(report.differences):>14,}")
    for difference in report.differences:
        typer.echo(difference, err=True)
    raise typer.Exit(1 if report.differences else 0)


async def _hold_against(dsn: str, seal: Path, report: Report) -> Report:
    """The same report, with what the seal knows otherwise. Errors: BadParameter."""
    looked, found = 0, list(report.differences)
    try:
        async with await AsyncConnection.connect(dsn, autocommit=True) as conn:
            async for count, strange in seals.differences(conn, seal):
                looked += count
                found += strange
        typer.echo(seals.extent(seal))
    except (OSError, ValueError) as error:
        raise typer.BadParameter(
            f"no seal to hold the books against: {error}", param_hint="--seal"
        ) from error
    return Report({**report.checked, "sealed": looked}, found)


def _signs(report: Report, chain: bool) -> list[Sign]:
    """For the register: only a proof of the hashes too can say that all differences are gone."""
    now = datetime.now(UTC)
    if report.differences:
        return [Sign("begin", "proof_difference", report.differences[0], now)]
    return [Sign("end", "proof_difference", "", now)] if chain else []


async def _prove(dsn: str, chain: bool) -> Report:
    async with await AsyncConnection.connect(dsn) as conn:
        return await prove_all(conn, chain=chain)
