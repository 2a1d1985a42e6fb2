"""The proof of the whole house, room by room."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import Struct

from tessera.checkout import db
from tessera.checkout.history.proof import db as history
from tessera.checkout.proof import db as receipts
from tessera.ledger.carried.proof import db as carried
from tessera.ledger.giving.proof import db as giving
from tessera.ledger.joining.proof import db as joining
from tessera.ledger.proof import db as ledger
from tessera.partners.proof import db as partners
from tessera.referrals.proof import db as referrals
from tessera.rewards.catalogue.proof import db as claims

MOST = 100
# Each tells where its rows disagree.
_ROOMS = (ledger, giving, carried, joining, claims, partners, referrals, receipts, history)


class Report(Struct):
    """What was checked, how many of each, and every difference that was found (100 at most)."""

    checked: dict[str, int]
    differences: list[str]


async def prove_all(conn: db.Conn, *, chain: bool) -> Report:
    """Recompute everything from the moves, as of one moment, beside open tills.

    conn    in no transaction yet: this begins one that only reads; the caller ends it
    chain   recompute every hash as well, by reading every move
    errors  ActiveSqlTransaction if the connection has asked something in its transaction already
    """
    checked = await count_all(conn)
    found: list[str] = []
    async with aclosing(_differences(conn, chain)) as differences:
        async for difference in differences:
            found.append(difference)
            if len(found) == MOST:
                break
    return Report(checked, found)


async def count_all(conn: db.Conn) -> dict[str, int]:
    """How much there is to prove, as of one moment; the connection as for `prove_all`."""
    await ledger.look(conn)
    return (
        await receipts.counts(conn) | await ledger.counts(conn) | await giving.counts(conn)
        | await carried.counts(conn) | await joining.counts(conn)
        | await partners.counts(conn) | await referrals.counts(conn)
        | await claims.counts(conn)
    )  # fmt: skip


async def _differences(conn: db.Conn, chain: bool) -> AsyncGenerator[str, None]:
    for room in _ROOMS:
        async for difference in room.differences(conn):
            yield difference
    if chain:
        async for difference in ledger.broken_chains(conn):
            yield difference
