"""Calls that were refused because somebody may not: counted, and written to the audit log.

A minute's calls of one principal to one operation are one entry, so that nobody can fill the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from tessera.access.audit import flows as audit
from tessera.access.audit.core import Actor, Change, Entry
from tessera.access.core import Principal
from tessera.doors.pools import Pool

MOST = 1000  # entries a minute; what is beyond them is added up in one more
_OTHERS = Actor("system", None, "tessera")


@dataclass(slots=True)
class Tries:
    """What one principal has tried with one operation since the last entry."""

    actor: Actor
    operation: str
    first_at: datetime
    times: int = 0


class Refused:
    """One process's count of such calls."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._tries: dict[tuple[UUID, str], Tries] = {}
        self._others = 0
        self._waiting: list[Entry] = []  # counted, and not written down yet

    def add(self, by: Principal, operation: str, address: str) -> None:
        """One more; the address is that of the first, of members and strangers none."""
        tries = self._tries.get((by.id, operation))
        if tries is None:
            if len(self._tries) >= MOST:
                self._others += 1
                return
            told = "" if by.kind in ("member", "anybody") else address
            who = Actor(by.kind, by.id, by.name, by.role, told)
            tries = self._tries[by.id, operation] = Tries(who, operation, datetime.now(UTC))
        tries.times += 1

    async def turn(self) -> None:
        """Write down what was counted. What cannot be written down now waits for the next turn."""
        if self._waiting or self._tries:
            self._waiting = (self._waiting + self.take())[: 2 * MOST]
            async with self._pool.connection() as conn:
                await audit.note(conn, *self._waiting)
            self._waiting = []

    def take(self) -> list[Entry]:
        """What was counted, as entries; from here on it is counted anew."""
        counted, others = self._tries.values(), self._others
        self._tries, self._others = {}, 0
        return _entries(counted, others)


def _entries(counted: Iterable[Tries], others: int) -> list[Entry]:
    entries = [
        Entry(
            each.first_at, each.actor, each.operation, Change("", "", None, {"times": each.times}),
            "refused",
        )
        for each in counted
    ]  # fmt: skip
    if others:
        change = Change("", "", None, {"times": others})
        entries.append(Entry(datetime.now(UTC), _OTHERS, "many operations", change, "refused"))
    return entries
