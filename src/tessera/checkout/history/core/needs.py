"""Which totals and spans of days answer what a program needs to know of an account. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from tessera.checkout.history.core.contents import ALL, SETTLED
from tessera.rules.core.facts import Given, History, Need, period_start, window_start

LONG = 32  # days that are added up one by one; where there are more, a mark is worth its row
_ONE = timedelta(days=1)
_BACKWARDS = ("since", "weeks", "months")  # measured from the day of the purchase back
_COUNTED = ("stores", "categories", "weeks", "months")  # not told from two totals
_FIELDS = {"receipts": "times", "units": "units", "minor": "amount", "days": "days"}
Point = tuple[str, date]  # a scope, up to the end of a day


class Total(NamedTuple):
    """Everything of a scope up to the end of a day.

    last    the last day of it
    length  days that had to be added up for it; marked: the end of the mark they came on top of
    """

    times: int
    days: int
    units: int
    amount: int
    last: date | None
    length: int
    marked: date | None


class Span(NamedTuple):
    """What is asked of a scope from one day to another: a measure, or of a rule times or amount."""

    what: str
    scope: str
    first: date
    last: date


class Asked(NamedTuple):
    """What a program needs for a purchase on that local day, and what to look up for it.

    needs   (the need's name among the known facts, what answers it)
    points  totals; the rest cannot be told from two totals: stores, categories, runs of periods
    """

    on: date
    needs: tuple[tuple[str, Span], ...]
    points: tuple[Point, ...]
    stores: tuple[Span, ...]
    categories: tuple[Span, ...]
    runs: tuple[Span, ...]


class Found(NamedTuple):
    """What was found for a batch's accounts; where there is nothing, nothing is found.

    totals  {account: {point: its total}}
    """

    totals: dict[UUID, dict[Point, Total]]
    counts: dict[tuple[UUID, Span], int]


NOTHING = Total(0, 0, 0, 0, None, 0, None)


def asked(needs: Sequence[Need], on: date) -> Asked:
    """What to look up, each once. Traits of persons are no history."""
    spans = [(need.key, _span(need, on)) for need in needs if isinstance(need, History | Given)]
    points = dict.fromkeys(point for _, span in spans for point in _ends(span))
    counts: dict[str, dict[Span, None]] = {"stores": {}, "categories": {}, "weeks": {}}
    for _, span in spans:
        kind = "weeks" if span.what == "months" else span.what
        if kind in counts:
            counts[kind][span] = None
    return Asked(on, tuple(spans), tuple(points), *[tuple(each) for each in counts.values()])


def known(question: Asked, account: UUID, found: Found) -> dict[str, int]:
    """{key of a need: its value}. What never happened is 0; how long ago it was is then unknown."""
    values, totals = {}, found.totals.get(account, {})
    for key, span in question.needs:
        if span.what in _COUNTED:
            values[key] = found.counts.get((account, span), 0)
        elif (value := _answer(span, totals)) is not None:
            values[key] = value
    return values


def mark_day(on: date, point: Point, today: date) -> date:
    """Up to when a mark may be made for a point asked on that day of purchase, posted today.

    why  what is written today must not lie before its end, or it would be dropped at once
    """
    return min(min(on, point[1]) - _ONE, today - SETTLED)


def _span(need: History | Given, on: date) -> Span:
    if isinstance(need, Given):
        return Span(need.what, f"g:{need.rule}", *_period(need.per, on))
    # an article has no more than one category, and a category is one: bought or not
    one = need.measure == "categories" and need.scope != ALL
    first, last = _window(need.window, on, need.measure in _BACKWARDS)
    return Span("any" if one else need.measure, need.scope, first, last)


def _ends(span: Span) -> list[Point]:
    """The totals that answer it. Stores are counted on top of the mark that a long total gets."""
    if span.what in ("weeks", "months", "categories"):
        return []
    if span.what in ("stores", "since") or span.first == date.min:
        return [(span.scope, span.last)]
    return [(span.scope, span.last), (span.scope, span.first - _ONE)]


def _answer(span: Span, totals: Mapping[Point, Total]) -> int | None:
    what, scope, first, last = span
    upto = totals.get((scope, last), NOTHING)
    if what == "since":
        newest = upto.last
        return (last - newest).days if newest is not None and newest >= first else None
    before = NOTHING
    if first != date.min:
        before = totals.get((scope, first - _ONE), NOTHING)
    if what == "any":
        return int(upto.times > before.times)
    field = _FIELDS.get(what, what)
    value: int = getattr(upto, field) - getattr(before, field)
    return value


@lru_cache(4096)
def _window(window: str, on: date, backwards: bool) -> tuple[date, date]:
    """Purchases count from the window's first day to the day of this one; ever is until now.

    why  an old receipt brought late is not the first purchase again
    """
    first = window_start(window, on)
    if first is None:
        return date.min, on if backwards else date.max
    return first, on


@lru_cache(4096)
def _period(per: str, on: date) -> tuple[date, date]:
    """What rules gave counts to the end of the period, or until now.

    why  who brings an old receipt late must not get past a limit that newer ones have reached
    """
    return period_start(per, on) or date.min, _period_end(per, on)


def _period_end(per: str, on: date) -> date:
    match per.removeprefix("this "):
        case "day":
            return on
        case "week":
            return on + timedelta(days=6 - on.weekday())
        case "month":
            return _months_end(on, 1)
        case "quarter":
            return _months_end(on, 3)
        case "year":
            return _months_end(on, 12)
        case _:
            return date.max


def _months_end(on: date, months: int) -> date:
    """The last day of the month, quarter or year that a day is in."""
    following = (on.month - 1) // months * months + months
    return date(on.year + following // 12, following % 12 + 1, 1) - _ONE
