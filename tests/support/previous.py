"""The statements of the release before, kept as data: `python tests/support/previous.py REVISION`.

They are compared with the tables of today in a clone without history, too. Run it when a release is
made, with the revision of that release.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests/db/previous"
REVISION = KEPT / "REVISION"
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?([sbt%])")


def statements() -> Iterator[tuple[str, str]]:
    """(room.name, statement) of all that were kept, with $1, $2 ... for what is put in."""
    for file in sorted(KEPT.glob("*.sql")):
        parts = re.split(r"^-- name: (\w+)$", file.read_text(), flags=re.MULTILINE)[1:]
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            if "{}" not in text:  # a table's name is put in: it says nothing by itself
                yield f"{file.stem}.{name}", numbered(text)


def numbered(text: str) -> str:
    """The driver's placeholders as the server's."""
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        name, kind = found.groups()
        if kind == "%":
            return "%"
        key = name or f" {len(numbers)}"
        return f"${numbers.setdefault(key, len(numbers) + 1)}"

    return _PLACEHOLDER.sub(number, text)


def export(revision: str, place: Path) -> bool:
    """Lay the source of that revision into `place`; False in a clone without it."""
    asked = ["git", "-C", str(ROOT), "archive", revision, "src", "migrations"]
    packed = subprocess.run(asked, capture_output=True, check=False)
    if packed.returncode != 0:
        return False
    subprocess.run(["tar", "-x", "-C", str(place)], input=packed.stdout, check=True)
    return True


def keep(revision: str) -> None:
    """Write down the statements of a revision in place of those that are kept."""
    git = ["git", "-C", str(ROOT)]
    full = subprocess.check_output([*git, "rev-parse", revision], text=True).strip()
    listed = subprocess.check_output([*git, "ls-tree", "-r", "--name-only", full, "src"], text=True)
    for old in KEPT.glob("*.sql"):
        old.unlink()
    for path in listed.splitlines():
        if path.endswith("/db.sql"):
            room = ".".join(Path(path).parts[2:-1])
            text = subprocess.check_output([*git, "show", f"{full}:{path}"], text=True)
            (KEPT / f"{room}.sql").write_text(text)
    versions = [*git, "ls-tree", "--name-only", full, "migrations/versions/"]
    listed = subprocess.check_output(versions, text=True)
    newest = max(Path(path).name[:8] for path in listed.splitlines() if path.endswith(".py"))
    REVISION.write_text(f"{full} {newest}\n")


def revision() -> tuple[str, str]:
    """The release before: its revision here, and the newest one of its tables."""
    commit, tables = REVISION.read_text().split()
    return commit, tables


if __name__ == "__main__":
    keep(sys.argv[1])
