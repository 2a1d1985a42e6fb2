"""Count a try, take it back; in the database, so that every process sees the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tessera.access.core import block_of, network_of
from tessera.access.signing.core.limits import ACCOUNT, BLOCK, FACTOR, NETWORK, Limit
from tessera.access.signing.core.words import too_many_tries
from tessera.access.signing.limiting import db
from tessera.base import installation
from tessera.base.refusal import Refusal


class Try(Struct, frozen=True):
    """A try that may be looked at.

    shared  where it is counted for all accounts: block and network; nowhere at the account's own
    """

    account: bytes
    shared: tuple[bytes, ...]


async def take(conn: db.Conn, account: str, address: str, now: datetime) -> Try | Refusal:
    """Count a try of this account from this address. Commit, then judge it.

    The same statements whoever is asked for. What is refused here was counted nowhere but, for an
    account that waits, at its network and block.

    errors  too_many_tries
    """
    network = network_of(address)
    pair = _mark(ACCOUNT, account, network)
    good = await db.good(conn, pair, now)
    shared = () if good else (_mark(BLOCK, block_of(network)), _mark(NETWORK, network))
    refusal = await _count_shared(conn, shared, now)
    if refusal is None:
        refusal = await _count(conn, ACCOUNT, pair, now)
    return refusal or Try(pair, shared)


async def forgive(conn: db.Conn, tried: Try, now: datetime) -> None:
    """The try was no miss and is taken back: nothing is held against account or network for it."""
    await _forgive_shared(conn, tried, now)
    await db.forgive(conn, tried.account, now)


async def signed_in(conn: db.Conn, tried: Try, now: datetime) -> None:
    """Somebody signed in: the network is the account's own for a month."""
    await _forgive_shared(conn, tried, now)
    await db.forgive_all(conn, tried.account, now)


async def take_factor(conn: db.Conn, staff_id: UUID, now: datetime) -> Refusal | None:
    """Count a try of somebody's second factor, from wherever. Errors: too_many_tries."""
    return await _count(conn, FACTOR, _mark(FACTOR, str(staff_id)), now)


async def forgive_factor(conn: db.Conn, staff_id: UUID, now: datetime) -> None:
    """It was right: that try is taken back."""
    await db.forgive(conn, _mark(FACTOR, str(staff_id)), now)


async def _count_shared(conn: db.Conn, shared: Sequence[bytes], now: datetime) -> Refusal | None:
    """Count at block and network, or at neither.

    The block first: of networks that it makes wait, and of which it may have any number, no row is
    left.
    """
    if not shared:
        return None
    block, network = shared
    refusal = await _count(conn, BLOCK, block, now)
    if refusal is not None:
        return refusal
    refusal = await _count(conn, NETWORK, network, now)
    if refusal is not None:
        await db.forgive(conn, block, now)
    return refusal


async def _forgive_shared(conn: db.Conn, tried: Try, now: datetime) -> None:
    """In the order in which they are counted, before the account's: no two wait in a ring."""
    for what in tried.shared:
        await db.forgive(conn, what, now)


async def _count(conn: db.Conn, limit: Limit, what: bytes, now: datetime) -> Refusal | None:
    free_at = await db.count(conn, limit, what, now)
    return None if free_at is None else too_many_tries(free_at)


def _mark(limit: Limit, *words: str) -> bytes:
    return installation.here().mark(f"sign-in {limit.kind}", *words)
