"""What happened, told by several rooms and read as one list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from tessera.base.pages import after, cursor
from tessera.base.refusal import Refusal


class Happened(Struct, frozen=True, omit_defaults=True):
    """Something that happened. What does not apply is "" or 0.

    at, id   when, and which: with `kind` the place in a list
    kind     sale, return, event; transfer, gift, donation, exchange, adjustment, extension,
             expired, kept, carried; came, identifier, consent, choice, household, left; merged,
             unmerged; done
    what     in the words of the program or the policy: the event's type, purpose/channel, the
             choice, the kind of identifier, the operation
    state    of a consent, an identifier, a choice (its options)
    points   by which the balance changed; of an extension: that live longer
    minor    money to pay, in minor units
    by       who did it, or which way it was said
    """

    at: datetime
    kind: str
    id: str
    what: str = ""
    state: str = ""
    points: int = 0
    currency: str = ""
    minor: int = 0
    store: str = ""
    till: str = ""
    number: str = ""
    by: str = ""
    reason: str = ""

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands in a list, newest first."""
        return self.at, f"{self.kind}:{self.id}"


class Before(Struct, frozen=True):
    """Everything before a place in the list; a year that is not over comes first.

    most  so many and no more
    """

    at: datetime
    key: str
    most: int

    @property
    def asked(self) -> dict[str, Any]:
        """For a statement."""
        return {"at": self.at, "key": self.key, "page": self.most}


def begins(word: str | None, now: datetime, limit: int) -> Before | Refusal:
    """Where a page begins, and one more than it shows. Errors: cursor_unknown."""
    if word is None:
        # Clocks of tills go wrong: what is said to happen in the future happened too.
        return Before(now.replace(year=9999), "", limit + 1)
    parts = after(word, 2)
    if isinstance(parts, Refusal):
        return parts
    try:
        at = datetime.fromisoformat(parts[0])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or len(parts[1]) > 200 or "\x00" in parts[1]:
        return Refusal("cursor_unknown", "cursor", "this cursor was not given out by this list",
                       "start again without a cursor, then follow `next`")  # fmt: skip
    return Before(at, parts[1], limit + 1)


def merged(told: Iterable[Iterable[Happened]], limit: int) -> tuple[list[Happened], str | None]:
    """A page of several lists that are read from one place on, and where the next one begins."""
    every = sorted((each for some in told for each in some), key=lambda e: e.place, reverse=True)
    more = every[limit - 1] if len(every) > limit else None
    return every[:limit], None if more is None else cursor(more.at.isoformat(), more.place[1])
