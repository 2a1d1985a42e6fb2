"""What somebody may mean who types something. Pure."""

from __future__ import annotations

import re
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.members.core import normal
from tessera.members.likeness.core.forms import fold
from tessera.warehouse.core import Identifier

MOST_WORDS = 6  # of a name; whoever types more is not believed to mean one
_BETWEEN = re.compile(r"[\s()./\u2010-\u2015-]")
_NUMBER = re.compile(r"[!-~]{1,32}")
By = Literal["id", "card", "phone", "email", "external", "receipt", "name"]


class Pattern(Struct, frozen=True):
    """Beginnings of both names, folded; "" fits any."""

    family: str
    given: str


class Meant(Struct, frozen=True):
    """Everything that a text may mean, the likeliest of each kind first.

    id           of a member
    identifiers  in normal form
    receipts     numbers that may be printed on one
    patterns     of names
    """

    id: UUID | None
    identifiers: tuple[Identifier, ...]
    receipts: tuple[str, ...]
    patterns: tuple[Pattern, ...]


def meant(text: str, country: str, *, bare: bool = False) -> Meant:
    """What somebody who typed this may mean; nothing if it cannot be anything.

    Spaces, dashes and brackets are how people write numbers down, they name nobody.

    country  whose phones need no country code
    bare     for whoever sees pseudonyms: neither names nor ways to reach somebody
    """
    text = text.strip()
    joined = _BETWEEN.sub("", text)
    kinds: list[tuple[Literal["card", "phone", "email", "external"], str]] = [
        ("card", joined), ("external", text)
    ]  # fmt: skip
    if not bare:
        kinds += [("phone", text), ("email", text)]
    found = [normal(kind, value, country) for kind, value in kinds if value]
    return Meant(
        _id(text), tuple(each for each in found if not isinstance(each, Refusal)),
        tuple(dict.fromkeys(each for each in (text, joined) if _NUMBER.fullmatch(each))),
        () if bare else patterns(text),
    )  # fmt: skip


def patterns(text: str) -> tuple[Pattern, ...]:
    """Every way to read a text as the beginnings of names, each once.

    An address and what has digits in it is no name.
    """
    words = fold(text).split()
    if not words or len(words) > MOST_WORDS or any(map(str.isdigit, text)) or "@" in text:
        return ()
    ways = [Pattern(" ".join(words), ""), Pattern("", " ".join(words))]
    for at in range(1, len(words)):
        first, rest = " ".join(words[:at]), " ".join(words[at:])
        ways += [Pattern(rest, first), Pattern(first, rest)]
    return tuple(dict.fromkeys(ways))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None
