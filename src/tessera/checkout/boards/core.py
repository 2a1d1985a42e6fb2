"""Who wins what on a board. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from tessera.rules.core.boards import Board, BoardPrize

REST = 20  # a count rests so many times as long as it took
LEAST = timedelta(minutes=5)


class Standing(NamedTuple):
    """What an account has so far: points, minor units, or how often."""

    account: UUID
    amount: int


class Won(NamedTuple):
    """A place that wins points; `sharing`: how many have it."""

    account: UUID
    place: int
    sharing: int
    amount: int
    points: int


class Counted(NamedTuple):
    """When a board was counted last, how long that took, how many had a place; if it is closed."""

    code: str
    as_of: datetime
    took_ms: int
    members: int
    closed_at: datetime | None
    terms: bytes | None


class Place(NamedTuple):
    """Where an account stands.

    place    one more than how many have more
    sharing  how many have as much, itself counted
    above    what whoever is next above has; None: nobody is
    """

    amount: int
    place: int
    sharing: int
    above: int | None


class Winner(NamedTuple):
    """Who won points on a board. `unpaid`: why they never came; "" otherwise."""

    id: UUID
    board: str
    account: UUID
    place: int
    sharing: int
    amount: int
    points: int
    paid_at: datetime | None
    unpaid: str


def winners(prizes: Sequence[BoardPrize], standings: Sequence[Standing]) -> list[Won]:
    """Who wins how much, the first place first.

    standings  from the most to the least, all who may win; who has the last prized place's amount
               is among them
    why        who have the same take as many places as they are, and share what these win in
               equal whole points; what does not divide is nobody's
    """
    found: list[Won] = []
    at = 0
    while at < len(standings):
        end = at + 1
        while end < len(standings) and standings[end].amount == standings[at].amount:
            end += 1
        points = (_of_first(prizes, end) - _of_first(prizes, at)) // (end - at)
        if points:
            found += [
                Won(each.account, at + 1, end - at, each.amount, points)
                for each in standings[at:end]
            ]  # fmt: skip
        at = end
    return found


def _of_first(prizes: Sequence[BoardPrize], places: int) -> int:
    """What the first so many places win together."""
    total = 0
    for each in prizes:
        taken = min(each.places, places)
        total, places = total + taken * each.points, places - taken
    return total


def is_stale(counted: Counted | None, now: datetime) -> bool:
    """Whether it is time to count again."""
    if counted is None:
        return True
    rest = max(LEAST, timedelta(milliseconds=REST * counted.took_ms))
    return counted.closed_at is None and now - counted.as_of >= rest


def closes_on(board: Board) -> date:
    """The first day on which its places are final."""
    return board.ends + timedelta(days=board.wait_days + 1)
