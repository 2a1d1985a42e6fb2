"""Keys and pairs, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from tessera.base.columns import Integers, Texts, Uuids
from tessera.base.sql import statements
from tessera.members.likeness.core.scoring import Evidence
from tessera.members.likeness.core.words import Found, Likely, Person, Verdict
from tessera.warehouse.core import Identifier

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
NOBODY = UUID(int=0)
FIRST = 2**31  # heavier than any pair


# People and their keys -------------------------------------------------------------------------


async def known(conn: Conn, members: Sequence[UUID]) -> list[Person]:
    """What is known of these, in no order; who has not registered is not in it."""
    rows = await conn.execute(SQL["known"], (Uuids(members),), binary=True)
    return [_person(*row) for row in await rows.fetchall()]


def _person(
    id: UUID, given: str, family: str, born: Any, attributes: Any, *held: Sequence[str]
) -> Person:
    named = tuple(map(Identifier, *held))
    return Person(id, given, family, born, attributes, named)


async def everybody(conn: Conn, after: UUID, most: int) -> list[UUID]:
    """The next people after this id, in order."""
    return await _ids(conn, "everybody", after, most)


async def unkeyed(conn: Conn, after: UUID, most: int) -> list[UUID]:
    """The next people after this id who have no keys, in order."""
    return await _ids(conn, "unkeyed", after, most)


async def _ids(conn: Conn, name: str, after: UUID, most: int) -> list[UUID]:
    rows = await conn.execute(SQL[name], {"after": after, "most": most})
    return [row[0] for row in await rows.fetchall()]


async def count_people(conn: Conn) -> int:
    """How many people there are."""
    row = await (await conn.execute(SQL["count_people"])).fetchone()
    assert row is not None
    return int(row[0])


async def drop_keys(conn: Conn, members: Sequence[UUID]) -> None:
    """Look for these people under no key any more."""
    await conn.execute(SQL["drop_keys"], (Uuids(members),))


async def put_keys(conn: Conn, noted: Sequence[tuple[int, UUID]]) -> None:
    """Look for people under these keys too. Shape: (key, member)."""
    columns = Integers([key for key, _ in noted]), Uuids([member for _, member in noted])
    await conn.execute(SQL["put_keys"], columns)


async def sharing(conn: Conn, keys: Sequence[int], each: int, most: int) -> list[UUID]:
    """Who shares these keys, those who share most first.

    each  how many members are read for one key; most: how many are told
    The plan is made for every question: one made while the table was young would be kept.
    """
    asked = {"keys": list(keys), "each": each, "most": most}
    rows = await conn.execute(SQL["sharing"], asked, prepare=False)
    return [row[0] for row in await rows.fetchall()]


# Pairs -----------------------------------------------------------------------------------------


async def put_likely(conn: Conn, found: Sequence[Found], now: datetime) -> None:
    """Keep pairs that a search found; a pair that was judged stays as it is."""
    columns = (
        Uuids([each.id for each in found]),
        Uuids([each.one for each in found]),
        Uuids([each.other for each in found]),
        Uuids([each.group_id for each in found]),
        Integers([each.weight for each in found]),
        Texts([msgspec.json.encode(each.evidence).decode() for each in found]),
    )
    await conn.execute(SQL["put_likely"], (now, *columns))


async def turn(conn: Conn) -> bool:
    """Take the turn to search while this connection lasts; False: somebody else has it."""
    row = await (await conn.execute(SQL["turn"])).fetchone()
    return row is not None and bool(row[0])


async def drop_unfound(conn: Conn, began: datetime) -> int:
    """Drop pairs that nobody judged and no search found since; how many."""
    return (await conn.execute(SQL["drop_unfound"], {"began": began})).rowcount


async def list_likely(conn: Conn, after: tuple[int, UUID] | None, most: int) -> list[Likely]:
    """Pairs that wait for a verdict, the surest first, after this weight and id."""
    weight, last = after or (FIRST, NOBODY)
    asked = {"weight": weight, "after": last, "most": most}
    rows = await conn.execute(SQL["list_likely"], asked)
    return [_likely(*row) for row in await rows.fetchall()]


async def lock_likely(conn: Conn, pair_id: UUID) -> Likely | None:
    """A pair, held still until the transaction ends, or None."""
    row = await (await conn.execute(SQL["lock_likely"], {"id": pair_id})).fetchone()
    return None if row is None else _likely(*row)


async def judge(
    conn: Conn, pair_id: UUID, verdict: Verdict, by: UUID, reason: str, now: datetime
) -> None:
    """Write the verdict on a pair; that they are different stays when the pair goes."""
    values = {"id": pair_id, "verdict": verdict, "now": now, "by": by, "reason": reason}
    await conn.execute(SQL["judge"], values)
    if verdict == "different":
        await conn.execute(SQL["keep_different"], {"id": pair_id, "now": now})


def _likely(
    id: UUID, one: UUID, other: UUID, group_id: UUID | None, weight: int, evidence: Any, *rest: Any
) -> Likely:
    said = msgspec.convert(evidence, tuple[Evidence, ...])
    return Likely(id, one, other, group_id, weight, said, *rest)


async def count_likely(conn: Conn, most: int) -> int:
    """Pairs that wait for a verdict; no more than `most` are looked at."""
    row = await (await conn.execute(SQL["count_likely"], {"most": most})).fetchone()
    return 0 if row is None else int(row[0])
