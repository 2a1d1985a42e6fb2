"""A shop under load while things are killed: tills that retry, and the books they must find."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection

from faults.calls import goods_back, register, sale
from faults.drill import assert_sound
from support.served import Heard, Served, Till
from tessera.base import cluster, postgres
from tessera.base.packing import unpack
from tessera.members.core import card_number

Kill = Callable[[], Awaitable[None]]
CARDS = 300
DUPLICATES = 0.1


def kill_postgres(data_dir: Path) -> int:
    """SIGKILL to every PostgreSQL process of this cluster at once; how many there were."""
    pgdata = cluster.home_of(data_dir, postgres.DEFAULTS).pgdata
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            name = (place / "comm").read_text().strip()
            if name == "postgres" and (place / "cwd").samefile(pgdata):
                found.append(int(place.name))
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(found)


@dataclass
class Outage:
    """One kill: until a call made after it was answered with success, and the slowest refusal."""

    began: float
    back_s: float | None = None
    worst_s: float = 0.0
    refused: int = 0


@dataclass
class Soak:
    """Seeded operations, sent over many connections until each is answered.

    acknowledged  {key: body of the answer}; owed: {card: points it must have in the end}
    faults        every answer that must not be
    """

    served: Served
    token: str
    total: int
    seed: int
    connections: int = 32
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    receipts: list[str] = field(default_factory=list)
    done: int = 0
    duplicates: int = 0
    refusals: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    faults: list[str] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    _number: int = 0
    _sold: list[tuple[str, str]] = field(default_factory=list)

    async def run(self, kills: Sequence[tuple[int, Kill]]) -> None:
        """All operations; each of `kills` when so many are done."""
        self.chance = random.Random(self.seed)
        self.cards = [card_number("29", serial) for serial in range(1, CARDS + 1)]
        workers = [asyncio.create_task(self._till()) for _ in range(self.connections)]
        for at, kill in sorted(kills, key=lambda each: each[0]):
            while self.done < at and not all(worker.done() for worker in workers):
                await asyncio.sleep(0.01)
            await kill()
        await asyncio.gather(*workers)

    async def register_all(self) -> None:
        """Half of the cards belong to somebody who registered."""
        till = Till(self.served, self.token)
        for serial in range(1, CARDS + 1, 2):
            op = register(card_number("29", serial))
            heard = await till.call(op.method, op.path, op.body, f"register-{serial}")
            assert heard.status == 201, heard
        till.close()

    def postgres_killer(self, data_dir: Path) -> Kill:
        """A kill of PostgreSQL that waits until the house serves again."""

        async def kill() -> None:
            outage = Outage(time.perf_counter())
            self.outages.append(outage)
            assert kill_postgres(data_dir) > 3
            while outage.back_s is None and time.perf_counter() - outage.began < 60:
                await asyncio.sleep(0.01)

        return kill

    async def app_killer(self) -> None:
        """A kill of the application; it is started again at once, as a service manager does."""
        self.served.kill()
        await asyncio.to_thread(self.served.restart)

    async def _till(self) -> None:
        till, other = Till(self.served, self.token), Till(self.served, self.token)
        while self._number < self.total:
            self._number += 1
            await self._one(till, other, f"{self._number}")
            self.done += 1
        till.close()
        other.close()

    async def _one(self, till: Till, other: Till, number: str) -> None:
        """One operation of the mixture, with all that belongs to it."""
        chance, card = self.chance, self.chance.choice(self.cards)
        dice, minor = chance.random(), 100 * chance.randint(3, 200)
        if dice < 0.6:
            body = sale(number, card, minor)
            if await self._send(till, other, "/v1/receipts", body, number, card):
                self._sold.append((number, card))
        elif dice < 0.7:
            await self._send(till, other, "/v1/receipts", sale(number, None, minor), number, None)
        elif dice < 0.78:
            body = sale(number, card, minor, spend={"points": 50})
            await self._send(till, other, "/v1/receipts", body, number, card)
        elif dice < 0.88 and self._sold:
            sold, whose = self._sold.pop(chance.randrange(len(self._sold)))
            back = goods_back(sold, number, (2, 1))
            if await self._send(till, other, "/v1/returns", back, number, None):
                self.owed[whose] -= 2
        elif dice < 0.92:
            back = goods_back(number, f"R{number}", (2, 1))
            early = await self._send(till, other, "/v1/returns", back, f"R{number}", None)
            late = await self._send(
                till, other, "/v1/receipts", sale(number, card, minor), number, card
            )
            if early and late:
                self.owed[card] -= 2
        else:
            await self._quoted(till, other, number, card, minor)

    async def _quoted(self, till: Till, other: Till, number: str, card: str, minor: int) -> None:
        body = sale(number, card, minor, spend={"points": 30})
        told = await self._send(
            till, other, "/v1/quotes", {"basket": body, "hold": True}, f"Q{number}", None
        )
        if not told:
            return
        if self.chance.random() < 0.5:
            body |= {"quote": told["id"]}
            await self._send(till, other, "/v1/receipts", body, number, card)
        else:
            path = f"/v1/quotes/{told['id']}/cancel"
            await self._send(till, other, path, None, f"C{number}", None)

    async def _send(
        self, till: Till, other: Till, path: str, body: Any, key: str, card: str | None
    ) -> Any:
        """One call until it is answered, some of them twice; what it said, or None if refused."""
        twice = self.chance.random() < DUPLICATES
        if twice and self.chance.random() < 0.5:
            self.duplicates += 1
            heard, second = await asyncio.gather(
                self._until_answered(till, path, body, key),
                self._until_answered(other, path, body, key),
            )
        else:
            heard = await self._until_answered(till, path, body, key)
            second = heard
            if twice and heard.status < 300:
                self.duplicates += 1
                second = await self._until_answered(till, path, body, key)
        if second.status < 300 <= heard.status:
            heard = second  # a refusal leaves no trace: its double may come when it is possible
        if heard.status >= 300:
            self.refusals[heard.said["code"]] += 1
            if heard.status >= 500 or heard.said["code"] in ("receipt_known", "key_reused"):
                self.faults.append(f"{key} {path}: {heard}")
            return None
        if second.status < 300 and second.body != heard.body:
            self.faults.append(f"{key} {path}: two answers, {heard.body!r} and {second.body!r}")
        self.acknowledged[key] = heard.body
        told = heard.said
        if path in ("/v1/receipts", "/v1/returns"):
            self.receipts.append(body["number"])
        if card is not None:
            self.owed[card] += told.get("points_earned", 0) - told.get("points_spent", 0)
        return told

    async def _until_answered(self, till: Till, path: str, body: Any, key: str) -> Heard:
        while True:
            began = time.perf_counter()
            heard = await till.call("POST", path, body, key)
            ended = time.perf_counter()
            self._measure(heard, began, ended)
            in_flight = heard.status == 409 and heard.said["code"] == "key_in_flight"
            if heard.status not in (0, 503) and not in_flight:
                return heard
            await asyncio.sleep(0.05)

    def _measure(self, heard: Heard, began: float, ended: float) -> None:
        """What a till hears while the database is down, and when it is served again."""
        if heard.status == 503 and "retry-after" not in heard.headers:
            self.faults.append(f"a 503 without Retry-After: {heard}")
        outage = self.outages[-1] if self.outages else None
        if outage is None:
            return
        if heard.status == 503:
            outage.refused += 1
            outage.worst_s = max(outage.worst_s, ended - max(began, outage.began))
        elif 200 <= heard.status < 300 and began > outage.began and outage.back_s is None:
            outage.back_s = ended - outage.began

    async def audit(self, dsn: str) -> None:
        """Every acknowledged answer is kept byte for byte; nobody has a point more or less."""
        assert self.faults == []
        async with await AsyncConnection.connect(dsn) as eye:
            await self._settled(eye)
            rows = await eye.execute(
                "SELECT r.key, a.body FROM access.request r JOIN access.answer a USING (outcome_id)"
            )
            stored = {key: unpack(body) for key, body in await rows.fetchall()}
            lost = [key for key, body in self.acknowledged.items() if stored.get(key) != body]
            assert lost == [], f"{len(lost)} acknowledged answers are not kept: {lost[:5]}"
            rows = await eye.execute("SELECT number FROM checkout.receipt ORDER BY number")
            posted = [number for (number,) in await rows.fetchall()]
            assert posted == sorted(self.receipts), "one receipt for each acknowledged one"
            rows = await eye.execute(
                "SELECT i.value, a.active - a.debt FROM members.identifier i"
                " JOIN members.member m ON m.id = i.member_id"
                " JOIN ledger.account a ON a.id = m.account_id WHERE i.kind = 'card'"
            )
            points: dict[str, int] = dict(await rows.fetchall())
            wrong = {
                c: (points.get(c, 0), n) for c, n in self.owed.items() if points.get(c, 0) != n
            }
            assert wrong == {}, "points in the books, points by the tills' answers"
            await assert_sound(eye)

    async def _settled(self, eye: AsyncConnection[Any]) -> None:
        """Returns that came early: the sweeper settles what a kill left waiting."""
        for _ in range(100):
            rows = await eye.execute(
                "SELECT count(*) FROM checkout.parked AS p"
                " JOIN checkout.receipt AS s USING (store_id, till, business_date, shift, number)"
                " WHERE p.settled_at IS NULL"
            )
            left = await rows.fetchone()
            await eye.rollback()
            if left == (0,):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"{left} returns still wait for a sale that is there")

    def report(self) -> str:
        """The figures, for people."""
        back = [outage.back_s or -1.0 for outage in self.outages]
        worst = [outage.worst_s for outage in self.outages]
        told = f"seed {self.seed}: {self.done} operations, {self.duplicates} duplicates"
        told += f", {len(self.acknowledged)} acknowledged, refused {dict(self.refusals)}"
        if back:
            told += f"; slowest 503 {max(worst):.3f} s, back after at most {max(back):.2f} s"
            told += f" (median {sorted(back)[len(back) // 2]:.2f} s)"
        return told
