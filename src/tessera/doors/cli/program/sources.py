"""Where a program comes from on the command line: a directory, or a version in the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from psycopg import AsyncConnection

from tessera.doors.ground import Settings, ground
from tessera.program import db, flows
from tessera.program.core import Reader
from tessera.program.core.difference import Edition
from tessera.program.core.rehearsal import Tried, gave_in, rehearse
from tessera.program.core.seen import Caution, Seen
from tessera.program.core.text import Read, read_text
from tessera.program.core.warnings import warnings_of
from tessera.program.files import read_directory
from tessera.rules.core.words import Program
from tessera.warehouse.stores import db as stores_db

PUBLISHED, BEGINNING = "published", "beginning"


class NoSource(Exception):
    """There is nothing to read; its text is for people."""


@dataclass(frozen=True)
class Directory:
    """A directory that was read and whose tests were tried."""

    place: Path
    read: Read
    tried: list[Tried]

    @property
    def sound(self) -> bool:
        """It could be published: no mistake, and every test passed."""
        return self.read.program is not None and all(each.passed for each in self.tried)

    @property
    def edition(self) -> Edition:
        """The program. Errors: AssertionError if there are mistakes."""
        assert self.read.body is not None and self.read.program is not None
        return Edition(self.read.body, self.read.program)

    def warnings(self, before: Program | None, on: date) -> list[Caution]:
        """What to think about before publishing it."""
        edition = self.edition
        return warnings_of(Seen(edition.body, edition.program, on, before, gave_in(self.tried)))


def directory(reader: Reader, place: Path, more: dict[str, str] | None = None) -> Directory:
    """Read a directory and try its tests.

    more    tests besides its own: {file: text}
    errors  NoSource
    """
    try:
        files = read_directory(place)
    except OSError as wrong:
        raise NoSource(f"{wrong.filename or place}: {wrong.strerror}") from wrong
    read = read_text(files, reader)
    tried: list[Tried] = []
    if read.program is not None:
        tried, mistakes = rehearse({**read.tests, **(more or {})}, read.program)
        if mistakes:
            read.mistakes, read.program = sorted([*read.mistakes, *mistakes]), None
    return Directory(place, read, tried)


def text_of(file: Path) -> str:
    """A file of text. Errors: NoSource."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else "it is not UTF-8"
        raise NoSource(f"{file}: {why}") from wrong


async def version(settings: Settings, reader: Reader, word: str) -> tuple[int, Edition]:
    """A version by its number, or what is `published`: what decides now. Errors: NoSource."""
    async with opened(settings, reader) as conn:
        if word == PUBLISHED:
            return await deciding(conn, reader)
        raw = await db.one(conn, int(word))
    if raw is None:
        raise NoSource(f"there is no version {word}: see `tessera program list`")
    return int(word), Edition(msgspec.json.decode(raw), reader.kept(raw, int(word)))


async def deciding(conn: db.Conn, reader: Reader) -> tuple[int, Edition]:
    """The version that decides now."""
    found = await db.current(conn, datetime.now(UTC))
    assert found is not None, "a program was begun"
    return found[0], Edition(msgspec.json.decode(found[1]), reader.kept(found[1], found[0]))


@asynccontextmanager
async def opened(settings: Settings, reader: Reader) -> AsyncIterator[db.Conn]:
    """A connection to a database that has a program: a new one begins with the starter."""
    async with await AsyncConnection.connect(ground(settings).dsn) as conn:
        await flows.begin(conn, reader, settings.currency, datetime.now(UTC))
        await conn.commit()
        yield conn


def is_version(word: str) -> bool:
    """Whether a word names a version; anything else is a directory."""
    return word == PUBLISHED or (word.isascii() and word.isdecimal() and len(word) < 10)


async def start_of(
    conn: db.Conn, word: str, time_zone: str, now: datetime
) -> datetime | None:  # fmt: skip
    """The moment a `--from` means: now if nothing is said, None the beginning of time.

    A date is its first moment where the stores are. Errors: NoSource
    """
    if word in ("", BEGINNING):
        return None if word else now
    try:
        day = datetime.combine(date.fromisoformat(word), time())
    except ValueError:
        try:
            day = datetime.fromisoformat(word)
        except ValueError:
            raise NoSource(
                f"{word} is no date: write 2027-01-01, 2027-01-01T06:00 or {BEGINNING}"
            ) from None
    if day.tzinfo is not None:
        return day
    try:
        return day.replace(tzinfo=ZoneInfo(time_zone or await _zone(conn)))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NoSource(f"{time_zone} is no time zone: write Europe/Rome") from None


async def _zone(conn: db.Conn) -> str:
    zones = {store.time_zone for store in await stores_db.all_stores(conn)}
    if len(zones) > 1:
        raise NoSource(f"the stores are in {', '.join(sorted(zones))}: say one with --time-zone")
    return zones.pop() if zones else "UTC"
