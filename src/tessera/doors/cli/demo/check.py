"""A walk over real HTTP: identify, quote, confirm, retry, return; every step as a receipt."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tessera.base import clock
from tessera.base.money import in_words
from tessera.checkout.core import Answer, Page, Quote
from tessera.doors.cli import slip
from tessera.doors.cli.demo.basket import line_of
from tessera.doors.cli.demo.catalogue import products
from tessera.doors.cli.demo.chain import CURRENCY, TIME_ZONE, stores
from tessera.doors.till.checkout import Identified
from tessera.warehouse.core import Line, Receipt, ReceiptKey, Return, ReturnLine, Spend

STORE = stores(1)[0].id
_TIMEOUT_S = 20
_SPEND = 200  # points, if the member has so many
_BASKET = (
    ("CORNETTO", 6),
    ("CAPPUCCINO", 2),
    ("PIZZA-BIANCA", 320),
    ("CHINOTTO", 1),
    ("DEPOSIT", 1),
)
_ONE_BACK = ReturnLine(line=2, quantity=1)


class _Broken(Exception):
    """The walk cannot go on: something was answered otherwise than it should."""


async def check(
    base_url: str, till_key: str, admin_key: str, out: Callable[[str], None], card: str
) -> int:
    """Walk through a sale and its returns with a member's card; 0 if every step holds, else 1.

    base_url  as in http://127.0.0.1:8321, without a slash at the end
    card      a registered member's; afterwards its balance is what it was
    out       gets text of one or more lines, without a newline at the end
    """
    walk = _Walk(base_url.rstrip("/"), till_key, admin_key, out, card)
    try:
        await walk.through()
    except (_Broken, OSError, msgspec.MsgspecError) as why:
        out(f"\nFAILED at step {walk.number}, {walk.title}:\n  {why}")
        return 1
    out(f"\nAll {walk.number} steps hold.")
    return 0


class _Walk:
    """Where the walk stands: the step, and the words of this run."""

    def __init__(
        self, base_url: str, till_key: str, admin_key: str, out: Callable[[str], None], card: str
    ) -> None:
        self.base_url, self.out, self.card = base_url, out, card
        self.till_key, self.admin_key = till_key, admin_key
        self.number, self.title, self.account = 0, "begin", ""
        # No proxy of the environment: the server is the one just started, on this machine.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.at = clock.local(datetime.now(UTC), TIME_ZONE).replace(microsecond=0)
        self.run = f"{datetime.now(UTC):%H%M%S%f}"

    async def through(self) -> None:
        """Every step, in the order of a till."""
        before = await self._identify("Who is it?")
        basket, dry = await self._dry()
        basket, quoted = await self._held(basket, dry)
        sold, raw = await self._confirm(basket, quoted)
        await self._retry(sold, raw)
        await self._return("One cappuccino comes back", sold, 1, (_ONE_BACK,))
        await self._return("The rest comes back", sold, 2, ())
        after = await self._identify("Is everything where it was?")
        self._expect(after == before, f"the balance was {before} points and is {after}")
        await self._history()

    async def _identify(self, title: str) -> int:
        self._step(title, "POST /v1/identify")
        raw = await self._post("/v1/identify", {"card": self.card})
        told = msgspec.json.decode(raw, type=Identified)
        self.account = str(told.account_id)
        self.out(
            f"card {self.card}\n{told.name or 'without a name'}, {told.balance.balance} points"
        )
        return told.balance.balance

    async def _dry(self) -> tuple[Receipt, Answer]:
        self._step("What would it cost?", "POST /v1/quotes, nothing is kept")
        basket = self._basket(None)
        raw = await self._post("/v1/quotes", Quote(basket, hold=False))
        answer = _answer(raw)
        self.out(slip.sold(basket, answer))
        self._expect(answer.kind == "quote", f"a quote was asked, a {answer.kind} answered")
        gives = {effect.mechanic for effect in answer.effects}
        self._expect("every_nth_free" in gives, "six cornetti, and none of them is free")
        return basket, answer

    async def _held(self, basket: Receipt, dry: Answer) -> tuple[Receipt, Answer]:
        could = dry.could_spend.points if dry.could_spend else 0
        if could >= 100:
            basket = self._basket(Spend(min(could, _SPEND)))
        asks = f"{basket.spend.points} points pay a part" if basket.spend else "no points to spend"
        self._step("Promise it", f"POST /v1/quotes with hold, {asks}")
        raw = await self._post("/v1/quotes", Quote(basket, hold=True), f"check-{self.run}-quote")
        answer = _answer(raw)
        self.out(slip.sold(basket, answer))
        self._expect(answer.held_until is not None, "the quote names no time until which it holds")
        return basket, answer

    async def _confirm(self, basket: Receipt, quoted: Answer) -> tuple[Receipt, bytes]:
        self._step("Confirm it", "POST /v1/receipts, naming the quote")
        sold = msgspec.structs.replace(basket, quote=str(quoted.id))
        raw = await self._post("/v1/receipts", sold, f"check-{self.run}")
        answer = _answer(raw)
        self.out(slip.sold(sold, answer))
        self._expect(not answer.differences, "the confirmed receipt differs from its quote")
        for word in ("to_pay_minor", "points_earned", "points_spent"):
            was, now = getattr(quoted, word), getattr(answer, word)
            self._expect(was == now, f"{word} was quoted as {was} and is {now}")
        return sold, raw

    async def _retry(self, sold: Receipt, first: bytes) -> None:
        self._step("The line was bad: send it again", "the same Idempotency-Key")
        again = await self._post("/v1/receipts", sold, f"check-{self.run}")
        self._expect(again == first, f"the second answer is another one: {again.decode()[:300]}")
        self.out(f"{len(again)} bytes, the same as before")

    async def _return(
        self, title: str, sold: Receipt, count: int, lines: tuple[ReturnLine, ...]
    ) -> None:
        self._step(title, "POST /v1/returns")
        day = self.at.date()
        back = Return(
            sale=ReceiptKey(sold.store, sold.till, day, sold.shift, sold.number), store=sold.store,
            till=sold.till, number=f"{self.run}-{count}", happened_at=self.at, lines=lines,
            business_date=day, reason="check",
        )  # fmt: skip
        raw = await self._post("/v1/returns", back, f"check-{self.run}-{count}")
        answer = _answer(raw)
        self.out(slip.returned(sold, back, answer))
        self._expect(answer.refund_minor > 0, "goods came back and no money is given back")
        self._expect(bool(lines) or answer.to_pay_minor == 0, "something is still to be paid")

    async def _history(self) -> None:
        self._step("What does the office see?", "GET /v1/accounts/{account_id}/receipts")
        raw = await self._get(f"/v1/accounts/{self.account}/receipts?limit=3")
        told = msgspec.json.decode(raw, type=Page).items
        for item in told:
            points = item.points_earned - item.points_spent
            self.out(
                f"{item.happened_at:%Y-%m-%d %H:%M}  {item.kind:<8}"
                f"{in_words(item.to_pay_minor, CURRENCY):>14}{points:>+9} points"
            )
        mine = [item.kind for item in told if item.number.startswith(self.run)]
        self._expect(mine == ["return", "return", "sale"], f"of this walk only {mine} are there")
        points = sum(item.points_earned - item.points_spent for item in told)
        self._expect(points == 0, f"the walk's points sum to {points} instead of 0")

    def _basket(self, spend: Spend | None) -> Receipt:
        lines = basket_lines()
        return Receipt(
            store=STORE, till="9", number=self.run, happened_at=self.at, currency=CURRENCY,
            lines=lines, total_minor=sum(line.total() for line in lines), card=self.card,
            business_date=self.at.date(), cashier_id="T1", card_scan_offset=0, spend=spend,
        )  # fmt: skip

    def _step(self, title: str, how: str) -> None:
        self.number, self.title = self.number + 1, title
        self.out(f"\n{self.number}. {title}  ({how})\n")

    def _expect(self, holds: bool, why: str) -> None:
        if not holds:
            raise _Broken(why)

    async def _post(self, path: str, body: Any, key: str = "") -> bytes:
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        return await self._call(self.till_key, "POST", path, msgspec.json.encode(body), headers)

    async def _get(self, path: str) -> bytes:
        return await self._call(self.admin_key, "GET", path, None, {})

    async def _call(
        self, token: str, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> bytes:
        headers = headers | {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(self.base_url + path, body, headers, method=method)
        return await asyncio.to_thread(self._send, request)

    def _send(self, request: urllib.request.Request) -> bytes:
        try:
            with self.opener.open(request, timeout=_TIMEOUT_S) as reply:
                return bytes(reply.read())
        except urllib.error.HTTPError as error:
            raise _Broken(_refused(request, error)) from None


def basket_lines() -> tuple[Line, ...]:
    """The basket of the walk: a breakfast for the office, with one cornetto on the house."""
    known = {product.sku: product for product in products()}
    return tuple(line_of(known[sku], units) for sku, units in _BASKET)


def _answer(raw: bytes) -> Answer:
    return msgspec.json.decode(raw, type=Answer)


def _refused(request: urllib.request.Request, error: urllib.error.HTTPError) -> str:
    """A problem document in one sentence; anything else as it came."""
    raw = error.read()
    path = urlsplit(request.full_url).path
    try:
        told = msgspec.json.decode(raw)
        words = f"{told['code']} {told.get('field', '')}: {told['why']}; {told['cure']}"
    except (msgspec.DecodeError, KeyError, TypeError):
        words = raw.decode(errors="replace")[:300]
    return f"{request.method} {path} answered {error.code} {words}"
