"""Allowances given to tills, and found again when their receipts come in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.checkout.core.tell import balance_at
from tessera.checkout.offline import db, signing
from tessera.checkout.offline.core import (
    UPLOAD,
    Allowance,
    Shown,
    opened,
    terms,
    too_many,
)
from tessera.ledger import db as ledger_db
from tessera.rules.core.settings import Offline

_FORGED = Shown(None, "the allowance is none that was given here")


async def public_key(conn: db.Conn, now: datetime) -> bytes:
    """The 32 bytes that check our signatures; the pair is made if there is none yet."""
    return (await _key(conn, now))[1]


async def issue(
    conn: db.Conn, setting: Offline, row: Allowance, card: str
) -> tuple[Allowance, str] | Refusal:
    """Give a till an allowance for an account: the row and its token; or why it gets none.

    row  who, where and from when; what it is for is decided here
    law  its account is locked from here on: calls for one account are answered one by one
    """
    there = await _there(conn, row.account_id, row.issued_at)
    others, ends_at = await db.other_tills(conn, row, row.issued_at - UPLOAD)
    full = too_many(setting, others, ends_at + UPLOAD if ends_at is not None else None)
    if full is not None:
        return full
    given = opened(setting, there, row)
    private, _ = await _key(conn, given.issued_at)
    await db.add(conn, given)
    return given, signing.signed(terms(given, card), private)


async def shown(conn: db.Conn, tokens: Iterable[str]) -> dict[str, Shown]:
    """{token: its allowance, or why it is none}. Accounts are locked by now."""
    pair = await db.key(conn)
    read = {each: signing.read(each, pair[1]) if pair else None for each in set(tokens)}
    ids = {found.id for found in read.values() if found is not None}
    rows = await db.read(conn, list(ids)) if ids else {}
    return {
        token: Shown(rows[said.id], "") if said is not None and said.id in rows else _FORGED
        for token, said in read.items()
    }


async def _there(conn: db.Conn, account_id: UUID, now: datetime) -> int:
    """Points that an account may spend now, its row locked.

    Who owes has less to spend: what an earlier cut-off overspent is not lent again.
    """
    await ledger_db.open_accounts(conn, [account_id])  # what is not there cannot be locked
    found = await ledger_db.wallets(await ledger_db.ask_lock(conn, [account_id]))
    ledger_db.require_there(found)
    await ledger_db.load_lots(conn, found, [account_id], [])
    balance = balance_at(found[account_id], now)
    return balance.available - balance.debt


async def _key(conn: db.Conn, now: datetime) -> tuple[bytes, bytes]:
    found = await db.key(conn)
    if found is None:
        await db.add_key(conn, signing.fresh_key(), now)
        found = await db.key(conn)
        assert found is not None, "ours, or that of whoever was first"
    return found
