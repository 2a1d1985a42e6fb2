"""Coupons in our database: what receipts need of them, set by set."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.columns import (
    Bigints,
    Bytes,
    Column,
    Dates,
    Instant,
    Integers,
    Texts,
    Times,
    Uuids,
)
from tessera.base.ids import new_id
from tessera.base.sql import statements
from tessera.base.wire import Rows, ask, put
from tessera.rewards.coupons.core.misses import WINDOW, Count
from tessera.rewards.coupons.core.words import Given, Row, Use

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


def _columns(rows: Sequence[Sequence[Any]], *kinds: type[Column[Any]]) -> list[Column[Any]]:
    return [kind(list(each)) for kind, each in zip(kinds, zip(*rows, strict=True), strict=True)]


async def ask_codes(conn: Conn, asked: Sequence[UUID], *, lock: bool) -> Rows:
    """Ask what is known of these; locked, in their order. Read with `rows_of`."""
    named = "lock_codes" if lock else "codes"
    return await ask(conn, SQL[named], (Uuids(asked),))


async def rows_of(asked: Rows) -> dict[UUID, Row]:
    """{code: what is known of it}."""
    return {row[0]: Row(*row) for row in await asked.fetchall()}


async def codes(conn: Conn, asked: Sequence[UUID]) -> dict[UUID, Row]:
    """{code: what is known of it}; nothing is locked."""
    return await rows_of(await ask_codes(conn, asked, lock=False))


async def uses_of(conn: Conn, outcomes: Sequence[UUID]) -> list[Use]:
    """What these sales used and these quotes keep."""
    rows = await ask(conn, SQL["uses_of"], (Uuids(list(outcomes)),))
    return [Use(*row) for row in await rows.fetchall()]


async def given_of(conn: Conn, sales: Sequence[UUID]) -> list[Given]:
    """The codes that rules gave on these sales."""
    rows = await ask(conn, SQL["given_of"], (Uuids(list(sales)),))
    return [Given(*row) for row in await rows.fetchall()]


async def counts(conn: Conn, kinds: Sequence[str], *, lock: bool) -> dict[str, int]:
    """{kind: how often it was used in all}; locked until the transaction ends, begun if need be."""
    if not lock:
        rows = await conn.execute(SQL["counts"], (sorted(kinds),), binary=True)
        return dict(await rows.fetchall())
    found = await _lock_counts(conn, kinds)
    new = sorted(set(kinds) - found.keys())
    if new:
        await conn.execute(SQL["wait_for_uses"])
        await conn.execute(SQL["begin_counts"], (new,), binary=True)
        found |= await _lock_counts(conn, new)
    return found


async def _lock_counts(conn: Conn, kinds: Collection[str]) -> dict[str, int]:
    rows = await conn.execute(SQL["lock_counts"], (sorted(kinds),), binary=True)
    return dict(await rows.fetchall())


async def ask_kept_codes(conn: Conn, asked: Sequence[UUID], now: datetime) -> Rows:
    """Ask for quotes that keep uses of these codes. Read with `kept`."""
    return await ask(conn, SQL["kept_codes"], (Uuids(asked), Instant(now)))


async def kept(asked: Rows) -> list[tuple[UUID, UUID]]:
    """(code, quote that keeps a use of it)."""
    return [(row[0], row[1]) for row in await asked.fetchall()]


async def kept_kinds(conn: Conn, asked: Sequence[str], now: datetime) -> list[tuple[str, UUID]]:
    """(kind, quote that keeps a use of it)."""
    rows = await ask(conn, SQL["kept_kinds"], (Instant(now), Texts(list(asked))))
    return [(row[0], row[1]) for row in await rows.fetchall()]


async def of_members(
    conn: Conn, asked: Sequence[tuple[str, UUID, UUID]], now: datetime
) -> list[tuple[str, UUID, UUID, bool]]:
    """(kind, member, outcome, kept only) of uses. asked: (kind, number, the member it is)."""
    columns = _columns(asked, Texts, Uuids, Uuids)
    rows = await ask(conn, SQL["of_members"], [*columns, Instant(now)])
    return [(row[0], row[1], row[2], row[3]) for row in await rows.fetchall()]


async def ask_misses(
    conn: Conn, marks: Collection[bytes], now: datetime, *, lock: bool
) -> Rows:  # fmt: skip
    """Ask for the counts of these marks; locked ones are there afterwards. Read with `counted`."""
    if lock:
        asked = (Instant(now), Instant(now), Bytes(sorted(marks)))
        return await ask(conn, SQL["lock_misses"], asked)
    return await ask(conn, SQL["misses"], (Bytes(sorted(marks)),))


async def counted(asked: Rows) -> dict[bytes, Count]:
    """{mark: its count}."""
    return {bytes(row[0]): Count(*row[1:]) for row in await asked.fetchall()}


async def misses(
    conn: Conn, marks: Collection[bytes], now: datetime, *, lock: bool
) -> dict[bytes, Count]:
    """{mark: its count}, asked and read."""
    return await counted(await ask_misses(conn, marks, now, lock=lock))


async def save_misses(conn: Conn, counts: Mapping[bytes, Count]) -> None:
    """Keep the counts of these marks."""
    rows = [(what, each.misses, each.since, each.free_at) for what, each in counts.items()]
    await put(conn, SQL["save_misses"], _columns(rows, Bytes, Integers, Times, Times))


async def add_used(conn: Conn, codes: Mapping[UUID, int], kinds: Mapping[str, int]) -> None:
    """{code or kind: uses that it has more, or fewer}; kinds without a count are left out."""
    if codes:
        await put(conn, SQL["add_used"], _columns(sorted(codes.items()), Uuids, Integers))
    if kinds:
        await put(conn, SQL["add_counted"], _columns(sorted(kinds.items()), Texts, Bigints))


async def add_uses(conn: Conn, uses: Sequence[Use], now: datetime) -> None:
    """Uses of receipts, and those that quotes keep."""
    rows = [
        (u.outcome_id, u.kind, u.code, u.member_id, u.held_until, now, u.minor, u.points)
        for u in uses
    ]
    kinds = (Uuids, Texts, Uuids, Uuids, Times, Times, Bigints, Bigints)
    await put(conn, SQL["add_uses"], _columns(rows, *kinds))


async def end_holds(conn: Conn, quotes: Sequence[UUID]) -> None:
    """These quotes keep nothing any more."""
    await put(conn, SQL["end_holds"], [Uuids(list(quotes))])


async def save_uses(conn: Conn, uses: Sequence[Use], now: datetime) -> None:
    """What uses gave as their receipts stand now."""
    rows = [(u.outcome_id, u.kind, now if u.back else None, u.minor, u.points) for u in uses]
    await put(conn, SQL["save_uses"], _columns(rows, Uuids, Texts, Times, Bigints, Bigints))


async def given_batches(conn: Conn, kinds: Mapping[str, int], now: datetime) -> dict[str, int]:
    """{kind: the batch of the codes that rules give}. kinds: {kind: uses of each code}."""
    rows = await conn.execute(SQL["given_batches"], (list(kinds),), binary=True)
    found: dict[str, int] = dict(await rows.fetchall())
    for kind in sorted(set(kinds) - found.keys()):
        values = {"id": new_id(), "kind": kind, "uses": kinds[kind], "now": now}
        row = await (await conn.execute(SQL["add_given_batch"], values)).fetchone()
        assert row is not None, "it is there now"
        found[kind] = row[0]
    return found


async def add_given(
    conn: Conn, given: Sequence[Given], batches: Mapping[str, int], now: datetime
) -> None:
    """Codes that rules gave. Errors: UniqueViolation if one is there already."""
    rows = [(g.code, batches[g.kind], g.member_id, g.sale_id, g.rule, g.ends, now) for g in given]
    kinds = (Uuids, Integers, Uuids, Uuids, Texts, Dates, Times)
    await put(conn, SQL["add_given"], _columns(rows, *kinds))


async def save_ends(conn: Conn, ended: Sequence[Row], now: datetime) -> None:
    """What became of codes when goods came back."""
    rows = [(each.code, now if each.void else None, now if each.owed else None) for each in ended]
    await put(conn, SQL["save_ends"], _columns(rows, Uuids, Times, Times))


async def forget(conn: Conn, now: datetime) -> None:
    """Away with what quotes kept that are over, and with counts that have ended."""
    await conn.execute(SQL["forget_holds"], (now - WINDOW,))
    await conn.execute(SQL["forget_misses"], {"since": now - WINDOW, "now": now})
