"""`tessera incidents`: what went wrong, and what was done about it."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import psycopg
import typer
from psycopg import AsyncConnection

from tessera.base.refusal import Refusal
from tessera.doors.ground import Settings, ground
from tessera.doors.incidents import leave
from tessera.incidents import db, flows
from tessera.incidents.core import Incident, Sign


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `incidents ...`."""
    incidents = typer.Typer(help="What went wrong: list, open, note, close.", no_args_is_help=True)
    app.add_typer(incidents, name="incidents")

    @incidents.command(name="list")
    def list_(
        open_only: Annotated[bool, typer.Option("--open", help="only what is not over")] = False,
        most: Annotated[int, typer.Option(help="how many", min=1, max=10_000)] = 50,
    ) -> None:
        """List incidents, the newest first, with their notes."""
        for row in asyncio.run(_list(ground(settings).dsn, open_only, most)):
            typer.echo(_shown(row))

    @incidents.command(name="open")
    def open_(
        kind: Annotated[str, typer.Argument(help="a word, such as till_offline")],
        detail: Annotated[str, typer.Argument(help="what is wrong; never a customer's data")],
    ) -> None:
        """Open an incident."""
        _tell(asyncio.run(_open(ground(settings).dsn, kind, detail)))

    @incidents.command()
    def note(
        incident: Annotated[str, typer.Argument(help="its id, from `list`")],
        text: Annotated[str, typer.Argument(help="what was seen or done")],
    ) -> None:
        """Add a note to an incident."""
        _tell(asyncio.run(_say(ground(settings).dsn, _id(incident), text, close=False)))

    @incidents.command()
    def close(
        incident: Annotated[str, typer.Argument(help="its id, from `list`")],
        text: Annotated[str, typer.Argument(help="what was done about it")],
    ) -> None:
        """Close an incident."""
        _tell(asyncio.run(_say(ground(settings).dsn, _id(incident), text, close=True)))


def post(settings: Settings, dsn: str, signs: Sequence[Sign]) -> None:
    """Write down what a command found; left beside the data where the database refuses.

    Never raises for the register's sake: the command has its own result to tell.
    """
    try:
        asyncio.run(_write(dsn, signs))
    except psycopg.Error as error:
        try:
            leave(settings.data_dir / "incidents", signs)
        except OSError as gone:
            error.add_note(str(gone))
            typer.echo(f"not in the register: {type(error).__name__}, {gone}", err=True)


async def _write(dsn: str, signs: Sequence[Sign]) -> None:
    async with await AsyncConnection.connect(dsn) as conn:
        await flows.write_signs(conn, signs)


async def _list(dsn: str, open_only: bool, most: int) -> list[Incident]:
    async with await AsyncConnection.connect(dsn) as conn:
        return await db.page(conn, None, open_only, most)


async def _open(dsn: str, kind: str, detail: str) -> Incident | Refusal:
    async with await AsyncConnection.connect(dsn) as conn:
        return await flows.open_incident(conn, kind, detail, _who(), datetime.now(UTC))


async def _say(dsn: str, incident: UUID, text: str, *, close: bool) -> Incident | Refusal:
    say = flows.close_incident if close else flows.note_incident
    async with await AsyncConnection.connect(dsn) as conn:
        said = await say(conn, incident, text, _who(), datetime.now(UTC))
        if isinstance(said, Refusal):
            await conn.rollback()
        return said


def _who() -> str:
    """Whoever is signed in on this machine."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (OSError, KeyError):  # a user without a name, as in many containers
        return "command line"


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise typer.BadParameter("this is no id: see `tessera incidents list`") from error


def _tell(said: Incident | Refusal) -> None:
    if isinstance(said, Refusal):
        typer.echo(f"{said.why}; {said.cure}", err=True)
        raise typer.Exit(1)
    typer.echo(_shown(said))


def _shown(row: Incident) -> str:
    """One incident in lines."""
    over = "open" if row.ended_at is None else f"over after {row.ended_at - row.began_at}"
    times = f", {row.times} times" if row.times > 1 else ""
    lines = [f"{row.id}  {row.began_at:%Y-%m-%d %H:%M:%S}Z  {row.kind}, {over}{times}"]
    lines.append(f"  {row.detail}")
    lines += [f"  {note.at:%Y-%m-%d %H:%M}Z {note.who}: {note.text}" for note in row.notes]
    return "\n".join(lines)
