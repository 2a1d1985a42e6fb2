"""One seed, one short life of a shop: calls, retries, lost answers, deaths, time that passes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import msgspec

from faults.simulation import laws
from faults.simulation.laws import Before, Bought
from faults.simulation.scene import (
    BEGINNINGS,
    ENDING,
    PROGRAMS,
    Person,
    Promised,
    in_short,
    left,
    shortly,
    somebody,
)
from faults.simulation.tables import Bytes, Counter, said
from support.shop import OPERATIONS, PLACE, TILL
from tessera.access import core as access
from tessera.checkout.core.case import key_of
from tessera.checkout.core.words import Answer, Ask, Cancel, Event, Job, Quote, Shop
from tessera.ledger.core import wallet_id
from tessera.warehouse.core import Identifier, Line, Receipt, Return, ReturnLine, Spend


class Life:
    """One shop; `script` tells what happened, to be read when a law is broken."""

    def __init__(self, seed: int) -> None:
        self.chance, self.steps = Random(seed), 30 + seed % 31
        self.program = PROGRAMS[self.chance.choice(sorted(PROGRAMS))]
        self.now = self.chance.choice(BEGINNINGS) + timedelta(seconds=self.chance.random() * 86400)
        self.people = [somebody(self.chance, n) for n in range(self.chance.randint(1, 3))]
        owners = {Identifier("card", each.card): each.owner for each in self.people}
        shop = Shop(self.program, {PLACE.id: PLACE})
        self.house = Counter(shop, owners, self._ids())
        self.tables = self.house.tables
        self.sales: list[Bought] = []
        self.early: list[tuple[Receipt, Return]] = []
        self.promised: list[Promised] = []
        self.seen: dict[UUID, Before] = {}
        self.answered: list[tuple[Job, Bytes]] = []
        self.script = [f"seed {seed}: program {self.program.name}, {len(self.people)} people"]
        self.count = 0

    def _ids(self) -> Iterator[UUID]:
        while True:
            yield UUID(int=self.chance.getrandbits(128))

    def lead(self, steps: int) -> None:
        """So many steps, then the end of everything. Errors: AssertionError with the script."""
        try:
            for _ in range(steps):
                self.step()
            self.end()
        except Exception as broken:
            told = "\n".join(self.script)
            raise AssertionError(f"{type(broken).__name__}: {broken}\n{told}") from broken

    def step(self) -> None:
        """Something happens, and every law is asked."""
        self.now += timedelta(seconds=self.chance.choice((1, 30, 3600, 40_000, 86_400, 200_000)))
        doing = self.chance.choices(
            (self.buy, self.give_back, self.hold, self.confirm, self.walk_away, self.come_again,
             self.use_key_again, self.deliver, self.wait, self.too_early),
            (30, 16, 10, 10, 3, 6, 3, 5, 8, 5),
        )[0]  # fmt: skip
        doing()
        while awake := self.house.awake():
            self.settle_parked(awake[0])
        self.check()

    def check(self) -> None:
        """Sums, pins and plain arithmetic, for everybody."""
        for person in self.people:
            for id_ in (person.account, person.miles):
                if id_ in self.tables.accounts:
                    laws.check_sums(self.tables, id_)
            laws.check_pins(self.tables, person.account, self.now)
            if self.program.name in ENDING:
                laws.check_ends(self.tables, person.account)
            laws.check_balances(self.tables, person.account, person.miles, self.sales)

    # Calls ----------------------------------------------------------------------------------

    def job(self, ask: Ask, key: str = "") -> Job:
        self.count += 1
        prints = access.fingerprint(access.body_fields(ask))
        return Job(TILL, OPERATIONS[type(ask)], key or f"key {self.count}", ask, prints, self.now)

    def send(self, ask: Ask, key: str = "") -> Bytes | str:
        """A call that is made until an answer arrives: the process dies, the answer is lost."""
        job, lost = self.job(ask, key), None
        while True:
            fate = self.chance.random()
            if lost is None:
                self.look()
            outcome = self.house.settle([job], self.now, dies=fate < 0.08)[0]
            heard = said(outcome)
            self.tell(job, "dies" if fate < 0.08 else "lost" if fate < 0.2 else "", heard)
            if lost is not None:
                assert heard == lost, "the retry of a lost answer says the same"
            if fate >= 0.2:
                break
            if fate >= 0.08 and not isinstance(heard, str):
                lost = heard
            self.now += timedelta(seconds=self.chance.choice((1, 60, 1000)))
        if not isinstance(heard, str):
            self.answered.append((job, heard))
        return heard

    def look(self) -> None:
        """What everybody has before a call is decided, for the laws to compare with."""
        accounts = [person.account for person in self.people]
        self.seen = {each: Before.of(self.tables, each, self.now) for each in accounts}

    def tell(self, job: Job, fate: str, heard: Bytes | str) -> None:
        ask = job.ask
        what = heard if isinstance(heard, str) else f"{heard[0]} {shortly(heard[1])}"
        self.script.append(f"{self.now:%m-%d %H:%M:%S} {job.key} {fate} {in_short(ask)} -> {what}")

    def at(self) -> datetime:
        """When a till says that it happened: about now, or late, or its clock is wrong."""
        late_s = self.chance.choices((0, 30, 500_000, -600), (70, 15, 10, 5))[0]
        return self.now - timedelta(seconds=late_s * self.chance.random())

    def basket(self, person: Person | None, spend: int | None) -> Receipt:
        self.count += 1
        lines = tuple(
            Line(sku, self.chance.randint(1, 5), self.chance.choice((99, 250, 500, 1999)), "piece")
            for sku in self.chance.sample(("CAKE", "LATTE", "SOUP"), self.chance.randint(1, 3))
        )
        return Receipt(
            store=PLACE.id, till=self.chance.choice("12"), number=str(self.count), currency="EUR",
            lines=lines, happened_at=self.at(), total_minor=sum(each.total() for each in lines),
            card=person.card if person else None, spend=Spend(spend) if spend else None,
        )  # fmt: skip

    def asked(self, person: Person) -> int | None:
        """Points to spend: none, some, or a few more than there are."""
        if self.chance.random() < 0.4:
            return None
        free = sum(Before.of(self.tables, person.account, self.now).free(self.now).values())
        return self.chance.randint(1, free + 3)

    # Steps ----------------------------------------------------------------------------------

    def buy(self) -> None:
        person = self.chance.choice([*self.people, *self.people, None])
        self.sell(self.basket(person, self.asked(person) if person else None), person)

    def sell(self, ask: Receipt, person: Person | None, promised: Promised | None = None) -> None:
        """Confirm a receipt and see that it was taken or refused for the right reason."""
        heard = self.send(ask)
        before = self.seen[person.account] if person else None
        if isinstance(heard, str):
            self.check_refused(ask, person, before, heard)
            return
        told = msgspec.json.decode(heard[1], type=Answer)
        bought = Bought(told.id, ask, person.account if person else None, told.points_spent,
                        [line.quantity for line in ask.lines])  # fmt: skip
        self.sales.append(bought)
        wanted = min(ask.spend.points if ask.spend else 0, bought.minor(bought.kept))
        assert told.points_spent == wanted and told.points_earned == bought.worth()[0]
        if person is None or before is None:
            return
        assert self.tables.endings.get(promised.id if promised else None) in (  # type: ignore[arg-type]
            None, "captured", "released", "timed_out")  # fmt: skip
        captured = promised is not None and self.tables.endings.get(promised.id) == "captured"
        if not captured:
            there = before.free(ask.happened_at)
            there |= laws.carried(self.tables, person.account, before)
            assert wanted <= sum(there.values()), "spent what is not there"
        laws.check_spending(self.tables, person.account, before, ask.happened_at, captured)
        laws.check_sale(self.tables, bought)
        if self.program.net_debt and not self.program.pending:
            laws.check_debt(self.tables, person.account, before, bought.id)

    def check_refused(
        self, ask: Receipt, person: Person | None, before: Before | None, code: str
    ) -> None:
        """A receipt is refused for points only, and only if they are not there."""
        assert ask.spend is not None and person is not None and before is not None, code
        if person.owner.registered:
            assert code == "points_short", code
            there = sum(before.free(ask.happened_at).values())
            assert ask.spend.points > there - before.debt, "refused what is there"

    def hold(self) -> None:
        """A quote whose points are kept; now and then some of them are about to expire."""
        person = self.chance.choice(self.people)
        border = self.border()
        if border is not None and self.chance.random() < 0.4:
            self.now = max(self.now, border - timedelta(hours=self.chance.randint(1, 20)))
        basket = self.basket(person, self.asked(person))
        heard = self.send(Quote(basket, True))
        free = self.seen[person.account].free(basket.happened_at)
        asked = basket.spend.points if basket.spend else 0
        if isinstance(heard, str):
            assert asked > sum(free.values()) or not person.owner.registered, heard
            return
        told = msgspec.json.decode(heard[1], type=Answer)
        assert asked <= sum(free.values()) and told.held_until is not None
        self.promised.append(Promised(told.id, basket, person, told.held_until))

    def confirm(self) -> None:
        """The basket of a quote is paid: as it was, or changed, in time or not."""
        if not self.promised:
            return self.buy()
        given = self.promised.pop(self.chance.randrange(len(self.promised)))
        ask = msgspec.structs.replace(given.basket, quote=given.id)
        if self.chance.random() < 0.2:
            ask = msgspec.structs.replace(self.basket(given.person, None), quote=given.id)
        return self.sell(ask, given.person, given)

    def walk_away(self) -> None:
        if self.promised:
            given = self.promised.pop()
            heard = self.send(Cancel(given.id))
            assert not isinstance(heard, str), heard

    def give_back(self) -> None:
        """Units of a sale come back; sometimes more than are left."""
        if not self.sales:
            return
        bought = self.chance.choice(self.sales)
        lines = tuple(
            ReturnLine(i, self.chance.randint(1, max(n, 1)))
            for i, n in enumerate(bought.kept, 1)
            if self.chance.random() < 0.6
        )
        self.take_in(bought, self.back(bought.ask, lines))

    def back(self, of: Receipt, lines: tuple[ReturnLine, ...]) -> Return:
        self.count += 1
        return Return(sale=key_of(of, PLACE), store=PLACE.id, till="9", number=str(self.count),
                      happened_at=max(self.at(), of.happened_at), lines=lines)  # fmt: skip

    def take_in(self, bought: Bought, back: Return) -> None:
        heard = self.send(back)
        kept = left(bought.kept, back)
        if kept is None:
            assert heard in ("return_above_sale", "nothing_left"), heard
            return
        assert not isinstance(heard, str), heard
        self.came_back(bought, msgspec.json.decode(heard[1], type=Answer).id, kept)

    def came_back(self, bought: Bought, id_: UUID, kept: list[int]) -> None:
        bought.kept = kept
        bought.returns.append(id_)
        laws.check_sale(self.tables, bought)
        if bought.account is not None:
            before = self.seen[bought.account]
            laws.check_expired(self.tables, bought, before)
            others = self.program.clawback_other_lots
            laws.check_clawback(self.tables, bought, before, others=others)

    def too_early(self) -> None:
        """A return before its sale waits; the sale comes a little later."""
        person = self.chance.choice([*self.people, None])
        ask = self.basket(person, None)
        back = self.back(ask, (ReturnLine(1, 1),))
        heard = self.send(back)
        assert not isinstance(heard, str) and heard[0] == 202
        self.early.append((ask, back))
        if self.chance.random() < 0.3:
            self.step()
        self.sell(ask, person)

    def settle_parked(self, job: Job) -> None:
        """The sale woke its return."""
        assert isinstance(job.ask, Return)
        sale = self.tables.receipts[job.ask.sale].id
        bought = next(each for each in self.sales if each.id == sale)
        kept = left(bought.kept, job.ask)
        self.look()
        outcome = said(self.house.settle([job], self.now)[0])
        self.tell(job, "woken", outcome)
        assert kept is not None and not isinstance(outcome, str), outcome
        assert job.parked is not None
        self.came_back(bought, job.parked, kept)

    def come_again(self) -> None:
        """An old call once more: the same bytes; as a new call: it is known."""
        if not self.answered:
            return
        job, bytes_ = self.chance.choice(self.answered)
        assert said(self.house.settle([job], self.now)[0]) == bytes_, "the same bytes again"
        if isinstance(job.ask, Receipt):
            assert said(self.house.settle([self.job(job.ask)], self.now)[0]) == "receipt_known"

    def use_key_again(self) -> None:
        """An old key with another body, and two calls of one account in one batch."""
        person = self.chance.choice(self.people)
        if self.answered:
            job, _ = self.chance.choice(self.answered)
            other = self.job(self.basket(person, None), job.key)
            assert said(self.house.settle([other], self.now)[0]) == "key_reused"
        basket = self.basket(person, None)
        heard = [said(each) for each in self.house.settle(
            [self.job(basket), self.job(basket)], self.now)]  # fmt: skip
        assert heard[1] == "later" and not isinstance(heard[0], str), heard
        told = msgspec.json.decode(heard[0][1], type=Answer)
        kept = [line.quantity for line in basket.lines]
        self.sales.append(Bought(told.id, basket, person.account, 0, kept))

    def deliver(self) -> None:
        """What pending points may wait for."""
        mine = [each for each in self.sales if each.ask.card is not None]
        if not mine or "delivered" not in self.program.events:
            return
        ask = self.chance.choice(mine).ask
        self.count += 1
        event = Event(type="delivered", id=str(self.count), happened_at=self.at(), card=ask.card,
                      store=PLACE.id, data={"receipt": ask.number})  # fmt: skip
        heard = self.send(event)
        assert not isinstance(heard, str), heard

    def wait(self) -> None:
        """Hours or days pass, or what comes next comes; what is due is posted."""
        border = self.border()
        if border is not None and self.chance.random() < 0.6:
            self.now = border + timedelta(microseconds=self.chance.choice((-1, 0, 10**6)))
        else:
            self.now += timedelta(hours=self.chance.choice((3, 9, 24, 100, 300)))
        self.script.append(f"{self.now:%m-%d %H:%M:%S} what is due is posted")
        self.post_due()

    def border(self) -> datetime | None:
        """The next instant at which points expire or wake, or a hold ends."""
        lots = [lot for mine in self.tables.lots.values() for lot in mine.values() if lot.remaining]
        ends = [at for lot in lots for at in (lot.expires_at, lot.activates_at)]
        ends += [given.deadline for given in self.promised]
        return min((at for at in ends if at is not None and at > self.now), default=None)

    def post_due(self) -> None:
        """Holds that are over end, then time is posted; twice is as once."""
        self._post_all(sweeping=True)
        posted = {id_: len(moves) for id_, moves in self.tables.moves.items()}
        self._post_all(sweeping=False)
        assert posted == {id_: len(moves) for id_, moves in self.tables.moves.items()}
        for person in self.people:
            kept = laws.pins(self.tables, person.account, self.now)
            until = self.tables.accounts.get(person.account, (None,) * 9)[8]
            for lot in self.tables.lots.get(person.account, {}).values():
                ends = until if lot.rolls else lot.expires_at
                over = ends is not None and ends <= self.now
                # a season's share is of the whole: where a hold keeps a part, all of it waits
                may = lot.points if kept and self.program.name == "season" else kept.get(lot.id, 0)
                assert not over or lot.remaining <= may, "not posted that it expired"
                assert over or not (lot.pending and lot.remaining and lot.ripe(self.now))

    def _post_all(self, *, sweeping: bool) -> None:
        for person in self.people:
            for unit, life in self.program.lives.items():
                id_ = wallet_id(person.account, unit)
                if id_ in self.tables.accounts:
                    freed = self.house.overdue(id_, self.now) if sweeping else ()
                    self.house.post(id_, life, self.now, freed=freed)

    def end(self) -> None:
        """Everything comes back: nobody has earned or spent anything; the chain holds."""
        for bought in self.sales:
            if any(bought.kept):
                self.take_in(bought, self.back(bought.ask, ()))
        self.now += timedelta(days=1)
        self.post_due()
        self.check()
        laws.check_chain(self.tables)
        sold = {row.id for row in self.tables.receipts.values() if row.kind == "sale"}
        assert {bought.id for bought in self.sales} == sold, "each sale once, none lost"
        assert not self.tables.parked
