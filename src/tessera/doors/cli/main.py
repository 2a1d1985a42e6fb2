"""The command line: every command says what it is for, long work shows how far it is."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from tessera.doors.ground import Settings

# {a command: where it lies}, in the order in which help lists them. Only the one that is asked for
# is read: reading them all takes as long again as what most of them do.
PARTS = {
    "demo": "demo.command", "serve": "serving", "db": "database", "load": "load.command",
    "migrate": "moving.command", "program": "program.command", "quote": "quoting",
    "prove": "prove", "incidents": "incidents", "keys": "keys", "roles": "roles",
    "staff": "staff", "points": "points", "draws": "draws", "tiers": "tiers.command",
    "duplicates": "duplicates.command",
    "tasks": "tasks.command", "till": "tills.command", "bench": "bench",
    "loadtest": "loadtest.command", "audit": "audit", "coupons": "coupons",
}  # fmt: skip

_HELP = """Tessera: a loyalty platform that treats every member as one.

Begin with `tessera demo`: it builds a small shop with two years of receipts, serves it and prints
commands to try. `tessera serve` is the same without the demo: an empty program that gives
2 % of every purchase in points.

Everything on disk lies under TESSERA_DATA_DIR (default ~/.tessera). Set TESSERA_DATABASE_URL to
use a PostgreSQL of your own instead of the embedded one.
"""


def build(settings: Settings, asked: str = "") -> typer.Typer:
    """The command line over these settings; with one command's name that command alone."""
    app = typer.Typer(
        help=_HELP, no_args_is_help=True, rich_markup_mode=None, add_completion=False,
        pretty_exceptions_enable=False,
    )  # fmt: skip
    app.callback()(_any)  # so that one command is still asked for by its name
    for part in [PARTS[asked]] if asked in PARTS else PARTS.values():
        import_module(f"tessera.doors.cli.{part}").add_to(app, settings)
    return app


def _any() -> None:
    """Nothing of its own."""


def cli(settings: Settings) -> None:
    """Run the command line on this process's arguments."""
    build(settings, sys.argv[1] if len(sys.argv) > 1 else "")()
