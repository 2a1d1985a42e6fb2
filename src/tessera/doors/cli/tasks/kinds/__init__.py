"""The kinds of tasks: one file here says in `KINDS` which it does."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from tessera.doors.cli.tasks.work import Kind


def shelf() -> Mapping[str, Kind]:
    """All kinds by their names; what they need is loaded with them."""
    found: dict[str, Kind] = {}
    for each in pkgutil.iter_modules(__path__):
        found |= importlib.import_module(f"{__name__}.{each.name}").KINDS
    return found
