"""`tessera db backup | archive | restore | drill`: what is kept elsewhere, and brought back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tessera.base import archive as archives
from tessera.base import backup as dumps
from tessera.base import cluster, files, postgres
from tessera.base.cluster import Home
from tessera.base.cluster import Settings as Server
from tessera.doors import erasures
from tessera.doors.cli import drill as drills
from tessera.doors.cli.incidents import post
from tessera.doors.ground import Settings, ground


def add_to(db: typer.Typer, settings: Settings) -> None:
    """The commands of `db` about dumps."""
    _saving(db, settings)
    _bringing_back(db, settings)


def _saving(db: typer.Typer, settings: Settings) -> None:
    @db.command()
    def backup(
        target: Annotated[Path, typer.Argument(help="what to write, or a folder for it")],
        base: Annotated[bool, typer.Option("--base", help="the server's files")] = False,
    ) -> None:
        """Write everything into one file, with a manifest that says what it must be.

        With --base the server's files are copied into a directory instead: together with the WAL
        archive they can be brought back to any later moment.
        """
        found = ground(settings, migrate=False)
        if target.is_dir():
            kind = "base" if base else "dump"
            target = target / f"tessera-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{kind}"
        write = files.copy_server if base else dumps.backup
        written = write(found.dsn, found.bin_dir, target)
        typer.echo(f"written {written} ({dumps.read_manifest(written).size_bytes:,} bytes)")

    @db.command()
    def archive(
        folder: Annotated[str, typer.Argument(help="where to; `off` ends it; nothing: tell")] = "",
    ) -> None:
        """Archive the embedded server's WAL into a folder. It is restarted for that.

        Keep the folder on another disk. What is in it is never written over, and never deleted:
        what is older than the oldest backup you keep is yours to remove.
        """
        home = _home(settings)
        if folder:
            archives.choose(home, None if folder == "off" else Path(folder))
            postgres.stop(settings.data_dir)
            ground(settings, migrate=False)
        typer.echo(f"the WAL is archived to {archives.chosen(home) or 'nowhere'}")


def _bringing_back(db: typer.Typer, settings: Settings) -> None:
    @db.command()
    def restore(
        source: Annotated[Path, typer.Argument(help="what `db backup` has written")],
        to_time: Annotated[str, typer.Option(help="ISO 8601; with an offset, else UTC")] = "",
        wal: Annotated[Path | None, typer.Option(help="the WAL archive to bring it on")] = None,
        erased: Annotated[
            Path | None, typer.Option(help="erasures.ndjson of the old place")
        ] = None,
    ) -> None:
        """Read a backup into an empty database, then prove it with `tessera prove --chain`.

        A copy of the files (--base) is brought on by the archive in --wal: as far as that goes, or
        to a time. Whoever was erased since the backup is erased again, before anybody is served, if
        --erased names the list that lies in the old data directory.
        """
        lines = [] if erased is None else _listed(erased)
        manifest = dumps.read_manifest(source)
        if manifest.kind == "base":
            until = files.Until(wal, _moment(to_time))
            files.restore_server(source, _home(settings).data_dir, until, Server())
        elif wal is not None or to_time:
            raise typer.BadParameter("only a copy of the files (--base) can be brought on")
        else:
            found = ground(settings, migrate=False)
            dumps.restore(found.dsn, found.bin_dir, source)
        typer.echo(f"restored the backup of {manifest.taken_at}; now run: tessera prove --chain")
        _keep(lines, settings.data_dir)
        if not (settings.data_dir / erasures.NAME).exists():
            typer.echo("nobody is erased again: no list was named (--erased)")

    @db.command()
    def drill(
        source: Annotated[Path, typer.Argument(help="a backup, or a folder: its newest one")],
        wal: Annotated[Path | None, typer.Option(help="the WAL archive; embedded: known")] = None,
        scratch: Annotated[Path, typer.Option(help="where there is room")] = Path("/var/tmp"),
    ) -> None:
        """Restore the newest backup on a private server, prove it, time it, clean up.

        The result goes into the register of incidents. Exits with 1 if anything differs.
        """
        if drills.is_folder(source):
            source = drills.newest(source)
        found = ground(settings, migrate=False)
        if settings.database_url is None:
            wal = wal or archives.chosen(_home(settings))
        done = drills.drill(source, wal, found.dsn, scratch)
        typer.echo(done.shown())
        post(settings, found.dsn, done.signs())
        raise typer.Exit(1 if done.differences else 0)


def _listed(source: Path) -> list[erasures.Line]:
    """The list of erasures of the old place. Errors: typer.BadParameter."""
    try:
        return erasures.read(source)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"no list of erasures: {error}", param_hint="--erased") from error


def _keep(lines: list[erasures.Line], data_dir: Path) -> None:
    """Put these into this place's own list, each once."""
    data_dir.mkdir(parents=True, exist_ok=True)
    here = data_dir / erasures.NAME
    erasures.append(here, lines)


def _home(settings: Settings) -> Home:
    """The embedded server's places. Errors: typer.BadParameter where a server of yours is used."""
    if settings.database_url is not None:
        raise typer.BadParameter(
            "this is about the embedded server; TESSERA_DATABASE_URL names another: use its own"
            " tools, as docs/operations.md says"
        )
    return cluster.home_of(settings.data_dir, Server())


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            "say it as 2026-03-14T15:09:26+01:00", param_hint="--to-time"
        ) from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
