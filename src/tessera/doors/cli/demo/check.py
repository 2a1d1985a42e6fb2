"""A walk over real HTTP: a sale and its returns, somebody new, an event, why and why not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta
from random import Random

import msgspec
from msgspec import UNSET

from tessera.base import clock
from tessera.base.money import in_words
from tessera.checkout.core import Answer, Event, Page, Quote, Told
from tessera.doors.cli import slip
from tessera.doors.cli.demo import people
from tessera.doors.cli.demo.basket import line_of
from tessera.doors.cli.demo.build import PREFIX, SPARE, DemoSummary
from tessera.doors.cli.demo.catalogue import products
from tessera.doors.cli.demo.chain import CURRENCY, TIME_ZONE, stores
from tessera.doors.cli.demo.till import Broken, Till
from tessera.doors.till.checkout import Identified
from tessera.doors.till.membership import RegisteredMember
from tessera.doors.till.program import Current
from tessera.members.core import DIGITS, card_number
from tessera.rules.core.settings import Control, draw
from tessera.warehouse.core import Line, Receipt, ReceiptKey, Return, ReturnLine, Spend

STORE = stores(1)[0].id
_SPEND = 200  # points, if the member has so many
_BREAKFAST = (
    ("CORNETTO", 6),
    ("CAPPUCCINO", 10),
    ("PIZZA-BIANCA", 320),
    ("CHINOTTO", 1),
    ("DEPOSIT", 1),
)
_AFTERNOON = (("CAPPUCCINO", 2), ("SFOGLIATELLA", 2), ("OLIO-EVO", 1), ("RIGATONI", 2))
_THURSDAY = (3, time(15, 30))  # when coffee and larder both count several times
_BOTTLE_BACK = (ReturnLine(line=4, quantity=1), ReturnLine(line=5, quantity=1))


async def check(base_url: str, summary: DemoSummary, out: Callable[[str], None]) -> int:
    """Walk through the shop as a till would; 0 if every step holds, else 1.

    base_url  as in http://127.0.0.1:8321, without a slash at the end
    summary   of the shop: its keys, a regular's card (whose balance is afterwards what it was) and
              a spare one (each walk makes a member)
    out       gets text of one or more lines, without a newline at the end
    """
    till = Till(base_url.rstrip("/"), summary.till_keys[STORE], summary.admin_key)
    walk = _Walk(till, out, summary.card, summary.spare)
    try:
        await walk.through()
    except (Broken, OSError, msgspec.MsgspecError) as why:
        out(f"\nFAILED at step {walk.number}, {walk.title}:\n  {why}")
        return 1
    out(f"\nAll {walk.number} steps hold.")
    return 0


class _Walk:
    """Where the walk stands: the step, who stands at the till, and the words of this run."""

    def __init__(self, till: Till, out: Callable[[str], None], card: str, spare: str) -> None:
        self.till, self.out, self.card, self.spare = till, out, card, spare
        self.number, self.title, self.account = 0, "begin", ""
        self.at = clock.local(datetime.now(UTC), TIME_ZONE).replace(microsecond=0)
        self.run = f"{datetime.now(UTC):%H%M%S%f}"

    async def through(self) -> None:
        """Every step, in the order of a till."""
        before = await self._identify("Who is it?")
        basket, dry = await self._dry()
        basket, quoted = await self._held(basket, dry)
        sold, raw = await self._confirm(basket, quoted)
        await self._retry(sold, raw)
        await self._return("A bottle comes back", sold, 1, _BOTTLE_BACK)
        await self._return("The rest comes back", sold, 2, ())
        after = await self._identify("Is everything where it was?")
        _expect(after == before, f"the balance was {before} points and is {after}")
        await self._history()
        await self._thursday()
        await self._join()
        first = await self._first()
        await self._survey()
        await self._why_not(first)

    # A regular ---------------------------------------------------------------------------------

    async def _identify(self, title: str) -> int:
        self._step(title, "POST /v1/identify")
        raw = await self.till.post("/v1/identify", {"card": self.card})
        told = msgspec.json.decode(raw, type=Identified)
        self.account = str(told.account_id)
        self.out(
            f"card {self.card}\n{told.name or 'without a name'}, {told.balance.balance} points"
        )
        return told.balance.balance

    async def _dry(self) -> tuple[Receipt, Answer]:
        self._step("What would a breakfast for the office cost?", "POST /v1/quotes, nothing kept")
        basket = self._basket(basket_lines())
        answer = _answer(await self.till.post("/v1/quotes", Quote(basket, hold=False)))
        self.out(slip.sold(basket, answer))
        _expect(answer.kind == "quote", f"a quote was asked, a {answer.kind} answered")
        _expect_gave(answer, "every_nth_free", "stamp_card", "base_rate")
        return basket, answer

    async def _held(self, basket: Receipt, dry: Answer) -> tuple[Receipt, Answer]:
        could = dry.could_spend.points if dry.could_spend else 0
        if could >= 100:
            basket = msgspec.structs.replace(basket, spend=Spend(min(could, _SPEND)))
        asks = f"{basket.spend.points} points pay a part" if basket.spend else "no points to spend"
        self._step("Promise it", f"POST /v1/quotes with hold, {asks}")
        key = f"check-{self.run}-quote"
        answer = _answer(await self.till.post("/v1/quotes", Quote(basket, hold=True), key))
        self.out(slip.sold(basket, answer))
        _expect(answer.held_until is not None, "the quote names no time until which it holds")
        return basket, answer

    async def _confirm(self, basket: Receipt, quoted: Answer) -> tuple[Receipt, bytes]:
        self._step("Confirm it", "POST /v1/receipts, naming the quote")
        sold = msgspec.structs.replace(basket, quote=str(quoted.id))
        raw = await self.till.post("/v1/receipts", sold, f"check-{self.run}")
        answer = _answer(raw)
        self.out(slip.sold(sold, answer))
        _expect(not answer.differences, "the confirmed receipt differs from its quote")
        for word in ("to_pay_minor", "points_earned", "points_spent"):
            was, now = getattr(quoted, word), getattr(answer, word)
            _expect(was == now, f"{word} was quoted as {was} and is {now}")
        return sold, raw

    async def _retry(self, sold: Receipt, first: bytes) -> None:
        self._step("The line was bad: send it again", "the same Idempotency-Key")
        again = await self.till.post("/v1/receipts", sold, f"check-{self.run}")
        _expect(again == first, f"the second answer is another one: {again.decode()[:300]}")
        self.out(f"{len(again)} bytes, the same as before")

    async def _return(
        self, title: str, sold: Receipt, count: int, lines: tuple[ReturnLine, ...]
    ) -> None:
        self._step(title, "POST /v1/returns")
        day = self.at.date()
        back = Return(
            sale=ReceiptKey(sold.store, sold.till, day, sold.shift, sold.number), store=sold.store,
            till=sold.till, number=f"{self.run}-{count}", happened_at=self.at, lines=lines or UNSET,
            business_date=day, reason="check",
        )  # fmt: skip
        answer = _answer(await self.till.post("/v1/returns", back, f"check-{self.run}-{count}"))
        self.out(slip.returned(sold, back, answer))
        _expect(answer.refund_minor > 0, "goods came back and no money is given back")
        _expect(bool(lines) or answer.to_pay_minor == 0, "something is still to be paid")

    async def _history(self) -> None:
        self._step("What does the office see?", "GET /v1/accounts/{account_id}/receipts")
        raw = await self.till.get(f"/v1/accounts/{self.account}/receipts?limit=3")
        told = msgspec.json.decode(raw, type=Page).items
        for item in told:
            points = item.points_earned - item.points_spent
            self.out(
                f"{item.local_at:%Y-%m-%d %H:%M}  {item.kind:<8}"
                f"{in_words(item.to_pay_minor, CURRENCY):>14}{points:>+9} points"
            )
        mine = [item.kind for item in told if item.number.startswith(self.run)]
        _expect(mine == ["return", "return", "sale"], f"of this walk only {mine} are there")
        points = sum(item.points_earned - item.points_spent for item in told)
        _expect(points == 0, f"the walk's points sum to {points} instead of 0")

    async def _thursday(self) -> None:
        self._step("And on a Thursday afternoon?", "POST /v1/quotes, of last Thursday at 15:30")
        basket = self._basket(lines_of(_AFTERNOON), _last(self.at, *_THURSDAY))
        answer = _answer(await self.till.post("/v1/quotes", Quote(basket, hold=False)))
        self.out(slip.sold(basket, answer))
        _expect_gave(answer, "multiplier")

    # Somebody new ------------------------------------------------------------------------------

    async def _join(self) -> None:
        self._step("Somebody joins, today is their birthday", "POST /v1/members")
        name = people.name(Random(self.run))
        program = msgspec.json.decode(await self.till.get("/v1/program"), type=Current).program
        control = msgspec.convert(program.get("control"), Control | None)
        for n in range(SPARE):
            card = card_number(PREFIX, int(self.spare[len(PREFIX) : DIGITS]) - n)
            member = await self._registered(card, name, f"check-{self.run}-join-{n}")
            if member is None:
                continue
            self.out(f"card {card}\n{name.given} {name.family}")
            self.card, self.account = card, str(member.account_id)
            if control is None or draw(control.salt, member.member_id.hex) >= control.percent * 100:
                return
            self.out("by lot of the control group, which gets points for money alone: one more")
        raise Broken("no card is left that nobody has")

    async def _registered(
        self, card: str, name: people.Name, key: str
    ) -> RegisteredMember | None:  # fmt: skip
        """The new member; None if somebody has that card."""
        body = {
            "identifiers": [{"kind": "card", "value": card}],
            "given_name": name.given, "family_name": name.family, "language": "it",
            "born_on": self.at.date().replace(year=1984),  # a year that has every day
            "attributes": {"gender": name.gender, "children": 1},
        }  # fmt: skip
        try:
            raw = await self.till.post("/v1/members", body, key)
        except Broken as no:
            if no.code != "identifier_taken":
                raise
            return None
        return msgspec.json.decode(raw, type=RegisteredMember)

    async def _first(self) -> Answer:
        self._step("Their first breakfast for the office", "POST /v1/checkout, in one call")
        basket = msgspec.structs.replace(self._basket(basket_lines()), number=f"{self.run}-3")
        answer = _answer(await self.till.post("/v1/checkout", basket))
        self.out(slip.sold(basket, answer))
        _expect_gave(answer, "stamp_card", "birthday_gift", "fixed_points", "profile_complete")
        return answer

    async def _survey(self) -> None:
        self._step("They answer a survey", "POST /v1/events")
        event = Event(
            type="survey_answered", id=f"check-{self.run}", happened_at=self.at, card=self.card,
            store=STORE, data={"score": 9},
        )  # fmt: skip
        answer = _answer(await self.till.post("/v1/events", event, f"check-{self.run}-survey"))
        self.out("\n".join(("survey_answered, score 9", *answer.screen)))
        _expect_gave(answer, "event_gift")

    async def _why_not(self, sold: Answer) -> None:
        self._step(
            "Why did the others give nothing?", "GET /v1/receipts/{receipt_id}?explain=all"
        )  # fmt: skip
        raw = await self.till.get(f"/v1/receipts/{sold.id}?explain=all")
        told = msgspec.json.decode(raw, type=Told)
        for silent in told.silent:
            self.out(f"{silent.rule:<15}{silent.why}")
        heard = [each.rule for each in told.effects] + [each.rule for each in told.silent]
        _expect(len(heard) == len(set(heard)), "a rule is heard twice")
        _expect(len(told.silent) > len(told.effects), "rules are missing that gave nothing")

    # Of every step -----------------------------------------------------------------------------

    def _basket(self, lines: tuple[Line, ...], at: datetime | None = None) -> Receipt:
        when = at or self.at
        return Receipt(
            store=STORE, till="9", number=self.run, happened_at=when, currency=CURRENCY,
            lines=lines, total_minor=sum(line.total() for line in lines), card=self.card,
            business_date=when.date(), cashier_id="T1", card_scan_offset=0,
        )  # fmt: skip

    def _step(self, title: str, how: str) -> None:
        self.number, self.title = self.number + 1, title
        self.out(f"\n{self.number}. {title}  ({how})\n")


def basket_lines() -> tuple[Line, ...]:
    """The basket of the walk: a breakfast for the office."""
    return lines_of(_BREAKFAST)


def lines_of(goods: Sequence[tuple[str, int]]) -> tuple[Line, ...]:
    """Lines of (SKU, units) at the catalogue's prices."""
    known = {product.sku: product for product in products()}
    return tuple(line_of(known[sku], units) for sku, units in goods)


def _last(now: datetime, weekday: int, hour: time) -> datetime:
    """The last time that it was this weekday and hour."""
    at = datetime.combine(now.date() - timedelta((now.weekday() - weekday) % 7), hour)
    then = clock.local(at.replace(tzinfo=now.tzinfo), TIME_ZONE)
    return then if then <= now else _last(now - timedelta(days=1), weekday, hour)


def _expect(holds: bool, why: str) -> None:
    if not holds:
        raise Broken(why)


def _expect_gave(answer: Answer, *mechanics: str) -> None:
    gave = {effect.mechanic for effect in answer.effects}
    _expect(gave >= set(mechanics), f"of {', '.join(mechanics)} only {sorted(gave)} gave")


def _answer(raw: bytes) -> Answer:
    return msgspec.json.decode(raw, type=Answer)
