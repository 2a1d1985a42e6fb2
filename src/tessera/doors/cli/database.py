"""`tessera db`: backup, restore, upgrade, status, stop."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tessera.base import backup as backups
from tessera.base import postgres, schema
from tessera.doors.ground import Settings, ground


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `db ...`."""
    db = typer.Typer(help="Look after the database.", no_args_is_help=True)
    app.add_typer(db, name="db")

    @db.command()
    def backup(target: Annotated[Path, typer.Argument(help="file to write, or a folder")]) -> None:
        """Write everything into one file, with a manifest that says what it must be."""
        base = ground(settings, migrate=False)
        if target.is_dir():
            target = target / f"tessera-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump"
        written = backups.backup(base.dsn, base.bin_dir, target)
        typer.echo(f"written {written} ({written.stat().st_size:,} bytes)")

    @db.command()
    def restore(source: Annotated[Path, typer.Argument(help="a file made by `db backup`")]) -> None:
        """Read a backup into an empty database, then prove it with `tessera prove --chain`."""
        base = ground(settings, migrate=False)
        manifest = backups.restore(base.dsn, base.bin_dir, source)
        typer.echo(f"restored the backup of {manifest.taken_at}; now run: tessera prove --chain")

    @db.command()
    def upgrade(
        phase: Annotated[str, typer.Argument(help="`pre` before the switch, `post` after it")] = "",
    ) -> None:
        """Bring the tables up to date. Make a backup first.

        pre-migrations only add, so the version before keeps working; post-migrations take away
        what no version needs any more. Without a word both are applied.
        """
        base = ground(settings, migrate=False)
        if phase not in ("", "pre", "post"):
            raise typer.BadParameter("pre or post", param_hint="PHASE")
        done = schema.upgrade(base.dsn, phase)
        typer.echo("\n".join(f"applied {name}" for name in done) or "nothing to do")

    @db.command()
    def status() -> None:
        """Say where the database is and what state its tables are in."""
        if settings.database_url is None:
            seen = postgres.status(settings.data_dir)
            typer.echo(f"embedded in {settings.data_dir}: {seen.state} (pid {seen.pid})")
            if seen.state != "running":
                return
        base = ground(settings, migrate=False)
        problem = schema.behind(base.dsn)
        typer.echo(f"tables: {', '.join(schema.applied(base.dsn)) or 'none yet'}")
        typer.echo(str(problem) if problem else "this version can serve them")

    @db.command()
    def stop() -> None:
        """Stop the embedded server; the next command starts it again."""
        stopped = settings.database_url is None and postgres.stop(settings.data_dir)
        typer.echo("stopped" if stopped else "no embedded server was running")
