"""Two years of a small shop, made up: pure, seeded, told in time order."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from tessera.doors.cli.demo import people
from tessera.doors.cli.demo.basket import Habits, fill, habits
from tessera.warehouse.core import (
    Receipt,
    ReceiptKey,
    Return,
    ReturnLine,
    Spend,
    Store,
)

CURRENCY = "EUR"
TIME_ZONE = "Europe/Rome"
DAYS = 730
STORES = (
    Store("TRASTEVERE", "Bottega Tessera Trastevere", TIME_ZONE),
    Store("PRATI", "Bottega Tessera Prati", TIME_ZONE),
    Store("ONLINE", "Bottega Tessera online", TIME_ZONE),
)
_TILLS = (("1", "2", "3"), ("1", "2"), ("WEB",))
_STORE_SHARE = (52, 36, 12)
_ONLINE = 2
_DAY_S = 86_400
# Visits by month, January first, in per cent of an average one: Rome is empty in August.
_SEASON = (92, 95, 100, 103, 106, 100, 92, 66, 103, 106, 104, 133)
_WEEKDAY = (96, 95, 98, 101, 112, 124, 74)
_HOURS = (7, 8, 8, 9, 10, 12, 13, 13, 16, 17, 18, 18, 19)


class Registered(Struct, frozen=True):
    """Somebody filled in the form. `at` carries the shop's offset; every other card is a shadow."""

    card: str
    given_name: str
    family_name: str
    born_on: date
    email: str
    store: str
    at: datetime


Event = Registered | Receipt | Return


class _Member(NamedTuple):
    """Somebody's rhythm. since_s, until_s: seconds from the first day's midnight, on the wall.

    visits      expected, over the whole time
    regularity  shape of the gaps: 1 is pure chance, 8 is like clockwork
    spends      pays with points now and then
    """

    card: str
    registered: bool
    since_s: int
    until_s: int
    visits: float
    regularity: float
    store: int
    hour: int
    usual: Habits
    entry: Literal["scan", "typed", "app"]
    spends: bool


class _Back(NamedTuple):
    """A return to come: when, in which order, of what, at which store. No lines: all there is."""

    at_s: int
    order: int
    sale: Receipt
    store: int
    lines: tuple[ReturnLine, ...]


def shop(
    chance: Random, end: date, cards: Sequence[str], receipts: int = 60_000, days: int = DAYS
) -> Iterator[Event]:
    """What happened up to and with the day `end`: registrations, sales, returns.

    shape   one member per card, exactly `receipts` sales, a return for about 3 % of them; time
            never goes back, a sale comes before its returns and a registration before its card
    units   cents (EUR); `Receipt.spend` is what the member would like to spend, not a balance
    errors  AssertionError unless there are cards, receipts and days
    """
    assert cards and receipts > 0 and days > 0, "a shop needs cards, receipts and days"
    return _Telling(chance, end - timedelta(days=days - 1), days, cards, receipts).events()


class _Telling:
    """The state of one telling: till counters and returns still to come."""

    def __init__(
        self, chance: Random, first: date, days: int, cards: Sequence[str], receipts: int
    ) -> None:
        self.chance, self.days = chance, days
        self.midnight = datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(TIME_ZONE))
        self.busy = [_busy(first + timedelta(days=i)) for i in range(days)]
        self.cards, self.receipts = cards, receipts
        self.numbers: dict[tuple[int, str], int] = {}
        self.day = -1
        self.back: list[_Back] = []
        self.order = 0

    def events(self) -> Iterator[Event]:
        """Everything, in time order."""
        members = self._members()
        diary = [
            (member.since_s or -int(self.chance.random() * 300 * _DAY_S), -1, index)
            for index, member in enumerate(members)
            if member.registered
        ]
        diary += self._visits(members)
        diary.sort()
        for at_s, kind, index in diary:
            while self.back and self.back[0].at_s <= at_s:
                yield self._return(heapq.heappop(self.back))
            if kind < 0:
                yield self._registered(members[index], index, at_s)
            else:
                yield self._sale(at_s, kind, members[index] if index >= 0 else None)
        while self.back:
            yield self._return(heapq.heappop(self.back))

    def _members(self) -> list[_Member]:
        """Habits of everybody; a tenth never registers their card."""
        chance, count, end_s = self.chance, len(self.cards), self.days * _DAY_S
        shadows = set(chance.sample(range(count), count // 10))
        found = []
        for index, card in enumerate(self.cards):
            since = 0 if chance.random() < 0.45 else int(chance.uniform(0, 0.95 * end_s))
            lapses = chance.random() < 0.25
            until = int(chance.uniform(since, end_s)) if lapses else end_s
            often = min(chance.lognormvariate(-3.2, 1.0), 0.8)  # visits a day
            registered = index not in shadows
            found.append(
                _Member(
                    card, registered, since, until, often * (until - since) / _DAY_S,
                    chance.uniform(1, 8), chance.choices((0, 1, 2), _STORE_SHARE)[0],
                    chance.choice(_HOURS), habits(chance),
                    chance.choices(("scan", "app", "typed"), (68, 26, 6))[0],
                    registered and chance.random() < 0.3,
                )
            )  # fmt: skip
        return found

    def _visits(self, members: Sequence[_Member]) -> list[tuple[int, int, int]]:
        """(second, store, member or -1), so many as there are receipts; about 15 % without card."""
        wanted = -(-self.receipts * 87 // 100)  # who lapses misses some: 85 % come about
        whole = sum(member.visits for member in members) * sum(self.busy) / (100 * self.days)
        found = [
            visit
            for index, member in enumerate(members)
            for visit in self._rhythm(member, index, wanted / max(whole, 1))
        ]
        if len(found) > self.receipts:
            found = self.chance.sample(found, self.receipts)
        passing = self.receipts - len(found)
        growing = accumulate(busy * (self.days + day) for day, busy in enumerate(self.busy))
        weights = list(growing)
        for day in self.chance.choices(range(self.days), cum_weights=weights, k=passing):
            store = self.chance.choices((0, 1, 2), _STORE_SHARE)[0]
            found.append((self._clock(day, self.chance.choice(_HOURS), store), store, -1))
        return found

    def _rhythm(self, member: _Member, index: int, scale: float) -> Iterator[tuple[int, int, int]]:
        """One member's visits: gaps of their own, shorter in busy times."""
        chance, lives_s = self.chance, member.until_s - member.since_s
        if lives_s <= 0:
            return
        mean_s = lives_s / (member.visits * scale)
        at = member.since_s + chance.random() * mean_s
        while at < member.until_s:
            day = int(at) // _DAY_S
            store = member.store if chance.random() < 0.88 else chance.choice((0, 1))
            yield max(self._clock(day, member.hour, store), member.since_s), store, index
            gap = chance.gammavariate(member.regularity, mean_s / member.regularity)
            at += gap * 100 / self.busy[day]

    def _clock(self, day: int, hour: int, store: int) -> int:
        """About that hour, while the shop is open (7 to 20; online 6 to 23): seconds."""
        second = int(self.chance.gauss(hour * 3600 + 1800, 2400))
        first, last = (6, 23) if store == _ONLINE else (7, 20)
        return day * _DAY_S + min(max(second, first * 3600), last * 3600 - 1)

    def _at(self, at_s: int) -> datetime:
        # On the wall, so that seven is seven in summer too; nobody buys while the clocks change.
        return self.midnight + timedelta(seconds=at_s)

    def _number(self, at_s: int, store: int, till: str) -> str:
        """Tills count from 1 every day, sales and returns alike."""
        if at_s // _DAY_S != self.day:
            self.day = at_s // _DAY_S
            self.numbers.clear()
        number = self.numbers.get((store, till), 0) + 1
        self.numbers[store, till] = number
        return str(number)

    def _registered(self, member: _Member, index: int, at_s: int) -> Registered:
        given, family = people.name(self.chance)
        born = date(1945, 1, 1) + timedelta(days=int(self.chance.random() * 22_000))
        mail = people.email(given, family, index + 1)
        store = STORES[member.store].id
        return Registered(member.card, given, family, born, mail, store, self._at(at_s))

    def _sale(self, at_s: int, store: int, member: _Member | None) -> Receipt:
        chance, online = self.chance, store == _ONLINE
        hour = at_s % _DAY_S // 3600
        lines = fill(chance, member.usual if member else None, hour, online)
        scanned = int(chance.random() ** 2 * len(lines)) if member and not online else None
        total = sum([line.total() for line in lines])
        till = chance.choice(_TILLS[store])
        at = self._at(at_s)
        wish = total >= 400 and member is not None and member.spends and chance.random() < 0.25
        sold = Receipt(
            store=STORES[store].id, till=till, number=self._number(at_s, store, till),
            happened_at=at, currency=CURRENCY, lines=lines, total_minor=total,
            business_date=at.date(), card=member.card if member else None,
            cashier_id=_cashier(store, till, at_s),
            entry_mode="online" if online else member.entry if member else "scan",
            card_scan_offset=scanned,
            spend=Spend(100 * chance.randint(1, 12)) if wish else None,
        )  # fmt: skip
        if chance.random() < 0.0305:
            self._plan_return(sold, at_s, store)
        return sold

    def _plan_return(self, sold: Receipt, at_s: int, store: int) -> None:
        """Some come back whole, most by the line; now and then the rest follows."""
        chance = self.chance
        if any(line.kind == "gift_card" for line in sold.lines):
            return
        desk = chance.choice((0, 1, 2)) if store == _ONLINE else store
        first_s = self._later(at_s, desk)
        if chance.random() < 0.35:
            self._push(first_s, sold, desk, ())
            return
        index = int(chance.random() * len(sold.lines))
        line = sold.lines[index]
        units = line.quantity if line.unit != "piece" else chance.randint(1, line.quantity)
        self._push(first_s, sold, desk, (ReturnLine(index + 1, units),))
        if (len(sold.lines) > 1 or units < line.quantity) and chance.random() < 0.15:
            self._push(self._later(first_s, desk), sold, desk, ())

    def _later(self, at_s: int, store: int) -> int:
        """Some later day, at an open hour."""
        day = at_s // _DAY_S + 1 + int(self.chance.expovariate(0.25))
        return self._clock(day, self.chance.choice(_HOURS), store)

    def _push(self, at_s: int, sale: Receipt, store: int, lines: tuple[ReturnLine, ...]) -> None:
        self.order += 1
        if at_s < self.days * _DAY_S:  # later ones are another story
            heapq.heappush(self.back, _Back(at_s, self.order, sale, store, lines))

    def _return(self, back: _Back) -> Return:
        sale, at = back.sale, self._at(back.at_s)
        till = _TILLS[back.store][0]
        assert sale.business_date is not None, "every sale here says its day"
        return Return(
            sale=ReceiptKey(sale.store, sale.till, sale.business_date, sale.shift, sale.number),
            store=STORES[back.store].id, till=till,
            number=self._number(back.at_s, back.store, till), happened_at=at, lines=back.lines,
            business_date=at.date(), cashier_id=_cashier(back.store, till, back.at_s),
            reason=self.chance.choice(("damaged", "wrong article", "changed their mind")),
        )  # fmt: skip


def _busy(day: date) -> int:
    """How busy a day is, in per cent of an average one."""
    return _SEASON[day.month - 1] * _WEEKDAY[day.weekday()] // 100


def _cashier(store: int, till: str, at_s: int) -> str:
    """Five people per store take turns by till and half day; nobody sits online."""
    if store == _ONLINE:
        return ""
    half_days = at_s // (_DAY_S // 2)
    return f"{STORES[store].id[0]}{(half_days * 2 + int(till)) % 5 + 1}"
