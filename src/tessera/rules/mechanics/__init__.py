"""The shelf of mechanics. A new file here, or in a shop's own folder, is a new mechanic."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from tessera.rules.core.shelves import look, the_one
from tessera.rules.core.words import Mechanic


def shelf(own: Sequence[str] = ()) -> dict[str, ModuleType]:
    """{public code: module}, found by looking. The file's name is the mechanic's code.

    own     more folders to look into, for mechanics that do not belong to this package
    errors  AssertionError names a file that holds no mechanic of its own name
    """
    return look(__name__, __path__, own, Mechanic)


def mechanic_of(module: ModuleType) -> type[Mechanic]:
    """The one mechanic a file holds."""
    return the_one(module, Mechanic)
