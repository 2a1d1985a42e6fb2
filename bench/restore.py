"""How long is it until a lost database is back and proven? Both kinds of backup, each drilled.

A part of the database, half a gigabyte at most, comes through the door: receipts of ten lines. The
rest are its twins, made in SQL (`restore.sql`), because the door would need hours for 10 GB.
`python -m bench.restore 2` measures with 2 GB, `python -m bench restore` with 10. Each step says
how long it took when it is over.
"""

from __future__ import annotations

import math
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench.confirm import requests
from bench.load import drive
from bench.place import Place, place, serving
from bench.result import Result
from tessera.base import backup, db, files
from tessera.base.sql import statements
from tessera.doors.cli.drill import Drill, drill

SQL = statements(__file__, "restore.sql")
COPIES = (
    "members", "identifiers", "lots", "moves", "accounts", "receipts", "history", "calls",
    "answers",
)  # fmt: skip
GB = 1_000_000_000
MEMBERS_A_GB = 20_000  # about twenty receipts each
ROOMY = Path("/var/tmp")  # needs five times the size: backup, what came back, the proof's sorting


def run(quick: bool) -> list[Result]:
    """Seconds of each step, and gigabytes of database brought back and proven a minute."""
    return measured(0.1 if quick else 10.0)


def measured(gigabytes: float) -> list[Result]:
    """The same at any size."""
    part = min(0.5, gigabytes / 4)
    with place(int(part * MEMBERS_A_GB)) as here:
        _fill(here, int(part * GB))
        size = _multiply(here, int(gigabytes * GB))
        folder = Path(tempfile.mkdtemp(prefix="tessera-restore-", dir=ROOMY))
        folder.chmod(0o755)
        try:
            results = [Result("restore_database", size / GB, "GB")]
            for kind, copy in (("base", files.copy_server), ("dump", backup.backup)):
                results += _drilled(here, kind, copy, folder, size)
        finally:
            shutil.rmtree(folder)
    return results


def _fill(here: Place, size: int) -> None:
    """Receipts through the door until the database has `size` bytes."""
    with serving(here) as port, psycopg.connect(here.server.dsn, autocommit=True) as conn:
        receipts = requests(here)
        while (found := db.database_bytes(conn)) < size:
            load = drive(port, receipts, 64, 5)
            # A machine that has other work sheds some; those receipts are simply not there.
            assert all(b'"code":"busy"' in each for each in load.others), load.others
            print(f"  {found / GB:.2f} GB, {load.per_s:,.0f} receipts/s", flush=True)


def _multiply(here: Place, size: int) -> int:
    """Twins of all that is there until the database has about `size` bytes; what it has then."""
    with psycopg.connect(here.server.dsn, autocommit=True) as conn:
        for name in ("twin", "link", "chain", "work_mem"):
            conn.execute(SQL[name])
        twins = math.ceil(size / db.database_bytes(conn)) - 1
        for name in COPIES:
            with _told(f"{twins} twins of {name}"):
                conn.execute(SQL[name], {"twins": twins})
        with _told("settle down"):
            conn.execute(SQL["settle_down"])
            conn.execute("CHECKPOINT")
        return db.database_bytes(conn)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Say how long it took."""
    began = time.perf_counter()
    yield
    print(f"  {what}: {time.perf_counter() - began:,.1f} s", flush=True)


def _drilled(
    here: Place, kind: str, copy: Callable[[str, Path, Path], Path], folder: Path, size: int
) -> list[Result]:
    began = time.perf_counter()
    source = copy(here.server.dsn, here.server.bin_dir, folder / f"b.{kind}")
    took = time.perf_counter() - began
    print(f"  backup_{kind}: {took:,.1f} s, of a database of {size / GB:.2f} GB", flush=True)
    done = drill(source, None, None, folder)
    assert not done.differences, done.differences
    print(done.shown(), flush=True)
    shutil.rmtree(source) if source.is_dir() else source.unlink()
    return [Result(f"backup_{kind}", took, "s"), *_steps(kind, done, size)]


def _steps(kind: str, done: Drill, size: int) -> list[Result]:
    total = sum(done.seconds.values())
    return [
        Result(f"restore_{kind}", done.seconds["restore"], "s"),
        Result(f"prove_after_{kind}", done.seconds["prove"], "s"),
        Result(f"drill_{kind}", size / GB / total * 60, "GB of database a minute, proof and all"),
    ]


if __name__ == "__main__":
    for each in measured(float(sys.argv[1])):
        print(f"{each.name:<28}{each.value:>12,.2f} {each.unit}")
