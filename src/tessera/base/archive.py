"""The WAL archive of the embedded server: each finished piece of its log, copied for good.

Chosen once per data directory and written down there, so that whoever starts the server archives.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from tessera.base import cluster
from tessera.base.cluster import Home, Owner
from tessera.base.problem import PostgresProblem

TIMEOUT_S = (
    60  # a piece is closed after so long, however little is in it: the loss a fire may cause
)
_PLAIN = re.compile(r"/[A-Za-z0-9_./+-]*\Z")  # goes through a shell and a configuration file

# A copy under another name, on the disk, then the name: whole or not at all. What is there already
# must be the same; it is never written over. The second `sync` makes the name itself durable.
_COPY = (
    'if test -e "{a}/%f"; then cmp -s "%p" "{a}/%f"; '
    'else cp "%p" "{a}/%f.new" && sync "{a}/%f.new" && mv -n "{a}/%f.new" "{a}/%f" '
    '&& test ! -e "{a}/%f.new"; fi && sync "{a}"'
)
_FETCH = 'cp "{a}/%f" "%p"'


def choose(home: Home, folder: Path | None) -> None:
    """Archive into `folder` from the next start on; None: no longer.

    errors  PostgresProblem wal_archive_unusable for a path that a shell would not take as it is
    """
    if folder is None:
        home.archive.unlink(missing_ok=True)
        return
    folder = folder.resolve()
    plain(folder)
    owner = cluster.prepare(home)
    _made(folder, owner)
    home.archive.write_text(f"{folder}\n", encoding="utf-8")
    cluster.sync_dir(home.data_dir)


def chosen(home: Home) -> Path | None:
    """The folder that was chosen; None when the WAL is not archived."""
    with suppress(FileNotFoundError):
        return Path(home.archive.read_text(encoding="utf-8").strip())
    return None


def prepared(home: Home, owner: Owner) -> Path | None:
    """The chosen folder, there and ready for the server's user. Errors: PostgresProblem."""
    folder = chosen(home)
    if folder is not None:
        _made(folder, owner)
    return folder


def lines(folder: Path | None) -> str:
    """What postgresql.conf says about the archive."""
    if folder is None:
        return "archive_mode = off\n"
    command = _COPY.format(a=folder)
    return (
        f"archive_mode = on\narchive_timeout = {TIMEOUT_S}\narchive_command = '{command}'\n"
    )  # fmt: skip


def fetch(folder: Path) -> str:
    """The command by which a server that is being restored gets a piece."""
    return _FETCH.format(a=plain(folder))


def plain(folder: Path) -> Path:
    """The folder itself. Errors: PostgresProblem wal_archive_unusable for a path with odd signs."""
    if _PLAIN.match(str(folder)):
        return folder
    raise _unusable(folder, "its path has signs besides letters, digits and _ . / + -")


def _made(folder: Path, owner: Owner) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    cluster.private_dir(folder, owner, "wal_archive_unusable", "wal_archive")
    if not cluster.reachable(folder, owner):
        raise _unusable(folder, f"user {owner.uid}, which runs the server, cannot get there")


def _unusable(folder: Path, why: str) -> PostgresProblem:
    return PostgresProblem(
        "wal_archive_unusable",
        field="wal_archive",
        why=f"the WAL cannot be archived to {folder}: {why}",
        cure="choose a folder of a plain name below directories that everybody may pass",
    )
