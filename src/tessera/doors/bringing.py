"""The turn of referrals: what is due is paid, what is not due any more is taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import structlog
from psycopg import errors
from psycopg_pool import PoolTimeout

from tessera.doors.logs import fault
from tessera.doors.pools import Pool
from tessera.ledger.core import MAIN
from tessera.referrals import db, flows
from tessera.referrals.flows import Terms
from tessera.rules.core.words import Program

log = structlog.get_logger("tessera.bringing")
AT_ONCE = 100
_RACES = (errors.SerializationFailure, errors.DeadlockDetected)


class Bringing:
    """One process's part. Several may take up the same one: its row is held, and looked at then."""

    def __init__(self, pool: Pool, program: Callable[[], Program]) -> None:
        self._pool, self._program = pool, program
        self._began = False

    async def began(self, conn: db.Conn) -> bool:
        """Whether anybody was ever brought; once it is so, nobody is asked again."""
        self._began = self._began or await db.were_any(conn)
        return self._began

    async def turn(self) -> None:
        """Settle what there is, each in a transaction of its own."""
        await self.settle(datetime.now(UTC))

    async def settle(self, now: datetime) -> int:
        """How many were paid or taken back, as of now."""
        async with self._pool.connection() as conn:
            owed = await db.owed(conn, now, AT_ONCE)
        done = 0
        for each in owed:
            try:
                async with self._pool.connection() as conn:
                    made = await flows.settle(conn, each, terms_of(self._program()), now)
            except _RACES:  # an account was begun or joined meanwhile: the next turn finds it
                continue
            except (psycopg.OperationalError, PoolTimeout):
                raise
            except Exception as error:  # one that cannot be settled holds up no other
                log.error("referral_stumbled", referral=str(each), **fault(error), exc_info=error)
                continue
            done += made is not None
        return done


def terms_of(program: Program) -> Terms:
    """What the program says of bringing somebody."""
    return Terms(
        program.referral, program.lives[MAIN], program.enrolment.time_zone, program.budgets,
        program.point_minor_x100,
    )  # fmt: skip
