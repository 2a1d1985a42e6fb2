"""Where the chains of the audit log end, written every few seconds into a file kept elsewhere."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection

from tessera.access.audit import db
from tessera.access.audit.core import CHAINS, Head

_encode = msgspec.json.Encoder().encode
_DAYS = 31


class Ends(Struct, frozen=True):
    """The ends of chains at an instant; hashes in hexadecimal. A line of the file."""

    sealed_at: datetime
    heads: dict[str, tuple[int, str]]  # chain: number and hash of its last entry

    def told(self) -> list[Head]:
        """As heads. Errors: ValueError where one is none."""
        return [Head(int(chain), seq, bytes.fromhex(mark)) for chain, (seq, mark) in
                self.heads.items()]  # fmt: skip


class Trails:
    """What one process has written of the chains' ends."""

    def __init__(self) -> None:
        self._known: dict[int, Head] = {}

    async def turn(self, conn: AsyncConnection, folder: Path, until: datetime) -> None:
        """Write the ends that moved since the last turn; the first time those of all chains."""
        there = await db.heads(conn)
        moved = [head for head in there if head.seq and self._known.get(head.chain) != head]
        if not moved:
            return
        ends = Ends(until, {str(head.chain): (head.seq, head.hash.hex()) for head in moved})
        _append(folder / f"audit-{until:%Y-%m-%d}.seal", _encode(ends) + b"\n")
        self._known |= {head.chain: head for head in moved}


def _append(path: Path, line: bytes) -> None:
    """Add a line that is durable afterwards, over one that a crash cut short."""
    with path.open("a+b") as file:
        size = file.seek(0, os.SEEK_END)
        whole = _whole(path, size)
        if whole < size:
            file.truncate(whole)
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _whole(path: Path, size: int) -> int:
    """Where the last whole line of a file ends; only its end is read."""
    with path.open("rb") as file:
        start = file.seek(max(0, size - 4096))
        return start + file.read().rfind(b"\n") + 1


def latest_in(folder: Path) -> dict[int, tuple[datetime, Head]]:
    """{chain: when its end was last sealed, and where it was}; nothing of what cannot be read.

    Of at most a month of files: each start of the house seals every chain anew.
    """
    found: dict[int, tuple[datetime, Head]] = {}
    for path in sorted(folder.glob("audit-*.seal"), reverse=True)[:_DAYS]:
        for line in reversed(path.read_bytes().splitlines(keepends=True)):
            if line.endswith(b"\n"):
                ends = msgspec.json.decode(line, type=Ends)
                for head in ends.told():
                    found.setdefault(head.chain, (ends.sealed_at, head))
            if len(found) == CHAINS:
                return found
    return found


def sealed_in(folder: Path) -> list[Head]:
    """Every end that the files of a folder tell, each once. Errors: ValueError, OSError."""
    files = sorted(folder.glob("audit-*.seal"))
    if not files:
        raise ValueError("it holds no seal of the audit log")
    found: dict[Head, None] = {}
    for path in files:
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                found |= dict.fromkeys(msgspec.json.decode(line, type=Ends).told())
    return list(found)
