"""A small shop for the console: one member with all that a history can hold, one without any.

The stories are made by the real engine, so the sentences on the page are the till's own.
"""

import asyncio
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import uvicorn

from tessera.access.core import Principal
from tessera.base.pages import after, cursor
from tessera.base.refusal import Refusal
from tessera.checkout.core import Balance, EventPage, EventTold, LineTold, Page, Told
from tessera.doors.console.pages import CardView, console_app
from tessera.rules.core.engine import settle, settle_kept
from tessera.rules.core.telling import EffectTold, tell_effects, tell_silent
from tessera.rules.core.words import Facts, Program, Story
from tessera.rules.mechanics.base_rate import BaseRate
from tessera.rules.mechanics.every_nth_free import EveryNthFree
from tessera.rules.mechanics.pay_with_points import PayWithPoints
from tessera.warehouse.core import Identifier, Line

ADMIN_KEY, TILL_KEY, BROKEN_KEY = "tsk_admin_key", "tsk_till_key", "tsk_broken"
CARD, EMPTY_CARD, PHONE, EMAIL = "2900000000017", "2900000000024", "+393331234567", "anna@shop.org"
EVIL = "<script>alert(1)</script>"
LONG_NAME = "Hand-roasted single origin coffee from the highlands of Sidamo, " * 3
PROGRAM = Program(
    version=7,
    name="Sample",
    currency="EUR",
    rules=(
        EveryNthFree(id="third_coffee_free", product="LATTE", n=3),
        EveryNthFree(id="tenth_bread_free", product="BREAD", n=10),
        PayWithPoints(id="pay_with_points", points=10, worth_minor=10, max_percent=50),
        BaseRate(id="two_for_a_euro", points=2, per_minor=100),
    ),
)
LATTE = Line("LATTE", 3, 250, name="Caffè latte")
CAKE = Line("CAKE", 1, 405, name="Apple cake")
APPLES = Line("APPLE", 1250, 320, unit="g", name="Apples, loose", category="fruit")


def principal(role, name):
    return Principal(UUID(int=9), "key", name, role, None if role == "owner" else ("S1",), 100)


def story(lines, spend=None, program=PROGRAM) -> Story:
    return settle(lines, Facts(True, True, 900, spend), program)


def told(n, sold, story, **other) -> Told:
    """The n-th receipt, a day before the one before."""
    at = datetime(2026, 3, 1, 17, 5, tzinfo=UTC) - timedelta(days=n, minutes=7 * n)
    said = {
        "id": UUID(int=(1 << 120) + n), "kind": "sale", "store": "Milano Duomo", "till": "2",
        "business_date": at.date(), "shift": "", "number": f"{4711 - n:06d}",
        "happened_at": at, "local_at": (at + timedelta(hours=1)).replace(tzinfo=None),
        "posted_at": at, "currency": "EUR", "gross_minor": story.gross_minor,
        "to_pay_minor": story.to_pay_minor, "points_earned": story.points_earned,
        "points_spent": story.points_spent, "program_version": 7,
        "effects": tell_effects(story.effects, "EUR", staff=True),
        "silent": tell_silent(story.silent, "EUR", staff=True),
        "lines": tuple(LineTold(i.sku, i.name, i.quantity, i.unit, i.total()) for i in sold),
    }  # fmt: skip
    return Told(**(said | other))


def returned(n, lines, kept, spend) -> Told:
    """One cake of a sale that was paid with points comes back."""
    before = story(lines, spend)
    then = settle_kept(lines, Facts(True, True, 900, spend), PROGRAM, kept, before)
    back = tuple(
        LineTold(line.sku, line.name, line.quantity - left, line.unit, line.total())
        for line, left in zip(lines, kept, strict=True)
        if line.quantity > left
    )
    return told(
        n, lines, then, kind="return", lines=back,
        gross_minor=then.gross_minor - before.gross_minor,
        to_pay_minor=then.to_pay_minor - before.to_pay_minor,
        points_earned=then.points_earned - before.points_earned,
        points_spent=then.points_spent - before.points_spent, number="R-000012", shift="late",
    )  # fmt: skip


def receipts() -> list[Told]:
    """Newest first: all that can be puzzling, then what an ordinary week looks like."""
    coffee = (LATTE, CAKE)
    big = tuple(
        Line(f"SKU-{i:05d}", i % 7 + 1, 99 + i, name=f"Article number {i}") for i in range(300)
    )
    gum = (Line("GUM", 1, 49, name="Chewing gum"),)
    strange = (Line("LONG", 1, 123456, name=LONG_NAME), Line("EVIL", 1, 100, name=EVIL))
    shop = [
        returned(0, coffee, (3, 0), 900),
        told(1, coffee, story(coffee, 900)),
        told(2, (LATTE, APPLES), story((LATTE, APPLES))),
        told(3, gum, story(gum)),
        told(4, big, story(big)),
        told(5, strange, story(strange), till=EVIL, store="Ω" * 32, number="7" * 32),
    ]
    week = [(CAKE, APPLES), (LATTE,), (APPLES,), (CAKE,)]
    return shop + [told(n, week[n % 4], story(week[n % 4])) for n in range(6, 47)]


class SampleReaders:
    """The console's readers over lists instead of a database."""

    def __init__(self):
        self.keys = {ADMIN_KEY: principal("owner", "Head office"), TILL_KEY: principal("till", "1")}
        self.sessions: dict[str, Principal] = {}
        self.receipts = receipts()
        self.cards = {
            ("card", CARD): self.view(1, CARD, "Anna R.", Balance(12_345, 500, 0, 12_845)),
            ("card", EMPTY_CARD): self.view(2, EMPTY_CARD, "", Balance(0, 0, 40, -40), "blocked"),
            ("email", "nocard@shop.org"): self.view(1, "", "Anna R.", Balance(1, 0, 0, 1)),
        }
        for kind, value in (("phone", PHONE), ("email", EMAIL)):
            self.cards[kind, value] = self.cards["card", CARD]

    @staticmethod
    def view(account, number, name, balance, status="active") -> CardView:
        return CardView(
            member_id=UUID(int=account), account_id=UUID(int=account), name=name, number=number,
            status=status, registered=bool(name), balance=balance,
        )  # fmt: skip

    async def principal(self, token: str) -> Principal | None:
        if token == BROKEN_KEY:
            raise RuntimeError("the wire is broken: secret detail")
        return self.keys.get(token)

    async def open_session(self, principal: Principal) -> str:
        name = secrets.token_urlsafe(8)
        self.sessions[name] = principal
        return name

    async def session(self, cookie: str) -> Principal | None:
        found = self.sessions.get(cookie)
        return found if found in self.keys.values() else None

    async def close_session(self, cookie: str) -> None:
        self.sessions.pop(cookie, None)

    async def card(self, identifier: Identifier) -> CardView | None:
        return self.cards.get((identifier.kind, identifier.value))

    async def history(self, account_id: UUID, cursor_: str | None, limit: int) -> Page | Refusal:
        last = ("-1",) if cursor_ is None else after(cursor_, 1)
        if isinstance(last, Refusal):
            return last
        await asyncio.sleep(0)
        start = int(last[0]) + 1
        found = self.receipts if account_id == UUID(int=1) else []
        end = start + limit
        page = tuple(map(as_kept, found[start:end]))
        return Page(page, cursor(str(end - 1)) if end < len(found) else None)

    async def explained(self, receipt_id: UUID) -> Told | Refusal:
        return next(told for told in self.receipts if told.id == receipt_id)

    async def events(self, account_id: UUID, limit: int) -> EventPage | Refusal:
        return EventPage((survey(),) if account_id == UUID(int=1) else ())


def as_kept(told: Told) -> Told:
    """Of the rules that gave nothing a receipt keeps those within reach."""
    near = tuple(each for each in told.silent if each.lacking or each.code == "not_asked")
    return msgspec.structs.replace(told, silent=near)


def survey() -> EventTold:
    """An event with all that can be strange about one."""
    at = datetime(2026, 2, 27, 17, 5, tzinfo=UTC)
    return EventTold(
        id=UUID(int=5), source="app", number=EVIL, type="survey", store="", happened_at=at,
        local_at=at.replace(tzinfo=None), posted_at=at, points_earned=50, program_version=7,
        data={"score": 9, "anonymous": True, "about": "shop"}, silent=(),
        effects=(
            EffectTold("points", "thanks", "event_gift", 7, 50, 50, (), {}, "+50 points", "50"),
        ),
    )  # fmt: skip


@contextmanager
def served(readers: SampleReaders) -> Iterator[str]:
    """The console under a real server on a free port of this machine; yields its address."""
    # The protocol by name: asyncio sets TCP_NODELAY only where it sees it, else a page takes 40 ms
    # more.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        config = uvicorn.Config(console_app(readers), lifespan="off", ws="none", log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(10)
