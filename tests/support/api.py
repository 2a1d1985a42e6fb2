"""The real site behind a real uvicorn on a free port, and a shop that calls it over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import psycopg
import uvicorn
from psycopg import sql

from support import database
from tessera.access import flows as access
from tessera.base.clock import local
from tessera.base.ids import new_id
from tessera.doors.cli.serving import config
from tessera.doors.ground import Ground, Settings
from tessera.doors.till import OPERATIONS
from tessera.members import core as members
from tessera.members import flows as members_flows
from tessera.members.core import NewMember
from tessera.warehouse.core import Identifier, Store
from tessera.warehouse.stores import db as stores

T = TypeVar("T")
ZONE = "Europe/Rome"
STORES = ("S1", "S2")
PREFIX, CARDS = "2900", 1000
QUICK = 10_000  # calls a second: tests are not to be slowed, except where that is the point
LONGEST_S = 2.0  # until a refusal
# The house sends codes, posts what waits, notes incidents, walks ladders, counts leaderboards,
# makes the codes of a batch and seals draws in its own time.
OWN_TIME = {
    "access.code_outbox", "members.posting", "incidents.incident", "incidents.note", "tiers.walk",
    "checkout.board", "checkout.board_standing", "checkout.board_rung", "checkout.board_winner",
    "rewards.coupon", "rewards.draw",
}  # fmt: skip
RTL = "\u202e"  # turns the direction of writing
_numbers = count(1)


def day_of(receipt: Mapping[str, Any]) -> str:
    """Its day in the shop."""
    return local(datetime.fromisoformat(receipt["happened_at"]), ZONE).date().isoformat()


@dataclass(slots=True)
class Api:
    """A served shop: where it is, who may call it, and a client.

    till, other  tokens of one till in S1 and of one in S2; admin: of the office
    cards        issued numbers; the first is a registered member's
    """

    url: str
    dsn: str
    till: str
    other: str
    admin: str
    cards: list[str]
    client: httpx.Client = field(init=False)
    eye: psycopg.Connection = field(init=False)
    _count: sql.Composed = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, timeout=30)
        self.eye = psycopg.connect(self.dsn, autocommit=True)
        self._count = count_rows(self.eye)

    def close(self) -> None:
        """Let go of the site and of the database."""
        self.client.close()
        self.eye.close()

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None,
        key: str | None = "", headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:  # fmt: skip
        """One call, by the office unless a token is given ("" for none).

        key   of a writing call: a fresh one unless it is said, None for none
        body  data for JSON, or the very bytes
        """
        token = self.admin if token is None else token
        sent = {"Authorization": f"Bearer {token}"} if token else {}
        if key is not None and method != "GET":
            sent["Idempotency-Key"] = key or uuid4().hex
        raw = {"content": body} if isinstance(body, bytes) else {"json": body}
        if isinstance(body, bytes):
            sent["Content-Type"] = "application/json"
        sent |= dict(headers or {})
        return self.client.request(method, path, headers=sent, **({} if body is None else raw))

    def post(self, path: str, body: Any = None, **how: Any) -> httpx.Response:
        """A POST by the till of S1 unless a token is given."""
        return self.call("POST", path, body, **({"token": self.till} | how))

    def issue(self, role: str, store: str | None = None, **more: Any) -> tuple[str, str]:
        """A fresh key: its id and its token."""
        token = more.pop("token", None)
        body = {"name": role, "role": role, "store": store, "rate_per_s": QUICK, **more}
        said = self.call("POST", "/v1/keys", body, token=token)
        assert said.status_code == 201, said.text
        return said.json()["key_id"], said.json()["token"]

    def somebody(self, role: str = "owner", store: str | None = None) -> str:
        """The token of a key that nobody here has issued: its holder is another person."""

        async def issue() -> str:
            async with _writing(self.dsn) as conn:
                now = datetime.now(UTC)
                return (await access.issue_key(conn, role, role, store, QUICK, None, now))[1]

        return apart(issue())

    def basket(self, **other: Any) -> dict[str, Any]:
        """A receipt that is accepted, with a number of its own; `other` replaces fields."""
        return {
            "store": "S1", "till": "1", "number": f"n{next(_numbers)}", "currency": "EUR",
            "happened_at": datetime.now(UTC).isoformat(), "total_minor": 1150,
            "card": self.cards[0],
            "lines": [
                {"sku": "LATTE", "quantity": 3, "unit_minor": 250},
                {"sku": "CAKE", "quantity": 1, "unit_minor": 400},
            ],
        } | other  # fmt: skip

    def publish(self, program: dict[str, Any]) -> None:
        """Let this program decide whatever arrives from now on, whenever it happened."""
        body = {"program": program, "from_beginning": True}
        said = self.call("POST", "/v1/program/versions", body)
        assert said.status_code == 201, said.text

    def declare_events(self) -> None:
        """The program of the reference: it has the events that examples are of."""
        self.publish(next(each.example for each in OPERATIONS if each.name == "program.publish"))

    def settled(self) -> None:
        """What joining owes is posted by the house within seconds: events, moves, lots, days."""
        owed = "SELECT count(*) FROM members.posting WHERE settled_at IS NULL"
        ends = time.monotonic() + 5
        while self.eye.execute(owed).fetchone() != (0,) and time.monotonic() < ends:
            time.sleep(0.02)

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        return dict(self.eye.execute(self._count).fetchall())


def refused(api: Api, send: Callable[[], httpx.Response]) -> dict[str, Any]:
    """What is answered: a problem, within two seconds, that has left no trace."""
    api.settled()
    return untouched(api.rows, lambda: _problem(send))


def untouched(rows: Callable[[], dict[str, int]], do: Callable[[], T]) -> T:
    """What comes of it, which has added no row and taken none.

    What the house does by itself may fall between the two counts: where only its own tables
    differ it is done again, for hardly three turns in a row fall there, and a trace would.
    """
    for _ in range(3):
        before, done, after = rows(), do(), rows()
        changed = {name: (was, after[name]) for name, was in before.items() if after[name] != was}
        assert changed.keys() <= OWN_TIME, f"it has left its trace: {changed}"
        if not changed:
            return done
    raise AssertionError(f"it has left its trace each time: {changed}")


def _problem(send: Callable[[], httpx.Response]) -> dict[str, Any]:
    began = time.monotonic()
    said = send()
    took_s = time.monotonic() - began
    assert 400 <= said.status_code < 500, said.text[:500]
    assert said.headers["content-type"] == "application/problem+json"
    problem = said.json()
    assert problem["status"] == said.status_code
    assert problem["why"] and problem["cure"] and problem["code"] and problem["title"]
    assert took_s < LONGEST_S
    assert len(said.content) < 4096, "a refusal does not send back what was sent"
    return problem


def count_rows(conn: psycopg.Connection) -> sql.Composed:
    """The question for (table, rows) of each table of the house."""
    names = conn.execute(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        # What the house sums up and notes by itself, in its own time.
        " AND (schemaname, tablename) NOT IN (('checkout', 'day'), ('tasks', 'turn'))"
    ).fetchall()
    one = sql.SQL("SELECT {} AS name, count(*) FROM {}")
    # Who was refused is written down too, once a minute: that is no trace of one call.
    asked = [
        one.format(".".join(name), sql.Identifier(*name))
        + sql.SQL(" WHERE outcome = 'done'" if name == ("access", "audit") else "")
        for name in names
    ]
    return sql.SQL(" UNION ALL ").join(asked)


def apart(task: Coroutine[Any, Any, T]) -> T:
    """Run it in a thread of its own: a browser that is driven here has a loop running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, task).result()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def served(dsn: str, **more: Any) -> Iterator[str]:
    """The site over this database, with these settings besides; its address.

    No worker of long tasks is started: what is asked for waits, unless it says `worker=True`.
    `port` is where it listens; a free one unless it is said.
    """
    port = more.pop("port", 0) or free_port()
    more = {"strangers_per_s": QUICK, "worker": False} | more
    with tempfile.TemporaryDirectory(prefix="tessera_api_") as own:
        place = more.pop("data_dir", Path(own))
        base = Ground(Settings(place, database_url=dsn, **more), dsn, None)
        server = uvicorn.Server(config(base, "127.0.0.1", port))
        thread = threading.Thread(target=server.run, name="site")
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the site did not start"
                time.sleep(0.01)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(5)
            server.force_exit = True
            thread.join(10)
            assert not thread.is_alive(), "the site did not stop"


@contextmanager
def opened(dsn: str, **more: Any) -> Iterator[Api]:
    """A served shop of two stores, three keys, a batch of cards and one member."""
    till, other, admin = apart(furnish(dsn))
    cards = [members.card_number(PREFIX, serial) for serial in range(CARDS)]
    with served(dsn, **more) as url:
        api = Api(url, dsn, till, other, admin, cards)
        with contextlib.closing(api):
            yield api


@contextmanager
def fresh(server: str, template: str, **more: Any) -> Iterator[Api]:
    """A served shop over a database of its own, for a whole file of tests."""
    name = f"tessera_api_{uuid4().hex[:12]}"
    database.make(server, name, template)
    try:
        with opened(database.at(server, name), **more) as api:
            yield api
    finally:
        database.drop(server, name)


async def furnish(dsn: str, cards: int = CARDS) -> list[str]:
    """What a shop has before its first receipt; the tokens of both tills and of the office."""
    now = datetime.now(UTC)
    async with _writing(dsn) as conn:
        for store in STORES:
            await stores.put_store(conn, Store(store, f"Store {store}", ZONE))
        await members_flows.issue_cards(conn, new_id(), PREFIX, cards, "test", now)
        anna = NewMember((Identifier("card", members.card_number(PREFIX, 0)),), "Anna", "Rossi")
        await members_flows.register(conn, anna, now, new_id(), new_id())
        made = [
            await access.issue_key(conn, "test", role, store, QUICK, None, now)
            for role, store in (("till", "S1"), ("till", "S2"), ("owner", None))
        ]
    return [token for _, token in made]


@asynccontextmanager
async def _writing(dsn: str) -> AsyncIterator[database.Conn]:
    async with await database.connect(dsn) as conn:
        yield conn
        await conn.commit()
