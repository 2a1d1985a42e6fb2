"""Connections by audience, so that what the office asks for never takes a till's.

Each pool has its own number of connections, its own queue before them and its own limit for a
statement: a console that hangs on a slow database holds two connections and nobody else's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool, TooManyRequests

Conn = AsyncConnection[tuple[Any, ...]]

# Tables fill while plans stay: on an empty table a prepared statement would keep its sequential
# scan for ever (measured: 9,700 microseconds a receipt). Every statement here is a look-up by key,
# so the planner is told not to scan, hash or merge.
_LOOK_UPS = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
_LIMITS = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
_ROLE = "-c role=tessera_app"  # may add moves, may not change one
OPTIONS = f"{_ROLE} {_LOOK_UPS} {_LIMITS}"
# A lane asks the same few statements for ever, with arrays of any length: a plan for each array
# costs more than the look-up that it plans.
ONE_PLAN = "-c plan_cache_mode=force_generic_plan"
_WAIT_S = 0.6  # for a connection; then 503, so that a till hears within a second


class Pool(AsyncConnectionPool[Conn]):
    """A pool with few callers before it.

    The driver's own `max_waiting` also counts callers that have given up, until a connection comes;
    and where it refuses it asks for none, so after an outage it would refuse for ever (measured).
    """

    most_waiting, callers = 0, 0

    async def getconn(self, timeout: float | None = None) -> Conn:
        """A connection. Errors: TooManyRequests at once, PoolTimeout later."""
        if self.callers >= self.most_waiting + self.max_size:
            raise TooManyRequests(f"{self.callers} callers ask for a connection of {self.name}")
        self.callers += 1
        try:
            return await super().getconn(timeout)
        except BaseException:
            self.callers -= 1
            raise

    async def putconn(self, conn: Conn) -> None:
        """Give it back."""
        self.callers -= 1
        _RESTS_SINCE[conn] = time.monotonic()
        await super().putconn(conn)

    @property
    def waiting(self) -> int:
        """Callers that wait for a connection now."""
        return max(self.callers - int(self.get_stats().get("pool_size", 0)), 0)


# Asking a connection whether it lives takes as long as one of our look-ups. One that has just
# answered lives; if the server dies in between, the call fails as it would a moment later.
_FRESH_S = 0.5
_RESTS_SINCE: WeakKeyDictionary[Conn, float] = WeakKeyDictionary()


async def _checked(conn: Conn) -> None:
    """Errors: OperationalError of a connection that has rested and is lost."""
    if time.monotonic() - _RESTS_SINCE.get(conn, 0.0) > _FRESH_S:
        await Pool.check_connection(conn)


async def _as_made(conn: Conn) -> None:
    """Begins transactions again, if it was lent for look-ups."""
    if conn.autocommit:
        await conn.set_autocommit(False)


@dataclass(frozen=True, slots=True)
class Allotment:
    """One audience's part of the database.

    most       connections, `kept` of them always open
    waiting    callers that may wait for one; beyond them 503 at once
    statement  seconds that one may take
    autocommit  for single look-ups: without BEGIN and COMMIT
    """

    name: str
    kept: int
    most: int
    waiting: int
    statement_s: int
    autocommit: bool = False

    def pool(self, dsn: str) -> Pool:
        """The pool, still closed."""
        options = f"{OPTIONS} -c statement_timeout={self.statement_s}s"
        pool = Pool(
            make_conninfo(dsn, options=options), name=self.name, open=False,
            min_size=self.kept, max_size=self.most, timeout=_WAIT_S,
            reconnect_timeout=0.5, check=_checked,
            kwargs={"autocommit": self.autocommit}, reset=None if self.autocommit else _as_made,
        )  # fmt: skip
        pool.most_waiting = self.waiting
        return pool


TILL = Allotment("till", 1, 4, 256, 3)  # identify, quote, read a receipt
# Whose a key is: alone and in autocommit, because under overload each round trip takes a whole turn
# of a busy event loop, and a key that is not known in time makes every call with it dear.
GATE = Allotment("gate", 1, 2, 256, 3, autocommit=True)
# Members and whoever signs in: a crowd at that door leaves tills and office their connections. What
# members read runs without BEGIN and COMMIT (`Api._handle`): their pages are a look-up or two.
CABINET = Allotment("cabinet", 0, 3, 64, 5)
DESK = Allotment("desk", 0, 3, 32, 60)  # administration: lists, changes, publishing a program
CONSOLE = Allotment("console", 0, 4, 32, 5)  # the pages of the staff
UPKEEP = Allotment("upkeep", 1, 3, 16, 30)  # the house's own: the program of the moment, sweepers
