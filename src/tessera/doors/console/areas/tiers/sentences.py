"""A ladder of tiers in plain sentences, as every page tells it. Pure."""

from __future__ import annotations

from tessera.doors.language.local import Local
from tessera.doors.language.tongue import tongue
from tessera.program.core.ladder_words import plain
from tessera.rules.core.words import Program


def plainly(code: str, program: Program, local: Local) -> str:
    """What a ladder is, whole."""
    return plain(program.tiers[code], program.currency, tongue(local.language))
