"""Change a part of the program from a page: the whole of it is published anew, with a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.till.program import Current
from tessera.doors.web.visit import Visit

Body = dict[str, Any]


async def current(visit: Visit) -> Current | Refusal:
    """The program that decides now, as data."""
    found: Current | Refusal = await visit.ask("program.read")
    return found


async def publish(visit: Visit, change: Callable[[Body], Body], note: str) -> Any:
    """Publish what `change` makes of the program.

    note    in English, for the list of versions
    answer  as of program.announce; program_moved: somebody published since the form was opened
    """
    found = await current(visit)
    if isinstance(found, Refusal):
        return found
    seen = visit.form.get("version")
    if seen and seen != str(found.version):
        return Refusal(
            "program_moved", "", visit.local.gettext("Somebody has changed the program meanwhile."),
            visit.local.gettext("Look at it again, then press the button once more."),
        )  # fmt: skip
    body = change(dict(found.program))
    if body == found.program:
        return None
    return await visit.ask("program.announce", body={"program": body, "note": note})
