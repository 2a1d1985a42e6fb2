"""A backup of the server's files, which the WAL archive brings to any later moment.

A directory made by pg_basebackup, with the WAL that makes it whole by itself, and a manifest beside
it. It goes back into an empty data directory, of the same major version of PostgreSQL.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from tessera.base import archive, backup, binaries, cluster, postgres
from tessera.base.backup import Manifest
from tessera.base.cluster import Home, Owner, Settings
from tessera.base.problem import PostgresProblem, disk_full, os_problem

RECOVERY_LIMIT_S = 24 * 3600.0  # WAL is replayed by one process, at some 50-100 MB a second
_ONLY_WHILE_RESTORED = (
    "restore_command", "recovery_target_time", "recovery_target_name", "recovery_target_action",
    "hot_standby",
)  # fmt: skip


@dataclass(frozen=True)
class Until:
    """How far the WAL is replayed: to a time, to a named point, or (neither) as far as it goes.

    wal  the archive; None takes only what the backup itself holds
    """

    wal: Path | None = None
    time: datetime | None = None
    point: str | None = None


def copy_server(dsn: str, bin_dir: Path | None, target: Path) -> Path:
    """Copy the files of the whole server to the new directory `target`, its manifest beside it.

    Taken while others work; tills notice nothing but a busier disk. The user of `dsn` needs the
    right to replicate. `target` appears complete and durable, or not at all.

    errors  PostgresProblem; a kill leaves at most a directory `.name.*` beside it
    """
    if target.exists():
        raise PostgresProblem(
            "backup_exists",
            field="target",
            why=f"{target} exists already, and a backup never overwrites one",
            cure="choose a new name",
        )
    try:
        beside = tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent)
        with beside as aside, backup.connected(dsn) as conn:
            version = conn.info.parameter_status("server_version") or "unknown"
            fresh = Path(aside, "base")
            flags = ["--checkpoint=fast", "--wal-method=stream", "--manifest-checksums=SHA256"]
            backup.tool(bin_dir, "pg_basebackup", dsn, [*flags, f"--pgdata={fresh}"])
            taken_at = datetime.now(UTC).isoformat(timespec="seconds")
            size_bytes, sha256 = _size_of(fresh), _mark_of(fresh)
            backup.publish(
                fresh, target, Manifest(taken_at, version, size_bytes, sha256, kind="base")
            )
    except OSError as error:
        raise os_problem(error, target.parent) from error
    return target


def checked(source: Path, bin_dir: Path) -> Manifest:
    """The manifest of the copy `source`, once each file has been found to be what it says.

    errors  PostgresProblem backup_incomplete, backup_damaged
    """
    manifest = backup.read_manifest(source)
    if not (source / "backup_manifest").is_file() or _mark_of(source) != manifest.sha256:
        raise backup.damaged(source, manifest, "its list of files is not the one that was written")
    try:
        backup.tool(bin_dir, "pg_verifybackup", None, ["--quiet", "--exit-on-error", str(source)])
    except PostgresProblem as problem:
        if problem.code == "tool_missing":
            raise
        raise backup.damaged(source, manifest, problem.why) from problem
    return manifest


def restore_server(source: Path, data_dir: Path, until: Until, settings: Settings) -> Manifest:
    """Make the copy `source` the embedded server of the empty `data_dir`, replay WAL, start it.

    It is whole or not there: what fails on the way is taken away again. The restored server
    archives no WAL until it is told to: two servers must not write one archive.

    errors  PostgresProblem, also wal_missing when the WAL ends before the moment asked for
    """
    home = cluster.home_of(data_dir, settings)
    try:
        owner = cluster.prepare(home)
        if home.pgdata.exists():
            raise PostgresProblem(
                "target_not_empty",
                field="data_dir",
                why=f"there is a database in {home.data_dir} already",
                cure="restore into a new data_dir",
            )
        manifest = checked(source, binaries.install_of(settings) / "bin")
        _refuse_early(manifest, until)
        _refuse_small(home, manifest)
        _readable(until, owner, home)
        _lay(source, home, owner, until)
    except OSError as error:
        raise os_problem(error, home.data_dir) from error
    try:
        server = postgres.ensure(
            data_dir, settings=replace(settings, start_limit_s=RECOVERY_LIMIT_S)
        )
        _forget_recovery(server.dsn)
    except PostgresProblem as problem:
        postgres.stop(data_dir, settings=settings)
        shutil.rmtree(home.pgdata, ignore_errors=True)
        raise _ended_early(problem, until) from problem
    return manifest


def _lay(source: Path, home: Home, owner: Owner, until: Until) -> None:
    """Copy the files aside, with the wish to be recovered, and rename when they are durable."""
    fresh = home.data_dir / "pgdata.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    shutil.copytree(source, fresh, symlinks=True)
    with (fresh / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write(_wish(until))
    (fresh / "recovery.signal").touch()
    for place in (fresh, *fresh.rglob("*")):
        if owner.drop:
            os.chown(place, owner.uid, owner.gid, follow_symlinks=False)
        if place.is_dir():
            place.chmod(0o700)
    install = binaries.runnable_install(
        binaries.install_of(Settings()), home, owner, Settings()
    )  # fmt: skip
    sync: list[str | Path] = [
        install / "bin" / "initdb",
        "--sync-only",
        "-D",
        cluster.pgdata_for(fresh, owner),
    ]
    done = cluster.run(sync, owner, fresh)
    if done.returncode != 0:
        raise PostgresProblem(
            "restore_failed", field="data_dir", why=f"not durable: {done.stdout.strip()}",
            cure="see the reason above; nothing was kept, so simply start again",
        )  # fmt: skip
    fresh.rename(home.pgdata)
    cluster.sync_dir(home.data_dir)


def _wish(until: Until) -> str:
    """Nobody is served before the end: a server that is still behind must not answer."""
    lines = ["", "hot_standby = off", "recovery_target_action = 'promote'"]
    fetch = archive.fetch(until.wal) if until.wal else "false"
    lines.append(f"restore_command = '{fetch}'")
    if until.time is not None:
        moment = until.time.astimezone(UTC).isoformat(sep=" ")
        lines.append(f"recovery_target_time = '{moment}'")
    if until.point is not None:
        lines.append(f"recovery_target_name = '{until.point}'")
    return "\n".join([*lines, ""])


def _forget_recovery(dsn: str) -> None:
    try:
        with psycopg.connect(dsn, autocommit=True) as conn:
            for name in _ONLY_WHILE_RESTORED:
                conn.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise PostgresProblem(
            "restore_failed", field="source", why=f"the restored server refuses us: {error}",
            cure="restore the backup of another server than the embedded one with its own tools",
        ) from error  # fmt: skip


def _readable(until: Until, owner: Owner, home: Home) -> None:
    """Whether the server's user can read the archive: it fetches the WAL itself."""
    if until.wal is None:
        return
    archive.plain(until.wal)
    if cluster.run(["ls", until.wal], owner, home.data_dir).returncode != 0:
        raise PostgresProblem(
            "wal_unreadable",
            field="wal",
            why=f"user {owner.uid}, which runs the server, cannot read {until.wal}",
            cure="give it the folder and the files in it, or name a copy that it may read",
        )


def _refuse_early(manifest: Manifest, until: Until) -> None:
    """PostgreSQL itself would stop where the backup ended, and say nothing."""
    if until.time is not None and until.time < datetime.fromisoformat(manifest.taken_at):
        raise PostgresProblem(
            "time_too_early",
            field="to_time",
            why=f"the backup ended at {manifest.taken_at}, after the time asked for",
            cure="ask for a later time, or take an earlier backup; nothing was kept",
        )


def _refuse_small(home: Home, manifest: Manifest) -> None:
    free = shutil.disk_usage(home.data_dir).free
    if free < manifest.size_bytes * 11 // 10:
        needed = f"the backup has {manifest.size_bytes:,} bytes, and a tenth more is needed"
        raise disk_full(home.data_dir, f"{free:,} bytes are free in {home.data_dir}, {needed}")


def _ended_early(problem: PostgresProblem, until: Until) -> PostgresProblem:
    if "recovery target was reached" in problem.why:
        asked = until.time.isoformat() if until.time else until.point
        return PostgresProblem(
            "wal_missing",
            field="wal",
            why=f"the WAL ends before {asked}",
            cure="ask for an earlier time, or bring the rest of the archive; nothing was kept",
        )
    return problem


def _mark_of(copy: Path) -> str:
    """SHA-256 of the copy's list of files, which has the sum of each."""
    with (copy / "backup_manifest").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size_of(copy: Path) -> int:
    return sum(path.lstat().st_size for path in copy.rglob("*") if path.is_file())
