"""Publish a program, roll back, read the one that decides, read an old one again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tessera.base.refusal import Refusal
from tessera.program import db
from tessera.program.core import Reader, starter
from tessera.program.core.timeline import Release, Start, Timeline, overtaken, reigns
from tessera.rules.core.words import Program


async def publish(
    conn: db.Conn, reader: Reader, body: Any, now: datetime, by: UUID | None,
    starts_at: datetime | None = None,
) -> Program | Refusal:  # fmt: skip
    """Check a program and make it the next version. One currency for ever.

    starts_at  it decides what happens from then on, and what was before stays with the versions
               before; None: it decides all that arrives from now on, whenever it happened
    """
    return await release(conn, reader, body, Release(now, by, starts_at))


async def release(
    conn: db.Conn, reader: Reader, body: Any, release: Release
) -> Program | Refusal:  # fmt: skip
    """The same, with everything that can be said of a version."""
    await db.take_turn(conn)
    last = await db.newest(conn)
    version = (last[0] if last else 0) + 1
    program = reader.read(body, version)
    if isinstance(program, Refusal):
        return program
    fault = _date_fault(release, first=last is None)
    if last is not None:
        fault = currency_fault(msgspec.json.decode(last[1])["currency"], program) or fault
    if fault is not None:
        return fault
    await db.publish(conn, version, body, release)
    return program


def currency_fault(currency: str, program: Program) -> Refusal | None:
    """The currency of the versions before is for ever."""
    if currency == program.currency:
        return None
    return Refusal(
        "program_invalid", "currency", f"the program before runs in {currency}",
        "keep the currency: points and receipts already stand in it",
    )  # fmt: skip


def _date_fault(release: Release, *, first: bool) -> Refusal | None:
    """The first version decides from the beginning; others from a day that clocks can show."""
    if release.starts_at is None:
        return None
    if first:
        return Refusal(
            "program_invalid", "starts_at", "this is the first version",
            "leave the date out: something has to decide before it",
        )  # fmt: skip
    if not 1970 <= release.starts_at.year < 9999:
        return Refusal(
            "time_impossible", "starts_at", f"the year {release.starts_at.year} cannot be",
            "name the day from which it is to decide",
        )  # fmt: skip
    return None


async def roll_back(
    conn: db.Conn, reader: Reader, version: int, release_: Release
) -> Program | Refusal:  # fmt: skip
    """Publish the body of an older version again, as the next one."""
    raw = await db.one(conn, version)
    if raw is None:
        return version_unknown(version)
    note = release_.note or f"back to version {version}"
    again = msgspec.structs.replace(release_, note=note)
    return await release(conn, reader, msgspec.json.decode(raw), again)


def version_unknown(version: int) -> Refusal:
    """There is no such version."""
    return Refusal(
        "version_unknown", "version", f"version {version} was never published",
        "see the list of versions",
    )  # fmt: skip


async def current(conn: db.Conn, reader: Reader, now: datetime) -> Program | None:
    """The program that decides what happens now; None before any was published."""
    found = await db.current(conn, now)
    return None if found is None else reader.kept(found[1], found[0])


async def timeline(conn: db.Conn, reader: Reader, before: Timeline | None = None) -> Timeline:
    """The versions that decide something, by their dates.

    before  what was known: bodies never change, so those it has are not fetched again
    """
    deciding = reigns(await db.starts(conn))
    known = before.bodies if before is not None else {}
    missing = [each.version for each in deciding if each.version not in known]
    fresh = await db.some(conn, missing) if missing else {}
    bodies = {each.version: known.get(each.version) or fresh[each.version] for each in deciding}
    return Timeline(reader, deciding, bodies)


async def to_overtake(
    conn: db.Conn, starts_at: datetime | None, now: datetime
) -> list[Start]:  # fmt: skip
    """Announced versions that would never decide, were one more published with this start."""
    return overtaken(await db.starts(conn), starts_at, now)


async def frozen(conn: db.Conn, reader: Reader, version: int) -> Program:
    """The program that decided an old receipt. Errors: AssertionError if it was never there."""
    raw = await db.one(conn, version)
    assert raw is not None, f"version {version} was never published"
    return reader.kept(raw, version)


async def begin(conn: db.Conn, reader: Reader, currency: str, now: datetime) -> Program:
    """The current program; the starter becomes version 1 where there is none."""
    found = await current(conn, reader, now)
    if found is None:
        await db.take_turn(conn)  # another process may be beginning it
        found = await current(conn, reader, now)
    if found is None:
        made = await publish(conn, reader, starter(currency), now, None)
        assert not isinstance(made, Refusal), made
        found = made
    return found
