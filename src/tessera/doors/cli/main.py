"""The command line: every command says what it is for, long work shows how far it is."""

from __future__ import annotations

import typer

from tessera.doors.cli import (
    audit,
    bench,
    database,
    incidents,
    keys,
    points,
    prove,
    quoting,
    roles,
    serving,
    staff,
)
from tessera.doors.cli.demo import command as demo
from tessera.doors.cli.duplicates import command as duplicates
from tessera.doors.cli.load import command as load
from tessera.doors.cli.loadtest import command as loadtest
from tessera.doors.cli.moving import command as moving
from tessera.doors.cli.program import command as program
from tessera.doors.cli.tasks import command as tasks
from tessera.doors.cli.tills import command as tills
from tessera.doors.ground import Settings

_HELP = """Tessera: a loyalty platform that treats every member as one.

Begin with `tessera demo`: it builds a small shop with two years of receipts, serves it and prints
three commands to try. `tessera serve` is the same without the demo: an empty program that gives
2 % of every purchase in points.

Everything on disk lies under TESSERA_DATA_DIR (default ~/.tessera). Set TESSERA_DATABASE_URL to
use a PostgreSQL of your own instead of the embedded one.
"""


def build(settings: Settings) -> typer.Typer:
    """The command line over these settings."""
    app = typer.Typer(
        help=_HELP, no_args_is_help=True, rich_markup_mode=None, add_completion=False,
        pretty_exceptions_enable=False,
    )  # fmt: skip
    for part in (
        demo, serving, database, load, moving, program, quoting, prove, incidents, keys, roles,
        staff, points, duplicates, tasks, tills, bench, loadtest, audit,
    ):  # fmt: skip
        part.add_to(app, settings)
    return app


def cli(settings: Settings) -> None:
    """Run the command line on this process's arguments."""
    build(settings)()
