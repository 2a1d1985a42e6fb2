"""Rows of another program's files become arrivals and claims, or are bad. Pure.

Nothing that a row says of a person is in what is said about a bad one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from msgspec import Struct

from tessera.base.clock import day_end, day_start, local
from tessera.doors.cli.load.blocks import Row
from tessera.doors.cli.load.cells import text
from tessera.doors.cli.load.mapping import Constant, names_of
from tessera.doors.cli.moving import words
from tessera.doors.cli.moving.mapping import Balances, Members, Moving, Names, Part, columns
from tessera.doors.cli.moving.words import Unfit
from tessera.ledger.carried.core import MARK_BYTES, mark_of
from tessera.members.carried.core import Arrival, Named, Person
from tessera.members.core import Value, born_fault
from tessera.rules.core.settings import Attribute
from tessera.warehouse.core import Identifier


class Bad(Struct, frozen=True):
    """A row that stays outside.

    key     what tells it from others, so that a mended one takes it out of quarantine
    points  None: nobody can read how many it says
    """

    row: int
    key: str
    code: str
    field: str
    why: str
    points: int | None = None
    currency: str = ""


class Came(Struct, frozen=True):
    """A row that is a member."""

    row: int
    key: str
    arrival: Arrival


class Claim(Struct, frozen=True):
    """A row that is points of somebody; see `ledger.carried.core.Opening`."""

    row: int
    key: str
    who: Identifier
    mark: bytes
    currency: str
    points: int
    earned_at: datetime
    expires_at: datetime | None
    active_at: datetime | None
    dated: bool
    forever: bool


class Terms(Struct, frozen=True):
    """What a reader has to know besides the mapping.

    since       when the load began: for rows that say no day
    attributes  that the program declares
    currencies  codes of the program's, "" its own
    file_mark   of the file, for rows that have no number
    """

    since: datetime
    attributes: Mapping[str, Attribute]
    currencies: frozenset[str]
    file_mark: bytes = b""


class Cells:
    """The cells of a row by the names of their columns."""

    __slots__ = ("places", "values")

    def __init__(self, places: Mapping[str, int], values: tuple[Any, ...]) -> None:
        self.places, self.values = places, values

    def get(self, column: str | None) -> Any:
        """What stands there; None where the mapping names no column."""
        return None if column is None else self.values[self.places[column]]


def joined(*parts: str) -> str:
    """Words as one, which no other words are, whatever stands in them."""
    return json.dumps(parts)


class Reader:
    """What readers of all files have in common."""

    def __init__(self, moving: Moving, part: Part, terms: Terms) -> None:
        self.moving, self.terms, self.zone = moving, terms, moving.time_zone
        self.columns = tuple(columns(part))
        self._places = {name: place for place, name in enumerate(self.columns)}
        self._today = local(terms.since, moving.time_zone).date()

    def cells(self, row: Row) -> Cells:
        return Cells(self._places, row.values)

    def unnamed(self, at: int) -> str:
        """The key of a row by its place alone: it has no number, or one that is another row's."""
        said = self.terms.file_mark + f"row {at}".encode()
        return sha256(said).digest()[:MARK_BYTES].hex()

    def start(self, day: date) -> datetime:
        return day_start(day, self.moving.time_zone)

    def past(self, day: date | None, field: str) -> date:
        """A day that has come; None is that of the load. Errors: Unfit day_impossible"""
        if day is not None and day > self._today:
            raise Unfit("day_impossible", field, "this day is still to come")
        return day or self._today


class MemberReader(Reader):
    """Reads members by one mapping."""

    def __init__(self, moving: Moving, part: Members, terms: Terms) -> None:
        super().__init__(moving, part, terms)
        self.part = part

    def read(self, row: Row) -> Came | Bad:
        """The member that a row says."""
        cells, key = self.cells(row), self.unnamed(row.at)
        try:
            word = text(cells.get(self.part.number))
            if not word:
                raise Unfit("value_missing", self.part.number, "the member has no number")
            key = mark_of(self.moving.name, f"members/{word}").hex()
            return Came(row.at, key, self._arrival(cells, word))
        except Unfit as wrong:
            return Bad(row.at, key, wrong.code, wrong.field, wrong.why)

    def _arrival(self, cells: Cells, number: str) -> Arrival:
        part = self.part
        mine = words.identifier("external", self.moving.number_prefix + number, part.number)
        names = tuple(named for said in part.names for named in self._names(cells, said))
        account = text(cells.get(part.account))
        if account:
            word = f"{self.moving.number_prefix}account:{account}"
            shared = words.identifier("external", word, part.account or "")
            names = (*names, Named(shared, part.account or "", shared=True))
        joined = words.day(cells.get(part.joined_on), part.date_format, part.joined_on or "")
        spoken = part.languages.get(text(cells.get(part.language)), part.language_else)
        on = self.past(joined, part.joined_on or "")
        return Arrival(
            Named(mine, part.number), names, self._person(cells), self.start(on), on, spoken
        )

    def _names(self, cells: Cells, said: Names) -> Iterator[Named]:
        whole = text(cells.get(said.column))
        state = text(cells.get(said.status))
        blocked = "blocked in the program before" if state and state in said.blocked else ""
        for word in whole.split(said.separator) if said.separator else (whole,):
            if word.strip():
                value = words.with_prefix(word.strip(), said.prefix)
                yield Named(words.identifier(said.kind, value, said.column), said.column, blocked)

    def _person(self, cells: Cells) -> Person:
        part = self.part
        born = words.day(cells.get(part.born_on), part.date_format, part.born_on or "")
        if born_fault(born, self._today) is not None:
            raise Unfit("born_on_impossible", part.born_on or "", "nobody alive was born then")
        known: dict[str, Value] = {}
        for name, column in part.attributes.items():
            declared = self.terms.attributes[name]
            value = words.attribute(cells.get(column), declared, part.date_format, column)
            if value is not None:
                known[name] = value
        return Person(
            words.name(cells.get(part.given_name), part.given_name or ""),
            words.name(cells.get(part.family_name), part.family_name or ""), born, known,
        )  # fmt: skip


class BalanceReader(Reader):
    """Reads lots and balances by one mapping."""

    def __init__(self, moving: Moving, part: Balances, terms: Terms) -> None:
        super().__init__(moving, part, terms)
        self.part = part

    def read(self, row: Row) -> Claim | Bad | None:
        """The points that a row says; None if it says that there are none."""
        cells, part, key = self.cells(row), self.part, self.unnamed(row.at)
        points: int | None = None
        currency = ""
        try:
            currency = self._currency(cells)
            who = self._who(cells)
            named = self._key(cells, who, currency)
            key = named or key
            mark = part.file.decimal
            points = words.points(cells.get(part.points), mark, part.scale, part.points)
            if not points:
                return None
            if isinstance(who, Unfit):
                raise who
            if not named:
                raise Unfit("value_missing", names_of(part.lot)[0], "the lot has no number")
            return self._claim(row, cells, key, (who, currency, points))
        except Unfit as wrong:
            return Bad(row.at, key, wrong.code, wrong.field, wrong.why, points, currency)

    def _who(self, cells: Cells) -> Identifier | Unfit:
        """Who is named, or why nobody is: told later, when the row's points are known."""
        part, word = self.part, text(cells.get(self.part.number))
        try:
            if not word:
                raise Unfit("value_missing", part.number, "nobody is named")
            if part.by == "number":
                return words.identifier("external", self.moving.number_prefix + word, part.number)
            return words.identifier(part.by, words.with_prefix(word, part.prefix), part.number)
        except Unfit as wrong:
            return wrong

    def _key(self, cells: Cells, who: Identifier | Unfit, currency: str) -> str:
        """The lot's mark as text; "" if a part of its number is empty."""
        said = [text(cells.get(column)) for column in names_of(self.part.lot)]
        if said and all(said):
            return mark_of(self.moving.name, joined("lot", *said)).hex()
        if said or isinstance(who, Unfit):
            return ""
        # However the file spells the number, it is the same balance.
        number = joined("balance", who.kind, who.value, currency)
        return mark_of(self.moving.name, number).hex()

    def _currency(self, cells: Cells) -> str:
        said = self.part.currency
        word = said.constant if isinstance(said, Constant) else text(cells.get(said))
        code = self.part.currencies.get(word, word)
        if code not in self.terms.currencies:
            field = said if isinstance(said, str) else "currency"
            raise Unfit("currency_unknown", field, "the program has no such currency of points")
        return code

    def _claim(
        self, row: Row, cells: Cells, key: str, said: tuple[Identifier, str, int]
    ) -> Claim:  # fmt: skip
        part, form, (who, currency, points) = self.part, self.part.date_format, said
        earned = words.day(cells.get(part.earned_on), form, part.earned_on or "")
        since = self.start(self.past(earned, part.earned_on or ""))
        never = text(cells.get(part.expires_on)) in part.never and bool(part.never)
        ends = None if never else self._end(cells)
        if ends is not None and ends <= since:
            raise Unfit("days_disagree", part.expires_on or "", "they end before they are earned")
        active = words.day(cells.get(part.active_on), form, part.active_on or "")
        return Claim(
            row.at, key, who, bytes.fromhex(key), currency, points, since, ends,
            None if active is None else self.start(active), earned is not None,
            never or part.no_end == "never",
        )  # fmt: skip

    def _end(self, cells: Cells) -> datetime | None:
        part = self.part
        day = words.day(cells.get(part.expires_on), part.date_format, part.expires_on or "")
        if day is None:
            return None
        last = day - timedelta(days=part.expires_means == "first_day_without")
        return day_end(last, self.moving.time_zone)
