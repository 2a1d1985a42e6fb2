"""How many points a key may give in a day, for keys that have such a cap.

A batch with no such key asks nothing. The rows are locked after accounts and sales, in the order of
keys, and held until the batch is written, so that lanes and processes share one count.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from tessera.access import db as access_db
from tessera.base.refusal import Refusal
from tessera.checkout import db
from tessera.checkout.core.words import Event
from tessera.checkout.flows.items import Batch, Done, Item
from tessera.warehouse.core import Receipt


async def minted(conn: db.Conn, batch: Batch) -> dict[UUID, int] | None:
    """{key with a cap: points it has given today}; None if none is in this batch."""
    keys = {
        item.job.principal.id
        for item in batch.open()
        if item.job.principal.mint_per_day is not None and _gives(item)
    }
    if not keys:
        return None
    return await access_db.lock_minted(conn, sorted(keys), batch.now.astimezone(UTC).date())


def _gives(item: Item) -> bool:
    return isinstance(item.job.ask, Receipt | Event)


def cap(item: Item, given: dict[UUID, int]) -> None:
    """Refuse what would give more than is left of the key's day, else count it.

    What a sale gives in any currency counts; a return gives nothing back to the cap.
    """
    principal, case = item.job.principal, item.case
    if principal.mint_per_day is None or not _gives(item) or not isinstance(item.outcome, Done):
        return
    assert case is not None, "what is done has a case"
    moves = [move for wallet in case.wallets() for move in wallet.moves]
    points = sum(move.points for move in moves if move.source == "issued")
    so_far = given[principal.id]
    if points == 0 or so_far + points <= principal.mint_per_day:
        given[principal.id] = so_far + points
        return
    item.decision = None
    item.outcome = Refusal(
        "mint_cap_reached", "",
        f"this key may give {principal.mint_per_day} points a day; {so_far} are given today and "
        f"this would give {points}",
        "send it with another key, raise the cap, or send it again tomorrow (UTC)",
    )  # fmt: skip


async def write(conn: db.Conn, given: Mapping[UUID, int], now: datetime) -> None:
    """Keep the counts of the batch."""
    await access_db.save_minted(conn, given, now.astimezone(UTC).date())
