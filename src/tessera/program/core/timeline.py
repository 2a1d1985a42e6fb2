"""Which version decides when: the newest one that had begun when it happened."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.program.core.reader import Reader
from tessera.rules.core.words import Program

State = Literal["current", "announced", "past", "overtaken"]
BEGINNING = datetime.min.replace(tzinfo=UTC)


class Release(Struct, frozen=True):
    """How a program is published.

    by         the key's holder; None: the command line
    starts_at  it decides what happens from then on; None: all that arrives from now on
    """

    now: datetime
    by: UUID | None = None
    starts_at: datetime | None = None
    note: str = ""


class Start(Struct, frozen=True):
    """When a version begins; None: with the beginning of time."""

    version: int
    starts_at: datetime | None
    published_at: datetime = BEGINNING


class Version(Struct, frozen=True):
    """A published version without its body."""

    version: int
    name: str
    rules: int
    published_at: datetime
    starts_at: datetime | None
    published_by: UUID | None
    note: str


def reigns(starts: Sequence[Start]) -> tuple[Start, ...]:
    """The versions that decide something, each from its start to the next one's.

    starts  by number; a version takes over from its start on whatever older ones had announced
    """
    found: list[Start] = []
    for each in starts:
        begins = each.starts_at or BEGINNING
        while found and (found[-1].starts_at or BEGINNING) >= begins:
            found.pop()
        found.append(each)
    return tuple(found)


def overtaken(starts: Sequence[Start], starts_at: datetime | None, now: datetime) -> list[Start]:
    """What was announced for after `now` and would never decide, were one more published so."""
    announced = {each for each in reigns(starts) if each.starts_at and each.starts_at > now}
    left = reigns([*starts, Start(max((s.version for s in starts), default=0) + 1, starts_at)])
    return sorted(announced - set(left), key=lambda each: each.version)


def states(starts: Sequence[Start], now: datetime) -> dict[int, State]:
    """What becomes of each version.

    announced  it begins after `now`; past: it has decided, or could have
    overtaken  a later one took over before it began
    """
    deciding = reigns(starts)
    begun = [each.version for each in deciding if each.starts_at is None or each.starts_at <= now]
    found: dict[int, State] = {}
    for i, each in enumerate(starts):
        begins = each.starts_at or BEGINNING
        over = [
            later.published_at for later in starts[i + 1 :]
            if (later.starts_at or BEGINNING) <= begins
        ]  # fmt: skip
        if each.version in begun:
            found[each.version] = "current" if each.version == begun[-1] else "past"
        elif each in deciding:
            found[each.version] = "announced"
        else:
            found[each.version] = "overtaken" if min(over) < begins else "past"
    return found


@dataclass(frozen=True)
class Timeline:
    """The versions that decide something, read when they are first asked for.

    reigns  by their starts; bodies: {version: JSON} of each of them
    """

    reader: Reader
    reigns: tuple[Start, ...]
    bodies: dict[int, bytes]
    _begins: list[datetime] = field(init=False)

    def __post_init__(self) -> None:
        begins = [each.starts_at or BEGINNING for each in self.reigns]
        object.__setattr__(self, "_begins", begins)

    def at(self, moment: datetime) -> Program:
        """The program for what happened then; before the first one, the first."""
        place = max(bisect_right(self._begins, moment) - 1, 0)
        version = self.reigns[place].version
        return self.reader.kept(self.bodies[version], version)

    def since(self, version: int) -> datetime:
        """Since when it decides: published, and begun. Of none of these: the beginning of time."""
        for each in self.reigns:
            if each.version == version:
                return max(each.published_at, each.starts_at or BEGINNING)
        return BEGINNING
