"""A chart as a value: what it says, its figures, how they are told. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from markupsafe import Markup
from msgspec import Struct

from tessera.doors.language.local import Local

MAX_ROWS, MAX_SERIES = 400, 4
DIGITS = 2  # of every currency here, as `base.money` has it
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Key = date | str


class Spec(Struct, frozen=True):
    """How a chart is drawn.

    mark     `lines` for what goes on in time; `bars` for what stands beside each other
    x        what the first column is; names lie: their bars go to the right
    unit     of all series; money in minor units of `currency`
    stacked  bars of one key on each other instead of beside each other
    """

    mark: Literal["bars", "lines"] = "bars"
    x: Literal["day", "month", "name"] = "day"
    unit: Literal["count", "money"] = "count"
    currency: str = ""
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """What a picture says.

    name     of its file: small letters and dashes
    title    and `finding`: in the reader's language; the finding is one sentence
    heads    of the columns; the first is the axis, every other one a series
    rows     (day, month or name; whole numbers)
    """

    name: str
    title: str
    finding: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Key | int, ...], ...]
    spec: Spec

    def __post_init__(self) -> None:
        assert 2 <= len(self.heads) <= MAX_SERIES + 1, "one to four series"
        assert len(self.rows) <= MAX_ROWS, "a picture shows so many at most"
        assert all(len(row) == len(self.heads) for row in self.rows), "a cell for every head"


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart as a template shows it.

    rows          the cells in the reader's language
    wide, narrow  its pictures; None: there are none, the table is shown
    """

    chart: Chart
    rows: tuple[tuple[str, ...], ...]
    wide: Markup | None
    narrow: Markup | None


class Drawing(Struct, frozen=True):
    """What the worker needs to draw one picture: nothing of it is translated any more.

    labels   of the axis, one for each place; `places` are those that are shown
    ticks    (value, what it is called) of the other axis; `ends`: its least and its greatest value
    series   values by place
    lying    bars go to the right
    """

    width: int
    height: int
    mark: Literal["bars", "lines"]
    labels: tuple[str, ...]
    places: tuple[int, ...]
    ticks: tuple[tuple[int, str], ...]
    ends: tuple[int, int]
    series: tuple[tuple[int, ...], ...]
    stacked: bool = False
    lying: bool = False


def told(chart: Chart, local: Local) -> tuple[tuple[str, ...], ...]:
    """The cells as the reader writes them."""
    return tuple(
        (_key(row[0], chart.spec.x, local), *(_value(each, chart.spec, local) for each in row[1:]))
        for row in chart.rows
    )


def drawing(chart: Chart, local: Local, *, narrow: bool) -> Drawing:
    """What is to be drawn, for a screen below or from 600 px."""
    spec, count = chart.spec, len(chart.rows)
    series = tuple(
        tuple(_whole(row[at]) for row in chart.rows) for at in range(1, len(chart.heads))
    )
    low, high = _ends(series, spec.stacked)
    marks = ticks(low, high)
    lying = spec.x == "name" and spec.mark == "bars"
    width = 230 if narrow else 480
    if lying:  # the names of the bars need room too
        width = 150 if narrow else 380
    return Drawing(
        width=width, height=max(24 * count, 48) if lying else (170 if narrow else 190),
        mark=spec.mark,
        labels=tuple(_short(row[0], spec.x, local) for row in chart.rows),
        places=tuple(range(count)) if lying else places(count, 3 if narrow else _MOST[spec.x]),
        ticks=tuple((at, _tick(at, spec, local)) for at in marks),
        ends=(min(low, marks[0]), max(high, marks[-1])),
        series=series, stacked=spec.stacked, lying=lying,
    )  # fmt: skip


_MOST = {"day": 6, "month": 8, "name": 8}


def places(count: int, most: int) -> tuple[int, ...]:
    """Which of so many places get a label: the first one and others in even steps."""
    step = max(-(-count // most), 1)
    return tuple(range(0, count, step))


def ticks(low: int, high: int) -> tuple[int, ...]:
    """Round numbers from about `low` to about `high`: four steps or fewer, 0 among them.

    What is beyond one of them by less than a tenth of a step is worth no step of its own.
    """
    low, high = min(low, 0), max(high, 0)
    step = _step(max(high - low, 1))
    first, last = -((-low + _little(step)) // step), (high + _little(step)) // step
    return tuple(at * step for at in range(first, max(last, first + 1) + 1))


def _little(step: int) -> int:
    """Added before a division, so that it rounds down only what is less than a tenth over."""
    return step - 1 - (step - 1) // 10


def _step(span: int) -> int:
    """1, 2 or 5 times a power of ten: at most four of them in the span, or one more at an end."""
    power = 1
    while True:
        for each in (1, 2, 5):
            if each * power * 4 >= span:
                return each * power
        power *= 10


def _ends(series: Sequence[Sequence[int]], stacked: bool) -> tuple[int, int]:
    columns = list(zip(*series, strict=True)) or [(0,)]
    if not stacked:
        return min(map(min, columns)), max(map(max, columns))
    above = [sum(each for each in column if each > 0) for column in columns]
    below = [sum(each for each in column if each < 0) for column in columns]
    return min(below), max(above)


def _whole(cell: Key | int) -> int:
    assert isinstance(cell, int), "a series is of whole numbers"
    return cell


def _key(cell: Key | int, x: str, local: Local) -> str:
    if not isinstance(cell, date):
        return str(cell)
    return local.month(cell) if x == "month" else local.day(cell)


def _short(cell: Key | int, x: str, local: Local) -> str:
    if not isinstance(cell, date):
        return str(cell)
    return local.short_month(cell) if x == "month" else local.short_day(cell)


def _value(cell: Key | int, spec: Spec, local: Local) -> str:
    whole = _whole(cell)
    return local.money(whole, spec.currency) if spec.unit == "money" else local.count(whole)


def _tick(at: int, spec: Spec, local: Local) -> str:
    if spec.unit == "money":
        return local.count(at // 10**DIGITS) if at % 10**DIGITS == 0 else local.amount(at)
    return local.count(at)


def csv_of(chart: Chart) -> bytes:
    """The figures as a file: UTF-8 with a mark, for programs and for spreadsheets."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow([_plain(head) for head in chart.heads])
    for row in chart.rows:
        lines.writerow(
            [_cell(row[0], chart.spec), *(_number(each, chart.spec) for each in row[1:])]
        )
    return ("\ufeff" + text.getvalue()).encode()


def _cell(cell: Key | int, spec: Spec) -> str:
    if isinstance(cell, date):
        return cell.isoformat()[:7] if spec.x == "month" else cell.isoformat()
    return _plain(str(cell))


def _plain(word: str) -> str:
    """A word that no spreadsheet takes for a formula."""
    return "'" + word if word.startswith(_FORMULA) else word


def _number(cell: Key | int, spec: Spec) -> str:
    whole = _whole(cell)
    if spec.unit == "count":
        return str(whole)
    units, rest = divmod(abs(whole), 10**DIGITS)
    return f"{'-' if whole < 0 else ''}{units}.{rest:0{DIGITS}d}"
