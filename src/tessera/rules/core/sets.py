"""Sets of several parts, no unit counting for two of them: how often, and which units each takes.

A part fits some lines. Lines that fit the same parts are one *sort*: its parts, as bits. How many
units each sort has decides how often the set is there; the lines decide only which are taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple


class Part(NamedTuple):
    """A part of a set: so many units of these lines, taken in this order."""

    order: Sequence[int]
    units: int


class Sets:
    """What there is for a set: its parts, and {line: units}, looked at once."""

    __slots__ = ("_needed", "_orders", "_parts", "_room", "_there")

    def __init__(self, parts: Sequence[Part], room: Mapping[int, int]) -> None:
        self._parts, self._room = parts, room
        sorts = _sorts(parts)
        self._orders = [[(i, sorts[i]) for i in part.order] for part in parts]
        self._needed = [_needed(parts[at:]) for at in range(len(parts) + 1)]
        self._there: dict[int, int] = {}
        for i, sort in sorts.items():
            self._there[sort] = self._there.get(sort, 0) + room[i]

    def most_times(self) -> int:
        """How often the whole set is there.

        source  Hall's theorem: as often as every choice of parts finds units among the lines that
                fit any of them
        """
        there = _reached(self._there, len(self._parts))
        return min(
            [has // needs for has, needs in zip(there, self._needed[0], strict=True) if needs]
        )

    def lacking(self) -> int:
        """How many units are missing until the set is there once."""
        there = _reached(self._there, len(self._parts))
        return max([needs - has for has, needs in zip(there, self._needed[0], strict=True)])

    def parted(self, times: int) -> list[dict[int, int]]:
        """{line: units} of each part, for the set so many times.

        Each part takes from its lines in their order, and leaves what the parts after it need.
        errors  AssertionError if the set is not there so often
        """
        room, there = dict(self._room), dict(self._there)
        return [self._take(at, times, room, there) for at in range(len(self._parts))]

    def _take(
        self, at: int, times: int, room: dict[int, int], there: dict[int, int]
    ) -> dict[int, int]:  # fmt: skip
        """What one part takes; room of lines and units of sorts shrink by it."""
        spare = _Spare(there, self._needed[at + 1], at + 1, times)
        until, moved = spare.until, spare.moved
        wanted, taken, pick = self._parts[at].units * times, 0, {}
        for i, sort in self._orders[at]:
            units = room[i] if room[i] < wanted else wanted
            if not units:
                continue
            if taken + units > until[sort]:
                units = spare.most(sort, units, taken)
                if not units:
                    continue
            pick[i] = units
            room[i] -= units
            moved[sort] += units
            taken += units
            wanted -= units
            if not wanted:
                break
        assert not wanted, "the set is not there so often"
        for sort, units in spare.gone().items():
            there[sort] -= units
        return pick


class _Spare:
    """How much a part may take without taking what the parts after it need.

    until  {sort: so far the part may go, whatever it takes, before it has to ask again}
    moved  {sort: units taken since somebody asked}
    """

    __slots__ = ("_first", "_gone", "_slack", "_touching", "moved", "until")

    def __init__(
        self, there: Mapping[int, int], needed: Sequence[int], first: int, times: int
    ) -> None:
        parts = len(needed).bit_length() - 1
        rest: dict[int, int] = {}
        for sort, units in there.items():
            rest[sort >> first] = rest.get(sort >> first, 0) + units
        has = _reached(rest, parts)
        self._slack = [units - needs * times for units, needs in zip(has, needed, strict=True)]
        self._first, self._touching = first, _touching(parts)
        least = min(self._slack[1:], default=0)
        self.until = {sort: least if sort >> first else _NO_END for sort in there}
        self.moved, self._gone = defaultdict[int, int](int), defaultdict[int, int](int)

    def most(self, sort: int, units: int, taken: int) -> int:
        """How many of so many units of a sort may be taken; where none may, none may later."""
        if self.until[sort] < 0:
            return 0
        self.gone()
        slack = self._slack
        least = min([slack[choice] for choice in self._touching[sort >> self._first]])
        self.until[sort] = taken + least if least else -1
        return min(units, least)

    def gone(self) -> Mapping[int, int]:
        """{sort: units} of all that was taken; the slack is brought up to date."""
        slack, moved = self._slack, self.moved
        for sort, units in moved.items():
            self._gone[sort] += units
            for choice in self._touching[sort >> self._first]:
                slack[choice] -= units
        moved.clear()
        return self._gone


_NO_END = 1 << 62


@cache
def _touching(parts: int) -> list[list[int]]:
    """The choices of so many parts that have a part in common with each choice."""
    every = range(1 << parts)
    return [[choice for choice in every if choice & bits] for bits in every]


def _sorts(parts: Sequence[Part]) -> dict[int, int]:
    """{line: the parts it fits, as bits}"""
    fits: dict[int, int] = {}
    for at, part in enumerate(parts):
        for i in part.order:
            fits[i] = fits.get(i, 0) | 1 << at
    return fits


def _needed(parts: Sequence[Part]) -> list[int]:
    """Units that every choice of parts needs once, by the choice's bits."""
    needed = [0]
    for part in parts:
        needed += [units + part.units for units in needed]
    return needed


def _reached(there: Mapping[int, int], parts: int) -> list[int]:
    """Units of the sorts that fit any part of a choice, by the choice's bits."""
    within = [there.get(bits, 0) for bits in range(1 << parts)]
    for bit in [1 << at for at in range(parts)]:
        for bits in range(bit, 1 << parts):
            if bits & bit:
                within[bits] += within[bits ^ bit]
    whole = within[-1]
    return [whole - outside for outside in reversed(within)]
