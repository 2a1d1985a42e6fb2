"""Counters of budgets: which one is drawn on, what is left, when it will be used up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import isqrt
from typing import Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from tessera.rules.core.budgets import Budget, Draw, Whose, told, turnover_key
from tessera.rules.core.facts import window_start

EVER = date.min  # the beginning of a period that has none
# Past its deadline a promise may still be confirmed by a till whose batch began before it.
GRACE = timedelta(minutes=1)
NOTHING = Draw()
Measure = Literal["cost_x100", "points", "pieces"]
_MEASURES: Mapping[str, Measure] = {
    "most_minor": "cost_x100", "turnover_percent_x100": "cost_x100", "most_points": "points",
    "most_pieces": "pieces",
}  # fmt: skip


class Place(NamedTuple):
    """Where, when and by whom something was bought, on the store's calendar."""

    day: date
    store: str
    region: str
    member: str


class Key(NamedTuple):
    """A counter: a budget, the first day of its period, whose it is."""

    budget: str
    began: date
    scope: str


class Period(NamedTuple):
    """The counters of one budget that count now: since when, and whose they are."""

    began: date
    whose: Whose


class Kept(NamedTuple):
    """What an open promise keeps of a counter."""

    quote_id: UUID
    key: Key
    draw: Draw
    deadline: datetime


class Count(NamedTuple):
    """A counter as it was read; `kept` by promises that have not ended."""

    draw: Draw = NOTHING
    turnover_minor: int = 0
    kept: Draw = NOTHING
    warned: bool = False
    used_up: bool = False


UNTOUCHED = Count()


class Total:
    """Draws added up in place: a counter that all tills draw on is drawn on by each receipt."""

    __slots__ = ("cost_x100", "pieces", "points")

    def __init__(self, draw: Draw = NOTHING) -> None:
        self.cost_x100, self.points, self.pieces = draw

    def add(self, draw: Draw) -> None:
        """So much more, or less."""
        cost_x100, points, pieces = draw
        self.cost_x100 += cost_x100
        self.points += points
        self.pieces += pieces

    def __bool__(self) -> bool:
        return bool(self.cost_x100 or self.points or self.pieces)

    @property
    def draw(self) -> Draw:
        """What it is by now."""
        return Draw(self.cost_x100, self.points, self.pieces)


@dataclass(slots=True)
class Level:
    """A counter while a batch draws on it.

    budget   whose ceilings count: those of the version that drew last
    locked   nobody else can change it; there: it has a row
    more, turnover_minor, kept  what this batch adds
    all_in   all that is drawn and kept by now; turnover: all that was turned over, in minor units
    stopped  it could not give all that was wished; freed: something came back
    """

    budget: Budget
    was: Count = UNTOUCHED
    locked: bool = False
    there: bool = False
    more: Total = field(default_factory=Total)
    turnover_minor: int = 0
    kept: Draw = NOTHING
    all_in: Total = field(default_factory=Total)
    turnover: int = 0
    stopped: bool = False
    freed: bool = False

    @property
    def total(self) -> Draw:
        """All that is drawn and kept by now."""
        return self.all_in.draw

    def read(self, count: Count) -> None:
        """It has a row, and this is in it."""
        self.was, self.there = count, True
        self.all_in, self.turnover = Total(count.draw), count.turnover_minor
        if any(count.kept):
            self.all_in.add(count.kept)

    def add(self, more: Draw, turnover_minor: int = 0) -> None:
        """So much is drawn; below zero: comes back."""
        self.more.add(more)
        self.all_in.add(more)
        self.turnover_minor += turnover_minor
        self.turnover += turnover_minor
        if min(more) < 0:
            self.freed = True

    def keep(self, draw: Draw) -> None:
        """A promise keeps so much."""
        self.kept = self.kept.plus(draw)
        self.all_in.add(draw)

    def release(self, draw: Draw) -> None:
        """A promise that was there before keeps so much no more; the row learns it apart."""
        self.all_in.add(NOTHING.plus(draw, -1))
        self.freed = True

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        if self.more or self.turnover_minor or self.kept != NOTHING:
            return True
        return self.freed if self.was.used_up else self.stopped

    @property
    def full(self) -> bool:
        """Whether nothing more can be given under one of its ceilings."""
        return share_x100(self.budget, self.all_in, self.turnover) >= 10_000

    def marks(self) -> tuple[bool, bool]:
        """(it comes near a ceiling, nothing more can be given under one or less than wished)."""
        share = share_x100(self.budget, self.all_in, self.turnover)
        return share >= self.budget.warn_percent * 100, self.stopped or share >= 10_000


def key_of(code: str, budget: Budget, place: Place) -> Key:
    """The counter that a budget has for a purchase there and then."""
    scope = "" if budget.by == "all" else getattr(place, budget.by)
    return Key(code, _began(budget.per, place.day), scope)


def period(budget: Budget, day: date) -> Period:
    """Its counters on a day; those of scopes that it had under another `by` are not among them."""
    return Period(_began(budget.per, day), budget.by)


def began(budget: Budget, day: date) -> date:
    """The first day of the period that a day lies in."""
    return _began(budget.per, day)


@lru_cache(maxsize=4096)
def _began(per: str, day: date) -> date:
    """Asked for every receipt and budget."""
    return EVER if per == "ever" else window_start(f"this {per}", day) or EVER


def ends(budget: Budget, first: date) -> date | None:
    """The last day of the period that begins with a day; None: it never ends."""
    match budget.per:
        case "ever":
            return None
        case "day":
            return first
        case "week":
            return first + timedelta(days=6)
    months = {"month": 1, "quarter": 3, "year": 12}[budget.per]
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1) - timedelta(days=1)


def share_x100(budget: Budget, drawn: Draw | Total, turnover_minor: int) -> int:
    """How much of the ceiling that is nearest is used, in hundredths of a percent."""
    share, percent = 0, budget.turnover_percent_x100
    if budget.most_minor is not None:
        share = drawn.cost_x100 * 100 // budget.most_minor
    if budget.most_points is not None:
        share = max(share, drawn.points * 10_000 // budget.most_points)
    if budget.most_pieces is not None:
        share = max(share, drawn.pieces * 10_000 // budget.most_pieces)
    if percent is not None and drawn.cost_x100 > 0:
        most = percent * turnover_minor  # in ten-thousandths of a minor unit
        share = max(share, drawn.cost_x100 * 100 * 10_000 // most if most > 0 else 10_000)
    return max(share, 0)


class Spent(NamedTuple):
    """What was drawn on a day, in one measure; the measure is the ceiling's own."""

    day: date
    amount: int


class Forecast(Struct, frozen=True):
    """When a budget will be used up if it goes on as in its last days.

    per_day   what was drawn a day, in the ceiling's measure
    on        the day; earliest and latest: with two standard errors more or less a day
    in_time   it lasts to the end of its period, as far as `on` tells
    null      not within five years, or nothing is drawn
    """

    per_day: int
    days: int
    on: date | None
    earliest: date | None
    latest: date | None


LOOK_BACK = 14  # days that a forecast is made from
_FAR = 5 * 366


def forecast(spent: Sequence[Spent], left: int, today: date, first: date) -> Forecast | None:
    """A straight line through the last whole days; None where there are not three of them yet.

    spent   by day, days without any may be left out; left: what is left of the ceiling now
    first   the first day of the period
    source  mean of the days, plus or minus two standard errors of the mean (independent days);
            whole numbers all the way: a day is early rather than late
    """
    start = max(first, today - timedelta(days=LOOK_BACK))
    count = (today - start).days
    if count < 3:
        return None
    by_day = {each.day: each.amount for each in spent}
    amounts = [by_day.get(start + timedelta(days=n), 0) for n in range(count)]
    total = sum(amounts)
    # count^2 * (count - 1) * variance of the mean, so that nothing is divided before the root
    squares = count * sum(each * each for each in amounts) - total * total
    error = isqrt(max(squares, 0) // max(count - 1, 1))  # `count` standard errors of the mean
    fast, slow = total + 2 * error, total - 2 * error
    return Forecast(
        total // count, count, _runs_out(left, total, count, today),
        _runs_out(left, fast, count, today), _runs_out(left, slow, count, today),
    )  # fmt: skip


def _runs_out(left: int, total: int, count: int, today: date) -> date | None:
    if left <= 0:
        return today
    if total <= 0:
        return None
    days = left * count // total
    return today + timedelta(days=days) if days <= _FAR else None


class Room(NamedTuple):
    """What one ceiling of a budget leaves.

    ceiling  its name in `Budget`; measure: which part of a `Draw` it is about
    left     in that measure; below zero: nothing
    """

    ceiling: str
    measure: Measure
    left: int
    share_x100: int


def rooms(budget: Budget, draw: Draw, turnover_minor: int) -> list[Room]:
    """Each ceiling that a budget has, the tightest first."""
    found = []
    for name, measure in _MEASURES.items():
        most = getattr(budget, name)
        if most is not None:
            alone = Budget(**{name: most})
            ((key, left),) = told("", alone, draw, turnover_minor)
            left = left // 100 if key == turnover_key("") else left
            share = share_x100(alone, draw, turnover_minor)
            found.append(Room(name, measure, left, share))
    return sorted(found, key=lambda each: -each.share_x100)


def soonest(made: Iterable[Forecast | None]) -> Forecast | None:
    """The forecast of the ceiling that is reached first."""
    never = date.max
    return min(
        (each for each in made if each is not None), default=None,
        key=lambda each: (each.on or never, each.earliest or never, each.latest or never),
    )  # fmt: skip


def facts_of(
    budgets: Mapping[str, Budget], levels: Mapping[Key, Level], place: Place,
    own: Mapping[Key, Draw],
) -> Iterator[tuple[str, int]]:  # fmt: skip
    """What a decision there and then knows of its budgets.

    own  what its own promise keeps: it is free for itself
    """
    for code, budget in budgets.items():
        key = key_of(code, budget, place)
        level = levels.get(key)
        if level is not None:
            yield from left_in(code, budget, level, own.get(key))


def left_in(
    code: str, budget: Budget, level: Level, own: Draw | None
) -> Iterator[tuple[str, int]]:  # fmt: skip
    """The same of one budget; it is this version's from now on."""
    level.budget = budget
    drawn = level.all_in if own is None else level.total.plus(own, -1)
    return told(code, budget, drawn, level.turnover)
