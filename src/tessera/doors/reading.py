"""What programs may be made of here."""

from __future__ import annotations

from tessera.doors.ground import Settings
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics


def reader_of(settings: Settings) -> Reader:
    """The mechanics and conditions that programs may use; touches no database."""
    folder = settings.mechanics_dir
    own = [str(folder)] if folder else []
    return Reader(mechanics.shelf(own), conditions.shelf([f"{each}/conditions" for each in own]))
