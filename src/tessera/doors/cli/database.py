"""`tessera db`: backups (see `backups.py`), upgrade, status, stop."""

from __future__ import annotations

from typing import Annotated

import typer

from tessera.base import postgres, schema
from tessera.doors.cli import backups
from tessera.doors.ground import Settings, ground


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `db ...`."""
    db = typer.Typer(help="Look after the database.", no_args_is_help=True)
    app.add_typer(db, name="db")

    backups.add_to(db, settings)

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
