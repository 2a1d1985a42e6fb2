"""`tessera load`."""

from __future__ import annotations

import typer

from tessera.doors.ground import Settings


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `load ...`."""
