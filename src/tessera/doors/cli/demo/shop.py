"""Years of a small chain of shops, made up: pure, seeded, told day by day in time order.

Of the past it keeps only which members come next on which day, and what is still to come back: its
memory grows with members and a day's receipts, not with the years.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from itertools import accumulate
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct

from tessera.checkout.core import Event
from tessera.doors.cli.demo import people, rhythm
from tessera.doors.cli.demo.basket import Offers, Visit, fill, leaflet
from tessera.doors.cli.demo.chain import CURRENCY, ONLINE, TIME_ZONE, cashier, stores, tills
from tessera.doors.cli.demo.likeness import Purchase
from tessera.doors.cli.demo.members import DAY_S, Crowd, Label, Member, member
from tessera.doors.cli.demo.rhythm import Arrival, arrivals, first_day, next_day, open_from
from tessera.doors.cli.demo.seasons import calendar
from tessera.warehouse.core import Payment, Receipt, ReceiptKey, Return, ReturnLine, Spend

_KEPT_MEMBERS = 10_000  # at hand; the others are made again when they come
_PASSERS = 0.176  # receipts without a card, for each with one: 15 % of all
_ERRANDS = tuple(accumulate((44, 24, 12, 32, 3)))  # of passers-by, as MISSIONS
_HOURS = {"bar": 8.4, "lunch": 13.1, "treat": 16.6, "larder": 17.3, "online": 20.3}
_RETURNED = 0.027  # of the receipts
_SURVEYED, _REVIEWED = 0.14, 0.05  # of the receipts of members who answer such things
_SCORES = (3, 2, 2, 2, 3, 5, 8, 16, 26, 20, 13)  # how often 0 to 10
_STARS = (4, 4, 10, 30, 52)  # how often 1 to 5
_REASONS = ("damaged", "wrong article", "changed their mind")

Number = Callable[[Label, int], str]


class Registered(Struct, frozen=True):
    """Somebody filled in the form. `at` carries the shop's offset; every other card is a shadow."""

    card: str
    given_name: str
    family_name: str
    born_on: date | None
    email: str
    at: datetime
    attributes: dict[str, bool | int | str]
    favourites: tuple[str, ...]


class Returned(Struct, frozen=True):
    """Goods come back; `card` is the sale's, None where none was shown."""

    what: Return
    card: str | None


Happening = Registered | Receipt | Returned | Event


class _Buys(NamedTuple):
    """A basket to come. `who` is the member's number, -1 a passer-by."""

    who: int
    arrival: Arrival


class _Back(NamedTuple):
    """A return to come: of what, at which store, which lines. No lines: all there is."""

    sale: Receipt
    store: int
    lines: tuple[ReturnLine, ...]


class _Joins(NamedTuple):
    """A form to come."""

    who: int


class _Happens(NamedTuple):
    """An event to come: at the door, or after a purchase (of `sku`)."""

    type: str
    card: str
    store: int
    sku: str = ""


_Thing = _Buys | _Back | _Joins | _Happens


def shop(crowd: Crowd, number: Number) -> Iterator[Happening]:
    """What happened from the first day to the last: registrations, sales, returns, events.

    number  the card number of (label, serial), serials from 0
    shape   time never goes back; a sale comes before its returns, a member registers once
    units   cents (EUR); `Receipt.spend` is what the member would like to spend, not a balance
    errors  AssertionError unless there are members and days
    """
    assert crowd.members > 0 and crowd.days > 0, "a shop needs members and days"
    return _Telling(crowd, number).events()


def expected(crowd: Crowd, asked: int = 1_000) -> int:
    """About how many receipts such a story has, from some of its members; off by a tenth or so."""
    days, chance = calendar(crowd.first, crowd.days), Random(f"expected {crowd.seed}")
    some = [chance.randrange(crowd.members) for _ in range(asked)]
    if crowd.members <= asked:
        some = list(range(crowd.members))
    found = sum(len(list(rhythm.visits(chance, member(crowd, n), days))) for n in some)
    return round(found * crowd.members / len(some) * (1 + _PASSERS))


def purchases(happenings: Iterable[Happening]) -> Iterator[Purchase]:
    """The receipts among them, as far as habits go: goods only."""
    for each in happenings:
        if isinstance(each, Receipt):
            goods = [line.sku for line in each.lines if line.kind == "goods"]
            yield Purchase(each.card, each.happened_at, each.total_minor, goods)


class _Telling:
    """The state of one telling: who comes when, till counters, what is still to happen."""

    def __init__(self, crowd: Crowd, number: Number) -> None:
        self.crowd, self.number = crowd, number
        self.chance = Random(f"shop {crowd.seed}")
        self.days = calendar(crowd.first, crowd.days)
        self.stores = stores(crowd.members)
        self.member = lru_cache(_KEPT_MEMBERS)(partial(member, crowd))
        first = crowd.first
        self.midnight = datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(TIME_ZONE))
        self.pages: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))
        self.things: defaultdict[int, list[tuple[int, int, _Thing]]] = defaultdict(list)
        self.order = self.happened = 0
        self.newcomer = crowd.founders
        self.numbers: dict[tuple[int, str], int] = {}
        self.offers: Offers = {}

    def events(self) -> Iterator[Happening]:
        """Everything, in time order."""
        for index in range(self.crowd.founders):
            founder = self.member(index)
            if founder.registers is not None:
                yield self._registered(founder, founder.joins_s)
            self._expect(index, first_day(self.chance, founder))
        for day in range(self.crowd.days):
            self._begin(day)
            for at_s, _, thing in sorted(self.things.pop(day, ())):
                yield self._happening(at_s, thing)

    def _expect(self, index: int, day: int | None) -> None:
        if day is not None and day < self.crowd.days:
            self.pages[day].append(index)

    def _add(self, at_s: int, thing: _Thing) -> None:
        """Something is to happen; beyond the last day it is another story."""
        self.order += 1
        if at_s < self.crowd.days * DAY_S:
            self.things[at_s // DAY_S].append((at_s, self.order, thing))

    def _begin(self, day: int) -> None:
        """Who comes on this day, and when; from here on the day is known."""
        today = self.days[day]
        if today.weekday == 0 or not self.offers:
            code = f"W{today.on.isocalendar().week:02d}"
            self.offers = leaflet(Random(f"{self.crowd.seed} {today.on}"), code)
        self.numbers.clear()
        while self.newcomer < self.crowd.members:
            if self.member(self.newcomer).joins_s // DAY_S > day:
                break
            self.pages[day].append(self.newcomer)
            self.newcomer += 1
        came = sum([self._comes(index, day) for index in self.pages.pop(day, ())])
        for _ in range(int(came * _PASSERS * self.chance.uniform(0.7, 1.3) + self.chance.random())):
            self._passes(day)

    def _comes(self, index: int, day: int) -> int:
        """A member's visits of one day, and when the next one is; how many."""
        chance, one, count = self.chance, self.member(index), 1
        following = next_day(chance, one, self.days, day)
        while following == day and count < 4:
            count += 1
            following = next_day(chance, one, self.days, day)
        self._expect(index, day + 1 if following == day else following)
        found = arrivals(chance, one, self.days[day], day * DAY_S, count)
        if index >= self.crowd.founders and one.joins_s // DAY_S == day:
            self._signs(one, found[0].at_s)
        for arrival in found:
            self._add(arrival.at_s, _Buys(index, arrival))
            if one.checks_in and arrival.store != ONLINE and chance.random() < 0.35:
                card = self._card(one)
                at_s = arrival.at_s - chance.randint(60, 420)
                self._add(at_s, _Happens("check_in", card, arrival.store))
        return count

    def _signs(self, one: Member, first_s: int) -> None:
        """The form is filled in before the first purchase, or some days later."""
        if one.registers == 0:
            self._add(first_s - self.chance.randint(90, 600), _Joins(one.who))
        elif one.registers is not None:
            hour = self.chance.uniform(9, 21) * 3600
            self._add((one.joins_s // DAY_S + one.registers) * DAY_S + int(hour), _Joins(one.who))

    def _passes(self, day: int) -> None:
        """Somebody without a card."""
        chance, today = self.chance, self.days[day]
        mission = rhythm.errand(chance, _ERRANDS, today)
        store = ONLINE
        if mission != "online":
            store = int(chance.random() * (len(self.stores) - 1))
            store += store >= ONLINE
        at_s = day * DAY_S + rhythm.clock(chance, chance.gauss(_HOURS[mission], 1.2), store)
        self._add(at_s, _Buys(-1, Arrival(at_s, mission, store)))

    def _happening(self, at_s: int, thing: _Thing) -> Happening:
        match thing:
            case _Buys(who, arrival):
                return self._sale(arrival, self.member(who) if who >= 0 else None)
            case _Back():
                return self._return(at_s, thing)
            case _Joins(who):
                return self._registered(self.member(who), at_s)
            case _Happens():
                return self._event(at_s, thing)

    def _at(self, at_s: int) -> datetime:
        # On the wall, so that seven is seven in summer too; nobody buys while the clocks change.
        return self.midnight + timedelta(seconds=at_s)

    def _card(self, one: Member) -> str:
        return self.number(one.label, one.serial)

    def _number(self, store: int, till: str) -> str:
        """Tills count from 1 every day, sales and returns alike."""
        number = self.numbers[store, till] = self.numbers.get((store, till), 0) + 1
        return str(number)

    def _registered(self, one: Member, at_s: int) -> Registered:
        mail = people.email(one.name.given, one.name.family, one.who + 1)
        return Registered(
            self._card(one), one.name.given, one.name.family, one.born_on, mail, self._at(at_s),
            one.told, one.favourites,
        )  # fmt: skip

    def _sale(self, arrival: Arrival, one: Member | None) -> Receipt:
        chance, place, at = self.chance, arrival.store, self._at(arrival.at_s)
        today = self.days[arrival.at_s // DAY_S]
        tastes = one.tastes if one else None
        lines = fill(chance, Visit(arrival.mission, today, self.offers, tastes))
        total = sum([line.total() for line in lines])
        till, online = chance.choice(tills(place)), place == ONLINE
        sold = Receipt(
            store=self.stores[place].id, till=till, number=self._number(place, till),
            happened_at=at, currency=CURRENCY, lines=lines, total_minor=total,
            business_date=today.on, card=self._card(one) if one else None,
            cashier_id=cashier(self.stores[place], till, arrival.at_s),
            entry_mode="online" if online else one.entry if one else "scan",
            card_scan_offset=int(chance.random() ** 2 * len(lines)) if one and not online else None,
            spend=self._wish(one, arrival.at_s, total), channel="online" if online else "store",
            payments=self._payments(one, total, online),
        )  # fmt: skip
        if chance.random() < _RETURNED:
            self._plan_return(sold, arrival)
        if one is not None and one.answers:
            self._plan_answers(one, sold, arrival)
        return sold

    def _wish(self, one: Member | None, at_s: int, total: int) -> Spend | None:
        """Points somebody would like to pay with, in whole hundreds; registered members only."""
        if one is None or not one.spends or total < 400 or self.chance.random() > 0.25:
            return None
        signed = one.registers == 0 or one.who < self.crowd.founders
        if not signed and at_s // DAY_S <= one.joins_s // DAY_S + (one.registers or 0):
            return None
        return Spend(100 * self.chance.randint(1, 12))

    def _payments(self, one: Member | None, total: int, online: bool) -> tuple[Payment, ...]:
        """How it is paid: everybody has a way; now and then a banknote is too small."""
        chance = self.chance
        method = one.method if one else "cash" if chance.random() < 0.5 else "card"
        if online and method == "cash":
            method = "card"
        if method == "cash" and total > 3_000 and chance.random() < 0.1:
            return (Payment("cash", 2_000), Payment("card", total - 2_000))
        return (Payment(method, total),)

    def _plan_return(self, sold: Receipt, arrival: Arrival) -> None:
        """Some come back whole, most by the line; now and then the rest follows."""
        chance = self.chance
        if any(line.kind == "gift_card" for line in sold.lines):
            return
        desk = int(chance.random() < 0.4) if arrival.store == ONLINE else arrival.store
        first_s = self._later(arrival.at_s)
        if chance.random() < 0.35:
            self._add(first_s, _Back(sold, desk, ()))
            return
        index = int(chance.random() * len(sold.lines))
        line = sold.lines[index]
        units = line.quantity if line.unit != "piece" else chance.randint(1, line.quantity)
        self._add(first_s, _Back(sold, desk, (ReturnLine(index + 1, units),)))
        if (len(sold.lines) > 1 or units < line.quantity) and chance.random() < 0.15:
            self._add(self._later(first_s), _Back(sold, desk, ()))

    def _later(self, at_s: int) -> int:
        """Some later day on which the stores are open, at any hour."""
        day = open_from(self.days, at_s // DAY_S + 1 + int(self.chance.expovariate(0.25)))
        return day * DAY_S + rhythm.clock(self.chance, self.chance.uniform(9, 19), 0)

    def _return(self, at_s: int, back: _Back) -> Returned:
        sale, at = back.sale, self._at(at_s)
        till, desk = tills(back.store)[0], self.stores[back.store]
        assert sale.business_date is not None, "every sale here says its day"
        key = ReceiptKey(sale.store, sale.till, sale.business_date, sale.shift, sale.number)
        what = Return(
            sale=key, store=desk.id, till=till, number=self._number(back.store, till),
            happened_at=at, lines=back.lines or UNSET, business_date=at.date(),
            cashier_id=cashier(desk, till, at_s), reason=self.chance.choice(_REASONS),
        )  # fmt: skip
        return Returned(what, sale.card)

    def _plan_answers(self, one: Member, sold: Receipt, arrival: Arrival) -> None:
        """A survey the day after, a review within the week."""
        chance, card, day = self.chance, self._card(one), arrival.at_s // DAY_S
        if chance.random() < _SURVEYED:
            at_s = (day + 1) * DAY_S + int(chance.uniform(8, 22) * 3600)
            self._add(at_s, _Happens("survey_answered", card, arrival.store))
        if chance.random() < _REVIEWED:
            at_s = (day + chance.randint(1, 6)) * DAY_S + int(chance.uniform(8, 22) * 3600)
            sku = chance.choice(sold.lines).sku
            self._add(at_s, _Happens("review_written", card, arrival.store, sku))

    def _event(self, at_s: int, thing: _Happens) -> Event:
        self.happened += 1
        data: dict[str, bool | int | str] = {}
        if thing.type == "survey_answered":
            data["score"] = self.chance.choices(range(11), _SCORES)[0]
        elif thing.type == "review_written":
            data = {"stars": self.chance.choices(range(1, 6), _STARS)[0], "sku": thing.sku}
        return Event(
            type=thing.type, id=str(self.happened), source="app", happened_at=self._at(at_s),
            card=thing.card, store=self.stores[thing.store].id, data=data,
        )  # fmt: skip
