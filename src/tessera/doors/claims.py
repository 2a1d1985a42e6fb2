"""Claims of rewards whose time is over, ended one by one."""

from __future__ import annotations

from datetime import datetime

from psycopg.errors import DeadlockDetected, SerializationFailure

from tessera.base.ids import new_id
from tessera.doors.pools import Pool
from tessera.doors.postings import HOUSE
from tessera.ledger.giving.flows import Ask
from tessera.rewards.catalogue import db, flows
from tessera.rewards.catalogue.flows import By
from tessera.rules.core.words import Program

PAGE = 200


async def end_due(pool: Pool, program: Program, now: datetime) -> int:
    """End what is due, each in its own transaction; what is in the way waits for the next turn.

    shape  how many were ended
    """
    ended = 0
    async with pool.connection() as conn:
        page = await db.due(conn, now, PAGE)
        await conn.commit()
        for claim_id in page:
            ask = Ask(new_id(), HOUSE.id, now, program.ways)
            by = By(
                ask, program.enrolment.time_zone, program.refund_grace_days,
                budgets=program.budgets,
            )  # fmt: skip
            try:
                ended += await flows.expire(conn, by, claim_id) is not None
                await conn.commit()
            except (DeadlockDetected, SerializationFailure):
                await conn.rollback()
    return ended
