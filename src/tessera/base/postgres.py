"""The embedded PostgreSQL: one server per data directory, shared, restarted when it is gone.

`ensure` is all a caller needs: it finds the running server, or makes, starts or recovers it. The
server is nobody's child: it lives on when the process that started it ends, until `stop`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import rows, sql

from tessera.base import archive, binaries, cluster, processes
from tessera.base.cluster import Home, Owner, Settings
from tessera.base.problem import PostgresProblem, disk_full, os_problem
from tessera.base.processes import POLL_S

__all__ = [
    "DEFAULTS",
    "PostgresProblem",
    "Server",
    "Settings",
    "Status",
    "durability",
    "ensure",
    "refuse_unsafe",
    "status",
    "stop",
]

DEFAULTS = Settings()
LOG_KEPT_BYTES = 8 * cluster.MIB
MIN_VERSION_NUM = 160000

# Given on the command line, where neither a file nor ALTER SYSTEM can weaken them.
DURABLE = ("fsync=on", "full_page_writes=on", "synchronous_commit=on")
SAFE = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    # `local` and `off` answer a commit that a failover or a crash then forgets
    "synchronous_commit": ("on", "remote_write", "remote_apply"),
}


@dataclass(frozen=True)
class Server:
    """A running server. `dsn` is a libpq conninfo, `bin_dir` holds pg_dump and its sisters."""

    dsn: str
    bin_dir: Path
    socket_dir: Path
    pid: int


@dataclass(frozen=True)
class Status:
    """What `status` saw; `pid` while a server lives, `dsn` also when none does.

    absent    no cluster has been made in data_dir
    stopped   a cluster, no server
    starting  a server that takes no connections now (it starts, recovers or stops)
    running   a server that does
    """

    state: Literal["absent", "stopped", "starting", "running"]
    pid: int | None
    dsn: str


def ensure(data_dir: Path, *, settings: Settings = DEFAULTS) -> Server:
    """Make sure that exactly one server runs for `data_dir`, and say how to reach it.

    Milliseconds when it runs, so call it again after a lost connection. Otherwise blocks until the
    server answers, at most `settings.start_limit_s`: makes the cluster, starts it, or lets it
    recover. Safe from several threads and processes at once.

    errors  PostgresProblem, with the cure
    """
    home = cluster.home_of(data_dir, settings)
    install = binaries.install_of(settings)
    try:
        return _running(home, install) or _start_alone(home, install, settings)
    except OSError as error:
        raise os_problem(error, home.data_dir) from error


def stop(data_dir: Path, *, settings: Settings = DEFAULTS, limit_s: float = 30.0) -> bool:
    """Stop the server of `data_dir` (fast: open transactions are rolled back).

    After `limit_s` seconds it is stopped at once, which the next start repairs from the WAL.
    Returns False when none was running; PostgresProblem when it belongs to another user.
    """
    home = cluster.home_of(data_dir, settings)
    deadline = time.monotonic() + limit_s
    try:
        if not home.pgdata.exists():
            return False
        with processes.lock(home.start_lock, deadline):
            pid = _await_pid(home, deadline)
            if pid is None or processes.end(home, pid, deadline):
                if not home.near:
                    with suppress(OSError):
                        home.socket_dir.rmdir()  # nobody would find this one again
                return pid is not None
    except OSError as error:
        raise os_problem(error, home.data_dir) from error
    raise PostgresProblem(
        "stop_failed",
        field="data_dir",
        why=f"process {pid} of {home.data_dir} did not end",
        cure=f"look at {home.log}; a disk that does not answer is the usual reason",
    )


def status(data_dir: Path, *, settings: Settings = DEFAULTS) -> Status:
    """Look at the server of `data_dir` without touching anything."""
    home = cluster.home_of(data_dir, settings)
    try:
        if not home.pgdata.exists():
            return Status("absent", None, home.dsn())
        pid = processes.postmaster(home)
        if processes.answers(home):
            return Status("running", pid, home.dsn())
        lives = pid is not None or processes.held(home.server_lock)
        return Status("starting" if lives else "stopped", pid, home.dsn())
    except OSError as error:
        raise os_problem(error, home.data_dir) from error


def durability(conn: psycopg.Connection[Any]) -> Mapping[str, str]:
    """Read the settings that `refuse_unsafe` judges, as this connection has them.

    Opens a transaction when the connection is not in autocommit, as any statement does.
    """
    found: dict[str, str] = {}
    with conn.cursor(row_factory=rows.scalar_row) as cursor:
        for name in (*SAFE, "server_version_num"):
            cursor.execute(sql.SQL("SHOW {}").format(sql.Identifier(name)))
            found[name] = str(cursor.fetchone())
    return found


def refuse_unsafe(conn_settings: Mapping[str, str]) -> PostgresProblem | None:
    """Judge a server's settings; the first one with which an answered commit could be lost.

    shape   fsync, full_page_writes, synchronous_commit, server_version_num -> value as SHOW says
            it; a missing one is refused too
    source  order of judgement: version, fsync, full_page_writes, synchronous_commit
    """
    version = conn_settings.get("server_version_num", "unknown")
    if not version.isdecimal() or int(version) < MIN_VERSION_NUM:
        return PostgresProblem(
            "server_too_old",
            field="server_version_num",
            why=f"the server's version is {version}, Tessera needs {MIN_VERSION_NUM} (16) or newer",
            cure="upgrade the server, or unset TESSERA_DATABASE_URL to use the embedded one",
        )
    for name, allowed in SAFE.items():
        value = conn_settings.get(name, "unknown")
        if value not in allowed:
            return PostgresProblem(
                "unsafe_durability",
                field=name,
                why=f"{name} is {value}: points confirmed at a till could be lost in a crash",
                cure=f"run ALTER SYSTEM SET {name} = 'on', reload the server's configuration,"
                " and see that no role or database sets it otherwise",
            )
    return None


def _running(home: Home, install: Path) -> Server | None:
    """The server, if it takes connections and its database has been made."""
    pid = processes.pid_in(home.pid_file)
    if pid is None or not home.complete.exists() or not processes.answers(home):
        return None
    return Server(home.dsn(), install / "bin", home.socket_dir, pid)


def _start_alone(home: Home, install: Path, settings: Settings) -> Server:
    owner = cluster.prepare(home)
    deadline = time.monotonic() + settings.start_limit_s
    with processes.lock(home.start_lock, deadline):
        _settle(home, deadline)
        if not processes.answers(home):
            _start(home, owner, install, settings, deadline)
        _make_database(home, install, owner)
        found = _running(home, install)
    if found is None:
        raise _start_problem(home, ["it ended right after its start"])
    return found


def _settle(home: Home, deadline: float) -> None:
    """Wait until an earlier server answers, or until no process of it is left."""
    began = time.monotonic()
    while processes.held(home.server_lock) and not processes.answers(home):
        processes.nudge(home, time.monotonic() - began)
        if time.monotonic() > deadline:
            raise PostgresProblem(
                "data_dir_in_use",
                field="data_dir",
                why=f"PostgreSQL processes hold {home.data_dir} and take no connections",
                cure=f"look at {home.log}; after a crash wait for the recovery to end,"
                " and end a server of another container on the same disk",
            )
        time.sleep(POLL_S)


def _await_pid(home: Home, deadline: float) -> int | None:
    """The postmaster; waits for one that is just being born, or for orphans of a dead one."""
    began = time.monotonic()
    while (pid := processes.postmaster(home)) is None and processes.held(home.server_lock):
        processes.nudge(home, time.monotonic() - began)
        if time.monotonic() > deadline:
            break
        time.sleep(POLL_S)
    return pid


def _start(home: Home, owner: Owner, given: Path, settings: Settings, deadline: float) -> None:
    """Start the server and wait until it answers; makes the cluster first when there is none."""
    install = binaries.runnable_install(given, home, owner, settings)
    major = binaries.major_of(install, owner, home)
    text = cluster.configuration(home, settings, binaries.has_lz4(given, home))
    text += archive.lines(archive.prepared(home, owner))
    while True:
        with processes.lock(home.server_lock, deadline) as keep:
            if not home.pgdata.exists():
                cluster.create(home, owner, install, settings, keep)
            _check_version(home, major)
            cluster.private_dir(home.socket_dir, owner, "socket_unusable", "socket_dir")
            processes.forget_stale(home)
            cluster.put(home.pgdata / "postgresql.conf", text, owner)
            cluster.put(home.pgdata / "pg_hba.conf", cluster.HBA, owner)
            began = _launch(home, owner, install, keep)
        said = _wait_ready(home, began, deadline)
        if said is None:
            return
        # backends of a killed server that somebody started by hand still hold its memory
        if not any("pre-existing shared memory" in line for line in said):
            raise _start_problem(home, said)
        if time.monotonic() > deadline:
            raise _start_problem(home, said)
        time.sleep(POLL_S * 10)


def _check_version(home: Home, major: str) -> None:
    marker = home.pgdata / "PG_VERSION"
    made_by = marker.read_text(encoding="ascii").strip() if marker.exists() else "unknown"
    if made_by != major:
        raise PostgresProblem(
            "data_dir_of_other_version",
            field="data_dir",
            why=f"{home.pgdata} was made by PostgreSQL {made_by}, the binaries are {major}",
            cure="take `tessera db backup` with the release that made it, then restore it into a"
            " new data_dir with this one",
        )


def _launch(home: Home, owner: Owner, install: Path, keep: int) -> int:
    """Start the server detached; returns the log's size in bytes before its first word."""
    if home.log.exists() and home.log.stat().st_size > LOG_KEPT_BYTES:
        home.log.replace(home.log.with_suffix(".log.1"))
    command = [str(install / "bin" / "postgres"), "-D", cluster.pgdata_for(home.pgdata, owner)]
    for setting in DURABLE:
        command += ["-c", setting]
    log = processes.open_beside(home.log, os.O_WRONLY | os.O_APPEND)
    try:
        began = os.fstat(log).st_size
        cluster.spawn(command, owner, home.pgdata, log, keep)
    finally:
        os.close(log)
    return began


def _wait_ready(home: Home, began: int, deadline: float) -> list[str] | None:
    """None once the server answers; the last lines of its log when it ended instead."""
    while not processes.answers(home):
        if not processes.held(home.server_lock):
            with home.log.open("rb") as log:
                log.seek(began)
                return log.read().decode(errors="replace").splitlines()[-8:]
        if time.monotonic() > deadline:
            raise PostgresProblem(
                "start_slow",
                field="start_limit_s",
                why="the server is still not ready; after a crash it first replays its WAL",
                cure=f"wait and start Tessera again, it goes on by itself; see {home.log}",
            )
        time.sleep(POLL_S)
    return None


def _start_problem(home: Home, said: list[str]) -> PostgresProblem:
    text = " | ".join(said) or "it said nothing"
    if "No space left on device" in text and "shared memory" not in text:
        return disk_full(home.data_dir, "the server found the disk full: " + text)
    if "Unix-domain socket" in text or "Unix socket" in text:
        return PostgresProblem(
            "socket_unusable",
            field="socket_dir",
            why=f"no socket could be made in {home.socket_dir}: {text}",
            cure="choose a data_dir on a local disk, or a shorter one",
        )
    return PostgresProblem(
        "start_failed",
        field="data_dir",
        why="PostgreSQL ended at its start: " + text,
        cure=f"see the reason above and {home.log}; then simply start again",
    )


def _make_database(home: Home, install: Path, owner: Owner) -> None:
    """Make the database `tessera` once; a start may be killed before it gets here."""
    if home.complete.exists():
        return
    target = home.dsn("postgres")
    command = [str(install / "bin" / "createdb"), f"--maintenance-db={target}", cluster.DATABASE]
    done = cluster.run(command, Owner.us(), home.data_dir)
    if done.returncode != 0 and "already exists" not in done.stdout:
        raise _start_problem(home, done.stdout.splitlines())
    cluster.put(home.complete, "The database exists.\n", owner)
