"""Pages that would come out the same again: made once, told many times."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from tessera.doors.web.page import View
from tessera.doors.web.visit import Visit

MOST = 2_000  # of some 2 KB each


class Kept:
    """The pages that were made last, by all that is in them. What is asked for stays longest."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, key: Hashable) -> bytes | None:
        """The page as it was made; None if it was not, or long ago."""
        made = self._made.get(key)
        if made is not None:
            self._made.move_to_end(key)
        return made

    def keep(self, key: Hashable, page: bytes) -> None:
        """Keep it; the one that nobody has asked for longest goes."""
        self._made[key] = page
        if len(self._made) > self._most:
            self._made.popitem(last=False)


def key_of(visit: Visit, shown: View, look: Hashable) -> Hashable | None:
    """All that is in this page; None if it cannot be told, or its reader takes no gzip.

    look  what the shop has set: its colours, its name
    """
    if visit.query or visit.posted or "gzip" not in visit.headers.get("accept-encoding", ""):
        return None
    role = visit.who.principal.role if visit.who is not None else ""
    return (
        visit.page.name, visit.path, shown.template, shown.status, shown.same, visit.local,
        visit.now.date(), role, look,
    )  # fmt: skip
