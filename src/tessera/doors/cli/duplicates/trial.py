"""How well duplicates are found, measured on invented people whose doubles are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import combinations
from time import monotonic

from msgspec import Struct

from tessera.doors.cli.duplicates import linkage
from tessera.doors.cli.duplicates.linkage import Pair
from tessera.members.likeness.core.forms import Looks

Tell = Callable[[str, int, int], None]  # phase, how much is done, of how much
Pairs = set[tuple[int, int]]


class Score(Struct, frozen=True):
    """Pairs that are one person, pairs found, and those that are both."""

    true: int
    found: int
    right: int
    seconds: float = 0.0

    @property
    def precision(self) -> float:
        """Of what is found, how much is right."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Of what is there, how much is found."""
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of the two."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def tried(
    people: Sequence[Looks], truth: Iterable[Hashable], place: str, memory: str, tell: Tell
) -> Score:
    """Search among these and compare with the truth: equal words are one person."""
    began = monotonic()
    link = linkage.opened(place, memory)
    try:
        linkage.fill(link, people)
        found = answered(list(linkage.linked(link, tell)))
    finally:
        link.close()
    true = together(truth)
    return Score(len(true), len(found), len(found & true), monotonic() - began)


def answered(pairs: Sequence[Pair]) -> Pairs:
    """What the search says: every pair of the queue, and all pairs inside a group."""
    groups = linkage.groups((each.one, each.other) for each in pairs if linkage.strong(each))
    members: defaultdict[int, list[int]] = defaultdict(list)
    for each, first in groups.items():
        members[first].append(each)
    inside = {pair for found in members.values() for pair in combinations(sorted(found), 2)}
    return inside | {(each.one, each.other) for each in pairs}


def together(truth: Iterable[Hashable]) -> Pairs:
    """All pairs of numbers with the same word."""
    members: defaultdict[Hashable, list[int]] = defaultdict(list)
    for number, word in enumerate(truth):
        members[word].append(number)
    return {pair for found in members.values() for pair in combinations(found, 2)}
