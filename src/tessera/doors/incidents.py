"""What a running process notices: told at once, written down when the database takes it.

`begin`, `end` and `once` never raise and never wait. What cannot be written yet lies in memory and,
when it has a place, in a file that the next process reads if this one is killed.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tessera.incidents import flows
from tessera.incidents.core import DETAIL_MOST, OVER_WHEN_SERVING, Sign

Conn = AsyncConnection[tuple[Any, ...]]
SIGNS_MOST = 1000
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Sign).decode


class Incidents:
    """What this process has noticed and not written down yet, and what is wrong right now.

    place  a folder for what has to outlive this process; None keeps it in memory only
    """

    def __init__(self, place: Path | None = None) -> None:
        self._now: dict[str, str] = {}
        self._waiting: deque[Sign] = deque(maxlen=SIGNS_MOST)
        self._file = None if place is None else place / f"{os.getpid()}.jsonl"
        self._filed: Sequence[Sign] = ()

    @property
    def now(self) -> Mapping[str, str]:
        """{kind: why} of what this process sees wrong at this moment; costs nothing to ask."""
        return self._now

    def begin(self, kind: str, detail: str) -> None:
        """Something goes wrong; saying it again while it lasts changes nothing.

        kind    a word of small letters and `_`; detail: ids and reasons, never a person's
        """
        if kind not in self._now:
            self._now[kind] = detail[:DETAIL_MOST]
            self._waiting.append(Sign("begin", kind, detail[:DETAIL_MOST], datetime.now(UTC)))

    def lasts(self, kind: str, detail: str) -> None:
        """It is still so: an incident that somebody has closed meanwhile opens anew."""
        self._now.pop(kind, None)
        self.begin(kind, detail)

    def end(self, kind: str) -> None:
        """It is over; nothing happens where it had not begun."""
        if self._now.pop(kind, None) is not None:
            self._waiting.append(Sign("end", kind, "", datetime.now(UTC)))

    def over(self, kind: str) -> None:
        """It is over, whichever process noticed that it began."""
        self._now.pop(kind, None)
        self._waiting.append(Sign("end", kind, "", datetime.now(UTC)))

    def once(self, kind: str, detail: str) -> None:
        """Something happened and is over: within a minute of the last one it counts there."""
        self._waiting.append(Sign("once", kind, detail[:DETAIL_MOST], datetime.now(UTC)))

    async def opened(self) -> None:
        """The doors open: take over what killed processes left, and say what that proves over."""
        found = await asyncio.to_thread(_inherited, self._file) if self._file else []
        self._waiting.extendleft(reversed(found))
        now = datetime.now(UTC)
        self._waiting.extend(Sign("end", kind, "", now) for kind in OVER_WHEN_SERVING)

    async def write(self, pool: AsyncConnectionPool[Conn]) -> None:
        """Write down what waits; while that fails it is filed, and the error goes on."""
        signs = tuple(self._waiting)
        if not signs:
            return
        try:
            async with pool.connection() as conn:
                await flows.write_signs(conn, signs)
        except Exception:
            await self.file()
            raise
        for sign in signs:  # others may have come meanwhile, or pushed out the oldest
            if self._waiting and self._waiting[0] is sign:
                self._waiting.popleft()
        await self.file()

    async def file(self) -> None:
        """Keep what waits where a kill does not reach it; a disk that refuses is borne."""
        signs = tuple(self._waiting)
        if self._file is not None and signs != self._filed:
            await asyncio.to_thread(_keep, self._file, signs)
            self._filed = signs


def leave(place: Path, signs: Sequence[Sign]) -> None:
    """Leave signs for whoever opens the doors next on this data directory.

    errors  OSError
    """
    _store(place / f"{os.getpid()}.jsonl", signs)


def _keep(path: Path, signs: Sequence[Sign]) -> None:
    with suppress(OSError):
        if signs:
            _store(path, signs)
        else:
            path.unlink(missing_ok=True)


def _store(path: Path, signs: Sequence[Sign]) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(b"".join(_encode(sign) + b"\n" for sign in signs))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _inherited(own: Path) -> list[Sign]:
    """What processes that are gone have left, oldest first; their files go away."""
    found: list[Sign] = []
    with suppress(OSError):
        for path in own.parent.glob("*.jsonl"):
            if path == own or not _lives(path.stem):
                with suppress(OSError, msgspec.MsgspecError):
                    found += [_decode(line) for line in path.read_bytes().splitlines()]
                path.unlink(missing_ok=True)
    return sorted(found, key=lambda sign: sign.at)


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
