"""The proof of the whole house, room by room."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import Struct

from tessera.budgets.proof.db import PROOF as BUDGETS
from tessera.checkout import db
from tessera.checkout.boards.proof.db import PROOF as BOARDS
from tessera.checkout.history.proof.db import PROOF as HISTORY
from tessera.checkout.proof.db import PROOF as RECEIPTS
from tessera.ledger.carried.proof.db import PROOF as CARRIED
from tessera.ledger.giving.proof.db import PROOF as GIVING
from tessera.ledger.joining.proof.db import PROOF as JOINING
from tessera.ledger.proof import db as ledger
from tessera.partners.proof.db import PROOF as PARTNERS
from tessera.referrals.proof.db import PROOF as REFERRALS
from tessera.rewards.catalogue.proof.db import PROOF as CLAIMS
from tessera.rewards.coupons.proof.db import PROOF as COUPONS
from tessera.rewards.draws.proof.db import PROOF as DRAWS

MOST = 100
# Between the ledger, which has more to it, and the checkout: each tells where its rows disagree.
_ROOMS = (GIVING, CARRIED, JOINING, PARTNERS, REFERRALS, CLAIMS, COUPONS, DRAWS, BUDGETS, BOARDS)


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
    counted: dict[str, int] = {}
    for room in (RECEIPTS, ledger, *_ROOMS):
        counted |= await room.counts(conn)
    return counted


async def _differences(conn: db.Conn, chain: bool) -> AsyncGenerator[str, None]:
    for room in (ledger, *_ROOMS, RECEIPTS, HISTORY):
        async for difference in room.differences(conn):
            yield difference
    if chain:
        async for difference in ledger.broken_chains(conn):
            yield difference
