"""One fault at one message of one call, and what must be true after the call was made again."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from psycopg import AsyncConnection

from faults.answers import later, same, told_once
from faults.calls import PROGRAM, Door, Fresh, Op
from faults.counting import quiet, rows
from faults.crawled import CRAWLED
from faults.operations import OPERATIONS
from support.api import QUICK
from support.proxy import Proxy
from support.served import Heard
from tessera.access import flows as access_flows
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.flows.proof import prove_all
from tessera.doors.ground import Ground, Settings
from tessera.doors.site import Site
from tessera.members import flows as members_flows
from tessera.program import flows as program_flows
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.warehouse.core import Store
from tessera.warehouse.stores import db as stores_db

Conn = AsyncConnection[tuple[Any, ...]]
Census = dict[str, int]
Names = tuple[str, ...]  # calls that are made at the same time

CALLS = OPERATIONS | CRAWLED
# Of the messages of a first call so many come again: what a connection prepared it keeps.
MOST_OF = 0.7
# What a call may add or change, and the sums that must agree. Rows of all tables: `counting.py`.
CENSUS = """
SELECT
    (SELECT count(*) FROM access.request) AS requests,
    (SELECT count(*) FROM access.answer) AS answers,
    (SELECT count(*) FROM access.api_key) AS keys,
    (SELECT count(revoked_at) FROM access.api_key) AS revoked,
    (SELECT count(*) FROM warehouse.store) AS stores,
    (SELECT count(*) FROM members.member) AS members,
    (SELECT count(registered_at) FROM members.member) AS registered,
    (SELECT count(*) FROM members.person) AS persons,
    (SELECT coalesce(sum(cardinality(favourites)), 0) FROM members.member) AS favourites,
    (SELECT count(*) FROM members.identifier) AS identifiers,
    (SELECT count(*) FROM members.identifier WHERE status <> 'active') AS inactive,
    (SELECT count(*) FROM members.card_batch) AS batches,
    (SELECT count(*) FROM program.version) AS programs,
    (SELECT count(*) FROM checkout.receipt) AS receipts,
    (SELECT count(*) FROM checkout.event) AS events,
    (SELECT count(*) FROM checkout.quote) AS quotes,
    (SELECT count(ended) FROM checkout.quote) AS quotes_ended,
    (SELECT count(merged_into) FROM members.member) AS merged,
    (SELECT count(*) FROM identity.erasure) AS erasures,
    (SELECT count(*) FROM members.household_member) AS at_home,
    (SELECT count(*) FROM checkout.parked) AS parked,
    (SELECT count(settled_at) FROM checkout.parked) AS settled,
    (SELECT count(refused) FROM checkout.parked) AS refused,
    (SELECT count(*) FROM ledger.account) AS accounts,
    (SELECT coalesce(sum(active), 0)::bigint FROM ledger.account) AS active,
    (SELECT coalesce(sum(debt), 0)::bigint FROM ledger.account) AS debt,
    (SELECT count(*) FROM ledger.operation) AS operations,
    (SELECT count(*) FROM ledger.move) AS moves,
    (SELECT coalesce(sum(points), 0)::bigint FROM ledger.move) AS moved,
    (SELECT count(*) FROM ledger.lot) AS lots,
    (SELECT coalesce(sum(remaining), 0)::bigint FROM ledger.lot) AS remaining,
    (SELECT count(*) FROM ledger.hold) AS holds,
    (SELECT count(ended_at) FROM ledger.hold) AS holds_ended,
    (SELECT count(*) FROM incidents.incident WHERE opened_by <> 'house') AS incidents,
    (SELECT count(*) FROM incidents.note) AS notes,
    (SELECT coalesce(sum(taken), 0)::bigint FROM rewards.reward) AS taken,
    (SELECT count(*) FROM rewards.claim) AS claims,
    (SELECT count(*) FROM rewards.claim WHERE state = 'cancelled') AS claims_cancelled,
    (SELECT count(*) FROM rewards.claim_step) AS claim_steps,
    (SELECT count(*) FROM rewards.pool_code) AS pool_codes,
    (SELECT count(claim_id) FROM rewards.pool_code) AS pool_codes_taken,
    (SELECT count(member_id) FROM rewards.coupon) AS coupons,  -- those of an order take time
    (SELECT count(void_at) FROM rewards.coupon) AS coupons_void,
    (SELECT count(*) FROM rewards.win) AS wins,
    (SELECT coalesce(sum(given), 0)::bigint FROM rewards.draw_prize) AS prizes,
    (SELECT coalesce(sum(cost_x100), 0)::bigint FROM budgets.counter) AS cost_x100,
    (SELECT coalesce(sum(cost_x100), 0)::bigint FROM budgets.day) AS day_cost_x100,
    (SELECT count(*) FROM budgets.drawn) AS drawn,
    (SELECT count(back_at) FROM budgets.drawn) AS drawn_back
"""
# Each finds what must not be; looked at besides `prove`, which has other eyes.
NEVER = {
    "an account's sum is not that of its lots": """
        SELECT a.id FROM ledger.account AS a WHERE a.active + a.pending <>
        (SELECT coalesce(sum(l.remaining), 0) FROM ledger.lot AS l WHERE l.account_id = a.id)""",
    "an account is not what its moves make": """
        SELECT a.id FROM ledger.account AS a
        LEFT JOIN ledger.move AS m ON m.account_id = a.id
        GROUP BY a.id, a.active, a.pending, a.debt, a.seq HAVING
        a.pending + a.active - a.debt <> coalesce(sum(
            m.points * ((m.target IN ('pending', 'active', 'debt'))::int
                        - (m.source IN ('pending', 'active', 'debt'))::int)), 0)
        OR a.seq <> count(m.seq)""",
    "a key was taken and its answer is not there": """
        SELECT r.key FROM access.request AS r
        LEFT JOIN access.answer AS a USING (outcome_id)
        WHERE a.outcome_id IS NULL AND r.fingerprint <> ''  -- else its member was erased""",
    "a receipt was posted without its call": """
        SELECT c.number FROM checkout.receipt AS c
        LEFT JOIN access.request AS r ON r.outcome_id = c.id WHERE r.key IS NULL""",
    "a receipt's moves are not what it says": """
        SELECT c.number FROM checkout.receipt AS c
        JOIN ledger.move AS m ON m.account_id = c.account_id AND m.outcome_id = c.id
        WHERE c.kind = 'sale' GROUP BY c.id HAVING c.points_earned <>
        sum(m.points) FILTER (WHERE m.source = 'issued')
        OR c.points_spent <> coalesce(sum(m.points) FILTER (WHERE m.target = 'spent'), 0)""",
}


def say(text: str) -> None:
    """Seeds and figures: shown when a test fails, and with `pytest -s`."""
    sys.stdout.write(f"{text}\n")


class Inside:
    """The application in this process, without sockets before it: an ASGI call each.

    place  where files that are sent lie
    """

    def __init__(self, dsn: str, token: str, place: Path = Path("/nowhere")) -> None:
        settings = Settings(place, dsn, strangers_per_s=QUICK, worker=False)
        self.site = Site(Ground(settings, dsn, None))
        self._token, self.caller = token, ""

    async def __aenter__(self) -> Inside:
        await self.site.house.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.site.house.close()

    async def call(
        self, method: str, path: str, body: Any = None, key: str = "", token: str | None = None
    ) -> Heard:
        path, _, query = path.partition("?")
        token = self._token if token is None else token
        said = {b"authorization": f"Bearer {token}" if token else "", b"idempotency-key": key}
        scope = {
            "type": "http", "method": method, "path": path, "query_string": query.encode(),
            "headers": [(name, value.encode()) for name, value in said.items() if value],
            "client": (self.caller, 0) if self.caller else None,
        }  # fmt: skip
        raw = b"" if body is None else msgspec.json.encode(body)
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": raw}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.site(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Heard(sent[0]["status"], told, sent[1]["body"])


async def furnish(dsn: str) -> str:
    """A store, cards, the operations' program, and a key of administration: its token."""
    now = datetime.now(UTC)
    reader = Reader(mechanics.shelf(), conditions.shelf())
    async with await AsyncConnection.connect(dsn) as conn:
        made = await program_flows.publish(conn, reader, PROGRAM, now, None)
        assert not isinstance(made, Refusal), made
        await stores_db.put_store(conn, Store("S1", "Corner", "Europe/Rome"))
        _, token = await access_flows.issue_key(conn, "t", "owner", None, 1_000_000, None, now)
        await members_flows.issue_cards(conn, new_id(), "29", 1_000_000, "test", now)
    return token


async def census(eye: Conn) -> Census:
    """How many there are of everything now."""
    rows = await eye.execute(CENSUS, prepare=True)
    names = [column.name for column in rows.description or ()]
    found = await rows.fetchone()
    await eye.rollback()
    assert found is not None
    return dict(zip(names, found, strict=True))


def grown(before: Census, after: Census) -> Census:
    """What has been added."""
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


async def assert_sound(eye: Conn) -> None:
    """Nothing is doubled, half-done or out of sum: by `prove`, and by sums of our own."""
    for what, text in NEVER.items():
        found = await (await eye.execute(text)).fetchmany(3)
        assert not found, f"{what}: {found}"
    await eye.rollback()
    report = await prove_all(eye, chain=True)
    await eye.rollback()
    assert report.differences == [], report.differences


@dataclass
class Drill:
    """Faults at the messages of calls made at `door`, whose database lies behind `proxy`.

    eye     sees what is committed, each time anew
    strike  what happens besides the end of the connection (the process is killed)
    mend    how the door is made to serve again, before the call is repeated
    """

    door: Door
    proxy: Proxy
    eye: Conn
    strike: Callable[[], None] | None = None
    mend: Callable[[], Awaitable[None]] | None = None
    fresh: Fresh = field(default_factory=Fresh)
    growth: dict[Names, Census] = field(default_factory=dict)
    messages: dict[Names, int] = field(default_factory=dict)
    told: dict[str, frozenset[str]] = field(default_factory=dict)
    strikes: int = 0

    async def learn(self, names: Names) -> Census:
        """What the calls add when nothing goes wrong, and how many messages that takes.

        They are made twice: the first call of a day, of a member, of a kind leaves more.
        """
        if names not in self.growth:
            await self._learnt(names)
            self.growth[names] = await self._learnt(names)
        return self.growth[names]

    async def _learnt(self, names: Names) -> Census:
        calls, before = await self._prepared(names)
        self.proxy.arm(1 << 30)
        first = await asyncio.gather(*(self._call(*each) for each in calls))
        if any(op.settles for op, _ in calls):
            await asyncio.sleep(1.0)
        self.proxy.disarm()
        self.messages[names] = min(self.proxy.count, self.messages.get(names, 1 << 30))
        await asyncio.sleep(0.05)
        await self._rested()
        after = await self._counted()
        for name, (op, key), heard in zip(names, calls, first, strict=True):
            assert heard.status == op.status, (name, heard)
            again = await self._call(op, key)
            if op.again:
                assert again.status in (op.status, *op.again), (name, again)
            else:
                assert again.replayed and again.status == op.status, (name, again)
                self.told[name] = told_once(heard.body, again.body)
        await self._rested()
        more = grown(after, await self._counted())
        if any(op.noted for op, _ in calls):
            more.pop("access.audit")
        assert not more, f"{names}: made again, it has added {more}"
        return grown(before, after)

    async def at(self, names: Names, at: int, *, after: bool = False, commit: bool = False) -> bool:
        """The fault at that message of these calls made at once; whether they were not over.

        commit  at the first commit instead; whether it was a call's: the house has its own
        """
        growth = await self.learn(names)
        calls, before = await self._prepared(names)
        self.proxy.arm(at, after=after, commit=commit, strike=self.strike)
        first = await asyncio.gather(*(self._call(*each) for each in calls))
        if any(op.settles for op, _ in calls):
            await self._until(before, growth)
        fired = self.proxy.disarm()
        where = f"{names}, message {at}, {'after' if after else 'before'}: {self.proxy.kinds}"
        if fired:
            self.strikes += 1
            if self.mend is not None:
                await self.mend()
        for name, (op, key), heard in zip(names, calls, first, strict=True):
            self._judge_first(op, heard, fired, where)
            if op.again:
                await self._judge_done(op, where)
                continue
            again = await self._judge_again(name, (op, key), heard, where)
            fired = fired and (again.replayed or not commit)
        found = await self._settled(before, growth)
        if any(op.noted for op, _ in calls):
            found["access.audit"] = growth["access.audit"]
        assert found == growth, (where, found, growth)
        return fired

    async def repeat(self, op: Op, key: str) -> Heard:
        """The same call until it is answered, as tills do."""
        end = time.monotonic() + 15
        while later(heard := await self._call(op, key)):
            if time.monotonic() > end:
                break
            await asyncio.sleep(0.01)
        return heard

    async def _call(self, op: Op, key: str) -> Heard:
        return await self.door.call(op.method, op.path, op.body, key, op.token)

    async def _prepared(self, names: Names) -> tuple[list[tuple[Op, str]], Census]:
        self.door.caller = self.fresh.caller()
        ops = [await CALLS[name](self.door, self.fresh) for name in names]
        heard = await self.door.call("GET", "/v1/program")  # the gate knows us again
        assert heard.status == 200, heard
        calls = [(op, "" if op.keyless else self.fresh.key()) for op in ops]
        await self._rested()
        return calls, await self._counted()

    async def _counted(self) -> Census:
        """Everything, with the rows of all tables."""
        return await census(self.eye) | await rows(self.eye)

    async def _rested(self) -> None:
        """What the house owes to earlier calls is posted."""
        end = time.monotonic() + 8
        while not await quiet(self.eye) and time.monotonic() < end:
            await asyncio.sleep(0.02)
            await self._swept()

    async def _swept(self) -> None:
        if self.strike is None and self.mend is not None:
            await self.mend()

    def _judge_first(self, op: Op, first: Heard, fired: bool, where: str) -> None:
        """An answer, or word that there is none; never anything else."""
        assert first.status in ((op.status, 503, 0) if fired else (op.status,)), (where, first)
        if first.status == 503:
            assert "retry-after" in first.headers, where
            assert first.said["code"] == "busy", where
        if self.strike is None:
            assert first.status, where

    async def _judge_again(
        self, name: str, call: tuple[Op, str], first: Heard, where: str
    ) -> Heard:
        """The repeated call is answered, with the bytes of the first answer if there was one."""
        (op, key), told = call, self.told[name]
        again = await self.repeat(op, key)
        assert again.status == op.status, (where, again)
        last = await self.repeat(op, key)
        assert last.replayed and last.status == op.status, (where, last)
        if again.replayed:
            assert last.body == again.body, where
        assert same(again.body, last.body, told), (where, again, last)
        if first.status == op.status:
            assert again.replayed and same(first.body, again.body, told), (where, first, again)
        return again

    async def _judge_done(self, op: Op, where: str) -> None:
        """What has no key is answered too: it is done, or was."""
        for _ in range(2):
            again = await self.repeat(op, "")
            assert again.status in (op.status, *op.again), (where, again)

    async def _until(self, before: Census, growth: Mapping[str, int]) -> None:
        """What the calls set going beyond their answers: over, or struck."""
        end = time.monotonic() + 5
        while not self.proxy.fired.is_set() and time.monotonic() < end:
            if grown(before, await self._counted()) == growth:
                break
            await asyncio.sleep(0.002)

    async def _settled(self, before: Census, growth: Census) -> Census:
        """What was added in the end; a return whose sale has come may need the sweeper."""
        end = time.monotonic() + 8
        while (found := grown(before, await self._counted())) != growth:
            if time.monotonic() > end:
                break
            await asyncio.sleep(0.02)
            await self._swept()
        return found
