"""The demo's program: the text in `program/`, which is also the example `grocer`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

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
    program = await program_flows.release(
        conn, reader, found.edition.body, Release(now, None, None, note)
    )
    if isinstance(program, Refusal):
        raise DemoBroken(str(program))
    warnings = found.warnings(None, now.date())
    passed = sum(each.passed for each in found.tried)
    head = (
        f"{program.name}, version {program.version}: {len(program.rules)} rules, "
        f"{passed} of {len(found.tried)} tests passed, {len(warnings)} warnings"
    )
    return [head, *(f"  {each.code}, {each.rule}: {each.why}" for each in warnings)]


async def noted(conn: Conn, first_word: str) -> str | None:
    """The note of the newest version whose note begins with this word."""
    before: int | None = None
    while page := await program_db.page(conn, before, 200):
        for version in page:
            if version.note.startswith(f"{first_word} "):
                return version.note
        before = page[-1].version
    return None
