"""The running house: connections, the current program, the stores, the writer, the sweepers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from tessera.access import db as access_db
from tessera.base.wire import PipelineConnection
from tessera.checkout import db as checkout_db
from tessera.checkout.core import Shop
from tessera.doors.writer import Writer
from tessera.ledger import flows as ledger_flows
from tessera.members import db as members_db
from tessera.members.core import Labels
from tessera.program import flows as program_flows
from tessera.program.core import Reader
from tessera.program.core.timeline import Timeline
from tessera.warehouse.stores import db as stores_db

Conn = AsyncConnection[tuple[Any, ...]]
log = structlog.get_logger("tessera.house")

# Tables fill while plans stay: on an empty table a prepared statement would keep its sequential
# scan for ever (measured: 9,700 microseconds a receipt). Every statement here is a look-up by key,
# so the planner is told not to scan, hash or merge.
_LOOK_UPS = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
_LIMITS = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=30s"
_ROLE = "-c role=tessera_app"  # may add moves, may not change one
REFRESH_S, SWEEP_S, DAYS_S = 1.0, 2.0, 3600.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How the house is built. `revive` brings an embedded server back after it was killed."""

    dsn: str
    currency: str
    reader: Reader
    revive: Callable[[], Awaitable[None]] | None = None
    reading_connections: int = 4
    lanes: int = 2


class House:
    """Opened once per process; everything that doors need hangs on it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.reader = plan.reader
        self._shop: Shop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.pool: AsyncConnectionPool[Conn] = AsyncConnectionPool(
            make_conninfo(plan.dsn, options=f"{_ROLE} {_LOOK_UPS} {_LIMITS}"),
            min_size=1, max_size=plan.reading_connections, open=False, timeout=0.6,
            reconnect_timeout=0.5, check=AsyncConnectionPool.check_connection,
        )  # fmt: skip
        self.writer = Writer(self._connect, plan.reader, self.shop, plan.lanes)

    @property
    def currency(self) -> str:
        """The program's currency."""
        return self.shop().program.currency

    def shop(self) -> Shop:
        """The program and the stores as of the last second."""
        assert self._shop is not None, "the house is open"
        return self._shop

    async def open(self) -> House:
        """Connect, make sure there is a program, start the writer and the sweepers."""
        await self.pool.open(wait=True)
        await self._prepare_days()
        try:
            await self._begin_program()
        except psycopg.errors.UniqueViolation:  # another process began it in the same moment
            await self._begin_program()
        await self.refresh()
        await self.writer.start()
        for work, every_s in (
            (self._keep_up, REFRESH_S), (self._sweep, SWEEP_S), (self._prepare_days, DAYS_S)
        ):  # fmt: skip
            self._tasks.append(asyncio.create_task(_again(work, every_s)))
        return self

    async def _begin_program(self) -> None:
        async with self.pool.connection() as conn:
            await program_flows.begin(conn, self.reader, self.plan.currency, datetime.now(UTC))

    async def close(self) -> None:
        """Settle what is queued and let go of the database."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.writer.stop()
        await self.pool.close()

    async def __aenter__(self) -> House:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def refresh(self) -> None:
        """Read the current program and the stores; another process may have changed them."""
        async with self.pool.connection() as conn:
            versions = await self._versions(conn)
            stores = {store.id: store for store in await stores_db.all_stores(conn)}
            labels = Labels(await members_db.batches(conn))
        program = versions.at(datetime.now(UTC))
        self._shop = Shop(program, stores, versions, labels)

    async def _keep_up(self) -> None:
        """Refresh; a killed embedded server is started again even when nobody writes."""
        try:
            await self.refresh()
        except psycopg.OperationalError:
            if self.plan.revive is not None:
                await self.plan.revive()
            raise

    async def _versions(self, conn: Conn) -> Timeline:
        """The programs by their dates; what is known already is not fetched again."""
        known = self._shop.versions if self._shop is not None else None
        return await program_flows.timeline(conn, self.reader, known)

    async def _connect(self) -> PipelineConnection:
        """A connection for a lane; a killed embedded server is started again first."""
        try:
            return await self._dial()
        except psycopg.OperationalError:
            if self.plan.revive is None:
                raise
            await self.plan.revive()
            return await self._dial()

    async def _dial(self) -> PipelineConnection:
        options = f"{_ROLE} {_LOOK_UPS} {_LIMITS}"
        return await PipelineConnection.connect(
            make_conninfo(self.plan.dsn, options=options, connect_timeout=2),
            prepare_threshold=2,
            autocommit=True,
        )

    async def _sweep(self) -> None:
        """Post what time has done: holds that are over, returns whose sale has come."""
        now = datetime.now(UTC)
        async with self.pool.connection() as conn:
            await ledger_flows.release_overdue(conn, now, 200)
        async with self.pool.connection() as conn:
            ready = await checkout_db.parked_ready(conn)
        for outcome_id, body in ready:
            self.writer.wake(outcome_id, body)

    async def _prepare_days(self) -> None:
        """Partitions for the week to come; needs the owner's rights: a connection of its own."""
        async with await AsyncConnection.connect(self.plan.dsn) as conn:
            await access_db.prepare_days(conn, datetime.now(UTC).date())


async def _again(work: Callable[[], Awaitable[None]], every_s: float) -> None:
    """Do it again and again; what fails is logged and tried at the next turn."""
    while True:
        await asyncio.sleep(every_s)
        with contextlib.suppress(asyncio.TimeoutError):
            try:
                await work()
            except Exception as error:
                log.warning("again_later", work=work.__name__, why=repr(error)[:200])
