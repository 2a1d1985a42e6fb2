"""Boards: who did most between two days, and what the first places win. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct

from tessera.base.text import Code, Name, OptionalCode

if TYPE_CHECKING:
    from tessera.rules.core.words import Program

MAX_PRIZED = 10_000  # places that win something


class BoardPrize(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the next places win: each of so many places so many points."""

    points: Annotated[int, Meta(ge=1, le=10**9)]
    places: Annotated[int, Meta(ge=1, le=MAX_PRIZED)] = 1


class Board(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A ranking of members by what they do between two days.

    starts     first and `ends` last local day that counts
    counts     points earned, minor units spent, receipts (visits), or an event
    of         points: their currency; money and receipts: a category; an event: which one
    stores     only what was done there; `regions` likewise; with neither: everywhere
    wait_days  what comes back so many days after the end is still taken away; then it is closed
    shown      so many of the first places are shown to members
    prizes     from the first place on; who share a place share what it wins
    """

    starts: date
    ends: date
    name: Name = ""
    counts: Literal["points", "minor", "receipts", "event"] = "points"
    of: OptionalCode = ""
    stores: Annotated[tuple[Code, ...], Meta(max_length=1000)] = ()
    regions: Annotated[tuple[Code, ...], Meta(max_length=100)] = ()
    wait_days: Annotated[int, Meta(ge=0, le=366)] = 14
    shown: Annotated[int, Meta(ge=1, le=100)] = 10
    prizes: Annotated[tuple[BoardPrize, ...], Meta(max_length=50)] = ()

    @property
    def scope(self) -> str:
        """The scope of the history in which it counts."""
        if self.counts == "points":
            return f"g:{self.tally}"
        if self.counts == "event":
            return f"e:{self.of}"
        return f"c:{self.of}" if self.of else ""

    @property
    def tally(self) -> str:
        """The sum over all rules that has to be kept for it; "" where none has."""
        if self.counts != "points":
            return ""
        return f"*points {self.of}" if self.of else "*points"

    @property
    def times(self) -> bool:
        """Whether it counts how often, not how much."""
        return self.counts in ("receipts", "event")

    @property
    def prized(self) -> int:
        """How many places win something."""
        return sum(each.places for each in self.prizes)


def board_faults(program: Program) -> Iterator[tuple[str, str, str]]:
    """(field, why, cure) of what does not fit together in `boards`."""
    for code, board in program.boards.items():
        at = f"boards.{code}"
        if board.ends < board.starts:
            why = f"it ends on {board.ends}, before it starts on {board.starts}"
            yield f"{at}.ends", why, "exchange the dates"
        if board.counts == "points" and board.of and board.of not in program.currencies:
            yield f"{at}.of", f"there is no currency {board.of}", "add it to `currencies`"
        if board.counts == "event" and board.of not in program.events:
            yield f"{at}.of", f"there is no event {board.of}", "declare it under `events`"
        if board.prized > MAX_PRIZED:
            yield f"{at}.prizes", f"{board.prized} places win something", "name fewer `places`"
        for i, prize in enumerate(board.prizes[1:], 1):
            if prize.points > board.prizes[i - 1].points:
                place = f"{at}.prizes[{i}].points"
                yield place, "a lower place wins more than a higher one", "list prizes downwards"
