"""A mapping of another program: which column of its files is what. Pure.

One TOML text for all files of the program; every error names the place and what may stand there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from tessera.base.clock import zone
from tessera.base.refusal import Refusal
from tessera.base.text import Code
from tessera.doors.cli.load.mapping import Column, Columns, Constant, Layout, MemberKind, names_of
from tessera.members.core import Language

Prefix = Annotated[str, Meta(max_length=32)]
Words = Annotated[tuple[str, ...], Meta(max_length=200)]
Ways = Literal["members", "balances", "consents", "levels"]


class Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the mapping says of every file.

    name         of the file in the directory of `tessera migrate`
    number       the column with the number that the member had there
    date_format  "iso" (2026-03-01; what follows it is not read), or as Python's strptime wants it
    """

    name: str = ""
    number: Column
    file: Layout = Layout()
    date_format: Annotated[str, Meta(min_length=1)] = "iso"


class Names(Struct, frozen=True, forbid_unknown_fields=True):
    """Another identifier of a member: cards of any form, phones, addresses, ids.

    separator  between several in one cell
    prefix     is put before what does not begin with it: "+39"
    status     a column that says whether the card works; `blocked`: its words for one that does not
    """

    kind: MemberKind
    column: Column
    separator: Annotated[str, Meta(max_length=3)] = ""
    prefix: Prefix = ""
    status: Column | None = None
    blocked: Words = ()


class Members(Part, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A row is a member, or one card of a member: rows of one number add up.

    joined_on   since when; left out, today
    languages   {word of the file: language}; other words, and none, are `language_else`
    account     the number of an account that several people may share
    attributes  {attribute that the program declares: column}; tiers and their dates too
    """

    names: Annotated[tuple[Names, ...], Meta(max_length=20)] = ()
    given_name: Column | None = None
    family_name: Column | None = None
    born_on: Column | None = None
    joined_on: Column | None = None
    language: Column | None = None
    languages: dict[str, Language] = {}
    language_else: Language = "en"
    account: Column | None = None
    attributes: dict[Code, Column] = {}


class Balances(Part, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A row is a lot of points or, without dates, all that a member has; below zero it is owed.

    by          what `number` holds: the member's number, or a card, phone, e-mail
    lot         what makes a row unique; left out, a member has one row for each currency
    points      `scale` of the file's make one of ours in its smallest unit: 2 digits are 100
    currency    a column or a constant; `currencies` {word of the file: code}, "" the program's own
    earned_on   left out or empty, the day of the load
    expires_on  the last day on which they live; `expires_means` says if it is the first without
    active_on   from when they can be spent; left out or empty, at once
    no_end      how points live without `expires_on`: by the program, or for ever
    never       words of `expires_on` that mean no end, such as 9999-12-31: they live for ever
    """

    by: Literal["number", "card", "phone", "email"] = "number"
    prefix: Prefix = ""
    lot: Columns | None = None
    points: Column
    scale: Annotated[int, Meta(ge=1, le=10**6)] = 1
    currency: Column | Constant | None = None
    currencies: dict[str, str] = {}
    earned_on: Column | None = None
    expires_on: Column | None = None
    expires_means: Literal["last_day", "first_day_without"] = "last_day"
    active_on: Column | None = None
    no_end: Literal["program", "never"] = "program"
    never: Words = ()


class ConsentLines(Part, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A row is a yes or a no to one purpose on one channel, in the order of time.

    purpose, channel, wording  columns or constants; `words` {word of the file: code of ours}
    state   its words: `given`, `withdrawn`, and `unsaid` for rows that say neither
    at      when it was said; with a time of day where date_format has one
    proof   what proves it there: a number, nobody's name
    proved  the other program had proved phones and addresses: double opt-in is done
    """

    purpose: Column | Constant
    channel: Column | Constant
    state: Column
    at: Column
    wording: Column | Constant | None = None
    proof: Column | None = None
    words: dict[str, str] = {}
    given: Words = ("given", "yes", "true", "1")
    withdrawn: Words = ("withdrawn", "no", "false", "0")
    unsaid: Words = ("",)
    proved: bool = False


class Levels(Part, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A row is where a member stood on one ladder.

    ladder        a column or a constant: a ladder that the program declares; level: of it
    since, until  since when, and the day of the next review; left out or empty: by the ladder
    words         {word of the file: code of ours}; a row without a level says nothing
    """

    ladder: Column | Constant
    level: Column
    since: Column | None = None
    until: Column | None = None
    words: dict[str, str] = {}


class Moving(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole mapping. `name` is the other program's: lots and quarantine are kept under it.

    time_zone      of its days
    number_prefix  is put before its members' numbers, so that they are no other system's
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}\Z")]
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)]
    number_prefix: Prefix = ""
    members: Members | None = None
    balances: Balances | None = None
    consents: ConsentLines | None = None
    levels: Levels | None = None

    def part(self, way: Ways) -> Part | None:
        """What is said of one kind of file."""
        found: Part | None = getattr(self, way, None)
        return found


def columns(part: Part) -> dict[str, str]:
    """{column: the first place in the mapping that asks for it}, in a fixed order."""
    found: dict[str, str] = {}
    for place, said in _asked(part):
        for column in names_of(said):
            found.setdefault(column, place)
    return found


_PLACES: dict[type[Part], tuple[str, ...]] = {
    Members: ("given_name", "family_name", "born_on", "joined_on", "language", "account"),
    Balances: ("lot", "points", "currency", "earned_on", "expires_on", "active_on"),
    ConsentLines: ("purpose", "channel", "state", "at", "wording", "proof"),
    Levels: ("ladder", "level", "since", "until"),
}


def _asked(part: Part) -> Iterator[tuple[str, Columns | Constant | None]]:
    yield "number", part.number
    for place in _PLACES[type(part)]:
        yield place, getattr(part, place)
    if isinstance(part, Members):
        for number, names in enumerate(part.names):
            yield f"names[{number}].column", names.column
            yield f"names[{number}].status", names.status
        for name, column in part.attributes.items():
            yield f"attributes.{name}", column


def parse(text: str) -> Moving | Refusal:
    """The mapping a TOML text says, or the first thing that is wrong with it and where."""
    try:
        moving = msgspec.convert(tomllib.loads(text), Moving)
    except tomllib.TOMLDecodeError as wrong:
        return _wrong("", f"this is not TOML: {wrong}", "see the guide docs/guides/moving-in.md")
    except msgspec.ValidationError as wrong:
        why, _, path = str(wrong).partition(" - at `$.")
        return _wrong(path.rstrip("`"), why, "see the guide docs/guides/moving-in.md")
    if zone(moving.time_zone) is None:
        why = f"{moving.time_zone} is no time zone"
        return _wrong("time_zone", why, "use an IANA name such as Europe/Rome")
    return moving


def lacking(part: Part, way: Ways, header: tuple[str, ...]) -> Refusal | None:
    """What the mapping asks for and the file does not have."""
    for column, place in columns(part).items():
        if column not in header:
            return Refusal(
                "column_missing", f"{way}.{place}", f"the file has no column `{column}`",
                f"its columns are {', '.join(header)[:500]}: name one of them in the mapping",
            )  # fmt: skip
    return None


def _wrong(field: str, why: str, cure: str) -> Refusal:
    return Refusal("mapping_wrong", field, why, cure)
