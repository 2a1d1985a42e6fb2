"""The shelf of mechanics. A new file here, or in a shop's own folder, is a new mechanic."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from types import ModuleType

from tessera.rules.core.words import Mechanic


def shelf(own: Sequence[str] = ()) -> dict[str, ModuleType]:
    """{public code: module}, found by looking. The file's name is the mechanic's code.

    own     more folders to look into, for mechanics that do not belong to this package
    errors  AssertionError names a file that holds no mechanic of its own name
    """
    for folder in own:
        if folder not in __path__:
            __path__.append(folder)
    found = {
        module.name: importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
    }
    for code, module in found.items():
        assert mechanic_of(module).__struct_config__.tag == code, f"{code}.py says another tag"
    return found


def mechanic_of(module: ModuleType) -> type[Mechanic]:
    """The one mechanic a file holds."""
    mine = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Mechanic)
        and value is not Mechanic
        and value.__module__ == module.__name__
    ]
    assert len(mine) == 1, f"{module.__name__} holds {len(mine)} mechanics instead of one"
    return mine[0]
