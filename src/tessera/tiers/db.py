"""Tiers in our database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.columns import Bigints, Booleans, Dates, Texts, Uuids
from tessera.base.sql import statements
from tessera.base.wire import put
from tessera.tiers.core import Change, Climb, Joined, Moved, Review, Standing, Walk

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
Standings = dict[UUID, dict[str, Standing]]
Key = tuple[UUID, str]  # an account and a ladder


class Use(NamedTuple):
    """A privilege is used: by whom, on which level, where, who let it be."""

    id: UUID
    account: UUID
    member: UUID
    ladder: str
    level: str
    privilege: str
    day: date
    store: str
    principal: UUID
    at: datetime


async def standings(conn: Conn, accounts: Iterable[UUID], *, lock: bool = False) -> Standings:
    """{account: {ladder: where it stands}}; the ground has no row."""
    asked = (Uuids(list(accounts)),)
    rows = await conn.execute(SQL["lock" if lock else "standings"], asked, binary=True)
    found: Standings = {}
    for account, ladder, *said in await rows.fetchall():
        found.setdefault(account, {})[ladder] = Standing(*said)
    return found


async def lock_due(conn: Conn, ladder: str, upto: date, most: int) -> list[tuple[UUID, Standing]]:
    """A page of what is due up to a day, locked, what is due longest first."""
    asked = {"ladder": ladder, "upto": upto, "most": most}
    rows = await conn.execute(SQL["lock_due"], asked, binary=True)
    return [(row[0], Standing(*row[1:])) for row in await rows.fetchall()]


async def peek_due(
    conn: Conn, ladder: str, upto: date, after: UUID, most: int
) -> list[tuple[UUID, Standing]]:
    """A page of what is due up to a day, only to look at."""
    asked = {"ladder": ladder, "upto": upto, "after": after, "most": most}
    rows = await conn.execute(SQL["peek_due"], asked, binary=True)
    return [(row[0], Standing(*row[1:])) for row in await rows.fetchall()]


async def peek_until(
    conn: Conn, ladder: str, after: tuple[date, UUID], upto: date, most: int
) -> list[tuple[UUID, Standing]]:
    """A page of those whose review comes up to a day, the next one first."""
    asked = {
        "ladder": ladder, "since": after[0], "after": after[1], "upto": upto, "most": most,
    }  # fmt: skip
    rows = await conn.execute(SQL["peek_until"], asked, binary=True)
    return [(row[0], Standing(*row[1:])) for row in await rows.fetchall()]


async def walks(conn: Conn) -> dict[str, Walk]:
    """{ladder: its newest walk}."""
    return {row[0]: Walk(*row) async for row in await conn.execute(SQL["walks"])}


async def begin_walk(conn: Conn, ladder: str, terms: bytes, after: UUID, at: datetime) -> None:
    """A walk begins."""
    asked = {"ladder": ladder, "terms": terms, "after": after, "at": at}
    await conn.execute(SQL["begin_walk"], asked)


async def note_walk(
    conn: Conn, ladder: str, after: UUID | None, counts: tuple[int, int], ended_at: datetime | None
) -> None:
    """How far a walk has come. counts: looked at, brought up; ended_at: it is over."""
    looked, risen = counts
    asked = {
        "ladder": ladder, "after": after, "looked": looked, "risen": risen, "ended_at": ended_at,
    }  # fmt: skip
    await conn.execute(SQL["note_walk"], asked)


async def count_due(conn: Conn, ladder: str, upto: date) -> int:
    """How many reviews are due up to a day."""
    row = await (await conn.execute(SQL["count_due"], {"ladder": ladder, "upto": upto})).fetchone()
    return int(row[0]) if row is not None else 0


async def save(conn: Conn, changed: Mapping[Key, Standing], *, settles: bool = False) -> None:
    """Where accounts stand from now on. settles: by a review or a hand, no return goes behind it.

    why  call it before `add_changes`: climbs that are there already are those that are settled
    """
    keys = sorted(changed)
    accounts, ladders = zip(*keys, strict=True)
    levels, sinces, untils, settled, ranks = zip(*[changed[key] for key in keys], strict=True)
    await put(
        conn, SQL["save"],
        (
            Uuids(accounts), Texts(ladders), Texts(levels), Dates(sinces), Dates(untils),
            Dates(settled), Bigints(ranks), Booleans([settles] * len(keys)),
        ),
    )  # fmt: skip


async def settle(conn: Conn, ladder: str, decided: Sequence[tuple[UUID, Standing]]) -> None:
    """What a page of reviews has come to."""
    accounts, after = zip(*decided, strict=True)
    levels, sinces, untils, settled, ranks = zip(*after, strict=True)
    columns = (
        ladder, Uuids(accounts), Texts(levels), Dates(sinces), Dates(untils), Dates(settled),
        Bigints(ranks), ladder,
    )  # fmt: skip
    await conn.execute(SQL["settle"], columns, binary=True)


async def add_changes(conn: Conn, changes: Sequence[Change], at: datetime) -> None:
    """Write down how levels changed, in this order."""
    was = [each.was or Standing("") for each in changes]
    columns = (
        Uuids([each.account_id for each in changes]), Texts([each.ladder for each in changes]),
        Texts([each.source for each in changes]), Texts([each.target for each in changes]),
        Dates([each.day for each in changes]), Texts([each.why for each in changes]),
        Dates([each.since for each in was]), Dates([each.until for each in was]),
        Bigints([each.rank for each in was]), Bigints([each.undoes for each in changes]),
        Uuids([each.outcome_id for each in changes]),
        Uuids([each.principal_id for each in changes]), Texts([each.reason for each in changes]),
        Dates([each.climbed for each in changes]), Dates([each.settled for each in was]),
    )  # fmt: skip
    await conn.execute(SQL["add_changes"], (*columns, at))


async def climbs(conn: Conn, accounts: Iterable[UUID]) -> dict[Key, list[Climb]]:
    """The climbs that a return may undo, newest first."""
    rows = await conn.execute(SQL["climbs"], (Uuids(list(accounts)),), binary=True)
    found: dict[Key, list[Climb]] = {}
    for account, ladder, *said in await rows.fetchall():
        found.setdefault((account, ladder), []).append(Climb(*said))
    return found


async def levels_on(conn: Conn, asked: Sequence[tuple[UUID, str, date]]) -> list[str | None]:
    """On which level each account stood on a day in the past; None: on that of now."""
    accounts, ladders, days = zip(*asked, strict=True)
    columns = (Uuids(accounts), Texts(ladders), Dates(days))
    rows = await conn.execute(SQL["levels_on"], columns, binary=True)
    found = {row[0] - 1: row[1] for row in await rows.fetchall()}
    return [found.get(n) for n in range(len(asked))]


async def history(conn: Conn, account: UUID, before: int, most: int) -> list[Moved]:
    """How an account's levels changed, newest first."""
    asked = {"account": account, "before": before, "most": most}
    return [Moved(*row) async for row in await conn.execute(SQL["history"], asked)]


async def carried(conn: Conn, accounts: Iterable[UUID]) -> set[Key]:
    """(account, ladder) to which a level of another program was carried over."""
    rows = await conn.execute(SQL["carried"], {"accounts": list(accounts)})
    return {(row[0], row[1]) for row in await rows.fetchall()}


async def joined_by(conn: Conn, account: UUID, joined: UUID) -> dict[str, Joined]:
    """{ladder: what a joining changed}."""
    asked, found = {"account": account, "joined": joined}, dict[str, Joined]()
    for ladder, target, *was in await (await conn.execute(SQL["joined_by"], asked)).fetchall():
        first = found.get(ladder)
        found[ladder] = Joined(Standing(*was) if first is None else first.was, target)
    return found


async def sleep(conn: Conn, account: UUID, *, asleep: bool) -> None:
    """An account is joined to another one, or is there again."""
    await conn.execute(SQL["sleep"], {"account": account, "asleep": asleep})


async def on_levels(conn: Conn, ladder: str) -> dict[str, int]:
    """{level: how many have a row there}."""
    rows = await conn.execute(SQL["on_levels"], {"ladder": ladder})
    return {row[0]: row[1] for row in await rows.fetchall()}


async def flow(conn: Conn, ladder: str, since: date) -> list[tuple[str, str, str, int]]:
    """(from, to, why, how many) since a day."""
    rows = await conn.execute(SQL["flow"], {"ladder": ladder, "since": since})
    return [(row[0], row[1], row[2], row[3]) for row in await rows.fetchall()]


async def begin_review(conn: Conn, ladder: str, as_of: date, at: datetime) -> int:
    """The run of that day: a new one, or one that did not come to its end."""
    asked = {"ladder": ladder, "as_of": as_of, "at": at}
    row = await (await conn.execute(SQL["begin_review"], asked)).fetchone()
    assert row is not None, "one of the two is there"
    return int(row[0])


async def note_review(conn: Conn, id: int, kept: int, sunk: int, ended_at: datetime | None) -> None:
    """How far a run has come; `ended_at`: it is over."""
    asked = {"id": id, "kept": kept, "sunk": sunk, "ended_at": ended_at}
    await conn.execute(SQL["note_review"], asked)


async def reviews(conn: Conn, most: int) -> list[Review]:
    """The newest runs."""
    return [Review(*row) async for row in await conn.execute(SQL["reviews"], {"most": most})]


async def add_use(conn: Conn, use: Use) -> None:
    """A privilege is used."""
    await conn.execute(SQL["add_use"], use._asdict())


async def uses(
    conn: Conn, accounts: Sequence[UUID]
) -> dict[tuple[str, str], list[tuple[date, int]]]:  # fmt: skip
    """{(ladder, privilege): (day, how often)} of accounts that are one."""
    found: dict[tuple[str, str], list[tuple[date, int]]] = {}
    for ladder, privilege, day, times in await (
        await conn.execute(SQL["uses"], {"accounts": list(accounts)})
    ).fetchall():
        found.setdefault((ladder, privilege), []).append((day, times))
    return found
