"""`tessera db drill`: bring the newest backup back on a private server and prove it.

A backup that was never brought back is a hope. This measures how long it takes, too.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import typer
from psycopg import AsyncConnection

from tessera.base import backup, db, files, postgres, schema
from tessera.base.backup import Manifest
from tessera.base.cluster import Settings
from tessera.base.ids import new_id
from tessera.base.problem import PostgresProblem
from tessera.checkout.flows.proof import Report, count_all, prove_all
from tessera.incidents.core import Sign

ARCHIVED_LIMIT_S = 120.0
# A private server that nobody calls: a quarter of what the real one takes.
PRIVATE = Settings(shared_buffers_mb=256, max_connections=20)
Counts = Mapping[str, int]


@dataclass
class Drill:
    """What a drill measured: seconds of each step, what was restored, what differs."""

    source: Path
    manifest: Manifest
    seconds: dict[str, float] = field(default_factory=dict)
    checked: Counts = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    compared: str = "with nothing: the running database was not asked"
    database_bytes: int = 0

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        typer.echo(f"{name} ...", err=True)
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began

    def shown(self) -> str:
        """The measures and the verdict, for people."""
        lines = [f"backup       {self.source} of {self.manifest.taken_at}"]
        lines.append(f"bytes        {self.manifest.size_bytes:,}, restored {self.database_bytes:,}")
        lines += [f"{name:<28}{seconds:>10.1f} s" for name, seconds in self.seconds.items()]
        lines += [f"{name:<28}{count:>12,}" for name, count in self.checked.items()]
        lines.append(f"compared {self.compared}")
        lines += [f"DIFFERENT: {each}" for each in self.differences]
        lines.append("the drill failed" if self.differences else "the drill succeeded")
        return "\n".join(lines)

    def told(self) -> str:
        """One sentence for the register."""
        verdict = "as it must be" if not self.differences else self.differences[0]
        steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.seconds.items())
        return (
            f"{self.source.name} of {self.manifest.taken_at} ({self.manifest.size_bytes:,} bytes,"
            f" database {self.database_bytes:,}): {steps}; compared {self.compared}; {verdict}"
        )

    def signs(self) -> list[Sign]:
        """For the register: a drill is a row; one that failed stays open until one succeeds."""
        now, told = datetime.now(UTC), self.told()
        if self.differences:
            return [Sign("begin", "drill_failed", told, now)]
        return [Sign("once", "drill", told, now), Sign("end", "drill_failed", "", now)]


@dataclass(frozen=True)
class Live:
    """The running database at a named moment: its counts just before and just after it."""

    point: str
    before: Counts
    after: Counts


def is_folder(source: Path) -> bool:
    """Whether this is a place with backups, and not a copy of a server's files itself."""
    return source.is_dir() and not backup.manifest_of(source).exists()


def newest(folder: Path) -> Path:
    """The backup in `folder` that was taken last; what is no backup is told and left alone.

    errors  PostgresProblem backup_missing
    """
    found = []
    for note in sorted(folder.glob("*.json")):
        source = note.with_suffix("")
        if not (source.exists() and note.is_file()):
            continue
        try:
            found.append((backup.read_manifest(source).taken_at, source))
        except PostgresProblem as problem:
            typer.echo(f"{source.name} is left out: {problem.why}", err=True)
    if not found:
        raise PostgresProblem(
            "backup_missing", field="folder", why=f"there is no backup in {folder}",
            cure="name the folder that `tessera db backup` writes to",
        )  # fmt: skip
    return max(found)[1]


def drill(source: Path, wal: Path | None, live_dsn: str | None, scratch: Path) -> Drill:
    """Restore `source` in a directory of its own below `scratch`, prove it, compare, clean up.

    wal       the archive that brings a copy of the files up to now; None: only the backup
    live_dsn  the running database to compare with; None where there is none
    errors    PostgresProblem where it cannot even be restored
    """
    done = Drill(source, backup.read_manifest(source))
    live = None
    if done.manifest.kind == "base" and wal is not None and live_dsn is not None:
        with done.step("mark the running database"):
            live = _mark(live_dsn)
    place = Path(tempfile.mkdtemp(prefix="tessera-drill-", dir=scratch))
    place.chmod(0o711)  # the server's user passes; what is in it is its own
    data_dir = place / "data"
    try:
        dsn = _restored(done, wal, live, data_dir)
        _judge(done, live, dsn)
    finally:
        postgres.stop(data_dir, settings=PRIVATE)
        shutil.rmtree(place, ignore_errors=True)
    return done


def _mark(dsn: str) -> Live:
    """Name this moment in the WAL, and wait until the archive has it."""
    point = f"tessera_drill_{new_id().hex}"
    before = asyncio.run(_count(dsn))
    with psycopg.connect(dsn, autocommit=True) as conn:
        db.restore_point(conn, point)
        after = asyncio.run(_count(dsn))
        piece = db.switch_wal(conn)
        end, failed = time.monotonic() + ARCHIVED_LIMIT_S, None
        while time.monotonic() < end:
            there, failed = db.archived(conn, piece)
            if there:
                return Live(point, before, after)
            time.sleep(0.1)
    why = f"{failed} cannot be archived" if failed else "nothing is archived"
    raise PostgresProblem(
        "wal_not_archived", field="wal", why=f"{why} since {ARCHIVED_LIMIT_S:.0f} s",
        cure="see the server's log; `tessera db archive DIR` begins an archive",
    )  # fmt: skip


def _restored(done: Drill, wal: Path | None, live: Live | None, data_dir: Path) -> str:
    if done.manifest.kind == "base":
        until = files.Until(wal, point=live.point if live is not None else None)
        with done.step("restore"):
            files.restore_server(done.source, data_dir, until, PRIVATE)
        return postgres.ensure(data_dir, settings=PRIVATE).dsn
    with done.step("make a server"):
        server = postgres.ensure(data_dir, settings=PRIVATE)
    with done.step("restore"):
        backup.restore(server.dsn, server.bin_dir, done.source)
    return server.dsn


def _judge(done: Drill, live: Live | None, dsn: str) -> None:
    """Count, bring the tables up to date, prove. Counting comes first: it is the backup's own."""
    if done.manifest.rows:
        with done.step("count"), psycopg.connect(dsn) as conn:
            found = db.table_rows(conn)
        done.compared = f"{len(found)} tables with the rows in the manifest"
        done.differences += _other(done.manifest.rows, found)
    with done.step("migrate"):
        schema.upgrade(dsn)
    with done.step("prove"):
        report = asyncio.run(_prove(dsn))
    done.checked = report.checked
    done.differences += report.differences
    if live is not None:
        done.compared = "with the running database at the moment the WAL was marked"
        done.differences += _outside(live, report.checked)
    with psycopg.connect(dsn) as conn:
        done.database_bytes = db.database_bytes(conn)


def _other(wanted: Counts, found: Counts) -> list[str]:
    return [
        f"{name} has {found.get(name, 0):,} rows, the backup had {wanted.get(name, 0):,}"
        for name in sorted({*wanted, *found})
        if wanted.get(name) != found.get(name)
    ]


def _outside(live: Live, found: Counts) -> list[str]:
    """Tills go on while the moment is named, so a count lies between the two around it."""
    told = []
    for name, count in found.items():
        around = sorted((live.before.get(name, 0), live.after.get(name, 0)))
        if not around[0] <= count <= around[1]:
            told.append(f"{count:,} {name} restored, {around[0]:,} to {around[1]:,} were there")
    return told


async def _count(dsn: str) -> Counts:
    async with await AsyncConnection.connect(dsn) as conn:
        return await count_all(conn)


async def _prove(dsn: str) -> Report:
    async with await AsyncConnection.connect(dsn) as conn:
        return await prove_all(conn, chain=True)
