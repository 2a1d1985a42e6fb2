"""The search over an installation: members read, compared, pairs written down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from msgspec import Struct
from psycopg import AsyncConnection

from tessera.base.ids import new_id
from tessera.doors.cli.duplicates import linkage
from tessera.doors.cli.duplicates.linkage import Pair
from tessera.members.likeness import db, flows
from tessera.members.likeness.core.words import Found

PAGE = 5_000  # people read, pairs written at a time
Tell = Callable[[str, int, int], None]  # phase, how much is done, of how much


class Searched(Struct, frozen=True):
    """What a search found. `keyed`: people who could not be found at entry until now."""

    people: int
    keyed: int
    pairs: int
    groups: int
    dropped: int


async def search(dsn: str, place: Path, memory: str, now: datetime, tell: Tell) -> Searched | None:
    """Compare everybody with everybody and queue the pairs; None: a search is going on.

    place   what is computed lies in a folder below, which is deleted at the end: it holds names
    memory  what DuckDB may take, such as 1GB
    """
    async with await AsyncConnection.connect(dsn) as conn:
        if not await db.turn(conn):
            return None
        keyed = await _keyed(conn)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryDirectory(dir=place, prefix="search-") as folder:
            link = linkage.opened(str(Path(folder, "people.duckdb")), memory)
            try:
                ids = await _read(conn, link, tell)
                pairs = list(linkage.linked(link, tell)) if ids else []
            finally:
                link.close()
        groups = linkage.groups((each.one, each.other) for each in pairs if linkage.strong(each))
        for page in _paged([_found(each, ids, groups) for each in pairs]):
            await db.put_likely(conn, page, now)
        dropped = await db.drop_unfound(conn, now)
        await conn.commit()
        return Searched(len(ids), keyed, len(pairs), len(set(groups.values())), dropped)


async def _keyed(conn: db.Conn) -> int:
    """Keys for people who have none: a release before this one wrote them."""
    count = 0
    async for page in _pages(conn, db.unkeyed):
        await flows.put_keys(conn, await db.known(conn, page))
        await conn.commit()
        count += len(page)
    return count


async def _read(conn: db.Conn, link: linkage.Link, tell: Tell) -> list[UUID]:
    """Everybody, put where they are compared. Shape: the ids, in the order of their numbers."""
    ids: list[UUID] = []
    most = await db.count_people(conn)
    async for page in _pages(conn, db.everybody):
        people = await db.known(conn, page)
        linkage.fill(link, (each.looks() for each in people), len(ids))
        ids += [each.id for each in people]
        tell("reading", len(ids), max(most, len(ids)))
    await conn.commit()  # what follows takes minutes, and no snapshot needs to be kept for it
    return ids


async def _pages(
    conn: db.Conn, read: Callable[[db.Conn, UUID, int], Awaitable[list[UUID]]]
) -> AsyncIterator[list[UUID]]:
    last = db.NOBODY
    while page := await read(conn, last, PAGE):
        yield page
        last = page[-1]


def _paged(found: Sequence[Found]) -> list[list[Found]]:
    return [list(found[start : start + PAGE]) for start in range(0, len(found), PAGE)]


def _found(pair: Pair, ids: Sequence[UUID], groups: dict[int, int]) -> Found:
    one, other = sorted((ids[pair.one], ids[pair.other]))
    joined = groups.get(pair.one, -1)
    group = ids[joined] if joined >= 0 and joined == groups.get(pair.other, -2) else None
    return Found(new_id(), one, other, group, pair.weight, pair.evidence)
