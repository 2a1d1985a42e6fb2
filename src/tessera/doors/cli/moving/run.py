"""One file of another program, batch by batch: loaded, rehearsed, or held against what is here.

A batch is one transaction with the load's own row, so that a load that is killed goes on behind its
last batch and nothing is done twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from psycopg.errors import DeadlockDetected, SerializationFailure

from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors.cli.load import files
from tessera.doors.cli.load.blocks import Row
from tessera.doors.cli.load.report import Shows
from tessera.doors.cli.moving.reading import Bad
from tessera.doors.cli.moving.tally import Tally
from tessera.doors.cli.moving.ways import Conn, Way
from tessera.warehouse.loads import db
from tessera.warehouse.loads.db import Load, Quarantined

BATCH = 1000  # rows in one transaction: a till that meets one of these members waits for it
DIFFERS = ("lot_differs", "member_differs")  # its number is that of another row's story
TRIES = 5  # of a batch that met somebody else


class File(Struct, frozen=True):
    """A file of one kind, with what tells it from others.

    digest  SHA-256 of the file and of what the mapping says about it
    kept_as  under what its load and its quarantine are kept
    """

    path: Path
    source: files.Source
    digest: bytes
    kept_as: str


def digest_of(path: Path, said: Any) -> bytes:
    """What tells one load from another."""
    with path.open("rb") as file:
        sha = hashlib.file_digest(file, "sha256")
    sha.update(msgspec.json.encode(said))
    return sha.digest()


async def load_rows(conn: Conn, file: File, way: Way, load: Load, progress: Shows) -> Tally:
    """Post the rows that were not posted yet.

    conn    in no transaction; alone with this load (`db.lock_load`)
    errors  files.Unreadable where the file cannot be read on; what was posted stays
    """
    tally = msgspec.json.decode(load.tally, type=Tally)
    progress.phase(load.mapping, None)
    progress.advance(load.done)
    clock = time.monotonic()
    for rows in batches(islice(file.source.rows(way.columns), load.done, None)):
        tally = await _again(conn, way, load, tally, rows)
        load.done += len(rows)
        now = time.monotonic()
        tally.seconds, clock = tally.seconds + now - clock, now
        await _checkpoint(conn, load, tally)
        await conn.commit()
        progress.advance(len(rows))
    load.phase = "done"
    await _checkpoint(conn, load, tally, datetime.now(UTC))
    await conn.commit()
    return tally


async def _checkpoint(
    conn: Conn, load: Load, tally: Tally, finished_at: datetime | None = None
) -> None:
    load.tally = msgspec.json.encode(tally).decode()
    await db.checkpoint(conn, load, finished_at)


async def _again(conn: Conn, way: Way, load: Load, tally: Tally, rows: Sequence[Row]) -> Tally:
    """A batch, once more if somebody else took something of it meanwhile."""
    for left in reversed(range(TRIES)):
        counted = msgspec.json.decode(msgspec.json.encode(tally), type=Tally)
        try:
            bad, good = await _batch(conn, way, counted, rows, tried=False)
            await db.heal(conn, load, good)
            await db.quarantine(conn, load, [_aside(each) for each in bad.values()])
            return counted
        except (SerializationFailure, DeadlockDetected):
            await conn.rollback()
            if not left:
                raise
            await asyncio.sleep(0.1)
    raise AssertionError("the last try raises")


async def rehearse_rows(conn: Conn, file: File, way: Way, progress: Shows) -> Tally:
    """What would become of the rows. Only temporary tables are written to."""
    tally = Tally()
    progress.phase(f"rehearsing {file.kept_as}", None)
    await way.begin(conn)
    for rows in batches(file.source.rows(way.columns)):
        await _batch(conn, way, tally, rows, tried=True)
        await conn.commit()
        progress.advance(len(rows))
    return tally


async def _batch(
    conn: Conn, way: Way, tally: Tally, rows: Sequence[Row], *, tried: bool
) -> tuple[dict[str, Bad], list[str]]:
    """({key: a row that stays outside}, keys of rows that are in): of one key, the last row.

    A row that contradicts what is here is kept by its place: that others of its number are here
    does not mend it.
    """
    read = [way.read(row) for row in rows]
    items = [each for each in read if each is not None and not isinstance(each, Bad)]
    told = iter(await way.post(conn, items, datetime.now(UTC), tried, tally))
    bad: dict[str, Bad] = {}
    good: dict[str, None] = {}
    for each in read:
        if each is None:
            tally.came("empty")
            continue
        outcome = each if isinstance(each, Bad) else next(told)
        if isinstance(outcome, Bad):
            if outcome.code in DIFFERS:
                outcome = msgspec.structs.replace(outcome, key=way.unnamed(outcome.row))
            tally.put_aside(outcome, way.with_points)
            bad[outcome.key] = outcome
            good.pop(outcome.key, None)
        else:
            good[each.key] = None
            bad.pop(each.key, None)
    return bad, list(good)


def _aside(bad: Bad) -> Quarantined:
    """For the quarantine: of the row itself only how many points of what it says."""
    record = {"points": bad.points, "currency": bad.currency}
    return Quarantined(bad.key, bad.row, bad.code, bad.field, bad.why,
                       msgspec.json.encode(record).decode())  # fmt: skip


async def begun(conn: Conn, file: File) -> Load | Refusal:
    """The load of this file, alone with it. Errors: load_running"""
    load = await db.open_load(
        conn, new_id(), str(file.path), file.digest, file.kept_as, datetime.now(UTC)
    )
    await conn.commit()
    if not await db.lock_load(conn, load):
        return Refusal(
            "load_running", "file", f"another process is loading {file.path}",
            "wait until it has finished, or end it and start again",
        )  # fmt: skip
    await conn.commit()
    load = await db.open_load(conn, new_id(), str(file.path), file.digest, file.kept_as,
                              datetime.now(UTC))  # fmt: skip
    if load.phase == "sales":
        load.phase = "rows"
    return load


def batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows by the thousand."""
    while batch := list(islice(rows, BATCH)):
        yield batch
