"""Receipts, promises and waiting returns in our database; `ask_` functions do not wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from psycopg import AsyncConnection

from tessera.base.columns import (
    Bigints,
    Booleans,
    Bytes,
    Column,
    Dates,
    Integers,
    LocalTimes,
    Texts,
    Times,
    Uuids,
)
from tessera.base.sql import statements
from tessera.base.wire import Rows, ask, put
from tessera.checkout.core.case import Promise
from tessera.checkout.core.words import Kept, Row
from tessera.rules.core.words import STORY
from tessera.warehouse.core import ReceiptKey

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
KEPT = msgspec.json.Decoder(Kept)
_FIELDS = tuple(field.name for field in msgspec.structs.fields(Row))
_KINDS: tuple[type[Column[Any]], ...] = (
    Uuids, Texts, Texts, Texts, Dates, Texts, Texts, Uuids, Uuids, Uuids, Times, LocalTimes, Times,
    Booleans, Texts, Texts, Integers, Bigints, Bigints, Bigints, Bigints, Integers, Bytes, Bytes,
)  # fmt: skip
_encode = msgspec.json.Encoder().encode


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _identities(keys: Sequence[ReceiptKey]) -> list[Column[Any]]:
    return [
        Texts([key.store for key in keys]), Texts([key.till for key in keys]),
        Dates([key.business_date for key in keys]), Texts([key.shift for key in keys]),
        Texts([key.number for key in keys]),
    ]  # fmt: skip


def identity(row: Row) -> ReceiptKey:
    """What makes this row's receipt unique."""
    return ReceiptKey(row.store_id, row.till, row.business_date, row.shift, row.number)


async def ask_identities(conn: Conn, keys: Sequence[ReceiptKey]) -> Rows:
    """Look for receipts of these identities; read with `receipts`."""
    return await ask(conn, SQL["by_identity"], _identities(keys))


async def receipts(rows: Rows) -> dict[ReceiptKey, Row]:
    """{identity: row} of what was found."""
    found = [row_of(row) for row in await rows.fetchall()]
    return {identity(row): row for row in found}


async def ask_lock_sales(conn: Conn, sales: Sequence[UUID]) -> None:
    """One return of a sale at a time, with or without an account."""
    await put(conn, SQL["lock_sales"], (Uuids(sorted(sales)),))


async def returns_of(conn: Conn, sales: Sequence[UUID]) -> dict[UUID, list[tuple[UUID, Kept]]]:
    """{sale: its returns so far, oldest first}."""
    found: dict[UUID, list[tuple[UUID, Kept]]] = {}
    rows = await ask(conn, SQL["returns_of"], (Uuids(list(sales)),))
    for return_id, sale_id, story in await rows.fetchall():
        found.setdefault(sale_id, []).append((return_id, KEPT.decode(story)))
    return found


async def add_receipts(conn: Conn, rows: Sequence[Row]) -> None:
    """Keep receipts. Errors: UniqueViolation if one of an identity is there already."""
    columns = [
        kind([getattr(row, name) for row in rows])
        for name, kind in zip(_FIELDS, _KINDS, strict=True)
    ]
    await put(conn, SQL["add_receipts"], columns)


class QuoteOf(NamedTuple):
    """Whose points a promise keeps, where it was given, under which version of the program."""

    account_id: UUID | None
    store: str
    version: int


async def quote_accounts(conn: Conn, quotes: Sequence[UUID]) -> dict[UUID, QuoteOf]:
    """{promise: what of it never changes}."""
    rows = await ask(conn, SQL["quote_accounts"], (Uuids(list(quotes)),))
    return {row[0]: QuoteOf(*row[1:]) for row in await rows.fetchall()}


async def promises(conn: Conn, quotes: Sequence[UUID]) -> dict[UUID, Promise]:
    """The promises, locked."""
    rows = await ask(conn, SQL["quotes"], (Uuids(list(quotes)),))
    return {row[0]: _promise(row) for row in await rows.fetchall()}


def _promise(row: Sequence[Any]) -> Promise:
    quote, account, fingerprint, version, deadline, body, ended, store = row
    try:
        kept: Kept | None = KEPT.decode(body)
    except msgspec.ValidationError:  # of a release that kept the story alone
        kept = None
    story = STORY.decode(body) if kept is None else kept.story
    facts = None if kept is None else kept.facts
    return Promise(
        quote, account, fingerprint, version, deadline, story, ended, store, facts
    )  # fmt: skip


async def save_promises(conn: Conn, given: Sequence[Promise], ended: Sequence[Promise]) -> None:
    """Keep new promises and the ends of old ones."""
    if given:
        rows = [
            (
                p.id,
                p.account_id,
                p.fingerprint,
                p.program_version,
                p.deadline,
                _encode(p.story if p.facts is None else Kept(p.story, p.facts)),
                p.store,
            )
            for p in given
        ]
        await conn.execute(SQL["add_quotes"], _columns(rows))
    if ended:
        await conn.execute(SQL["end_quotes"], _columns([(p.id, p.ended) for p in ended]))


async def park(conn: Conn, waiting: Mapping[UUID, tuple[ReceiptKey, bytes]], now: datetime) -> None:
    """Keep returns that came before their sale."""
    rows = [
        (outcome, k.store, k.till, k.business_date, k.shift, k.number, body, now)
        for outcome, (k, body) in waiting.items()
    ]
    await conn.execute(SQL["park"], _columns(rows))


async def ask_parked(conn: Conn, sales: Sequence[ReceiptKey]) -> Rows:
    """Look for returns that wait for these sales; read with `parked`."""
    return await ask(conn, SQL["parked_of"], _identities(sales))


async def parked(rows: Rows) -> list[tuple[UUID, bytes]]:
    """(outcome, body) of waiting returns."""
    return [(row[0], row[1]) for row in await rows.fetchall()]


async def parked_ready(conn: Conn) -> list[tuple[UUID, bytes]]:
    """Waiting returns whose sale has come, wherever it was posted."""
    return await parked(await conn.execute(SQL["parked_ready"], binary=True))


async def claim_parked(conn: Conn, outcomes: Sequence[UUID]) -> set[UUID]:
    """Those of these waiting returns that nobody has settled; locked."""
    rows = await conn.execute(SQL["claim_parked"], (sorted(outcomes),), binary=True)
    return {row[0] for row in await rows.fetchall()}


async def settle_parked(
    conn: Conn, closed: Sequence[tuple[UUID, str | None]], now: datetime
) -> None:
    """They wait no more; the second word says why one was refused for good."""
    await conn.execute(SQL["settle_parked"], (now, *_columns(closed)))


class Early(NamedTuple):
    """A return that came before its sale, as it is kept; `refused` is "code: why" or None."""

    body: bytes
    posted_at: datetime
    settled_at: datetime | None
    refused: str | None


async def parked_one(conn: Conn, outcome_id: UUID) -> Early | None:
    """A return that was parked, whatever has become of it."""
    rows = await conn.execute(SQL["parked_one"], (outcome_id,), binary=True)
    row = await rows.fetchone()
    return None if row is None else Early(*row)


async def parked_long(
    conn: Conn, since: datetime, most: int
) -> tuple[int, list[tuple[UUID, ReceiptKey]]]:
    """How many returns wait since before then; of the oldest, its id and the sale it waits for."""
    rows = await (await conn.execute(SQL["parked_long"], (since, most), binary=True)).fetchall()
    return (rows[0][6] if rows else 0), [(row[0], ReceiptKey(*row[1:6])) for row in rows]


def row_of(row: Sequence[Any]) -> Row:
    """A receipt of its table's columns."""
    return Row(**dict(zip(_FIELDS, row, strict=True)))


async def one(conn: Conn, receipt_id: UUID) -> Row | None:
    """A receipt by its id."""
    row = await (await conn.execute(SQL["one"], (receipt_id,), binary=True)).fetchone()
    return None if row is None else row_of(row)


async def history(
    conn: Conn, accounts: Sequence[UUID], after: tuple[datetime, UUID] | None, limit: int
) -> list[Row]:
    """The receipts of accounts, newest first, after the last one seen."""
    at, last = after or (None, None)
    asked = {"accounts": list(accounts), "at": at, "id": last, "most": limit}
    rows = await conn.execute(SQL["history"], asked, binary=True)
    return [row_of(row) for row in await rows.fetchall()]


async def active_since(conn: Conn, account_id: UUID, since: datetime) -> bool:
    """Whether receipts or events of an account were posted since; it is locked."""
    asked = {"account": account_id, "since": since}
    row = await (await conn.execute(SQL["active_since"], asked)).fetchone()
    assert row is not None
    return bool(row[0])


async def spent_by(conn: Conn, asked: Sequence[tuple[UUID, UUID, datetime]]) -> list[int]:
    """Points that each (account, member) has spent in sales posted since then, less returns."""
    columns = [list(column) for column in zip(*asked, strict=True)]
    rows = await conn.execute(SQL["spent_by"], columns)
    found: dict[int, int] = dict(await rows.fetchall())
    return [int(found[n]) for n in range(1, len(asked) + 1)]


async def sale_lines(conn: Conn, sales: Sequence[UUID]) -> dict[UUID, tuple[str, bytes]]:
    """{sale: its number and its lines as kept}."""
    rows = await conn.execute(SQL["sale_lines"], (list(sales),), binary=True)
    return {row[0]: (row[1], row[2]) for row in await rows.fetchall()}
