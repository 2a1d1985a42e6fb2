"""The demo's program: the text in `program/`, which is also the example `grocer`."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.call import Conn
from tessera.doors.cli.demo.feed import DemoBroken
from tessera.doors.cli.program.sources import Directory, directory
from tessera.program import db as program_db
from tessera.program import flows as program_flows
from tessera.program.core import Reader
from tessera.program.core.timeline import Release

PLACE = Path(__file__).parent / "program"


def program_text(reader: Reader) -> Directory:
    """The text, read, with its tests tried. Errors: DemoBroken if it cannot be read any more."""
    found = directory(reader, PLACE)
    if found.read.program is None:
        raise DemoBroken(f"the demo's program is not sound: see tessera program check {PLACE}")
    return found


async def publish(conn: Conn, reader: Reader, now: datetime, note: str) -> list[str]:
    """Make it the next version; what it is and what to think about, as lines to print."""
    found = program_text(reader)
    body = of_today(found.edition.body, now.date())
    program = await program_flows.release(conn, reader, body, Release(now, None, None, note))
    if isinstance(program, Refusal):
        raise DemoBroken(str(program))
    warnings = found.warnings(None, now.date())
    passed = sum(each.passed for each in found.tried)
    head = (
        f"{program.name}, version {program.version}: {len(program.rules)} rules, "
        f"{passed} of {len(found.tried)} tests passed, {len(warnings)} warnings"
    )
    return [head, *(f"  {each.code}, {each.rule}: {each.why}" for each in warnings)]


def of_today(body: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The same text with its draw in this year and its race in this month."""
    first, last = today.replace(day=1), monthrange(today.year, today.month)[1]
    moved = {
        "draws": (today.replace(month=1, day=1), today.replace(month=12, day=31)),
        "boards": (first, first.replace(day=last)),
    }
    return {**body} | {
        section: {
            code: each | {"starts": starts.isoformat(), "ends": ends.isoformat()}
            for code, each in body[section].items()
        }
        for section, (starts, ends) in moved.items()
    }


async def noted(conn: Conn, first_word: str) -> str | None:
    """The note of the newest version whose note begins with this word."""
    before: int | None = None
    while page := await program_db.page(conn, before, 200):
        for version in page:
            if version.note.startswith(f"{first_word} "):
                return version.note
        before = page[-1].version
    return None
