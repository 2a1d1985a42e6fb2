"""Files that people send for long work: beside the data, one folder each, for a day.

No name of a file ever becomes a path: a folder is called by the task's id, the file `source`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.tasks.core import keepable

NAME = "uploads"  # below the data directory
_SOURCE, _PREVIEW, _ASIDE = "source", "preview.json", "aside.json"
Rows = Mapping[int, Mapping[str, Any]]  # {row of the file: {column: what stands there}}


class Wrong(Struct, frozen=True):
    """A row that cannot be taken: line of a CSV file or row of another, column, and why."""

    row: int
    field: str
    code: str
    why: str


class Preview(Struct, frozen=True):
    """The first rows of a file as they are understood, a table; and the first wrong ones."""

    heads: list[str] = []
    rows: list[list[str]] = []
    wrong: list[Wrong] = []


class Uploads:
    """The folder of all of them."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def folder(self, task_id: UUID) -> Path:
        """Where a task's files lie."""
        return self.place / str(task_id)

    def source(self, task_id: UUID) -> Path:
        """The file that was sent."""
        return self.folder(task_id) / _SOURCE

    def write(self, task_id: UUID, begins: int, piece: bytes) -> None:
        """Put a piece where it belongs; the same piece again changes nothing. Errors: OSError."""
        folder = self.folder(task_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / _SOURCE
        path.touch(mode=0o600)
        with path.open("r+b") as file:
            file.seek(begins)
            file.write(piece)

    def keep_preview(self, task_id: UUID, preview: Preview) -> None:
        """What the check understood of the first rows."""
        told = keepable(msgspec.to_builtins(preview))
        self._write(task_id, _PREVIEW, msgspec.json.encode(told))

    def preview(self, task_id: UUID) -> Preview:
        """The same, read; nothing where there is nothing any more."""
        raw = self._read(task_id, _PREVIEW)
        return Preview() if raw is None else msgspec.json.decode(raw, type=Preview)

    def keep_aside(self, task_id: UUID, rows: Rows) -> None:
        """Rows that could not be taken, as they stand in the file."""
        named = keepable({str(at): dict(cells) for at, cells in rows.items()})
        self._write(task_id, _ASIDE, msgspec.json.encode(named))

    def aside(self, task_id: UUID) -> Rows:
        """The same, read; empty where the day is over."""
        raw = self._read(task_id, _ASIDE)
        found = {} if raw is None else msgspec.json.decode(raw, type=dict[str, dict[str, Any]])
        return {int(at): cells for at, cells in found.items()}

    def take_away(self, task_id: UUID) -> None:
        """The file that was sent goes, and what the check understood of it."""
        for name in (_SOURCE, _PREVIEW):
            (self.folder(task_id) / name).unlink(missing_ok=True)

    def there(self, older_s: float) -> list[UUID]:
        """The tasks that have a folder in which nothing new was put for so long."""
        if not self.place.is_dir():
            return []
        until = time.time() - older_s
        return [
            found
            for path in self.place.iterdir()
            if (found := _id(path.name)) is not None and path.stat().st_mtime < until
        ]

    def forget(self, tasks: Iterable[UUID]) -> None:
        """Take their folders away."""
        for task_id in tasks:
            shutil.rmtree(self.folder(task_id), ignore_errors=True)

    def _write(self, task_id: UUID, name: str, raw: bytes) -> None:
        folder = self.folder(task_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = folder / f"{name}.new"
        fresh.touch(mode=0o600)
        fresh.write_bytes(raw)
        fresh.replace(folder / name)

    def _read(self, task_id: UUID, name: str) -> bytes | None:
        try:
            return (self.folder(task_id) / name).read_bytes()
        except FileNotFoundError:
            return None


def _id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
