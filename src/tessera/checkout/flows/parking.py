"""What became of a return that came before its sale."""

from __future__ import annotations

from uuid import UUID

import msgspec

from tessera.checkout import db
from tessera.checkout.core.parked import Parked
from tessera.checkout.flows.write import return_of


async def parked(conn: db.Conn, outcome_id: UUID) -> Parked | None:
    """A return that was parked; None where there is none, or where it has become a receipt."""
    early = await db.parked_one(conn, outcome_id)
    if early is None or (early.settled_at is not None and early.refused is None):
        return None
    back = return_of(early.body)
    told = Parked(
        id=outcome_id, kind="parked", store=back.store, till=back.till, number=back.number,
        sale=back.sale, happened_at=back.happened_at, posted_at=early.posted_at,
    )  # fmt: skip
    if early.refused is None:
        return told
    code, _, why = early.refused.partition(": ")
    return msgspec.structs.replace(
        told, kind="refused", settled_at=early.settled_at, code=code, why=why
    )
