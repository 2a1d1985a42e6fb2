"""The running house: connections, the current program, the stores, the writer, the sweepers."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg_pool import PoolTimeout

from tessera.access import db as access_db
from tessera.access.approvals import flows as approvals_flows
from tessera.access.codes.wire import Way
from tessera.access.core import STRANGER_RATE
from tessera.base import schema
from tessera.base.clock import local
from tessera.base.problem import PostgresProblem
from tessera.base.wire import PipelineConnection
from tessera.checkout.core import Shop
from tessera.checkout.days import flows as days_flows
from tessera.doors import claims, runs, walks
from tessera.doors.boards import Boards
from tessera.doors.bringing import Bringing
from tessera.doors.budgets import Watch
from tessera.doors.charts import Drawer
from tessera.doors.crew import Crew, Overseer
from tessera.doors.early import Early
from tessera.doors.ending import ended
from tessera.doors.entrance import Entrance
from tessera.doors.incidents import Incidents
from tessera.doors.keeping import Keeping
from tessera.doors.logs import fault
from tessera.doors.ordering import Ordering
from tessera.doors.pools import CABINET, CONSOLE, DESK, GATE, ONE_PLAN, OPTIONS, TILL, UPKEEP, Conn
from tessera.doors.postings import Postings
from tessera.doors.refused import Refused
from tessera.doors.seals import Sealer
from tessera.doors.sending import Sending
from tessera.doors.setup import Setup
from tessera.doors.tally import Tally
from tessera.doors.turns import Turns
from tessera.doors.uploads import Uploads
from tessera.doors.writer import Writer
from tessera.ledger import flows as ledger_flows
from tessera.ledger.core import Life
from tessera.members import db as members_db
from tessera.members.core import Labels
from tessera.program import flows as program_flows
from tessera.program.core import Reader
from tessera.program.core.timeline import Timeline
from tessera.rewards.draws import flows as draws_flows
from tessera.warehouse.stores import db as stores_db

log = structlog.get_logger("tessera.house")
REFRESH_S, SWEEP_S, SCHEMA_S, RUNS_S, DAYS_S = 1.0, 2.0, 30.0, 60.0, 3600.0
SEALS_S = 10.0
CALM_S = 5.0  # without a call turned away: an overload is over
# Below this nothing is let in: a server that cannot write its log ends itself, and its recovery
# needs room too. Three pieces of the log; a second's receipts, the time between looks, take one.
ROOM_BYTES = 48 * 1024 * 1024
REVIVE_PAUSE_S, REVIVE_PAUSE_MOST_S = 0.2, 2.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How the house is built.

    revive  brings an embedded server back after it was killed
    room    bytes free on the disk of an embedded server
    place   a folder for what must be kept while the database is away
    runs    every minute post what time has done to points; not where a history is loaded
    ways    how codes leave, by channel; None: this process sends none
    strangers_per_s  calls a second that may come from one address without a key
    entrance  how people come in
    erasures  the list of who was erased; seals: a folder for the heads of the books
    crew     how a worker of long tasks is started; None: not from here
    uploads  where files for such tasks lie; None: they are taken elsewhere
    setup    where the code for the first owner lies
    """

    dsn: str
    currency: str
    reader: Reader
    revive: Callable[[], Awaitable[None]] | None = None
    lanes: int = 2
    room: Callable[[], int] | None = None
    place: Path | None = None
    runs: bool = False
    ways: Mapping[str, Way] | None = None
    strangers_per_s: int = STRANGER_RATE
    entrance: Entrance = field(default_factory=Entrance)
    erasures: Path | None = None
    seals: Path | None = None
    crew: Crew | None = None
    uploads: Path | None = None
    setup: Path | None = None


class House:
    """Opened once per process; everything that doors need hangs on it.

    pool, gate, cabinet, desk, console, upkeep  connections for the tills' reads, for whose a key
                  is, for members and strangers, for administration, for the staff's pages, for
                  the house itself (`pools.py`)
    tally         what is counted here
    uploads       files for long work; None: this process takes none
    refused       who was refused because he may not
    incidents     what goes wrong: `begin(kind, detail)`, `end(kind)`
    worked        the monotonic time at which each sweeper last came to its end
    schema_fault  why these tables cannot be served any more, as a code; "" as long as they can
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.reader = plan.reader
        self._shop: Shop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.tally, self.incidents = Tally(), Incidents(plan.place)
        self._revive_pause_s = self._revive_at = self._count_at = 0.0
        self.worked: dict[str, float] = {}
        self.schema_fault = ""
        self._heads: tuple[str, ...] | None = None
        self._shed, self._shed_before, self._shed_at, self._overloaded = 0, 0, 0.0, False
        self.pools = tuple(
            each.pool(plan.dsn) for each in (TILL, GATE, CABINET, DESK, CONSOLE, UPKEEP)
        )
        self.pool, self.gate, self.cabinet, self.desk, self.console, self.upkeep = self.pools
        self.uploads = files = None if plan.uploads is None else Uploads(plan.uploads)
        self._keeping = Keeping(
            self.upkeep, plan.erasures, lambda: self.shop().program, self.incidents, files
        )
        self.refused, self.setup, self.drawer = Refused(self.upkeep), Setup(plan.setup), Drawer()
        self._turns, self._crew = Turns(self.upkeep), Overseer(self.upkeep, plan.crew)
        self._postings = Postings(self.upkeep, lambda: self.writer)
        self.bringing = Bringing(self.upkeep, lambda: self.shop().program)
        self._ordering, self._sealer = Ordering(self.upkeep), Sealer(self.upkeep, plan.seals)
        self._boards = Boards(self.upkeep, self.shop, self.today)
        self._budgets = Watch(self.upkeep, self.incidents, self.shop, self.today)
        self._sending = Sending(self.upkeep, plan.ways, self.incidents)
        self.writer = Writer(
            self._connect, plan.reader, self.shop, self.tally, plan.lanes, self.incidents
        )
        self._early = Early(self.upkeep, self.incidents, self.writer.wake)

    @property
    def currency(self) -> str:
        """The program's currency."""
        return self.shop().program.currency

    @property
    def has_program(self) -> bool:
        """Whether there is anything to settle by."""
        return self._shop is not None

    def shop(self) -> Shop:
        """The program and the stores as of the last second."""
        assert self._shop is not None, "the house is open"
        return self._shop

    async def open(self) -> House:
        """Connect, make sure there is a program, start the writer and the sweepers."""
        for pool in self.pools:
            await pool.open(wait=True)
        await self._prepare_days()
        try:
            await self._begin_program()
        except psycopg.errors.UniqueViolation:  # another process began it in the same moment
            await self._begin_program()
        await self.refresh()
        await self._keeping.open()
        await self.incidents.opened()
        await self.writer.start()
        for name, work, every_s in (
            ("refresh", self._keep_up, REFRESH_S),
            ("sweep", self._sweep, SWEEP_S),
            ("returns", self._early.look, RUNS_S),
            ("incidents", self._write_down, REFRESH_S),
            ("overload", self._watch_overload, REFRESH_S),
            ("schema", self._watch_schema, SCHEMA_S),
            ("days", self._prepare_days, DAYS_S),
            ("runs", self._run_time, RUNS_S),
            ("sending", self._sending.turn, REFRESH_S),
            ("sign_in", self._sending.sweep, RUNS_S),
            ("postings", self._postings.turn, REFRESH_S),
            ("referrals", self.bringing.turn, REFRESH_S),
            ("keeping", self._keeping.turn, DAYS_S),
            ("refused", self.refused.turn, RUNS_S),
            ("approvals", self._end_approvals, RUNS_S),
            ("erasures", self._keeping.write_down, SWEEP_S),
            ("seals", self._sealer.turn, SEALS_S),
            ("tasks", self._crew.turn, REFRESH_S),
            ("uploads", self._crew.tidy, DAYS_S),
            ("turns", self._turns.write, REFRESH_S),
            ("counting", self._count_days, SWEEP_S),
            ("budgets", self._budgets.turn, SWEEP_S),
            ("claims", self._end_claims, RUNS_S),
            ("coupons", self._ordering.turn, REFRESH_S),
            ("boards", self._boards.turn, SWEEP_S),
        ):
            self.worked[name] = time.monotonic()
            self._tasks.append(asyncio.create_task(self._again(name, work, every_s)))
        return self

    async def _begin_program(self) -> None:
        async with self.upkeep.connection() as conn:
            await program_flows.begin(conn, self.reader, self.plan.currency, datetime.now(UTC))

    async def close(self) -> None:
        """Settle what is queued and let go of the database."""
        await ended(self._tasks)
        await self._crew.close()
        await self.drawer.close()
        await self.writer.stop()
        self._sealer.close()
        with contextlib.suppress(psycopg.Error, PoolTimeout):
            await self.incidents.write(self.upkeep)
            await self.refused.turn()
        for pool in self.pools:
            await pool.close()

    async def __aenter__(self) -> House:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def refresh(self) -> None:
        """Read the current program and the stores; another process may have changed them."""
        async with self.upkeep.connection() as conn:
            past = await self._versions(conn)
            stores = {store.id: store for store in await stores_db.all_stores(conn)}
            labels = Labels(await members_db.batches(conn))
            program = past.at(now := datetime.now(UTC))
            known = self._shop.seeds if self._shop is not None else {}
            seeds = await draws_flows.seeds(conn, program.draws, known, now)
            self._shop = Shop(program, stores, past, labels, seeds, await self.bringing.began(conn))

    async def _keep_up(self) -> None:
        """Refresh; a killed embedded server is started again even when nobody writes."""
        self._look_for_room()
        try:
            await self.refresh()
        except psycopg.OperationalError as error:
            self.incidents.begin("database_lost", type(error).__name__)
            await self._revive()
            raise
        if not self.writer.down:
            self.incidents.end("database_lost")

    def _look_for_room(self) -> None:
        """Let nothing in while an embedded server has no room to write."""
        free = self.plan.room() if self.plan.room is not None else None
        if free is not None and free < ROOM_BYTES:
            why = f"{free:,} bytes are free where the database lies, {ROOM_BYTES:,} are needed"
            self.writer.refuse_full(why, REFRESH_S * 2)
        elif not self.writer.full:
            self.incidents.end("disk_full")

    async def _revive(self) -> None:
        """Start an embedded server again; one that will not start is tried less and less often.

        errors  PostgresProblem of a start that failed
        """
        if self.plan.revive is None or time.monotonic() < self._revive_at:
            return
        try:
            await self.plan.revive()
        except PostgresProblem as problem:
            if problem.code == "disk_full":
                self.writer.refuse_full(problem.why, REFRESH_S * 2)
            longer = max(REVIVE_PAUSE_S, self._revive_pause_s * 2)
            self._revive_pause_s = min(longer, REVIVE_PAUSE_MOST_S)
            self._revive_at = time.monotonic() + self._revive_pause_s
            raise
        self._revive_pause_s = 0.0

    async def _write_down(self) -> None:
        await self.incidents.write(self.upkeep)

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
            await self._revive()
            return await self._dial()

    async def _dial(self) -> PipelineConnection:
        return await PipelineConnection.connect(
            make_conninfo(self.plan.dsn, options=f"{OPTIONS} {ONE_PLAN}", connect_timeout=2),
            prepare_threshold=2,
            autocommit=True,
        )

    async def _sweep(self) -> None:
        """Post what time has done: holds that are over, returns whose sale has come."""
        now = datetime.now(UTC)
        async with self.upkeep.connection() as conn:
            await ledger_flows.release_overdue(conn, self.lives(now), now, 200)
        await self._early.settle()

    async def _run_time(self) -> None:
        """Post what became active and what expired, a page at a time; one process does."""
        if not self.plan.runs:
            return
        async with self.upkeep.connection() as conn, runs.turn(conn) as mine:
            if mine:
                now = datetime.now(UTC)
                await runs.run_due(conn, self.lives, now)
                await walks.turn(conn, self.shop().program.tiers, self.today(now))

    async def _end_approvals(self) -> None:
        """What waited a day for a second person can no longer be read."""
        async with self.upkeep.connection() as conn:
            await approvals_flows.expire(conn, datetime.now(UTC), 200)

    async def _end_claims(self) -> None:
        """Claims of rewards whose time is over; only where time runs by itself."""
        if self.plan.runs:
            await claims.end_due(self.upkeep, self.shop().program, datetime.now(UTC))

    async def _count_days(self) -> None:
        """Sum up the receipts of days, and rest twenty times as long as that took."""
        began = time.monotonic()
        if began < self._count_at:
            return
        async with self.upkeep.connection() as conn:
            now = datetime.now(UTC)
            await days_flows.count_days(conn, self.today(now), now)
        self._count_at = time.monotonic() + 20 * (time.monotonic() - began)

    def today(self, now: datetime) -> date:
        """The business day that it is: the stores' own where all share a clock, else UTC's."""
        zones = {store.time_zone for store in self.shop().stores.values()}
        return local(now, zones.pop() if len(zones) == 1 else "UTC").date()

    def lives(self, at: datetime) -> Mapping[str, Life]:
        """How points live by the program of an instant."""
        return self.shop().program_at(at).lives

    async def _prepare_days(self) -> None:
        """Partitions for the week to come; needs the owner's rights: a connection of its own."""
        async with await AsyncConnection.connect(self.plan.dsn) as conn:
            await access_db.prepare_days(conn, datetime.now(UTC).date())
            await access_db.forget_minted(conn, datetime.now(UTC).date())

    async def _watch_overload(self) -> None:
        """Tell once that calls are turned away, and once that they are no longer."""
        shed, before = self.tally.sheds.total(), self._shed
        self._shed = shed
        if shed > before:
            self._shed_at = time.monotonic()
            if not self._overloaded:
                self._overloaded = True
                full = ", ".join(sorted(self.tally.sheds))
                log.warning("overload_began", full=full, queued=self.writer.queued)
                self.incidents.begin("overload", f"calls are turned away; full: {full}")
        elif self._overloaded and time.monotonic() - self._shed_at > CALM_S:
            self._overloaded = False
            log.warning("overload_over", shed=shed - self._shed_before)
            self._shed_before = shed
            self.incidents.end("overload")

    async def _watch_schema(self) -> None:
        """A newer release may have migrated these tables beyond what this one can serve."""
        heads = await asyncio.to_thread(schema.applied, self.plan.dsn)
        if heads != self._heads:
            problem = await asyncio.to_thread(schema.behind, self.plan.dsn)
            self.schema_fault = problem.code if problem is not None else ""
            self._heads = heads

    async def _again(self, name: str, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        """Do it again and again; what fails is logged and tried at the next turn."""
        while True:
            await asyncio.sleep(every_s)
            with contextlib.suppress(asyncio.TimeoutError):
                began_at = datetime.now(UTC)
                try:
                    await work()
                    self.worked[name] = time.monotonic()
                    self._turns.ended(name, every_s, began_at)
                except Exception as error:
                    self._turns.ended(name, every_s, began_at, type(error).__name__)
                    log.warning("again_later", work=name, **fault(error))
