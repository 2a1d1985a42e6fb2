"""Whether this process can serve, from what it already knows: asking it costs no look-up.

Anybody may ask, so nothing is told but which part is missing.
"""

from __future__ import annotations

import time
from typing import Literal

from msgspec import Struct

from tessera.doors.house import House

STALE_S = 5.0  # the house looks at its database every second


class Readiness(Struct, frozen=True):
    """Ready, or which parts are missing: `doors`, `database`, `disk`, `writer`, `program`, tables.

    lanes   of the writer that are up, of how many
    """

    status: Literal["ready", "not ready"]
    missing: tuple[str, ...]
    lanes_up: int
    lanes: int


def readiness(house: House, *, is_open: bool) -> Readiness:
    """What is there now."""
    writer = house.writer
    missing = [
        name
        for name, there in (
            ("doors", is_open),
            ("database", not writer.down and _seen_s(house) < STALE_S),
            ("disk", not writer.full),
            ("writer", writer.up > 0),
            ("program", house.has_program),
        )
        if not there
    ]
    if house.schema_fault:
        missing.append(house.schema_fault)
    status: Literal["ready", "not ready"] = "not ready" if missing else "ready"
    return Readiness(status, tuple(missing), writer.up, writer.lanes)


def _seen_s(house: House) -> float:
    """Seconds since the database last answered the house."""
    return time.monotonic() - house.worked.get("refresh", 0.0)
