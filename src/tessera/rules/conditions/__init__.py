"""The shelf of conditions. A new file here, or in a shop's own folder, is a new condition."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from tessera.rules.core.conditions import Condition
from tessera.rules.core.shelves import look, the_one


def shelf(own: Sequence[str] = ()) -> dict[str, ModuleType]:
    """{public code: module}, found by looking. The file's name is the condition's code.

    own     more folders to look into, for conditions that do not belong to this package
    errors  AssertionError names a file that holds no condition of its own name
    """
    return look(__name__, __path__, own, Condition)


def condition_of(module: ModuleType) -> type[Condition]:
    """The one condition a file holds."""
    return the_one(module, Condition)
