"""Allowances given to tills, and found again when their receipts come in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tessera.checkout.offline import db, signing
from tessera.checkout.offline.core import Allowance, Shown, opened, terms
from tessera.rules.core.settings import Offline

_FORGED = Shown(None, "the allowance is none that was given here")


async def public_key(conn: db.Conn, now: datetime) -> bytes:
    """The 32 bytes that check our signatures; the pair is made if there is none yet."""
    return (await _key(conn, now))[1]


async def issue(
    conn: db.Conn, setting: Offline, row: Allowance, available: int, card: str
) -> tuple[Allowance, str]:
    """Give a till an allowance for an account: the row and its token.

    row        who, where and from when; what it is for is decided here
    available  points the account could spend now
    """
    given = opened(setting, available, row)
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


async def _key(conn: db.Conn, now: datetime) -> tuple[bytes, bytes]:
    found = await db.key(conn)
    if found is None:
        await db.add_key(conn, signing.fresh_key(), now)
        found = await db.key(conn)
        assert found is not None, "ours, or that of whoever was first"
    return found
