"""Folders in which one file is one more of something."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABCMeta
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from msgspec import Struct, StructMeta


class Contract(StructMeta, ABCMeta):
    """A struct with duties: what a file has to say itself is abstract."""


class Shelved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, metaclass=Contract):
    """What lies on a shelf: a class of its own in a file of its own."""

    @property
    def code(self) -> str:
        """Its public code: its file's name."""
        return str(self.__struct_config__.tag)


def look(
    package: str, path: list[str], own: Sequence[str], base: type[Any]
) -> dict[str, ModuleType]:
    """{file's name: module} of a package and more folders.

    errors  AssertionError names a file without exactly one class of `base`, of another tag, or that
            leaves a duty undone
    """
    for folder in own:
        if folder not in path:
            path.append(folder)
    found = {
        module.name: importlib.import_module(f"{package}.{module.name}")
        for module in pkgutil.iter_modules(path)
    }
    for code, module in found.items():
        kind = the_one(module, base)
        assert kind.__struct_config__.tag == code, f"{code}.py says another tag"
        undone = ", ".join(sorted(kind.__abstractmethods__))
        assert not undone, f"{code}.py does not say {undone}"
    return found


def the_one(module: ModuleType, base: type[Any]) -> type[Any]:
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
