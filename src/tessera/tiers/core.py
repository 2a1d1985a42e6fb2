"""How members climb, sink and are put back: decisions about standings. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from tessera.rules.core.tiers import Ladder, Level, Privilege

Why = Literal["earned", "returned", "reviewed", "matched", "joined", "parted", "carried", "moved"]


class Standing(NamedTuple):
    """A member's level on a ladder.

    level    its code; "" is none
    since    when it was reached; None: on the ground, for ever
    until    the day of the next review; None: there is none
    settled  the day of the last review or match: the uses of privileges are counted from there
    rank     the level's number when it was written, for those who have no program at hand
    """

    level: str
    since: date | None = None
    until: date | None = None
    settled: date | None = None
    rank: int = -1


class Change(NamedTuple):
    """A row of tiers.change that is to be written.

    undoes   the climb that a return takes back
    climbed  of a climb that came along with another account: its day. A return may undo it too
    """

    account_id: UUID
    ladder: str
    source: str
    target: str
    day: date
    why: Why
    was: Standing | None = None
    undoes: int | None = None
    outcome_id: UUID | None = None
    principal_id: UUID | None = None
    reason: str = ""
    climbed: date | None = None


class Climb(NamedTuple):
    """A climb that stands: from which level to which, when, and what stood before.

    rank  the number of the level before
    """

    id: int
    source: str
    target: str
    day: date
    since: date | None
    until: date | None
    rank: int = -1

    @property
    def was(self) -> Standing:
        """What stood before."""
        return Standing(self.source, self.since, self.until, None, self.rank)


class Undone(NamedTuple):
    """A climb that a return takes back, in part or whole: what stands before and after."""

    before: Standing
    after: Standing
    climb: Climb
    whole: bool


class Step(NamedTuple):
    """A part of what another account brings along. climbed: the day of its climb, if it is one."""

    source: Standing | None
    target: Standing
    climbed: date | None


class Joined(NamedTuple):
    """What a joining made of a ladder: the first standing before, the last level after it."""

    was: Standing
    target: str


class Moved(NamedTuple):
    """A line of the history of an account's level."""

    id: int
    ladder: str
    source: str
    target: str
    day: date
    why: Why
    reason: str
    at: datetime


class Review(NamedTuple):
    """A run of reviews of a ladder: as of which day, who stayed and who sank."""

    id: int
    ladder: str
    as_of: date
    kept: int
    sunk: int
    began_at: datetime
    ended_at: datetime | None


class Walk(NamedTuple):
    """A walk through everybody after a ladder has changed. terms: a digest of the ladder."""

    ladder: str
    terms: bytes
    after: UUID
    looked: int
    risen: int
    began_at: datetime
    ended_at: datetime | None


def rank_of(ladder: Ladder, standing: Standing | None) -> int:
    """The number of a level from 0; -1: nowhere."""
    return ladder.ground if standing is None else ladder.rank(standing.level)


def due_on(ladder: Ladder, standing: Standing) -> date | None:
    """From when on its review can be decided: after the grace."""
    if standing.until is None:
        return None
    left = (date.max - standing.until).days
    return standing.until + timedelta(days=min(ladder.grace_days, left))


def climb(
    ladder: Ladder, standing: Standing | None, amount: int, days: tuple[date, date],
    holds: Callable[[Level], bool],
) -> Standing | None:  # fmt: skip
    """The standing after a purchase, if it brings the member up.

    amount  what counts, this purchase included; days: of the purchase, and today
    holds   whether the condition of a level does
    """
    on, today = days
    now, reached = rank_of(ladder, standing), -1
    for rank in range(len(ladder.levels) - 1, now, -1):
        level = ladder.levels[rank]
        if amount >= level.reach and (level.when is None or holds(level)):
            reached = rank
            break
    if reached <= now:
        return None
    settled = standing.settled if standing is not None else None
    risen = Standing(ladder.code(reached), on, ladder.reviewed_on(on), settled, reached)
    due = due_on(ladder, risen)
    return risen if due is None or due > today else None


def carried(ladder: Ladder, made: Climb, rank: int, amounts: Iterable[int]) -> int:
    """The level that a climb is still good for, after a return: between its two ends.

    rank     where the member stands now
    amounts  what is left in the window of the climb, and in that of today
    """
    low, most = ladder.rank(made.source), max(amounts)
    for each in range(rank, low, -1):
        if most >= ladder.levels[each].reach:
            return each
    return low


def undone(
    ladder: Ladder, standing: Standing, climbs: Iterable[Climb],
    left: Callable[[Climb], Iterable[int]],
) -> list[Undone]:  # fmt: skip
    """Climb by climb, the newest first, as long as what is left does not carry it.

    left  what is left in the windows of a climb: see `carried`
    """
    found: list[Undone] = []
    for made in climbs:
        rank = rank_of(ladder, standing)
        if rank <= ladder.rank(made.source):
            continue
        if rank > ladder.rank(made.target):
            break  # it is not by this climb that the member stands there
        down = carried(ladder, made, rank, left(made))
        if down == rank:
            break
        after, whole = back_to(ladder, standing, made, down), down == ladder.rank(made.source)
        found.append(Undone(standing, after, made, whole))
        standing = after
        if not whole:
            break
    return found


def brought(mine: Standing, climbs: Sequence[Climb], theirs: Standing | None) -> list[Step]:
    """How an account with `theirs` comes to the standing of one that is joined to it.

    climbs  those of the one that is joined, which a return may still undo; the newest first
    why     they can be undone there too; what was behind them cannot
    """
    path = [*(each.was for each in reversed(climbs)), mine]
    steps, now = [], theirs
    rank = theirs.rank if theirs is not None else -1
    if path[0].since is not None and path[0].rank >= rank:
        steps.append(Step(now, path[0], None))
        now, rank = path[0], path[0].rank
    for made, target in zip(reversed(climbs), path[1:], strict=True):
        if target.rank > rank:
            steps.append(Step(now, target, made.day))
            now, rank = target, target.rank
    if now is None or now[:3] != mine[:3]:
        steps.append(Step(now, mine, climbs[0].day if climbs else None))
    return steps


def back_to(ladder: Ladder, standing: Standing, made: Climb, rank: int) -> Standing:
    """The standing after a climb was taken back, in part or whole."""
    if rank > ladder.rank(made.source):
        return standing._replace(level=ladder.code(rank), rank=rank)
    source = ladder.rank(made.source)
    return standing._replace(level=made.source, since=made.since, until=made.until, rank=source)


def reviewed(ladder: Ladder, standing: Standing, amount: int) -> Standing:
    """The standing after its review, which is due.

    amount  of the days that it looks at, the most: see `Ladder.judged`
    """
    review, due = standing.until, due_on(ladder, standing)
    assert review is not None and due is not None, "only what is due is reviewed"
    rank = rank_of(ladder, standing)
    kept = rank
    while kept > ladder.ground and amount < ladder.levels[kept].stay:
        kept -= 1
    if ladder.steps_down:
        kept = max(kept, rank - ladder.steps_down, ladder.ground)
    if kept == rank:
        return standing._replace(until=ladder.reviewed_on(review), settled=review)
    if kept <= ladder.ground:
        return Standing(ladder.code(kept), None, None, review, kept)
    since = due if ladder.review_months is not None else review
    return Standing(ladder.code(kept), due, ladder.reviewed_on(since), review, kept)


def is_higher(one: Standing, other: Standing | None) -> bool:
    """Whether a standing is the better one: a higher level, or the same for longer."""
    if other is None:
        return one.rank > 0 or bool(one.level)
    ends = one.until or date.max, other.until or date.max
    return (one.rank, ends[0]) > (other.rank, ends[1])


def term_of(standing: Standing) -> date:
    """From when on the uses of a privilege are counted."""
    return max(standing.since or date.min, standing.settled or date.min)


def open_days(privilege: Privilege, standing: Standing) -> date | None:
    """The last day on which a privilege can be used; None: as long as the level is held."""
    if privilege.days is None or standing.since is None:
        return None
    return term_of(standing) + timedelta(days=privilege.days - 1)


def best(amounts: Sequence[int]) -> int:
    """The most of what a review looks at; nothing is nothing."""
    return max(amounts, default=0)
