"""What stands in one cell of a file, as words and numbers of ours."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.base.text import Name
from tessera.members import core as members
from tessera.warehouse.core import Identifier

MAX_NAME = 200
DIGITS = 20  # a longer number is no quantity and no price, and 1e999999 would fill the memory
_TELLING = (  # what a sentence about a cell needs whole: a day, an amount
    r"(?:(?:19|20)[0-9]{2}[-./][0-9]{2}[-./][0-9]{2}|[0-3]?[0-9][-./][0-3]?[0-9][-./](?:19|20)[0-9]{2}"
    r"|[0-9]{1,6}[.][0-9]{1,2})(?![0-9]|[ ()./-]+[0-9]{3})"
)
_NAMING = re.compile(  # an address, a number abroad, seven digits however they are parted
    rf"(?<![0-9()./-])(?<![0-9] )({_TELLING})|[^\s,;@]+@[^\s,;]+|\+[0-9][0-9 ()./-]{{5,}}"
    r"|(?<![^\W_])\(?[0-9](?:[\s()./-]*[0-9]){6,}(?![^\W_])"
)
REPLACED = str.maketrans({0: "\N{REPLACEMENT CHARACTER}"})


def text(said: Any) -> str:
    """A cell as a word: nothing is "", a number keeps its shortest form, 7.0 of a float is 7."""
    if said is None:
        return ""
    if isinstance(said, str):
        return said.strip()
    if isinstance(said, float):
        return str(int(said)) if said.is_integer() else repr(said)
    return str(said)


def whole(word: str) -> str:
    """ "17850.0" as 17850; any other word as it is."""
    head, dot, tail = word.partition(".")
    return head if dot and head.isdigit() and not tail.strip("0") else word


def clean(label: str) -> str:
    """A product's name for reading: no control characters, at most 200 letters. Never a fault."""
    if not unfit(Name, label):
        return label
    shown = "".join(letter if letter.isprintable() else " " for letter in label)
    return " ".join(shown.split())[:MAX_NAME]


def shared(amount_minor: int, units: int) -> list[tuple[int, int]]:
    """What `units` cost together as lines of (units, price of one), losing nothing."""
    price, rest = divmod(amount_minor, units)
    return [(n, each) for n, each in ((units - rest, price), (rest, price + 1)) if n]


def plain(said: Any) -> Any:
    """A value of a file as JSON and PostgreSQL can keep it."""
    if said is None or isinstance(said, bool | int | float):
        return said
    word = said.isoformat() if isinstance(said, date) else str(said)
    return word.encode("utf-8", "replace").decode().translate(REPLACED)


def quoted(word: str) -> str:
    """A word in a sentence about it: no address and no number by which somebody is found."""
    return repr(_NAMING.sub(lambda hit: hit[1] or "•••", str(plain(word))[:80]))


@lru_cache(maxsize=65536)
def unfit(kind: Any, word: str) -> str:
    """Why a word is not of this kind (`Code`, `Currency`, ...), "" if it is."""
    try:
        word.encode()
        msgspec.convert(word, kind)
    except UnicodeEncodeError:
        return f"{quoted(word)} is not in the encoding of the mapping"
    except msgspec.ValidationError as wrong:
        return "it is empty" if not word else f"{quoted(word)}: {wrong}"
    return ""


@lru_cache(maxsize=4096)
def stranger(kind: str, word: str) -> str:
    """Why a word names nobody, as this kind of identifier; "" if it may."""
    try:
        named = msgspec.convert({"kind": kind, "value": word}, Identifier)
    except msgspec.ValidationError as wrong:
        return f"{quoted(word)}: {wrong}"
    normal = members.normal(named.kind, named.value)
    return f"{quoted(word)}: {normal.why}" if isinstance(normal, Refusal) else ""


def decimal(said: Any, mark: str) -> Decimal | None:
    """A number without any float: one that Parquet holds as a float is taken as it is written.

    mark  what separates the decimals of a text, "." or ","
    """
    word = text(said)
    try:
        number = Decimal(word.replace(",", ".") if mark == "," else word)
    except InvalidOperation:
        return None
    if not number:
        return Decimal(0) if number.is_finite() else None
    return number if number.is_finite() and abs(number.adjusted()) < DIGITS else None
