"""Publish a program, read the one that decides now, read an old one again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.program import db
from tessera.program.core import Reader, starter
from tessera.rules.core.words import Program


async def publish(
    conn: db.Conn, reader: Reader, body: Any, now: datetime, by: UUID | None
) -> Program | Refusal:
    """Check a program and make it the one that decides from now on. One currency for ever."""
    last = await db.newest(conn)
    version = (last[0] if last else 0) + 1
    program = reader.read(body, version)
    if isinstance(program, Refusal):
        return program
    if last and last[1]["currency"] != program.currency:
        return Refusal(
            "program_invalid", "currency", f"the program before runs in {last[1]['currency']}",
            "keep the currency: points and receipts already stand in it",
        )  # fmt: skip
    await db.publish(conn, version, body, now, by)
    return program


async def current(conn: db.Conn, reader: Reader) -> Program | None:
    """The program that decides now; None before any was published."""
    last = await db.newest(conn)
    return None if last is None else read_kept(reader, last[1], last[0])


async def newest_version(conn: db.Conn) -> int | None:
    """The number of the version that decides now."""
    return await db.newest_version(conn)


async def frozen(conn: db.Conn, reader: Reader, version: int) -> Program:
    """The program that decided an old receipt."""
    return read_kept(reader, await db.one(conn, version), version)


def read_kept(reader: Reader, body: Any, version: int) -> Program:
    """A version that was once published. Errors: AssertionError if its mechanic is gone."""
    program = reader.read(body, version)
    assert not isinstance(program, Refusal), f"version {version}: {program}"
    return program


async def begin(conn: db.Conn, reader: Reader, currency: str, now: datetime) -> Program:
    """The current program; the starter becomes version 1 where there is none."""
    found = await current(conn, reader)
    if found is None:
        made = await publish(conn, reader, starter(currency), now, None)
        assert not isinstance(made, Refusal), made
        found = made
    return found
