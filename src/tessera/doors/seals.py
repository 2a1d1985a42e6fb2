"""The sealer: every few seconds the heads of what was posted go into a file kept elsewhere."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from msgspec.structs import replace
from psycopg import AsyncConnection

from tessera.doors.pools import Pool
from tessera.doors.trails import Trails
from tessera.ledger.seals import core, db
from tessera.ledger.seals.core import Block, Head

BACK = timedelta(minutes=2)  # a transaction may commit as long after its moves' time
_AT_ONCE, _REMEMBERED = 5_000, 1_000_000


class Sealer:
    """One process's part: of those that share the folder, one seals at a time."""

    def __init__(self, pool: Pool, folder: Path | None) -> None:
        self._pool, self._folder = pool, folder
        self._lock: int | None = None
        self._digest, self._until = b"", datetime(1970, 1, 1, tzinfo=UTC)
        self._sealed: dict[UUID, int] = {}
        self._trails = Trails()

    async def turn(self) -> None:
        """Seal what was posted since the last turn; the first time in a place, everything.

        And where the chains of the audit log end.
        """
        if self._folder is None or not self._mine(self._folder):
            return
        until = datetime.now(UTC)
        async with self._pool.connection() as conn:
            await self._trails.turn(conn, self._folder, until)
            if not self._digest:
                await self._begin(conn, self._folder, until)
                return
            found = await db.heads_between(conn, self._until - BACK, until)
        heads = core.fresh(found, self._sealed)
        if heads:
            self._write(self._folder, until, heads)
        self._until = until
        if len(self._sealed) > _REMEMBERED:  # what is sealed twice does no harm
            self._sealed.clear()

    async def _begin(self, conn: AsyncConnection, folder: Path, until: datetime) -> None:
        """The first blocks after a start: every wallet, so that what was down leaves no gap."""
        self._digest = _tidied(folder)
        self._sealed.clear()
        pages = 0
        async for page in db.all_heads(conn):
            self._write(folder, until, page)
            pages += 1
        if not pages:
            self._write(folder, until, [])
        self._until = until

    def _write(self, folder: Path, until: datetime, heads: list[Head]) -> None:
        text, digest = core.block(self._digest, until, heads)
        # Until it is durable this process knows of no seal: whatever fails here, the next turn
        # takes a torn block away and seals everything anew.
        self._digest = b""
        with (folder / f"ledger-{until:%Y-%m-%d}.seal").open("ab") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        self._digest = digest

    def _mine(self, folder: Path) -> bool:
        """Whether this process is the one that seals into the folder."""
        if self._lock is None:
            folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(handle)
                return False
            self._lock = handle
        return True

    def close(self) -> None:
        """Another process may seal from now on."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def files_of(place: Path) -> list[Path]:
    """A seal's file, or a folder's, in the order of their days. Errors: ValueError if none."""
    found = sorted(place.glob("ledger-*.seal")) if place.is_dir() else [place]
    if not found:
        raise ValueError(f"{place} holds no seal")
    return found


def blocks_of(place: Path) -> Iterator[Block]:
    """Every block of a seal. Where it begins with another than a first block, older files are gone.

    errors  ValueError names file and line, or says that there is no block at all; OSError
    """
    last: Block | None = None
    for path in files_of(place):
        with path.open("rb") as file:
            try:
                for block in core.blocks(file):
                    if last is not None and block.previous != last.digest:
                        raise ValueError("the block before it is missing")
                    last = block
                    yield block
            except ValueError as error:
                raise ValueError(f"{path}, {error}") from error
    if last is None:
        raise ValueError(f"{place} holds no block")


def extent(place: Path) -> str:
    """From where to where a seal goes, to hold it against what one wrote down oneself."""
    *_, last = found = list(map(_bare, blocks_of(place)))
    start = "its first block" if not found[0].previous else f"after {found[0].previous.hex()[:16]}"
    return f"sealed from {start} to {last.until:%Y-%m-%d %H:%M:%S}, digest {last.digest.hex()[:16]}"


def _bare(block: Block) -> Block:
    return replace(block, heads=())


async def differences(conn: AsyncConnection, place: Path) -> AsyncIterator[tuple[int, list[str]]]:
    """(heads looked at, what is not in the books as it was sealed), part by part."""
    for block in blocks_of(place):
        for start in range(0, len(block.heads), _AT_ONCE):
            part = block.heads[start : start + _AT_ONCE]
            strange = await db.strangers(conn, part)
            yield (
                len(part),
                [
                    f"wallet {wallet}, move {seq}: not as sealed at {block.until:%Y-%m-%d %H:%M:%S}"
                    for wallet, seq in strange
                ],
            )


def _tidied(folder: Path) -> bytes:
    """Where the newest file ends, without a block that a crash cut short; b"" if there is none."""
    newest = max(folder.glob("ledger-*.seal"), default=None)
    if newest is None:
        return b""
    size, digest = 0, b""
    with newest.open("rb") as file:
        for block in core.blocks(file):
            size, digest = size + block.size, block.digest
    os.truncate(newest, size)
    return digest
