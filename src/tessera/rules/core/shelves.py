"""Folders in which one file is one more of something."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from types import ModuleType
from typing import Any, TypeVar

Kind = TypeVar("Kind")


def look(
    package: str, path: list[str], own: Sequence[str], base: type[Any]
) -> dict[str, ModuleType]:
    """{file's name: module} of a package and more folders.

    errors  AssertionError names a file without exactly one class of `base`, or of another tag
    """
    for folder in own:
        if folder not in path:
            path.append(folder)
    found = {
        module.name: importlib.import_module(f"{package}.{module.name}")
        for module in pkgutil.iter_modules(path)
    }
    for code, module in found.items():
        assert the_one(module, base).__struct_config__.tag == code, f"{code}.py says another tag"
    return found


def the_one(module: ModuleType, base: type[Kind]) -> type[Kind]:
    """The one class of that kind that a file holds; names that begin with _ are its own."""
    mine = [
        value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, base)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]
    assert len(mine) == 1, f"{module.__name__} holds {len(mine)} of {base.__name__} instead of one"
    return mine[0]
