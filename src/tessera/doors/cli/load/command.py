"""`tessera load receipts FILE --mapping NAME`: a history through the same writer as a till."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated
from uuid import NAMESPACE_URL, uuid5

import typer
from psycopg import AsyncConnection
from rich.console import Console

from tessera.access.audit.core import Change
from tessera.access.core import Principal
from tessera.base.refusal import Refusal
from tessera.doors.cli import audit
from tessera.doors.cli.load import shelf
from tessera.doors.cli.load.mapping import Mapping, with_member_kind
from tessera.doors.cli.load.night import add_night
from tessera.doors.cli.load.report import Report, as_json, as_table, bar
from tessera.doors.cli.load.run import load_receipts
from tessera.doors.cli.moving.command import add_loads
from tessera.doors.ground import Ground, Settings, ground
from tessera.doors.runs import history
from tessera.warehouse.loads import db as loads
from tessera.warehouse.loads.db import Listed

# The same caller in every run: its keys make a repeated file harmless.
LOADER = Principal(uuid5(NAMESPACE_URL, "tessera:load"), "key", "load", "owner", None, 1_000_000)


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `load ...`."""
    load = typer.Typer(help="Bring in what a shop has already.", no_args_is_help=True)
    app.add_typer(load, name="load")
    add_night(load, settings, LOADER)
    add_loads(load, settings)

    @load.command()
    def receipts(
        file: Annotated[Path, typer.Argument(help="a .csv or .parquet file")],
        mapping: Annotated[
            str,
            typer.Option(help=f"what its columns mean: {', '.join(shelf.shipped())} or a .toml"),
        ],
        member_kind: Annotated[
            str, typer.Option(help="what the member column holds: card, phone, email, external")
        ] = "",
        json: Annotated[bool, typer.Option("--json", help="the report as JSON")] = False,
    ) -> None:
        """Post the receipts of a file, quarantine what cannot be posted, and say what became of it.

        Killed anywhere, the same command continues. A receipt is posted once, however often its
        file is loaded. Returns are matched to their sales once the last sale is in.
        """
        found = shelf.mapping_of(mapping)
        if isinstance(found, Mapping) and member_kind:
            found = with_member_kind(found, member_kind)  # type: ignore[arg-type]
        if isinstance(found, Refusal):
            _stop(found)
        else:
            report = asyncio.run(_load(ground(settings), file, found))
            if isinstance(report, Refusal):
                _stop(report)
            elif json:
                typer.echo(as_json(report))
            else:
                Console().print(as_table(report))

    @load.command()
    def quarantine(
        mapping: Annotated[str, typer.Option(help="the mapping the files were loaded by")],
        after: Annotated[str, typer.Option(help="begin after this number")] = "",
        most: Annotated[int, typer.Option(help="how many at most")] = 50,
    ) -> None:
        """List the receipts that could not be posted: file, row, field and why.

        Mend them in a file of their own and load that: what is posted leaves the quarantine.
        """
        for each in asyncio.run(_aside(ground(settings), mapping, after, most)):
            typer.echo(f"{each.number}  {each.source} row {each.row}  {each.code}  {each.field}")
            typer.echo(f"    {each.why}")


async def _aside(base: Ground, mapping: str, after: str, most: int) -> list[Listed]:
    async with await AsyncConnection.connect(base.dsn) as conn:
        return await loads.set_aside(conn, mapping, after, most)


def _stop(refusal: Refusal) -> None:
    typer.echo(f"{refusal.code} {refusal.field}: {refusal.why}\n{refusal.cure}", err=True)
    raise typer.Exit(1)


async def _load(base: Ground, file: Path, mapping: Mapping) -> Report | Refusal:
    async with (
        base.house() as house, house.upkeep.connection() as conn,
        history(conn, house.lives) as past,
    ):  # fmt: skip
        with bar(Console(stderr=True)) as progress:
            report = await load_receipts(
                file, mapping, writer=house.writer, connect=house.desk.connection,
                refresh=house.refresh, principal=LOADER, progress=progress, past=past,
            )  # fmt: skip
        told: dict[str, object] = {
            "kind": "receipts", "mapping": mapping.name, "file": file.name[:100],
        }  # fmt: skip
        if isinstance(report, Report):
            told |= {"rows": report.rows, "sales": report.posted_sales,
                     "returns": report.posted_returns,
                     "quarantined": sum(report.quarantined.values())}  # fmt: skip
        else:
            told |= {"stopped": report.code}
        # Who loaded what is written down, also where the load stopped: what it posted stays.
        await audit.note(conn, "load.receipts", Change("load", mapping.name, None, told))
        await conn.commit()
        return report
