"""`tessera load members|balances|consents FILE` and `tessera migrate run|check DIR`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from tessera.access.audit.core import Change
from tessera.base.refusal import Refusal
from tessera.doors.cli import audit
from tessera.doors.cli.load.report import bar
from tessera.doors.cli.moving.mapping import Moving, Ways, parse
from tessera.doors.cli.moving.report import Told, tell
from tessera.doors.cli.moving.ways import Conn
from tessera.doors.cli.moving.work import Asked, connected, found_in, work
from tessera.doors.ground import Settings, ground

T = TypeVar("T")
_File = Annotated[Path, typer.Argument(help="a .csv or .parquet file")]
_Dir = Annotated[Path, typer.Argument(help="the directory with the other program's files")]
_Mapping = Annotated[Path, typer.Option(help="what its columns mean: a .toml of yours")]
_InDir = Annotated[
    Path | None, typer.Option("--mapping", help="the mapping; default: moving.toml in DIR")
]
_Rehearse = Annotated[bool, typer.Option("--dry-run", help="check everything and write nothing")]
_Json = Annotated[bool, typer.Option("--json", help="the report as JSON")]


def add_loads(load: typer.Typer, settings: Settings) -> None:
    """The commands `load members`, `load balances`, `load consents`."""

    @load.command()
    def members(
        file: _File, mapping: _Mapping, dry_run: _Rehearse = False, json: _Json = False
    ) -> None:
        """Members of another program: who they are and all that names them there.

        Killed anywhere, the same command continues; the same file again changes nothing. Rows that
        cannot be members are put aside: `tessera load quarantine --mapping NAME/members`.
        """
        _load(settings, "members", file, mapping, dry_run, json)

    @load.command()
    def balances(
        file: _File, mapping: _Mapping, dry_run: _Rehearse = False, json: _Json = False
    ) -> None:
        """Points of another program, lot by lot with their dates, or balances; debts below zero.

        Load the members first. Each lot is carried over once, however often it is loaded.
        """
        _load(settings, "balances", file, mapping, dry_run, json)

    @load.command()
    def consents(
        file: _File, mapping: _Mapping, dry_run: _Rehearse = False, json: _Json = False
    ) -> None:
        """What members of another program had agreed to, with wording, time and proof.

        Load the members first. What was said here later stands.
        """
        _load(settings, "consents", file, mapping, dry_run, json)


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `migrate ...`."""
    migrate = typer.Typer(help="Move another program in, whole.", no_args_is_help=True)
    app.add_typer(migrate, name="migrate")

    @migrate.command()
    def run(
        dir: _Dir, mapping: _InDir = None, dry_run: _Rehearse = False, json: _Json = False
    ) -> None:
        """Load members, balances and consents of a directory, and check every row afterwards.

        Ends with 0 if every row is here or in quarantine with its reason. Killed anywhere, the same
        command continues.

        \b
        Examples:
          tessera migrate run old-club --dry-run
          tessera migrate run old-club
        """
        moving = _mapping(mapping or dir / "moving.toml")
        paths = _heard(found_in(dir, moving))
        asked = Asked(moving, tuple(paths), rehearse=dry_run)
        _tell(_done(settings, asked), json)

    @migrate.command()
    def check(dir: _Dir, mapping: _InDir = None, json: _Json = False) -> None:
        """Hold every row of a directory against what is here, to the last point.

        Ends with 1 if a row is neither here nor in quarantine.
        """
        moving = _mapping(mapping or dir / "moving.toml")
        paths = _heard(found_in(dir, moving))
        _tell(_done(settings, Asked(moving, tuple(paths), only_check=True)), json)


def _load(
    settings: Settings, kind: Ways, file: Path, mapping: Path, dry_run: bool, json: bool
) -> None:
    asked = Asked(_mapping(mapping), ((kind, file),), rehearse=dry_run)
    _tell(_done(settings, asked), json)


def _mapping(path: Path) -> Moving:
    try:
        return _heard(parse(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeError) as wrong:
        why = f"{path}: {wrong}"
        return _heard(Refusal("mapping_unreadable", "--mapping", why, "name another file"))


def _done(settings: Settings, asked: Asked) -> list[Told]:
    async def go() -> list[Told] | Refusal:
        async with connected(ground(settings)) as (conn, program):
            with bar(Console(stderr=True)) as progress:
                told = await work(conn, program, asked, progress)
            if not (asked.rehearse or asked.only_check):
                await _note(conn, asked, told)
            return told

    return _heard(asyncio.run(go()))


async def _note(conn: Conn, asked: Asked, told: list[Told] | Refusal) -> None:
    """Who moved what in, also where it stopped: what is in until then stays."""
    files = {kind: path.name[:100] for kind, path in asked.paths}
    said: dict[str, object] = {"kind": "moving", "files": files}
    if isinstance(told, Refusal):
        said |= {"stopped": told.code}
    else:
        counts = {each.kept_as: each.tally for each in told if each.tally is not None}
        said |= {"rows": {name: tally.rows for name, tally in counts.items()},
                 "quarantined": sum(tally.aside for tally in counts.values())}  # fmt: skip
    await audit.note(conn, "load.moving", Change("load", asked.moving.name, None, said))
    await conn.commit()


def _tell(told: list[Told], json: bool) -> None:
    tell(told, as_json=json)
    raise typer.Exit(0 if all(each.sound for each in told) else 1)


def _heard(found: T | Refusal) -> T:
    """What was found; a refusal is told and ends the command with 1."""
    if isinstance(found, Refusal):
        typer.echo(f"{found.code} {found.field}: {found.why}\n{found.cure}", err=True)
        raise typer.Exit(1)
    return found
