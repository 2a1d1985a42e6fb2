"""A "no" that a person can act on."""

from __future__ import annotations

import msgspec


class Refusal(msgspec.Struct, frozen=True):
    """An expected "no": part of the answer, never an accident.

    code   stable, for machines; renaming one is a breaking change
    field  dotted path of the offending input, "" when it is the whole request
    why    one sentence about this case, with its numbers
    cure   one sentence the caller can act on
    """

    code: str
    field: str
    why: str
    cure: str
