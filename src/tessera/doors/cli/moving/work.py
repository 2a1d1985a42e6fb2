"""Files of another program at work: opened by a mapping, loaded, rehearsed, checked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from tessera.base.refusal import Refusal
from tessera.doors.cli.load import files
from tessera.doors.cli.load.report import Shows
from tessera.doors.cli.moving import mapping
from tessera.doors.cli.moving.agreements import ConsentReader, ConsentsWay
from tessera.doors.cli.moving.checking import check_rows
from tessera.doors.cli.moving.levels import LevelReader, LevelsWay
from tessera.doors.cli.moving.mapping import (
    Balances,
    ConsentLines,
    Levels,
    Members,
    Moving,
    Ways,
)
from tessera.doors.cli.moving.reading import BalanceReader, MemberReader, Terms
from tessera.doors.cli.moving.report import Told
from tessera.doors.cli.moving.run import File, begun, digest_of, load_rows, rehearse_rows
from tessera.doors.cli.moving.ways import BalancesWay, Conn, MembersWay, Way
from tessera.doors.ground import Ground
from tessera.doors.pools import OPTIONS
from tessera.doors.reading import reader_of
from tessera.program import flows as programs
from tessera.program.core import Reader, starter
from tessera.rules.core.words import Program
from tessera.warehouse.loads import db

ORDER: tuple[Ways, ...] = ("members", "balances", "consents", "levels")


class Asked(Struct, frozen=True):
    """Files in the order in which they move in.

    rehearse  write nothing; the members of a rehearsal count for its balances
    only_check  hold the files against what is here, and load nothing
    """

    moving: Moving
    paths: tuple[tuple[Ways, Path], ...]
    rehearse: bool = False
    only_check: bool = False


@asynccontextmanager
async def connected(base: Ground) -> AsyncIterator[tuple[Conn, Program]]:
    """A connection of the application's role, and the program that decides now."""
    dsn = make_conninfo(base.dsn, options=OPTIONS)
    async with await AsyncConnection.connect(dsn) as conn:
        reader = reader_of(base.settings)
        program = await programs.current(conn, reader, datetime.now(UTC))
        await conn.rollback()
        yield conn, program or _starter(reader, base.settings.currency)


def _starter(reader: Reader, currency: str) -> Program:
    """What a database without a program begins with."""
    program = reader.read(starter(currency), 1)
    assert not isinstance(program, Refusal), "it is ours"
    return program


async def work(
    conn: Conn, program: Program, asked: Asked, progress: Shows
) -> list[Told] | Refusal:  # fmt: skip
    """Load, rehearse or check these files, one after the other.

    errors  column_missing, attribute_unknown, file_unreadable, mapping_wrong, load_running: what
            was loaded until then stays, and the same call continues
    """
    ready = []
    for way, path in asked.paths:  # all are looked at before the first one is loaded
        file = await asyncio.to_thread(opened, asked.moving, way, path, program)
        if isinstance(file, Refusal):
            return file
        ready.append((way, file))
    told: list[Told] = []
    for way, file in ready:
        try:
            one = await _one(conn, program, asked, way, file, progress)
        except files.Unreadable as wrong:
            cure = "repair the file and load it again"
            return Refusal("file_unreadable", f"row {wrong.row}", wrong.why, cure)
        if isinstance(one, Refusal):
            return one
        told.append(one)
    return told


async def _one(
    conn: Conn, program: Program, asked: Asked, kind: Ways, file: File, progress: Shows
) -> Told | Refusal:
    if asked.rehearse or asked.only_check:
        load = await db.find_load(conn, file.digest, file.kept_as)
        since = load.started_at if load is not None else datetime.now(UTC)
        way = way_of(asked.moving, kind, program, since, file)
        if asked.only_check:
            checked = await check_rows(conn, file, way, progress)
            return Told(str(file.path), file.kept_as, checked=checked)
        tally = await rehearse_rows(conn, file, way, progress)
        return Told(str(file.path), file.kept_as, tally, rehearsed=True)
    begun_now = await begun(conn, file)
    if isinstance(begun_now, Refusal):
        return begun_now
    try:
        before = begun_now.phase == "done"
        way = way_of(asked.moving, kind, program, begun_now.started_at, file)
        tally = await load_rows(conn, file, way, begun_now, progress)
        checked = await check_rows(conn, file, way, progress)
        return Told(str(file.path), file.kept_as, tally, loaded_before=before, checked=checked)
    finally:
        await conn.rollback()
        await db.unlock_load(conn, begun_now)
        await conn.commit()


def opened(moving: Moving, kind: Ways, path: Path, program: Program) -> File | Refusal:
    """A file of one kind, looked at from outside.

    errors  mapping_wrong, column_missing, attribute_unknown, file_unreadable and its like
    """
    part = moving.part(kind)
    if part is None:
        return Refusal(
            "mapping_wrong", kind, f"the mapping says nothing about {kind}",
            f"write a section [{kind}]: see docs/guides/moving-in.md",
        )  # fmt: skip
    source = files.open_source(path, part.file)
    if isinstance(source, Refusal):
        return source
    wrong = mapping.lacking(part, kind, source.header) or _undeclared(part, program)
    if wrong is not None:
        return wrong
    said = (moving.name, moving.time_zone, moving.number_prefix, part)
    return File(path, source, digest_of(path, said), f"{moving.name}/{kind}")


def _undeclared(part: object, program: Program) -> Refusal | None:
    """An attribute of the mapping that the program does not know."""
    names = part.attributes if isinstance(part, Members) else ()
    for name in names:
        if name not in program.attributes:
            return Refusal(
                "attribute_unknown", f"members.attributes.{name}",
                f"the program declares no attribute {name}",
                "declare it in the program's `attributes`, or take it out of the mapping",
            )  # fmt: skip
    return None


def way_of(
    moving: Moving, kind: Ways, program: Program, since: datetime, file: File
) -> Way:  # fmt: skip
    """What is done with the rows of a file. `since`: when its load began."""
    terms = Terms(since, program.attributes, frozenset(program.lives), file.digest)
    part = moving.part(kind)
    if isinstance(part, Members):
        return MembersWay(MemberReader(moving, part, terms), moving.name)
    if isinstance(part, ConsentLines):
        return ConsentsWay(ConsentReader(moving, part, terms), part, program.consents)
    if isinstance(part, Levels):
        return LevelsWay(LevelReader(moving, part, terms), program.tiers)
    assert isinstance(part, Balances), "all kinds are here"
    reader = BalanceReader(moving, part, terms)
    return BalancesWay(reader, moving.name, moving.time_zone, program.lives)


def found_in(place: Path, moving: Moving) -> Sequence[tuple[Ways, Path]] | Refusal:
    """The files of a directory that the mapping has a section for, in their order."""
    found: list[tuple[Ways, Path]] = []
    for kind in ORDER:
        part = moving.part(kind)
        if part is None:
            continue
        names = [part.name] if part.name else [f"{kind}.csv", f"{kind}.parquet"]
        there = [place / name for name in names if (place / name).is_file()]
        if not there:
            return Refusal(
                "file_unreadable", kind, f"{place} has no {' and no '.join(names)}",
                f"put the file there, or name it in the mapping: [{kind}] name = ...",
            )  # fmt: skip
        found.append((kind, there[0]))
    return found
