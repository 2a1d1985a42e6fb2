"""The turn of boards: standings are counted anew, what is over is closed, winners are paid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import psycopg
import structlog
from psycopg import errors
from psycopg_pool import PoolTimeout

from tessera.checkout.boards import core, db, flows
from tessera.checkout.boards.core import Counted
from tessera.checkout.core import Shop
from tessera.doors.logs import fault
from tessera.doors.pools import Pool
from tessera.ledger.core import MAIN
from tessera.ledger.db import Joined
from tessera.rules.core.boards import Board

log = structlog.get_logger("tessera.boards")
AT_ONCE = 100
_RACES = (errors.SerializationFailure, errors.DeadlockDetected, Joined)


class Boards:
    """One process's part. Several may take up the same one: it is held, and looked at then."""

    def __init__(
        self, pool: Pool, shop: Callable[[], Shop], today: Callable[[datetime], date]
    ) -> None:
        self._pool, self._shop, self._today = pool, shop, today

    async def turn(self) -> None:
        """Whatever is due now."""
        now = datetime.now(UTC)
        await self.look(now, self._today(now))
        await self.pay(now)

    async def look(self, now: datetime, today: date) -> None:
        """Count what was counted long ago, close what is over; each in its own transaction."""
        declared = self._shop().program.boards
        if not declared:
            return
        async with self._pool.connection() as conn:
            known = await db.boards(conn)
        for code, board in declared.items():
            if board.starts <= today:
                await self._one(code, board, known.get(code), now, today)

    async def _one(
        self, code: str, board: Board, counted: Counted | None, now: datetime, today: date
    ) -> None:
        stores = self._shop().stores
        if counted is not None and counted.closed_at is not None:
            return
        async with self._pool.connection() as conn:
            if today >= core.closes_on(board):
                await flows.close(conn, code, board, stores, now, today)
            elif core.is_stale(counted, now):
                await flows.count(conn, code, board, stores, now)

    async def pay(self, now: datetime) -> int:
        """How many winners got their points; each in a transaction of its own."""
        async with self._pool.connection() as conn:
            owed = await db.owed(conn, AT_ONCE)
        program, done = self._shop().program, 0
        terms = flows.Terms(
            program.lives[MAIN], program.enrolment.time_zone, program.budgets,
            program.point_minor_x100,
        )  # fmt: skip
        for each in owed:
            try:
                async with self._pool.connection() as conn:
                    done += await flows.pay(conn, each, terms, now)
            except _RACES:  # an account was begun or joined meanwhile: the next turn finds it
                continue
            except (psycopg.OperationalError, PoolTimeout):
                raise
            except Exception as error:  # one that cannot be paid holds up no other
                log.error("prize_stumbled", winner=str(each), **fault(error), exc_info=error)
        return done
