"""Seeing the processes of one cluster: its locks, its postmaster, the backends left behind.

A pid in a file proves nothing, because pids are given again. What proves a server is the lock that
all its processes inherited, and a process that works in this very directory.
"""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from psycopg import pq

from tessera.base.cluster import Home
from tessera.base.problem import PostgresProblem

POLL_S = 0.02
ORPHAN_QUIT_S, ORPHAN_KILL_S = 1.0, 2.5  # patience with backends that outlived their postmaster


def answers(home: Home) -> bool:
    """Whether a server takes connections; one that is full or refuses us counts, it lives."""
    if not home.socket.exists():
        return False
    wish = f"{home.dsn('postgres')} connect_timeout=2"
    return pq.PGconn.ping(os.fsencode(wish)) == pq.Ping.OK


def postmaster(home: Home) -> int | None:
    """The living postmaster of this cluster, never a stranger that was given its pid."""
    pid = pid_in(home.pid_file)
    return pid if pid is not None and _works_here(pid, home) else None


def pid_in(path: Path) -> int | None:
    """The pid in the first line of one of PostgreSQL's lock files."""
    try:
        first = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return int(first) if first.isdecimal() else None


def nudge(home: Home, waited_s: float) -> None:
    """Help on what would not end by itself: a server without its socket, a dead one's backends."""
    pid = postmaster(home)
    if pid is not None:
        if _phase(home) == "ready" and not home.socket.exists():
            _signal(pid, signal.SIGINT)  # a sweeper of old files took the socket
        return
    if waited_s > ORPHAN_QUIT_S:
        for orphan in _processes(home):
            _signal(orphan, signal.SIGKILL if waited_s > ORPHAN_KILL_S else signal.SIGQUIT)


def forget_stale(home: Home) -> None:
    """Remove lock files whose pid belongs to a stranger by now; the server lock must be ours.

    PostgreSQL would take the stranger (or a zombie) for a server, forever. A pid that nobody has
    is left to it: it then also looks whether the old shared memory is still in use.
    """
    if _processes(home):
        return
    for path in (home.pid_file, home.socket.with_name(f"{home.socket.name}.lock")):
        pid = pid_in(path)
        if pid is not None and Path("/proc", str(pid)).exists():
            path.unlink(missing_ok=True)


def end(home: Home, pid: int, deadline: float) -> bool:
    """Stop the postmaster `pid`: fast, and after `deadline` at once; whether it is gone."""
    for wish, until in ((signal.SIGINT, deadline), (signal.SIGQUIT, deadline + 5)):
        _signal(pid, wish)
        while time.monotonic() < until:
            if postmaster(home) is None and not held(home.server_lock):
                return True
            time.sleep(POLL_S)
    return False


def held(path: Path) -> bool:
    """Whether somebody holds the lock exclusively; a missing file is held by nobody."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def lock(path: Path, deadline: float) -> Iterator[int]:
    """Hold a lock that the kernel frees with its last holder, however that one ends.

    Yields the descriptor, which a child may inherit and so hold on.
    """
    handle = open_beside(path, os.O_RDWR)
    try:
        while not _locked(handle):
            if time.monotonic() > deadline:
                raise PostgresProblem(
                    "start_busy",
                    field="data_dir",
                    why=f"another process is starting or stopping the server and holds {path}",
                    cure="wait for it, or end it",
                )
            time.sleep(POLL_S)
        yield handle
    finally:
        os.close(handle)


def open_beside(path: Path, flags: int) -> int:
    """Open or create a file of ours in data_dir; what root makes is given to data_dir's owner.

    That may be an ordinary user, who would be locked out when he comes next.
    """
    handle = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        seen, owner = os.fstat(handle), path.parent.stat()
        if os.geteuid() == seen.st_uid == 0 != owner.st_uid and seen.st_nlink == 1:
            os.fchown(handle, owner.st_uid, owner.st_gid)
        if not stat.S_ISREG(seen.st_mode):
            raise OSError(None, "not a plain file", str(path))
    except OSError:
        os.close(handle)
        raise
    return handle


def _locked(handle: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _signal(pid: int, wish: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, wish)


def _phase(home: Home) -> str:
    """What the postmaster says of itself: starting, ready, stopping (line 8 of its file)."""
    with suppress(FileNotFoundError):
        lines = home.pid_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[7].strip() if len(lines) > 7 else "starting"
    return "gone"


def _works_here(pid: int, home: Home) -> bool:
    """Whether `pid` is a PostgreSQL process whose working directory is this cluster.

    Without /proc (not Linux) a living pid has to do.
    """
    place = Path("/proc", str(pid))
    try:
        if not Path("/proc/self/cwd").exists():
            os.kill(pid, 0)
            return True
        name = (place / "comm").read_text(encoding="utf-8", errors="replace").strip()
        return name == "postgres" and (place / "cwd").samefile(home.pgdata)
    except OSError:  # gone, a zombie, or another user's
        return False


def _processes(home: Home) -> list[int]:
    """Every PostgreSQL process of this cluster that we can see."""
    pids = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return [pid for pid in pids if _works_here(pid, home)]
