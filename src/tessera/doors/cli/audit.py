"""`tessera audit`: who did what; and the seal against which the log is proved."""

from __future__ import annotations

import asyncio
import getpass
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec
import typer
from psycopg import AsyncConnection

from tessera.access.audit import db, flows
from tessera.access.audit.core import Actor, Change, Entry, Head, Line
from tessera.doors.audited import row, table, view
from tessera.doors.ground import Settings, ground
from tessera.doors.trails import Ends, sealed_in

_PAGE = 10_000  # entries read at a time
_encode = msgspec.json.Encoder().encode


async def note(conn: db.Conn, operation: str, change: Change) -> None:
    """Write down what a command has done, in its transaction, right before it commits."""
    who = Actor("command line", None, getpass.getuser())
    await flows.note(conn, Entry(datetime.now(UTC), who, operation, change))


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `audit ...`."""
    audit = typer.Typer(help="Who did what: list, export, seal.", no_args_is_help=True)
    app.add_typer(audit, name="audit")

    @audit.command(name="list")
    def list_(
        by: Annotated[str, typer.Option(help="only what this principal did, by id")] = "",
        operation: Annotated[str, typer.Option(help="only this operation")] = "",
        subject: Annotated[str, typer.Option(help="only what was done to this, by id")] = "",
        reason: Annotated[str, typer.Option(help="only where the reason says this")] = "",
        most: Annotated[int, typer.Option(help="how many", min=1, max=10_000)] = 50,
    ) -> None:
        """List what was done, the newest first."""
        asked = db.Asked(_id(by), operation or None, subject or None, reason or None)
        for line in asyncio.run(_search(ground(settings).dsn, asked, most)):
            typer.echo(_shown(line))

    @audit.command()
    def export(
        form: Annotated[str, typer.Option("--format", help="ndjson or csv")] = "ndjson",
        out: Annotated[Path | None, typer.Option(help="a file; left out, the screen")] = None,
    ) -> None:
        """Write out all entries, the newest first; values of persons stay sealed."""
        if form not in ("ndjson", "csv"):
            raise typer.BadParameter("ndjson or csv", param_hint="--format")
        asyncio.run(_export(ground(settings).dsn, form, out))

    @audit.command()
    def seal(
        file: Annotated[Path, typer.Argument(help="a new file; keep it away from the database")],
    ) -> None:
        """Write down where each chain ends now, for `tessera prove --audit --seal FILE`."""
        if file.exists():
            raise typer.BadParameter(f"{file} is there already: name a new one", param_hint="FILE")
        file.write_bytes(msgspec.json.format(_encode(asyncio.run(_seal(ground(settings).dsn)))))
        typer.echo(f"sealed: {file}")


def read_seal(place: Path) -> list[Head]:
    """The ends of chains that a file tells, or a folder of TESSERA_SEALS_DIR.

    errors  BadParameter
    """
    try:
        if place.is_dir():
            return sealed_in(place)
        return msgspec.json.decode(place.read_bytes(), type=Ends).told()
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        why = f"{place} is no seal: {error}"
        raise typer.BadParameter(why, param_hint="--seal") from error


async def prove(dsn: str, sealed: list[Head]) -> flows.Report:
    """Look at every entry."""
    async with await AsyncConnection.connect(dsn) as conn:
        return await flows.prove(conn, sealed)


async def _search(dsn: str, asked: db.Asked, most: int) -> list[Line]:
    async with await AsyncConnection.connect(dsn) as conn:
        return await db.search(conn, asked, None, most)


async def _seal(dsn: str) -> Ends:
    async with await AsyncConnection.connect(dsn) as conn:
        heads = await flows.seal(conn)
    told = {str(head.chain): (head.seq, head.hash.hex()) for head in heads}
    return Ends(datetime.now(UTC), told)


async def _export(dsn: str, form: str, out: Path | None) -> None:
    last: db.Place | None = None
    with nullcontext(sys.stdout.buffer) if out is None else out.open("wb") as file:
        async with await AsyncConnection.connect(dsn) as conn:
            while lines := await db.search(conn, db.Asked(), last, _PAGE):
                rows = [row(await view(conn, line), line) for line in lines]
                if form == "csv":
                    file.write(table(rows, head=last is None))
                else:
                    file.write(b"".join(_encode(each) + b"\n" for each in rows))
                last = (lines[-1].at, lines[-1].chain, lines[-1].seq)


def _shown(line: Line) -> str:
    who = f"{line.principal_kind} {line.principal_name}"
    what = f"{line.subject_kind} {line.subject_id}".strip()
    told = [f"{line.at:%Y-%m-%d %H:%M:%S}", line.name, who, line.operation, what, line.fields]
    if line.outcome != "done":
        told.append(line.outcome)
    return "  ".join([*(each for each in told if each), *([line.reason] if line.reason else [])])


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise typer.BadParameter("this is no id", param_hint="--by") from error
