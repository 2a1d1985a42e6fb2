"""Ladders of tiers as the program declares them: levels, what counts, when they are reviewed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from tessera.base.text import Code, Name, OptionalCode
from tessera.rules.core.conditions import Condition, walk
from tessera.rules.core.facts import (
    Need,
    Rank,
    Window,
    months_before,
    season_start,
    window_start,
)

if TYPE_CHECKING:
    from tessera.rules.core.words import Program

_ONE = timedelta(days=1)
MonthDay = Annotated[str, Meta(pattern=r"^((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]))?\Z")]


class Privilege(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something soft that a level brings: a lounge, a queue of one's own, a person to call.

    uses  so often in each term: from reaching the level, or from its last review; None: as often
          as wanted
    days  only so long after the term has begun; None: as long as the level is held
    """

    code: Code
    name: Name = ""
    uses: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    days: Annotated[int, Meta(ge=1, le=36_500)] | None = None


class Level(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A step of a ladder.

    reach     so much has to be counted in the window to come up to it: points, minor units, visits
    keep      so much to stay at a review; left out: as much as to reach it
    when      must hold too, at the purchase with which a member comes up; it is not asked again
    benefits  what it brings; a higher level lists its own
    """

    code: Code
    name: Name = ""
    reach: Annotated[int, Meta(ge=0, le=10**15)] = 0
    keep: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    when: Condition | None = None
    benefits: Annotated[tuple[Privilege, ...], Meta(max_length=50)] = ()

    @property
    def stay(self) -> int:
        """How much keeps it."""
        return self.reach if self.keep is None else self.keep


class Span(NamedTuple):
    """Local days from the first to the last one, both counted."""

    first: date
    last: date


class Ladder(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Levels from low to high, and how members move on them.

    counts         points earned, minor units spent, or receipts (visits)
    unit           of points: their currency; "" the program's own
    window         what counts: "this year", "12 months", "since 04-01", "ever" since joining
    review         the day of the year (month-day) on which levels are looked at; or
    review_months  so many months after a level was reached; with neither nobody comes down
    grace_days     what comes so many days after the review still counts; only then levels sink
    steps_down     so many levels at most at one review; 0: as many as it takes
    levels         where the lowest has `reach: 0` and no `when`, everybody stands there
    """

    levels: Annotated[tuple[Level, ...], Meta(min_length=1, max_length=20)]
    name: Name = ""
    counts: Literal["points", "minor", "receipts"] = "points"
    unit: OptionalCode = ""
    window: Window = "this year"
    review: MonthDay = ""
    review_months: Annotated[int, Meta(ge=1, le=600)] | None = None
    grace_days: Annotated[int, Meta(ge=0, le=366)] = 0
    steps_down: Annotated[int, Meta(ge=0, le=20)] = 1

    @property
    def scope(self) -> str:
        """The scope of the history in which it counts."""
        return f"g:{self.tally}" if self.counts == "points" else ""

    @property
    def tally(self) -> str:
        """The sum over all rules that has to be kept for it; "" where none has."""
        if self.counts != "points":
            return ""
        return f"*points {self.unit}" if self.unit else "*points"

    @property
    def ground(self) -> int:
        """Where everybody stands: 0, or -1 for nowhere."""
        lowest = self.levels[0]
        return 0 if lowest.reach == 0 and lowest.when is None else -1

    def rank(self, code: str) -> int:
        """A level's number from 0; of none, or of one that is gone, the ground's."""
        found = (at for at, level in enumerate(self.levels) if level.code == code)
        return next(found, self.ground)

    def code(self, rank: int) -> str:
        """A level's code; "" is none."""
        return self.levels[rank].code if rank >= 0 else ""

    def needs(self) -> Iterator[Need]:
        """The facts that the conditions of its levels look up."""
        for level in self.levels:
            if level.when is not None:
                for each in walk(level.when):
                    yield from each.needs()

    def counted(self, on: date, today: date) -> Span:
        """The days that count for a purchase of that day, posted today.

        why  one that comes late, but in the window that is running, counts with all that is in it
        """
        start = window_start(self.window, today)
        if start is None:
            return Span(date.min, date.max)
        if on >= start:
            return Span(start, max(on, today))
        return Span(window_start(self.window, on) or date.min, window_end(self.window, on))

    def reviewed_on(self, after: date) -> date | None:
        """The next review after a day; None: there is none."""
        if self.review_months is not None:
            return months_before(after, -self.review_months)
        if not self.review:
            return None
        return season_start(self.review, months_before(after, -12))

    def judged(self, review: date) -> tuple[Span, ...]:
        """The days that a review looks at, whichever has more: see the README of `tiers`."""
        last = review - _ONE
        end = last + timedelta(days=min(self.grace_days, (date.max - last).days))
        start = window_start(self.window, last)
        if start is None:
            return (Span(date.min, end),)
        running = Span(start, end)
        if not self.window.startswith(("this", "since")):
            return (running,)
        if window_end(self.window, last) == last:
            return (running,)
        before = start - _ONE
        return (Span(window_start(self.window, before) or date.min, before), running)


_LONG = {"week": 0, "month": 1, "quarter": 3, "year": 12}


def window_end(window: str, on: date) -> date:
    """The last day of the calendar's window that a day is in; of others the day itself."""
    first, _, rest = window.partition(" ")
    start = window_start(window, on)
    if start is None:
        return date.max
    if first == "since":
        return months_before(start, -12) - _ONE
    if first != "this" or rest == "day":
        return on
    if rest == "week":
        return start + timedelta(days=6)
    return months_before(start, -_LONG[rest]) - _ONE


def ladder_faults(program: Program) -> Iterator[tuple[str, str, str]]:
    """(field, why, cure) of what does not fit together in `tiers`."""
    for code, ladder in program.tiers.items():
        at = f"tiers.{code}"
        if ladder.unit and ladder.unit not in program.currencies:
            yield f"{at}.unit", f"there is no currency {ladder.unit}", "add it to `currencies`"
        if ladder.unit and ladder.counts != "points":
            yield f"{at}.unit", f"{ladder.counts} have no currency", "take it away"
        if ladder.review and ladder.review_months is not None:
            yield f"{at}.review_months", "review says it too", "keep one of them"
        yield from _level_faults(ladder, at)


def _level_faults(ladder: Ladder, at: str) -> Iterator[tuple[str, str, str]]:
    codes = [level.code for level in ladder.levels]
    for i, level in enumerate(ladder.levels):
        path = f"{at}.levels[{i}]"
        if level.code in codes[:i]:
            yield f"{path}.code", f"two levels are called {level.code}", "give each its own code"
        if i and level.reach < ladder.levels[i - 1].reach:
            yield f"{path}.reach", "it is reached before the level below it", "list them upwards"
        if i and level.stay < ladder.levels[i - 1].stay:
            yield f"{path}.keep", "it is kept with less than the level below it", "raise it"
        if level.stay > level.reach:
            yield f"{path}.keep", "keeping it takes more than reaching it", "lower `keep`"
        names = [each.code for each in level.benefits]
        if len(set(names)) < len(names):
            yield f"{path}.benefits", "two of them have one code", "give each its own code"


def ranks_of(program: Program) -> dict[str, dict[str, int]]:
    """{ladder: {level: its number from 0}}."""
    return {
        name: {level.code: at for at, level in enumerate(ladder.levels)}
        for name, ladder in program.tiers.items()
    }


def rank_key(ladder: str) -> str:
    """The name of a member's level among the known facts."""
    return Rank(ladder).key
