"""What stands in a cell of another program's file, as values of ours. Pure.

A cell that cannot be read is an `Unfit`: what is wrong with it, without what stands there, because
that may be somebody's name.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tessera.base.clock import day_start
from tessera.base.refusal import Refusal
from tessera.base.text import Name
from tessera.doors.cli.load.cells import decimal, text
from tessera.members.core import Value, normal
from tessera.rules.core.settings import Attribute
from tessera.warehouse.core import Identifier

FIRST_YEAR, LAST_YEAR = 1900, 2199
MOST_POINTS = 10**12  # as base.text.Points
_TRUE, _FALSE = {"true", "yes", "y", "1", "t"}, {"false", "no", "n", "0", "f"}


class Unfit(Exception):
    """A cell that cannot be read. `field`: the column; `code` and `why` for the quarantine."""

    def __init__(self, code: str, field: str, why: str) -> None:
        super().__init__(why)
        self.code, self.field, self.why = code, field, why


def name(said: Any, field: str) -> str:
    """A person's name. Errors: Unfit word_unfit"""
    word = text(said)
    if not _fits(word):
        raise Unfit("word_unfit", field,
                    "too long, with control characters, or in another encoding")  # fmt: skip
    return word


@lru_cache(maxsize=65536)
def _fits(word: str) -> bool:
    try:
        word.encode()
        msgspec.convert(word, Name)
    except (UnicodeEncodeError, msgspec.ValidationError):
        return False
    return True


def day(said: Any, form: str, field: str) -> date | None:
    """A day; None where the cell is empty. Errors: Unfit not_a_day, day_impossible"""
    if isinstance(said, datetime):
        found: date | None = said.date()
    elif isinstance(said, date):
        found = said
    else:
        word = text(said)
        if not word:
            return None
        found = _day(word, form)
    if found is None:
        raise Unfit("not_a_day", field, "this is no day as the mapping's date_format says")
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Unfit("day_impossible", field, f"the year {found.year} cannot be")
    return found


@lru_cache(maxsize=65536)
def _day(word: str, form: str) -> date | None:
    try:
        if form == "iso":
            if word[10:11] not in ("", " ", "T"):
                return None
            return date.fromisoformat(word[:10])
        return datetime.strptime(word, form).date()  # noqa: DTZ007 a day has no zone
    except ValueError:
        return None


def instant(said: Any, form: str, zone: str, field: str) -> datetime | None:
    """When something happened; a time without offset is the zone's, a day its beginning.

    errors  Unfit not_a_time, day_impossible
    """
    if isinstance(said, str):
        word = said.strip()
        if not word:
            return None
        found = _instant(word, form)
    elif isinstance(said, datetime):
        found = said
    else:
        whole = day(said, form, field)
        return None if whole is None else day_start(whole, zone)
    if found is None:
        raise Unfit("not_a_time", field, "this is no time as the mapping's date_format says")
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Unfit("day_impossible", field, f"the year {found.year} cannot be")
    return found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(zone))


@lru_cache(maxsize=4096)
def _instant(word: str, form: str) -> datetime | None:
    try:
        if form == "iso":
            return datetime.fromisoformat(word)
        return datetime.strptime(word, form)  # noqa: DTZ007 the zone is the mapping's
    except ValueError:
        return None


def points(said: Any, mark: str, scale: int, field: str) -> int:
    """Points in their smallest unit, below zero where they are owed.

    errors  Unfit not_points, not_whole_points, points_too_many
    """
    number: Decimal | None = None if isinstance(said, bool) else decimal(said, mark)
    if number is None:
        raise Unfit("not_points", field, "this is no number of points")
    scaled = number * scale
    if scaled != scaled.to_integral_value():
        raise Unfit("not_whole_points", field, "these are no whole points; see `scale`")
    found = int(scaled)
    if abs(found) > MOST_POINTS:
        raise Unfit("points_too_many", field, f"at most {MOST_POINTS:,} points are in one lot")
    return found


def identifier(kind: str, word: str, field: str) -> Identifier:
    """What names a member, in normal form. Errors: Unfit with the code of `members.normal`"""
    try:
        named = msgspec.convert({"kind": kind, "value": word}, Identifier)
    except msgspec.ValidationError:
        raise Unfit("identifier_invalid", field, "1 to 128 plain characters are needed") from None
    found = normal(named.kind, named.value)
    if isinstance(found, Refusal):
        raise Unfit(found.code, field, found.why)
    return found


def with_prefix(word: str, prefix: str) -> str:
    """A word that begins with the prefix."""
    return word if word.startswith(prefix) else prefix + word


def attribute(said: Any, declared: Attribute, form: str, field: str) -> Value | None:
    """A value of the type that the program declares; None where the cell is empty.

    errors  Unfit attribute_unfit
    """
    word = text(said)
    if not word:
        return None
    value: Value = word
    if declared.type == "date":
        found = day(said, form, field)
        value = found.isoformat() if found is not None else ""
    elif declared.type == "integer":
        value = _whole(said, field)
    elif declared.type == "boolean":
        value = _truth(said, word, field)
    elif not _fits(word):
        raise Unfit("word_unfit", field,
                    "too long, with control characters, or in another encoding")  # fmt: skip
    if declared.fault(value):
        raise Unfit("attribute_unfit", field, f"the program declares this as {declared.type}")
    return value


def _whole(said: Any, field: str) -> int:
    number = None if isinstance(said, bool) else decimal(said, ".")
    if number is None or number != number.to_integral_value() or abs(number) >= 2**53:
        raise Unfit("attribute_unfit", field, "the program declares this as integer")
    return int(number)


def _truth(said: Any, word: str, field: str) -> bool:
    if isinstance(said, bool):
        return said
    if word.lower() in _TRUE | _FALSE:
        return word.lower() in _TRUE
    raise Unfit("attribute_unfit", field, "the program declares this as boolean: yes or no")
