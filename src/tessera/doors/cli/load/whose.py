"""Whom the cells of a file's member column name. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.cli.load.cells import plain, text, whole
from tessera.doors.cli.load.mapping import Member
from tessera.members.core import normal
from tessera.warehouse.core import Identifier


def word_of(said: Member, cell: Any) -> str:
    """What a cell says as the mapping reads it; "" names nobody."""
    word = text(cell)
    return whole(word) if said.whole else word


def named(said: Member | None, cells: Iterable[Any]) -> list[Identifier]:
    """Whom these name, each once: in the one spelling that is kept, else as it stands there."""
    if said is None:
        return []
    words = dict.fromkeys(word_of(said, cell) for cell in cells)
    return list(dict.fromkeys(_called(said, word) for word in words if word))


def _called(said: Member, word: str) -> Identifier:
    if said.kind == "phone":  # many tools keep one as a number
        word = whole(word)
    known = normal(said.kind, word)
    return Identifier(said.kind, str(plain(word))) if isinstance(known, Refusal) else known
