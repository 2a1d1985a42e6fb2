"""Why the database cannot be used, as one exception with a cure."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class _Problem(Exception):
    code: str
    field: str
    why: str
    cure: str

    def __post_init__(self) -> None:
        super().__init__(self.code, self.field, self.why, self.cure)  # so that it can be pickled

    def __str__(self) -> str:
        return f"{self.why}. {self.cure}. [{self.code}: {self.field}]"


class PostgresProblem(_Problem):
    """Why the database cannot be used, and what to do: `code, field, why, cure`.

    A subclass of the frozen class, because a frozen class of its own refuses the
    `__traceback__` that `contextlib` sets; the four fields stay frozen.
    """


def os_problem(error: OSError, place: Path) -> PostgresProblem:
    """Translate an error of the operating system met while working in `place`."""
    at = error.filename or place
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(place, f"the disk is full at {at}")
    return PostgresProblem(
        "data_dir_not_writable",
        field="data_dir",
        why=f"{at} cannot be used: {error.strerror or error}",
        cure=f"make {place} a directory of the user that runs Tessera, or choose another data_dir",
    )


def disk_full(place: Path, why: str) -> PostgresProblem:
    """The disk of `place` has no room, or not enough."""
    cure = f"free some space on the disk of {place}, or choose another data_dir"
    return PostgresProblem("disk_full", field="data_dir", why=why, cure=cure)


def user_unknown(who: int | str) -> PostgresProblem:
    """The user that the server would run as, by name or uid, is not in the system's list."""
    return PostgresProblem(
        "user_unknown",
        field="data_dir",
        why=f"PostgreSQL needs a user with a name, and user {who} has no entry in /etc/passwd",
        cure="add an entry for it, or (as root) give data_dir to another unprivileged user",
    )
