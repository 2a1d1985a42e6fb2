"""The shelf of warnings. One file is one kind: what it is, and `find`, which finds it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from itertools import islice

from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import heard
from tessera.rules.core.tongues import ENGLISH, Tongue

Find = Callable[[Seen], Iterator[Caution]]
MOST = 50  # of one kind


def shelf() -> dict[str, Find]:
    """{code: what finds it}, by looking. The file's name is the code."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return {name: importlib.import_module(f"{__name__}.{name}").find for name in sorted(names)}


def warnings_of(seen: Seen, tongue: Tongue = ENGLISH) -> list[Caution]:
    """Everything to think about, by kind, in that language; of one kind the first 50."""
    found = [each for find in shelf().values() for each in islice(find(seen), MOST)]
    return [
        Caution(each.code, each.rule, heard(each.why, "", tongue), heard(each.cure, "", tongue))
        for each in found
    ]
