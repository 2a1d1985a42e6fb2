"""A mapping at work: the rows of one number become a sale, a return or a bad record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct, to_builtins

from tessera.base.money import half_up
from tessera.base.text import MAX_MINOR, Code, Currency
from tessera.doors.cli.load.blocks import Gathered, Row
from tessera.doors.cli.load.cells import (
    clean,
    decimal,
    plain,
    quoted,
    shared,
    stranger,
    text,
    unfit,
)
from tessera.doors.cli.load.mapping import Columns, Constant, Mapping, Reject, names_of
from tessera.doors.cli.load.telling import Telling, telling_columns
from tessera.doors.cli.load.whose import named, word_of
from tessera.warehouse.core import MAX_LINES, PER, Identifier, Line, Receipt, Unit

MAX_UNITS = 10**9
MAX_NUMBER = 80  # letters of a receipt's number that are kept when it is too long to be one
LONGEST = timedelta(hours=12)  # between two rows of one receipt


class Fault(Struct, frozen=True):
    """What is wrong in one row. `field`: the column of the file."""

    row: int
    code: str
    field: str
    why: str


class BackLine(Struct, frozen=True):
    """Units of an article that come back; `unit_minor` is what the return says it cost."""

    row: int
    sku: str
    quantity: int
    unit_minor: int
    unit: Unit = "piece"


class Sale(Struct, frozen=True):
    """A receipt that can be posted, and the rows it was read from."""

    receipt: Receipt
    rows: tuple[Row, ...]


class Back(Struct, frozen=True):
    """Goods that come back, with no word about the sale they are from.

    said   the receipt as it was read, so that it can be repaired; put in when it has to wait
    named  what its file calls it: its number, and its day where numbers restart; "": the number
    """

    number: str
    store: str
    till: str
    business_date: date
    happened_at: datetime
    member: Identifier | None
    lines: tuple[BackLine, ...]
    said: dict[str, Any] = {}
    named: str = ""

    @property
    def key(self) -> str:
        """Under this name it waits and lies in quarantine."""
        return self.named or self.number


class Bad(Struct, frozen=True):
    """A receipt that cannot be posted: every fault of every row, and the rows as they were read.

    member  whom its first row names, if that can be read: a customer all the same
    """

    number: str
    faults: tuple[Fault, ...]
    record: dict[str, Any]
    member: Identifier | None = None


_RESTARTS = (
    'where numbers begin again every day say number_restarts = "daily" under [receipt] of a mapping'
    " of yours, else give the rows of a receipt one time"
)


class _Head(Struct, frozen=True):
    store: str
    till: str
    currency: str
    member: str


class Reader:
    """Reads rows by one mapping.

    columns         the columns it wants, in the order of the values of its rows
    number_columns  those that tell one receipt from another
    numbered        what they say together, of a row of them alone: as `number` of a whole row
    """

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.columns = tuple(mapping.columns())
        self._telling = Telling(mapping, self.columns)
        self.number_columns = telling_columns(mapping)
        self.numbered = Telling(mapping, self.number_columns).key
        self._place = {name: index for index, name in enumerate(self.columns)}
        member = mapping.receipt.member
        heads = (mapping.store.id, mapping.receipt.till, mapping.receipt.currency,
                 member.column if member else None)  # fmt: skip
        self._heads = tuple(self._place[name] for said in heads for name in names_of(said))

    def number(self, values: tuple[Any, ...]) -> str:
        """What tells the receipt from others of its file; "" if nothing does."""
        return self._telling.key(values)

    def time(self, values: tuple[Any, ...]) -> datetime | None:
        """When the row happened, on the shop's clock; None if that cannot be read."""
        return self._telling.time(values)

    def read(self, said: Gathered) -> Sale | Back | Bad:
        """What the rows of one number are. A receipt is whole: one bad row makes all of it bad."""
        rejected = self._rejected(said.number)
        if rejected is not None:
            at, column = said.rows[0].at, names_of(self.mapping.receipt.number)[0]
            return self._bad(said, [Fault(at, rejected.code, column, rejected.why)])
        back = self._back_sign(said)
        sign = back or 1
        faults = list(self._head_faults(said))
        lines = [line for row in said.rows for line in self._lines(row, sign, faults)]
        if len(lines) > MAX_LINES:
            why = f"{len(lines)} lines, at most {MAX_LINES} make a receipt"
            faults.append(Fault(said.rows[0].at, "too_many_lines", "", why))
        total = sum(line.total() for _, line in lines)
        if total > MAX_MINOR:
            why = f"the receipt makes {total} minor units, at most {MAX_MINOR}"
            faults.append(Fault(said.rows[0].at, "total_too_large", "", why))
        if faults:
            return self._bad(said, faults)
        return self._back(said, lines) if back else self._sale(said, [x for _, x in lines])

    def record(self, number: str, rows: tuple[Row, ...]) -> dict[str, Any]:
        """The receipt as it was read, fit for JSON, so that it can be repaired; whom it names."""
        said = [
            {"row": row.at}
            | {name: plain(value) for name, value in zip(self.columns, row.values, strict=True)}
            for row in rows
        ]
        member = self.mapping.receipt.member
        place = self._place[member.column] if member else 0
        whom = named(member, (row.values[place] for row in rows))
        return {"number": plain(number), "columns": list(self.columns), "rows": said,
                "places": [row.at for row in rows], "named": to_builtins(whom)}  # fmt: skip

    def _bad(self, said: Gathered, faults: list[Fault]) -> Bad:
        number = plain(said.number)[:MAX_NUMBER]
        if number != said.number or not number:  # not its number any more: the row makes it unique
            number = f"{number} row {said.rows[0].at}".strip()
        record = self.record(said.number, said.rows)
        return Bad(number, tuple(faults), record, self._member(self._head(said.rows[0])))

    def _sale(self, said: Gathered, lines: list[Line]) -> Sale:
        head, at = self._head(said.rows[0]), self._first_time(said)
        receipt = Receipt(
            store=head.store,
            till=head.till,
            number=self._telling.number(said.rows[0].values),
            happened_at=at.astimezone(UTC),
            currency=head.currency,
            lines=tuple(lines),
            total_minor=sum(line.total() for line in lines),
            business_date=at.date(),
            identifier=self._member(head),
            entry_mode="import",
        )
        return Sale(receipt, said.rows)

    def _back(self, said: Gathered, lines: list[tuple[int, Line]]) -> Back:
        head, at = self._head(said.rows[0]), self._first_time(said)
        return Back(
            number=self._telling.number(said.rows[0].values),
            named=said.number,
            store=head.store,
            till=head.till,
            business_date=at.date(),
            happened_at=at.astimezone(UTC),
            member=self._member(head),
            lines=tuple(
                BackLine(row, line.sku, line.quantity, line.unit_minor, line.unit)
                for row, line in lines
            ),
        )

    # The head: what every row of a receipt says alike

    def _head(self, row: Row) -> _Head:
        mapping, member = self.mapping, self.mapping.receipt.member
        return _Head(
            self._word(row, mapping.store.id),
            self._word(row, mapping.receipt.till),
            self._word(row, mapping.receipt.currency),
            word_of(member, row.values[self._place[member.column]]) if member else "",
        )

    def _says(self, row: Row) -> tuple[Any, ...]:
        """The cells of the head as they stand there: mostly alike, and quickly compared."""
        return tuple(row.values[place] for place in self._heads)

    def _member(self, head: _Head) -> Identifier | None:
        said = self.mapping.receipt.member
        if said is None or not head.member or stranger(said.kind, head.member):
            return None
        return Identifier(said.kind, head.member)

    def _head_faults(self, said: Gathered) -> Iterator[Fault]:
        first, mapping = said.rows[0], self.mapping
        head = self._head(first)
        for kind, word, place in (
            (Code, self._telling.number(first.values), mapping.receipt.number),
            (Code, head.store, mapping.store.id),
            (Code, head.till, mapping.receipt.till),
            (Currency, head.currency, mapping.receipt.currency),
        ):
            if why := unfit(kind, word):
                yield Fault(first.at, "word_unfit" if word else "value_missing", _field(place), why)
        member = mapping.receipt.member
        if member is not None and head.member and (why := stranger(member.kind, head.member)):
            yield Fault(first.at, "word_unfit", member.column, why)
        fields = (mapping.store.id, mapping.receipt.till, mapping.receipt.currency,
                  member.column if member else None)  # fmt: skip
        for row in said.rows:
            if self.time(row.values) is None:
                seen = quoted(self._telling.seen(row.values))
                why = f"{seen} is not a time ({mapping.receipt.time_format})"
                yield Fault(row.at, "not_a_time", _field(mapping.receipt.time), why)
            if self._says(row) != self._says(first) and (other := self._head(row)) != head:
                pairs = zip(fields, _words(head), _words(other), strict=True)
                field, here, there = next(p for p in pairs if p[1] != p[2])
                why = f"{quoted(there)} here, {quoted(here)} in row {first.at} of the same receipt"
                yield Fault(row.at, "rows_disagree", _field(field), why)
        yield from self._apart(said)

    def _apart(self, said: Gathered) -> Iterator[Fault]:
        """Rows too far from the first to be of its receipt: most likely a number came again."""
        begun, ends = (self.time(said.rows[place].values) for place in (0, -1))
        if begun is None or (ends is not None and not _far(begun, ends)):
            return  # they stand in order of time: nothing between is farther
        for row in said.rows[1:]:
            at = self.time(row.values)
            if at is not None and _far(begun, at):
                other_day = at.date() != begun.date()
                cure = _RESTARTS if other_day else "give each receipt a number of its own"
                why = (f"{at:%Y-%m-%d %H:%M} here, {begun:%Y-%m-%d %H:%M} in row"
                       f" {said.rows[0].at} of the same number; {cure}")  # fmt: skip
                yield Fault(row.at, "rows_disagree", _field(self.mapping.receipt.time), why)

    def _first_time(self, said: Gathered) -> datetime:
        times = [at for row in said.rows if (at := self.time(row.values)) is not None]
        assert len(times) == len(said.rows), "a row without a time is a fault"
        return min(times)

    # The lines

    def _lines(self, row: Row, sign: int, faults: list[Fault]) -> Iterator[tuple[int, Line]]:
        """The lines of one row, two where an amount cannot be shared evenly; or its faults."""
        goods, before = self.mapping.line, len(faults)
        sku = self._word(row, goods.sku)
        if why := unfit(Code, sku):
            code = "word_unfit" if sku else "value_missing"
            faults.append(Fault(row.at, code, _field(goods.sku), why))
        category = text(row.values[self._place[goods.category]]) if goods.category else ""
        if category and (why := unfit(Code, category)):
            faults.append(Fault(row.at, "word_unfit", _field(goods.category), why))
        quantity = self._quantity(row, sign, faults)
        minor = self._minor(row, goods.price or goods.amount or "", faults, sign)
        if len(faults) > before:
            return
        label = clean(text(row.values[self._place[goods.name]])) if goods.name else ""
        shares = [(quantity, minor)] if goods.price else shared(minor, quantity)
        for units, unit_minor in shares:
            yield row.at, Line(sku, units, unit_minor, goods.unit, None, label, category)

    def _units(self, row: Row) -> Decimal | None:
        if self.mapping.line.quantity is None:
            return Decimal(1)
        return self._decimal(row.values[self._place[self.mapping.line.quantity]])

    def _quantity(self, row: Row, sign: int, faults: list[Fault]) -> int:
        column, unit = self.mapping.line.quantity or "", self.mapping.line.unit
        number = self._units(row)
        units = None if number is None else number * sign * PER[unit]
        if units is None or units != units.to_integral_value():
            said = text(row.values[self._place[column]])
            code, why = "not_a_quantity", f"{quoted(said)} is not a whole number of {unit}"
        elif units <= 0:
            code = "zero_quantity" if units == 0 else "negative_quantity"
            if sign < 0 and units:
                code = "positive_quantity"
            why = f"{int(units * sign)} {unit} on a {'return' if sign < 0 else 'sale'}"
        elif units > MAX_UNITS:
            code, why = "quantity_too_large", f"at most {MAX_UNITS} {unit}"
        else:
            return int(units)
        faults.append(Fault(row.at, code, column, why))
        return 0

    def _minor(self, row: Row, column: str, faults: list[Fault], sign: int) -> int:
        """Major units of the file to minor units, halves up."""
        said = row.values[self._place[column]]
        number = self._decimal(said)
        if number is not None and self.mapping.line.amount and sign < 0:
            number = abs(number)  # a return's amount may carry its quantity's sign
        if number is None:
            why = f"{quoted(text(said))} is no amount"
            faults.append(Fault(row.at, "not_an_amount", column, why))
            return 0
        top, below = number.as_integer_ratio()
        minor = half_up(top * 100, below)
        if 0 <= minor <= MAX_MINOR and number >= 0:
            return minor
        code = "negative_price" if number < 0 else "price_too_large"
        faults.append(Fault(row.at, code, column, f"a price of {quoted(text(said))}"))
        return 0

    def _decimal(self, said: Any) -> Decimal | None:
        return decimal(said, self.mapping.file.decimal)

    # Kinds of numbers

    def _rejected(self, number: str) -> Reject | None:
        rejects = self.mapping.reject
        return next((x for x in rejects if number.startswith(x.number_prefix)), None)

    def _back_sign(self, said: Gathered) -> int:
        """0 for a sale; for a return, what makes its quantities positive: 1 or -1."""
        returns = self.mapping.returns
        if returns.number_prefix and said.number.startswith(returns.number_prefix):
            return -1 if returns.quantity == "negative" else 1
        if returns.all_negative and all((self._units(row) or 0) < 0 for row in said.rows):
            return -1
        return 0

    def _word(self, row: Row, said: str | Constant) -> str:
        return said.constant if isinstance(said, Constant) else text(row.values[self._place[said]])


def _far(begun: datetime, at: datetime) -> bool:
    """Whether two rows cannot be of one receipt."""
    return at.date() != begun.date() or at - begun > LONGEST


def _words(head: _Head) -> tuple[str, str, str, str]:
    return head.store, head.till, head.currency, head.member


def _field(said: Columns | Constant | None) -> str:
    return ", ".join(names_of(said))
